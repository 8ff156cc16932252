//! Doc comments: from rustdoc to JSDoc.

use std::fmt::Write;

/// Writes docs as a JSDoc comment, if they say anything.
pub(crate) fn doc_comment(out: &mut String, indent: &str, docs: Option<&str>) {
    let lines = docs.map(doc_lines).unwrap_or_default();
    let written = match lines.as_slice() {
        [] => Ok(()),
        [line] => writeln!(out, "{indent}/** {line} */"),
        lines => {
            let mut text = format!("{indent}/**\n");
            for line in lines {
                let space = if line.is_empty() { "" } else { " " };
                text += &format!("{indent} *{space}{line}\n");
            }
            writeln!(out, "{text}{indent} */")
        }
    };
    written.expect("writing to a string does not fail");
}

/// A declaration as ts-rs writes it, with its fields' docs, which are lines of their own, made safe and plain.
pub(crate) fn declaration(text: &str) -> String {
    let mut out = String::new();
    let mut comment: Option<String> = None;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        let docs = match &mut comment {
            Some(docs) => docs,
            // ts-rs begins a comment on a line of its own.
            None if bare.starts_with("/**") => comment.insert(String::new()),
            None => {
                out.push_str(line);
                continue;
            }
        };
        docs.push_str(line);
        // It ends on one, too; but a comment that was written in one piece, `/** … */`, ends with its last line.
        let is_in_pieces = docs.starts_with("/**\n");
        if bare == " */" || (!is_in_pieces && bare.ends_with("*/")) {
            doc_comment(&mut out, "", Some(docs));
            comment = None;
        }
    }
    out + &comment.unwrap_or_default()
}

/// Text that cannot end the comment it is put in.
pub(crate) fn comment_text(text: &str) -> String {
    text.replace("*/", "*\\/")
}

/// The lines of a doc comment without what marks them as one, safe to be put into another.
fn doc_lines(docs: &str) -> Vec<String> {
    let docs = docs.trim();
    // ts-rs hands out a type's docs as a JSDoc comment already; a function's are as Rust has them.
    let lines: Vec<&str> = match docs
        .strip_prefix("/**")
        .and_then(|docs| docs.strip_suffix("*/"))
    {
        Some(inside) => inside
            .lines()
            .map(|line| {
                let line = line.trim_start();
                line.strip_prefix('*').unwrap_or(line)
            })
            .collect(),
        None => docs.lines().collect(),
    };
    // `/// text` arrives with its space, apart from a first line that was trimmed above. What is
    // indented further is code, and stays so.
    let spaced = lines
        .iter()
        .skip(1)
        .all(|line| line.is_empty() || line.starts_with(' '));
    let mut fenced = false;
    let mut lines: Vec<String> = lines
        .into_iter()
        .map(|line| {
            let line = if spaced {
                line.strip_prefix(' ').unwrap_or(line)
            } else {
                line
            };
            let line = line.trim_end();
            let is_fence = line.trim_start().starts_with("```");
            let is_code = fenced || is_fence || line.starts_with("    ");
            fenced ^= is_fence;
            if is_code {
                comment_text(line)
            } else {
                comment_text(&without_links(line))
            }
        })
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let empty = lines.iter().take_while(|line| line.is_empty()).count();
    lines.drain(..empty);
    lines
}

/// A line of which the links that only rustdoc can follow are their text: ``[`User`]``, `[users](crate::users)`. Those to
/// an address stay, and so do brackets that are no links.
fn without_links(line: &str) -> String {
    // Where a reference leads: `[users]: crate::users`.
    if line.trim_start().starts_with('[')
        && let Some((_, target)) = line.split_once("]: ")
    {
        return if is_address(target) {
            line.to_owned()
        } else {
            String::new()
        };
    }
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(['[', '`']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let (kept, after) = if from.starts_with('`') {
            code_span(from)
        } else {
            link(from)
        };
        out.push_str(kept);
        rest = after;
    }
    out + rest
}

/// The code at the beginning of a text, in however many backticks, and what follows.
fn code_span(text: &str) -> (&str, &str) {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let end = text[ticks..]
        .find(&text[..ticks])
        .map_or(ticks, |end| 2 * ticks + end);
    text.split_at(end)
}

/// What is to be shown of the bracket at the beginning of a text, and what follows.
fn link(text: &str) -> (&str, &str) {
    let Some(end) = closing(text, '[', ']') else {
        return text.split_at(1);
    };
    let (label, after) = (&text[1..end], &text[end + 1..]);
    let target = match after.chars().next() {
        Some('(') => closing(after, '(', ')'),
        Some('[') => closing(after, '[', ']'),
        _ => None,
    };
    match target {
        Some(target) if is_address(&after[1..target]) => text.split_at(end + target + 2),
        Some(target) => (label, &after[target + 1..]),
        None if label.len() > 1 && label.starts_with('`') && label.ends_with('`') => (label, after),
        None => text.split_at(end + 1),
    }
}

/// Where the bracket at the beginning of a text is closed.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

fn is_address(target: &str) -> bool {
    ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| target.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(docs: &str) -> String {
        let mut out = String::new();
        doc_comment(&mut out, "  ", Some(docs));
        out
    }

    #[test]
    fn docs_become_one_jsdoc_comment_however_they_arrive() {
        let wanted = "  /**\n   * Adds.\n   *\n   *     let x = 1;\n   */\n";
        assert_eq!(comment(" Adds.\n\n     let x = 1;\n\n"), wanted);
        assert_eq!(
            comment("/**\n * Adds.\n *\n *     let x = 1;\n */\n"),
            wanted
        );
        assert_eq!(comment(" Adds. "), "  /** Adds. */\n");
        assert_eq!(comment("/**\n * Adds.\n */\n"), "  /** Adds. */\n");
        assert_eq!(comment("/** Adds.*/\n"), "  /** Adds. */\n");
        assert_eq!(
            comment("Adds.\nAll."),
            "  /**\n   * Adds.\n   * All.\n   */\n"
        );
    }

    #[test]
    fn docs_cannot_end_the_comment_that_they_are_in() {
        assert_eq!(comment("Ends */ here"), "  /** Ends *\\/ here */\n");
        assert_eq!(
            declaration(
                "type T = { \n/**\n * Of crontab: `0 */6 * * *`.\n * */\n */\nat: string, };"
            ),
            "type T = { \n/**\n * Of crontab: `0 *\\/6 * * *`.\n * *\\/\n */\nat: string, };"
        );
    }

    #[test]
    fn links_that_only_rustdoc_can_follow_are_their_text() {
        for (docs, plain) in [
            ("See [`User`].", "See `User`."),
            ("See [the users](crate::users), all.", "See the users, all."),
            (
                "See [the users][users] and [`User`][u].",
                "See the users and `User`.",
            ),
            ("[`a`](fn.a.html)[`b`]", "`a``b`"),
            (
                "See [RFC 9864](https://www.rfc-editor.org).",
                "See [RFC 9864](https://www.rfc-editor.org).",
            ),
            ("`[`User`]` [0] a[1] [x", "`[`User`]` [0] a[1] [x"),
            ("``[a](b)`` [a](b)", "``[a](b)`` a"),
            ("    [a](b)", "    [a](b)"),
            ("größer [`ä`] ]", "größer `ä` ]"),
        ] {
            assert_eq!(doc_lines(&format!("x\n {docs}"))[1], plain, "{docs}");
        }
        assert_eq!(
            doc_lines("See [users].\n\n[users]: crate::users"),
            ["See [users]."]
        );
        assert_eq!(doc_lines("```\n[a](b)\n```"), ["```", "[a](b)", "```"]);
    }

    #[test]
    fn no_docs_are_no_comment() {
        for docs in ["", " \n ", "/** */", "/**\n *\n */\n"] {
            assert_eq!(comment(docs), "", "{docs:?}");
        }
    }
}
