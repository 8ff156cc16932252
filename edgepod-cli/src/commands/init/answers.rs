//! The questions, and their answers.

use std::fmt::{self, Display, Formatter};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use edgepod_codegen::Framework;
use edgepod_runtime::auth::check_address;
use inquire::{InquireError, Select, Text, validator::Validation};

use super::{
    layout::{self, Kind, Layout},
    secrets,
};
use crate::{
    args::{Auth, FrontEnd, Init, Jurisdiction, LocationHint},
    env::Vars,
    term,
};

/// Why there is no answer. All questions come before the first file.
fn not_answered(error: InquireError) -> anyhow::Error {
    term::not_answered(error, "nothing was written")
}

/// Everything that there is to know.
#[derive(Debug)]
pub(super) struct Answers {
    /// The crate's.
    pub name: String,
    pub authentication: Authentication,
    pub residency: Residency,
    pub front_end: FrontEnd,
    /// What the page is written with.
    pub framework: Framework,
}

/// Where the data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Residency {
    /// Close to who calls first.
    Anywhere,
    /// Inside borders. Objects cannot leave them later.
    Jurisdiction(Jurisdiction),
    /// In a region, where Cloudflare can.
    LocationHint(LocationHint),
}

impl Residency {
    /// The key of `[package.metadata.edgepod]` and its value.
    pub fn setting(self) -> Option<(&'static str, String)> {
        match self {
            Self::Anywhere => None,
            Self::Jurisdiction(jurisdiction) => Some(("jurisdiction", word(jurisdiction))),
            Self::LocationHint(hint) => Some(("location_hint", word(hint))),
        }
    }
}

/// The word that is typed for a value.
fn word(value: impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Who issues tokens, and what that takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Authentication {
    None,
    Remote { jwks_url: String },
    Local,
}

impl Authentication {
    /// The variables that choose it, with a new key where one is needed.
    pub fn vars(&self) -> Result<Vars> {
        Ok(match self {
            Self::None => Vars::new(),
            Self::Remote { jwks_url } => {
                Vars::from([("EDGEPOD_JWKS_URL".to_owned(), jwks_url.clone())])
            }
            Self::Local => Vars::from([(
                "EDGEPOD_JWT_PRIVATE_KEY".to_owned(),
                secrets::private_key()?,
            )]),
        })
    }
}

impl Answers {
    pub fn gather(args: &Init, layout: &Layout) -> Result<Self> {
        // Before any question: who mistyped an option is told at once.
        if let Some(url) = &args.jwks_url {
            check_url(url)?;
            if args.auth.is_some_and(|auth| auth != Auth::Remote) {
                bail!("--jwks-url goes with `--auth remote` only: leave one of them out");
            }
        }
        let asks = !args.yes && term::is_interactive();
        let there = layout.framework()?;
        Ok(Self {
            name: name(args, layout, asks)?,
            authentication: authentication(args, asks)?,
            residency: residency(args, asks)?,
            front_end: front_end(args, layout, there, asks)?,
            framework: there.unwrap_or_default(),
        })
    }

    /// Whether there is a page, or will be one.
    pub fn has_page(&self, layout: &Layout) -> bool {
        layout.kind == Kind::FrontEnd
            || self.front_end == FrontEnd::React
            || self.framework != Framework::React
    }

    /// The Worker's name: Cloudflare allows no underscores.
    pub fn worker(&self) -> String {
        self.name.replace('_', "-")
    }
}

fn name(args: &Init, layout: &Layout, asks: bool) -> Result<String> {
    if layout.kind == Kind::Crate {
        let manifest = layout::read(&layout.krate.join("Cargo.toml"))?;
        let name = manifest["package"]
            .get("name")
            .and_then(|name| name.as_str());
        let name = name.with_context(|| {
            let file = layout.krate.join("Cargo.toml");
            format!("the crate of {} has no name: give it one", file.display())
        })?;
        if args.name.as_ref().is_some_and(|other| other != name) {
            bail!("the crate is called `{name}` already: leave --name out");
        }
        return Ok(name.to_owned());
    }
    if let Some(name) = &args.name {
        check_name(name)?;
        return Ok(name.clone());
    }
    let default = suggestion(
        &layout
            .folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy(),
    );
    if !asks {
        return Ok(default);
    }
    Text::new("What is the app called?")
        .with_default(&default)
        .with_validator(|name: &str| Ok(validation(check_name(name))))
        .prompt()
        .map_err(not_answered)
}

fn authentication(args: &Init, asks: bool) -> Result<Authentication> {
    let auth = match args.auth {
        Some(auth) => auth,
        None if args.jwks_url.is_some() => Auth::Remote,
        None if asks => {
            Select::new(
                "Who issues the tokens that users sign in with?",
                vec![
                    Choice(Auth::None, "Nobody: every request is anonymous"),
                    Choice(
                        Auth::Remote,
                        "Another service, such as Clerk, Auth0 or Supabase",
                    ),
                    Choice(Auth::Local, "The app itself: a key is made now"),
                ],
            )
            .prompt()
            .map_err(not_answered)?
            .0
        }
        None => Auth::None,
    };
    Ok(match (auth, &args.jwks_url) {
        (Auth::None, _) => Authentication::None,
        (Auth::Local, _) => Authentication::Local,
        (Auth::Remote, Some(url)) => Authentication::Remote {
            jwks_url: url.clone(),
        },
        (Auth::Remote, None) if asks => Authentication::Remote {
            jwks_url: Text::new("Where does it publish its keys (the JWKS URL)?")
                .with_placeholder("https://example.com/.well-known/jwks.json")
                .with_validator(|url: &str| Ok(validation(check_url(url))))
                .prompt()
                .map_err(not_answered)?,
        },
        (Auth::Remote, None) => bail!(
            "`--auth remote` needs the address of the issuer's keys: add \
             `--jwks-url https://example.com/.well-known/jwks.json`"
        ),
    })
}

fn residency(args: &Init, asks: bool) -> Result<Residency> {
    Ok(match (args.jurisdiction, args.location_hint) {
        (Some(jurisdiction), _) => Residency::Jurisdiction(jurisdiction),
        (None, Some(hint)) => Residency::LocationHint(hint),
        (None, None) if asks => {
            let mut choices = vec![Named(
                Residency::Anywhere,
                "Close to whoever calls first".to_owned(),
            )];
            choices.extend(Jurisdiction::value_variants().iter().map(|value| {
                Named(
                    Residency::Jurisdiction(*value),
                    format!("Never outside: {}", description(*value)),
                )
            }));
            choices.extend(LocationHint::value_variants().iter().map(|value| {
                Named(
                    Residency::LocationHint(*value),
                    format!("Where possible: {}", description(*value)),
                )
            }));
            Select::new("Where shall the data be?", choices)
                .prompt()
                .map_err(not_answered)?
                .0
        }
        (None, None) => Residency::Anywhere,
    })
}

/// What the help says about a value.
fn description(value: impl ValueEnum) -> String {
    value
        .to_possible_value()
        .and_then(|value| value.get_help().map(ToString::to_string))
        .unwrap_or_default()
}

/// A place that can be selected, and how it is called.
struct Named(Residency, String);

impl Display for Named {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1)
    }
}

fn front_end(
    args: &Init,
    layout: &Layout,
    there: Option<Framework>,
    asks: bool,
) -> Result<FrontEnd> {
    let is_anothers = there.is_some_and(|framework| framework != Framework::React);
    Ok(match args.front_end {
        // There is one.
        _ if layout.kind == Kind::FrontEnd || is_anothers => FrontEnd::None,
        Some(front_end) => front_end,
        None if asks => {
            Select::new(
                "Which page shall it begin with?",
                vec![
                    Choice(FrontEnd::React, "React, with Vite"),
                    Choice(FrontEnd::None, "None: the API alone"),
                ],
            )
            .prompt()
            .map_err(not_answered)?
            .0
        }
        None => FrontEnd::React,
    })
}

/// What can be selected, and how it is called.
struct Choice<T>(T, &'static str);

impl<T> Display for Choice<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }
}

fn validation(result: Result<()>) -> Validation {
    match result {
        Ok(()) => Validation::Valid,
        Err(error) => Validation::Invalid(error.to_string().into()),
    }
}

/// A name that cargo and Cloudflare accept.
fn check_name(name: &str) -> Result<()> {
    let is_good = name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with(['-', '_'])
        && name.len() <= 54
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    if is_good && !["edgepod", "test", "std", "core", "build", "deps"].contains(&name) {
        return Ok(());
    }
    bail!(
        "`{name}` is no name for a crate and a Worker: begin with a lower-case letter, go on with letters, digits and \
         hyphens, 54 at most (and not the name of a crate that Rust itself uses)"
    )
}

/// What the app itself refuses when it starts, and what a file of variables cannot hold.
fn check_url(url: &str) -> Result<()> {
    let is_good = !url.contains(|c: char| c.is_whitespace() || c == '"' || c == '\\')
        && check_address(url).is_ok();
    if is_good {
        return Ok(());
    }
    // It may have a password, so it is not repeated.
    bail!(
        "this is no address of keys: write the whole of it, as in https://example.com/.well-known/jwks.json (`http://` is for \
         this machine only, and nobody's name stands before the host)"
    )
}

/// `folder` as a name that [`check_name`] accepts.
fn suggestion(folder: &str) -> String {
    let words: Vec<String> = folder
        .to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let name: String = words.join("-").chars().take(54).collect();
    let name = name.trim_end_matches('-').to_owned();
    if check_name(&name).is_ok() {
        name
    } else {
        "my-app".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_suggests_a_name_that_is_accepted() {
        for (folder, name) in [
            ("shop", "shop"),
            ("My Shop", "my-shop"),
            ("shop_2", "shop-2"),
            ("2shop", "my-app"),
            ("", "my-app"),
            ("edgepod", "my-app"),
        ] {
            assert_eq!(suggestion(folder), name);
        }
        check_name(&suggestion(&"long ".repeat(40))).unwrap();
    }

    #[test]
    fn names_and_addresses_that_would_fail_later_are_refused_now() {
        for name in [
            "",
            "Shop",
            "1shop",
            "shop-",
            "my shop",
            "test",
            &"a".repeat(55),
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
        for url in [
            "",
            "example.com",
            "http://example.com/jwks",
            "https://",
            "https://a b",
            "http://localhost.evil.example",
            "http://localhost:x@evil.example/",
            "http://[::1]@evil.example/",
            "http://[::1].evil.example:80/",
            "https://user:password@example.com/jwks.json",
        ] {
            assert!(check_url(url).is_err(), "{url}");
        }
        assert!(check_url("https://example.com/jwks.json").is_ok());
        assert!(check_url("http://127.0.0.1:8000/jwks.json").is_ok());
    }
}
