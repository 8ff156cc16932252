//! A text's tokens, as SQLite's tokenizer cuts them.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A keyword, or a name without quotes: which of the two only the grammar says.
    Word,
    /// A name in quotes: `"a"`, `` `a` ``, `[a]`.
    Name,
    /// A text or bytes: `'a'`, `x'0a'`.
    Literal,
    /// A number.
    Number,
    /// A parameter: `?`, `?1`, `:a`, `@a`, `$a`.
    Parameter,
    /// Any other character, by itself: `;`, `(`, one of the two of `||`.
    Symbol,
}

/// A part of a text that is neither white space nor a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// How it is written, quotes included. A quote that nothing closes takes the rest of the text.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub start: usize,
}

impl<'a> Token<'a> {
    /// Where it ends, in bytes.
    pub const fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this keyword, without regard to case. A name in quotes is none.
    pub fn is(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether it is one of these keywords.
    pub fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }

    /// Whether it is this character.
    pub fn is_symbol(&self, symbol: char) -> bool {
        self.kind == TokenKind::Symbol && self.text.starts_with(symbol)
    }

    /// What a name or a text says without its quotes. `None` for what is neither, and where a quote is not closed.
    ///
    /// ```
    /// let said: Vec<_> = edgepod_sql::tokens("a \"b\"\"c\" [d] 'e' 1").map(|token| token.unquoted()).collect();
    /// assert_eq!(said, [Some("a".into()), Some("b\"c".into()), Some("d".into()), Some("e".into()), None]);
    /// ```
    pub fn unquoted(&self) -> Option<String> {
        let text = self.text;
        match (self.kind, text.as_bytes()) {
            (TokenKind::Word, _) => Some(text.to_owned()),
            (TokenKind::Name, [b'[', .., b']']) => Some(text[1..text.len() - 1].to_owned()),
            (TokenKind::Name | TokenKind::Literal, [quote @ (b'"' | b'`' | b'\''), within @ ..])
                // An unclosed one has an odd number of quotes.
                if within.iter().filter(|byte| *byte == quote).count() % 2 == 1 =>
            {
                let within = &text[1..text.len() - 1];
                let mut said = String::with_capacity(within.len());
                let mut doubled = false;
                for c in within.chars() {
                    doubled = c == char::from(*quote) && !doubled;
                    if !doubled {
                        said.push(c);
                    }
                }
                Some(said)
            }
            _ => None,
        }
    }
}

/// Whether any name in a text is one: a word, what stands in quotes, or a text, which SQLite takes for a name where only a name may
/// stand. It may be a column's or an alias's as well.
///
/// ```
/// let is_shadow = |name: &str| name.ends_with("_data");
/// assert!(edgepod_sql::any_name("SELECT 1 FROM \"notes_data\"", &is_shadow));
/// assert!(!edgepod_sql::any_name("SELECT 1 FROM notes -- notes_data", &is_shadow));
/// ```
pub fn any_name(sql: &str, is_one: &dyn Fn(&str) -> bool) -> bool {
    tokens(sql).any(|token| token.unquoted().is_some_and(|name| is_one(&name)))
}

/// Whether a text has this name, whatever its case, as [`any_name`] looks for it.
///
/// ```
/// assert!(edgepod_sql::mentions("SELECT 1 FROM \"Rooms\"", "rooms"));
/// assert!(!edgepod_sql::mentions("SELECT rooms_open FROM t -- rooms", "rooms"));
/// ```
pub fn mentions(sql: &str, name: &str) -> bool {
    any_name(sql, &|said| said.eq_ignore_ascii_case(name))
}

/// The tokens of a text.
///
/// ```
/// let tokens: Vec<&str> = edgepod_sql::tokens("SELECT a -- why\nFROM t;").map(|token| token.text).collect();
/// assert_eq!(tokens, ["SELECT", "a", "FROM", "t", ";"]);
/// ```
pub const fn tokens(sql: &str) -> Tokens<'_> {
    Tokens { sql, at: 0 }
}

/// The tokens outside of parentheses; what stands in them is left out, the parentheses are there.
///
/// ```
/// let tokens: Vec<&str> = edgepod_sql::outermost("a IN (SELECT (1)) OR b").map(|token| token.text).collect();
/// assert_eq!(tokens, ["a", "IN", "(", ")", "OR", "b"]);
/// ```
pub fn outermost(sql: &str) -> impl Iterator<Item = Token<'_>> {
    let mut depth = 0_usize;
    tokens(sql).filter(move |token| {
        if token.is_symbol('(') {
            depth += 1;
            return depth == 1;
        }
        if token.is_symbol(')') && depth > 0 {
            depth -= 1;
        }
        depth == 0
    })
}

/// The iterator of [`tokens`].
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    sql: &'a str,
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.sql.as_bytes();
        self.at += space(&bytes[self.at..]);
        let rest = &bytes[self.at..];
        let (kind, length) = token(rest)?;
        let start = self.at;
        // Every token ends before an ASCII character, after one, or with the text; only a symbol may be a longer character.
        self.at += length;
        while !self.sql.is_char_boundary(self.at) {
            self.at += 1;
        }
        Some(Token {
            kind,
            text: &self.sql[start..self.at],
            start,
        })
    }
}

/// The length of white space and comments.
fn space(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += match &bytes[at..] {
            // A vertical tab is space behind space only.
            [b' ' | b'\t' | b'\n' | b'\x0c' | b'\r', more @ ..] => 1 + while_all(more, is_space),
            [b'-', b'-', comment @ ..] => 2 + until(comment, b'\n'),
            // With nothing behind it is a division and a multiplication, and a mistake.
            [b'/', b'*', comment @ ..] if !comment.is_empty() => {
                2 + comment
                    .windows(2)
                    .position(|pair| pair == b"*/")
                    .map_or(comment.len(), |end| end + 2)
            }
            // A byte order mark.
            [0xef, 0xbb, 0xbf, ..] => 3,
            _ => return at,
        }
    }
}

/// The kind and the length of the token that these bytes begin with.
fn token(bytes: &[u8]) -> Option<(TokenKind, usize)> {
    Some(match bytes {
        [] => return None,
        [quote @ (b'"' | b'`'), ..] => (TokenKind::Name, quoted(bytes, *quote)),
        [b'\'', ..] => (TokenKind::Literal, quoted(bytes, b'\'')),
        [b'[', name @ ..] => (TokenKind::Name, 1 + until(name, b']')),
        [b'x' | b'X', b'\'', digits @ ..] => (TokenKind::Literal, 2 + until(digits, b'\'')),
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => (TokenKind::Number, number(bytes)),
        [b'?', rest @ ..] => (
            TokenKind::Parameter,
            1 + while_all(rest, |b| b.is_ascii_digit()),
        ),
        [b'$' | b':' | b'@' | b'#', rest @ ..] => match parameter(rest) {
            0 => (TokenKind::Symbol, 1),
            length => (TokenKind::Parameter, 1 + length),
        },
        [first, ..] if is_word(*first) => (TokenKind::Word, while_all(bytes, is_word)),
        _ => (TokenKind::Symbol, 1),
    })
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

/// How many bytes there are before the first for which this does not hold.
fn while_all(bytes: &[u8], holds: fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|byte| !holds(*byte))
        .unwrap_or(bytes.len())
}

/// How many bytes there are up to this one and with it; all, where it is not there.
fn until(bytes: &[u8], end: u8) -> usize {
    bytes
        .iter()
        .position(|byte| *byte == end)
        .map_or(bytes.len(), |at| at + 1)
}

/// The length of a quoted text with its quotes; a doubled quote is part of it.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut end = 1;
    loop {
        end += until(&bytes[end..], quote);
        if bytes.get(end) != Some(&quote) {
            return end;
        }
        end += 1;
    }
}

/// The length of a number. What sticks to it makes it a mistake, and is of the same token.
fn number(bytes: &[u8]) -> usize {
    let digits =
        |from: usize| from + while_all(&bytes[from..], |b| b.is_ascii_digit() || b == b'_');
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if let [b'e' | b'E', b'+' | b'-', b'0'..=b'9', ..] = &bytes[end..] {
        end += 2;
    }
    end + while_all(&bytes[end..], is_word)
}

/// The length of a parameter's name. SQLite takes Tcl's variables: `$a::b`, `$a(anything but white space)`.
fn parameter(bytes: &[u8]) -> usize {
    let mut end = 0;
    let mut named = false;
    loop {
        match &bytes[end..] {
            [byte, ..] if is_word(*byte) => {
                named = true;
                end += 1;
            }
            [b'(', index @ ..] if named => {
                let length = index
                    .iter()
                    .position(|byte| *byte == b')' || is_space(*byte))
                    .unwrap_or(index.len());
                end += 1 + length;
                return end + usize::from(bytes.get(end) == Some(&b')'));
            }
            [b':', b':', ..] => end += 2,
            _ => return if named { end } else { 0 },
        }
    }
}

/// What C calls white space.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'\x0b'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(sql: &str) -> Vec<(TokenKind, &str)> {
        tokens(sql).map(|token| (token.kind, token.text)).collect()
    }

    #[test]
    fn quotes_comments_and_numbers_are_cut_as_sqlite_cuts_them() {
        use TokenKind::{Literal, Name, Number, Parameter, Symbol, Word};
        assert_eq!(
            cut("a.\"b\"\"c\"||'it''s'/* ' */[d]`e`--\nx'0A' 1e-3 .5 0x1F 1_000 ?1 :a @b $c::d"),
            [
                (Word, "a"),
                (Symbol, "."),
                (Name, "\"b\"\"c\""),
                (Symbol, "|"),
                (Symbol, "|"),
                (Literal, "'it''s'"),
                (Name, "[d]"),
                (Name, "`e`"),
                (Literal, "x'0A'"),
                (Number, "1e-3"),
                (Number, ".5"),
                (Number, "0x1F"),
                (Number, "1_000"),
                (Parameter, "?1"),
                (Parameter, ":a"),
                (Parameter, "@b"),
                (Parameter, "$c::d"),
            ]
        );
        assert_eq!(cut("größe €"), [(Word, "größe"), (Word, "€")]);
        assert_eq!(cut(" \u{b}a"), [(Word, "a")]);
        assert_eq!(cut("\u{b}a"), [(Symbol, "\u{b}"), (Word, "a")]);
        assert_eq!(cut("\u{a0}a"), [(Word, "\u{a0}a")]);
        assert_eq!(cut("\u{feff}a /* open"), [(Word, "a")]);
        assert_eq!(cut("'open; "), [(Literal, "'open; ")]);
    }

    #[test]
    fn a_quote_in_the_index_of_a_tcl_variable_opens_nothing() {
        assert_eq!(cut("$a(');b").last(), Some(&(TokenKind::Word, "b")));
        assert_eq!(cut("$a(');b").len(), 3);
        assert_eq!(cut(":a() b").len(), 2);
        assert_eq!(cut(":a()').b").len(), 2);
    }

    #[test]
    fn an_unclosed_name_says_nothing() {
        for sql in ["\"a", "\"a\"\"", "[a", "'"] {
            assert_eq!(tokens(sql).next().unwrap().unquoted(), None, "{sql}");
        }
        assert_eq!(
            tokens("\"\"\"\"").next().unwrap().unquoted(),
            Some("\"".to_owned())
        );
        assert_eq!(tokens("''").next().unwrap().unquoted(), Some(String::new()));
    }
}
