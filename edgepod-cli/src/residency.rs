//! Where the database of a deployed app is: `[package.metadata.edgepod] jurisdiction` or `location_hint`.

use anyhow::{Result, bail};
use edgepod_manifest::LocationHint;
use serde::Deserialize;

use crate::{build::Profile, term};

/// Where Cloudflare keeps the data of an object, by law: code and what it means.
const JURISDICTIONS: [(&str, &str); 3] = [
    ("eu", "the European Union"),
    ("fedramp", "data centers with FedRAMP"),
    ("us", "the United States"),
];

/// Where Cloudflare is asked to make an object: code and what it means.
fn hints() -> [(&'static str, &'static str); LocationHint::ALL.len()] {
    LocationHint::ALL.map(|hint| (hint.as_str(), hint.meaning()))
}

/// Where the database is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Residency {
    jurisdiction: Option<String>,
    location_hint: Option<String>,
}

impl Residency {
    /// The settings, once they are checked.
    pub(crate) fn checked(self) -> Result<Self> {
        check("jurisdiction", self.jurisdiction.as_deref(), &JURISDICTIONS)?;
        check("location_hint", self.location_hint.as_deref(), &hints())?;
        if let (Some(jurisdiction), Some(hint)) = (&self.jurisdiction, &self.location_hint) {
            bail!(
                "`jurisdiction = \"{jurisdiction}\"` and `location_hint = \"{hint}\"` contradict each other: a jurisdiction \
                 says where the data must stay, a hint only where it would be near. Keep `jurisdiction` if the law asks for \
                 it, else the hint"
            );
        }
        Ok(self)
    }

    /// Whether nothing was asked for.
    pub(crate) fn is_anywhere(&self) -> bool {
        *self == Self::default()
    }

    /// Where that is, in words.
    pub(crate) fn describe(&self) -> String {
        let meaning = |code: &str, known: &[(&'static str, &'static str)]| {
            known
                .iter()
                .find(|(other, _)| *other == code)
                .map_or("", |(_, meaning)| meaning)
        };
        match (&self.jurisdiction, &self.location_hint) {
            (Some(code), _) => format!(
                "never outside {} (jurisdiction = \"{code}\")",
                meaning(code, &JURISDICTIONS)
            ),
            (None, Some(code)) => format!(
                "in {} where Cloudflare can (location_hint = \"{code}\")",
                meaning(code, &hints())
            ),
            (None, None) => "close to whoever calls first".to_owned(),
        }
    }

    /// The module that tells the Worker. One that runs on this machine is not told: workerd knows no places.
    pub(crate) fn module(&self, profile: Profile) -> String {
        let here = Self::default();
        let Self {
            jurisdiction,
            location_hint,
        } = if profile.is_for_use() {
            self
        } else {
            if !self.is_anywhere() {
                term::status(
                    "Note",
                    "the jurisdiction or location hint of Cargo.toml is for Cloudflare: on this machine the data is here",
                );
            }
            &here
        };
        format!(
            "export const jurisdiction = {};\nexport const locationHint = {};\n",
            serde_json::json!(jurisdiction),
            serde_json::json!(location_hint),
        )
    }
}

fn check(key: &str, value: Option<&str>, known: &[(&str, &str)]) -> Result<()> {
    let Some(value) = value else { return Ok(()) };
    if known.iter().any(|(code, _)| *code == value) {
        return Ok(());
    }
    let all: Vec<String> = known
        .iter()
        .map(|(code, meaning)| format!("\"{code}\" ({meaning})"))
        .collect();
    bail!(
        "`{key} = \"{value}\"` is not one that Cloudflare has: it is {}",
        all.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn residency(jurisdiction: Option<&str>, hint: Option<&str>) -> Residency {
        Residency {
            jurisdiction: jurisdiction.map(str::to_owned),
            location_hint: hint.map(str::to_owned),
        }
    }

    #[test]
    fn what_cloudflare_has_is_taken_and_told_to_what_is_deployed() {
        for (code, _) in JURISDICTIONS {
            let settings = residency(Some(code), None).checked().unwrap();
            assert!(
                settings
                    .module(Profile::Release)
                    .contains(&format!("jurisdiction = \"{code}\";"))
            );
            assert!(
                settings
                    .module(Profile::Dev)
                    .contains("jurisdiction = null;")
            );
        }
        for (code, _) in hints() {
            let settings = residency(None, Some(code)).checked().unwrap();
            assert_eq!(
                settings.module(Profile::Release),
                format!(
                    "export const jurisdiction = null;\nexport const locationHint = \"{code}\";\n"
                )
            );
        }
    }

    #[test]
    fn it_is_said_in_words() {
        for (jurisdiction, hint, words) in [
            (
                Some("eu"),
                None,
                "never outside the European Union (jurisdiction = \"eu\")",
            ),
            (
                None,
                Some("me"),
                "in the Middle East where Cloudflare can (location_hint = \"me\")",
            ),
            (None, None, "close to whoever calls first"),
        ] {
            assert_eq!(residency(jurisdiction, hint).describe(), words);
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_there_is() {
        let error = residency(Some("europe"), None)
            .checked()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`jurisdiction = \"europe\"`")
                && error.contains("\"eu\" (the European Union)"),
            "{error}"
        );
        let error = residency(None, Some("eu"))
            .checked()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("\"weur\" (western Europe)") && error.contains("\"me\""),
            "{error}"
        );
        let error = residency(Some("eu"), Some("weur"))
            .checked()
            .unwrap_err()
            .to_string();
        assert!(error.contains("contradict"), "{error}");
    }
}
