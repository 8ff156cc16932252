//! The text of a statement: its `{…}` are parameters, and everything in it has a place.

use std::ops::Range;

use proc_macro2::{Literal, Span};
use syn::{Expr, LitStr};

/// A statement as it is written.
pub(super) struct Text {
    literal: LitStr,
    pub(super) value: String,
    /// The text with a `?` for each parameter, and blanks where the rest of it was: every other word has its place.
    pub(super) masked: String,
    pub(super) params: Vec<Param>,
}

/// A `{…}`.
pub(super) struct Param {
    /// Where it stands, braces included.
    pub(super) range: Range<usize>,
    /// What stands in it.
    pub(super) code: String,
    pub(super) expr: Expr,
}

impl Text {
    /// Finds the parameters.
    ///
    /// # Errors
    /// A brace that nothing closes, and what is no Rust between two.
    pub(super) fn parse(literal: &LitStr) -> syn::Result<Self> {
        let value = literal.value();
        let mut text = Self {
            literal: literal.clone(),
            masked: String::with_capacity(value.len()),
            params: Vec::new(),
            value,
        };
        let value = text.value.clone();
        let mut at = 0;
        while at < value.len() {
            let rest = &value[at..];
            if rest.starts_with('{') {
                let Some(length) = braces(rest) else {
                    return Err(text.error(
                        at..at + 1,
                        "this brace is not closed: a parameter is written `{name}`",
                    ));
                };
                let range = at..at + length;
                let code = value[at + 1..at + length - 1].trim().to_owned();
                if code.is_empty() {
                    return Err(
                        text.error(range, "a parameter has a name or an expression: `{name}`")
                    );
                }
                let expr = LitStr::new(&code, literal.span())
                    .parse::<Expr>()
                    .map_err(|error| {
                        text.error(
                            range.clone(),
                            format!("`{code}` is no expression of Rust: {error}"),
                        )
                    })?;
                text.masked.push('?');
                text.masked
                    .extend(value[at + 1..range.end].chars().map(|c| match c {
                        '\n' => '\n',
                        _ => ' ',
                    }));
                // What has more than one byte is one blank: the place of what follows is counted in characters.
                at = range.end;
                text.params.push(Param { range, code, expr });
                continue;
            }
            let length = skipped(rest);
            text.masked.push_str(&rest[..length]);
            at += length;
        }
        Ok(text)
    }

    pub(super) fn span(&self) -> Span {
        self.literal.span()
    }

    /// A message on a place in the text. Where the compiler cannot point into a literal, the message shows the line.
    pub(super) fn error(&self, range: Range<usize>, message: impl std::fmt::Display) -> syn::Error {
        if let Some(span) = self.subspan(&range) {
            return syn::Error::new(span, message);
        }
        let start = self.value[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let end = self.value[range.start..]
            .find('\n')
            .map_or(self.value.len(), |at| range.start + at);
        let line = &self.value[start..end];
        let indent = line.len() - line.trim_start().len();
        let before = self.value[start + indent.min(range.start - start)..range.start]
            .chars()
            .count();
        let marked = self.value[range.start..range.end.clamp(range.start, end)]
            .chars()
            .count()
            .max(1);
        syn::Error::new(
            self.span(),
            format!(
                "{message}\n\n    {}\n    {}{}",
                line.trim(),
                " ".repeat(before),
                "^".repeat(marked)
            ),
        )
    }

    /// The place in the source, of a literal that has no escapes.
    fn subspan(&self, range: &Range<usize>) -> Option<Span> {
        let token: Literal = self.literal.token();
        let written = token.to_string();
        let at = written.find(&self.value)?;
        token.subspan(at + range.start..at + range.end)
    }

    /// The place of a line and a column, both counted from one and in characters.
    pub(super) fn place(&self, line: u64, column: u64) -> usize {
        if line == 0 {
            return 0;
        }
        let mut place = 0;
        for _ in 1..line {
            place += self.masked[place..].find('\n').map_or(0, |at| at + 1);
        }
        let rest = &self.masked[place..];
        let within = rest
            .char_indices()
            .nth((column.max(1) - 1) as usize)
            .map_or(rest.len(), |(at, _)| at);
        self.of_masked(place + within)
    }

    /// A place of the masked text, in the text.
    fn of_masked(&self, place: usize) -> usize {
        let mut shift = 0;
        for param in &self.params {
            let chars = self.value[param.range.clone()].chars().count();
            let start = param.range.start - shift;
            if place <= start {
                break;
            }
            if place < start + chars {
                return param.range.start;
            }
            shift += param.range.len() - chars;
        }
        place + shift
    }
}

/// The length of what begins with a brace, to the one that closes it.
fn braces(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The length of the SQL that has no parameter in it: a quoted text, a comment, or one character.
fn skipped(rest: &str) -> usize {
    let until = |end: &str, from: usize| {
        rest[from..]
            .find(end)
            .map_or(rest.len(), |at| from + at + end.len())
    };
    let first = rest.chars().next().unwrap_or(' ');
    match first {
        '\'' | '"' | '`' => until(rest.get(..1).unwrap_or("'"), 1),
        '[' => until("]", 1),
        '-' if rest.starts_with("--") => until("\n", 2),
        '/' if rest.starts_with("/*") => until("*/", 2),
        _ => first.len_utf8(),
    }
}
