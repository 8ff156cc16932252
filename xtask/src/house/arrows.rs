//! The arrows: every path in the runtime's sources that begins with `crate::` or leaves its room by `super::`, in `use` lines,
//! in code and in macros, tests included.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// One room uses another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrow {
    pub(super) from: String,
    pub(super) to: String,
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.from, self.to)
    }
}

/// Crates that only a host may name: what it runs on.
const PLATFORMS: [&str; 13] = [
    "worker",
    "js_sys",
    "web_sys",
    "wasm_bindgen",
    "wasm_bindgen_futures",
    "rusqlite",
    "tokio",
    "tokio_tungstenite",
    "hyper",
    "hyper_util",
    "tower",
    "tower_http",
    "ureq",
];

/// Types of clocks: what time it is, the host says.
const CLOCKS: [&str; 2] = ["SystemTime", "Instant"];

/// Arrows with the places, `file:line`, that make them.
pub(super) type Arrows = BTreeMap<Arrow, Vec<String>>;

/// The folder of the runtime's rooms.
pub(super) fn sources(root: &Path) -> PathBuf {
    root.join("edgepod-runtime/src")
}

/// The arrows between the runtime's rooms.
pub(super) fn of_runtime(root: &Path) -> Result<Arrows> {
    let sources = sources(root);
    let mut arrows = Arrows::new();
    for file in rust_files(&sources)? {
        let relative = file.strip_prefix(&sources)?.to_owned();
        let module = module_of(&relative);
        // lib.rs only says which rooms there are, and __private names what generated code needs of all of them.
        let Some(room) = module.first().filter(|room| *room != "__private") else {
            continue;
        };
        let text = fs::read_to_string(&file)?;
        let tokens: TokenStream = text
            .parse()
            .map_err(|error| anyhow!("{error}"))
            .with_context(|| file.display().to_string())?;
        let mut uses = Uses::default();
        uses.read(tokens, &module);
        for (to, span) in uses.0 {
            if to != *room {
                let arrow = Arrow {
                    from: room.clone(),
                    to,
                };
                let place = format!("{}:{}", relative.display(), span.start().line);
                let places = arrows.entry(arrow).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
    }
    Ok(arrows)
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// The module of a file: `["db", "types"]` of `db/types/mod.rs`.
fn module_of(file: &Path) -> Vec<String> {
    let mut module: Vec<String> = file
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if module
        .last()
        .is_some_and(|last| last == "mod" || last == "lib")
    {
        module.pop();
    }
    module
}

/// The rooms that a file names.
#[derive(Default)]
struct Uses(Vec<(String, Span)>);

impl Uses {
    fn read(&mut self, tokens: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at += match &tokens[at..] {
                [
                    TokenTree::Ident(word),
                    TokenTree::Ident(name),
                    TokenTree::Group(body),
                    ..,
                ] if word == "mod" && body.delimiter() == Delimiter::Brace => {
                    let mut inner = module.to_vec();
                    inner.push(name.to_string());
                    self.read(body.stream(), &inner);
                    3
                }
                [TokenTree::Ident(word), rest @ ..]
                    if (word == "crate" || word == "super") && begins_with_colons(rest) =>
                {
                    1 + self.path(word == "super", rest, module)
                }
                [TokenTree::Ident(word), rest @ ..]
                    if is_any(word, &PLATFORMS) && begins_with_colons(rest)
                        || is_any(word, &CLOCKS) =>
                {
                    self.0.push(("platform".to_owned(), word.span()));
                    1
                }
                [TokenTree::Group(group), ..] => {
                    self.read(group.stream(), module);
                    1
                }
                _ => 1,
            };
        }
    }

    /// Reads what follows `crate` or `super`; how many tokens that are.
    fn path(&mut self, is_super: bool, mut rest: &[TokenTree], module: &[String]) -> usize {
        let length = rest.len();
        let mut base = match is_super {
            true => &module[..module.len().saturating_sub(1)],
            false => &[],
        };
        loop {
            if !begins_with_colons(rest) {
                break;
            }
            match &rest[2..] {
                [TokenTree::Ident(word), behind @ ..] if word == "super" => {
                    base = &base[..base.len().saturating_sub(1)];
                    rest = behind;
                }
                [TokenTree::Ident(name), behind @ ..] => {
                    self.name(base, &name.to_string(), name.span());
                    rest = behind;
                    break;
                }
                [TokenTree::Group(group), behind @ ..] => {
                    self.group(base, group.stream());
                    rest = behind;
                    break;
                }
                behind => {
                    rest = behind;
                    break;
                }
            }
        }
        length - rest.len()
    }

    /// Reads `{a::b, c, super::d}` behind a path.
    fn group(&mut self, base: &[String], items: TokenStream) {
        let items: Vec<TokenTree> = items.into_iter().collect();
        let is_comma =
            |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
        for item in items.split(is_comma) {
            match item {
                [TokenTree::Ident(word), rest @ ..] if word == "super" => {
                    self.path(true, rest, base);
                }
                [TokenTree::Ident(name), ..] => self.name(base, &name.to_string(), name.span()),
                _ => {}
            }
        }
    }

    fn name(&mut self, base: &[String], name: &str, span: Span) {
        let room = match base.first() {
            Some(room) => room.clone(),
            // What the crate's root re-exports is the error's.
            None if name.starts_with(char::is_uppercase) => "error".to_owned(),
            None => name.to_owned(),
        };
        self.0.push((room, span));
    }
}

fn is_any(word: &proc_macro2::Ident, names: &[&str]) -> bool {
    names.iter().any(|name| word == name)
}

fn begins_with_colons(tokens: &[TokenTree]) -> bool {
    let is_colon =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    matches!(tokens, [first, second, ..] if is_colon(first) && is_colon(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_another_room_is_seen() {
        let text = r#"
            use crate::{Error, a::{b, C}, d};
            use super::{core, super::e::F};
            // crate::comment
            fn f() -> crate::g::H { assert_eq!(crate::i::j(), "crate::text"); }
            mod tests { use super::*; use super::super::within; use super::super::super::k::L; }
            pub(crate) struct S { at: std::time::Instant, worker: u8 }
            fn g() { tokio::spawn(async {}); }
        "#;
        let module = ["db".to_owned(), "select".to_owned()];
        let mut uses = Uses::default();
        uses.read(text.parse().unwrap(), &module);
        let mut rooms: Vec<String> = uses.0.into_iter().map(|(room, _)| room).collect();
        rooms.sort();
        rooms.dedup();
        assert_eq!(
            rooms,
            ["a", "d", "db", "e", "error", "g", "i", "k", "platform"]
        );
    }
}
