//! Imports have one style: one `use` for each crate, where they stand together. rustfmt's stable toolchain does not hold them to it.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use anyhow::{Context, Result, anyhow, ensure};
use proc_macro2::{TokenStream, TokenTree};

/// Sources whose lines are compared with what the compiler says of them, or that are not ours to write so.
const OTHERS: [&str; 3] = [
    "tests/macros/tests/ui/",
    "edgepod-cli/tests/fixtures/",
    "edgepod-cli/templates/",
];

/// The places, `file:line`, at which a crate is imported from a second time.
pub(super) fn repeated(root: &Path) -> Result<Vec<String>> {
    let listed = Command::new("git")
        .args(["ls-files", "*.rs"])
        .current_dir(root)
        .output()
        .context("git")?;
    ensure!(listed.status.success(), "git does not list the sources");
    let mut found = Vec::new();
    for name in String::from_utf8(listed.stdout)?.lines() {
        // A file that is deleted and not committed is still listed.
        if OTHERS.iter().any(|other| name.starts_with(other)) || !root.join(name).exists() {
            continue;
        }
        let tokens: TokenStream = fs::read_to_string(root.join(name))?
            .parse()
            .map_err(|error| anyhow!("{name}: {error}"))?;
        read(tokens, &mut |line| found.push(format!("{name}:{line}")));
    }
    Ok(found)
}

/// Tells of each line at which a run of imports names a crate again.
fn read(tokens: TokenStream, tell: &mut impl FnMut(usize)) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut seen = BTreeSet::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at..] {
            [TokenTree::Ident(word), TokenTree::Ident(name), ..] if word == "use" => {
                let is_plain = !is_marked(&tokens[..at]);
                if !is_plain {
                    seen.clear();
                } else if !seen.insert(name.to_string()) {
                    tell(word.span().start().line);
                }
                let is_end = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
                at += tokens[at..]
                    .iter()
                    .position(is_end)
                    .map_or(1, |end| end + 1);
            }
            [TokenTree::Group(group), ..] => {
                read(group.stream(), tell);
                seen.clear();
                at += 1;
            }
            _ => {
                seen.clear();
                at += 1;
            }
        }
    }
}

/// Whether what stands before it is an attribute or a visibility of its own: such a one is by itself.
fn is_marked(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Punct(hash), TokenTree::Group(_)] if hash.as_char() == '#' => true,
        [.., TokenTree::Ident(word), TokenTree::Group(_)] => word == "pub",
        [.., TokenTree::Ident(word)] => word == "pub",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_use_of_a_crate_is_found_where_they_stand_together() {
        let lines = |text: &str| {
            let mut lines = Vec::new();
            read(text.parse().unwrap(), &mut |line| lines.push(line));
            lines
        };
        assert_eq!(lines("use a::b;\nuse c::d;\nuse a::e;"), [3]);
        assert_eq!(lines("//! Docs.\n\nuse a::b;\nuse a::e;"), [4]);
        assert_eq!(lines("mod m {\n use a::b;\n\n use a::{c, d};\n}"), [4]);
        assert!(
            lines("use a::b;\n#[cfg(x)]\nuse a::c;\npub use a::d;\nmod m { use a::b; }").is_empty()
        );
    }
}
