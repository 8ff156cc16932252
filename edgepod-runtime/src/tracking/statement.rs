//! What kind of statement a text is, and whether it is one statement at all.
//!
//! `EXPLAIN a; b` explains `a` and runs `b`, and `EXPLAIN PRAGMA …` may carry the pragma out: so this is asked before
//! anything is explained. It reads words, quotes and comments, and no grammar.

/// What a statement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// It reads or writes rows.
    Rows,
    /// It changes the schema, or what SQLite knows of it.
    Schema,
    /// `PRAGMA …`, which EXPLAIN may not see.
    Pragma,
}

/// Why a text is not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It holds more than one statement.
    Several,
    /// It holds a NUL character, which ends a text for SQLite.
    Nul,
    /// A statement that the platform does not allow, by its first word: it would end or leave the transaction, or the database.
    Forbidden(String),
    /// A pragma that changes a setting.
    PragmaAssignment,
    /// `OR ROLLBACK`, `ON CONFLICT ROLLBACK` or `RAISE(ROLLBACK, …)`.
    RollbackClause,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Several => {
                f.write_str("this text holds more than one statement: run one at a time")
            }
            Refusal::Nul => f.write_str(
                "this text holds a NUL character, where SQLite stops reading: bind the value as a parameter",
            ),
            Refusal::Forbidden(word) => write!(
                f,
                "{word} is not allowed here: transactions begin and end with the function, and there is one database"
            ),
            Refusal::PragmaAssignment => f.write_str(
                "a PRAGMA that changes a setting would outlive the function: it is not allowed",
            ),
            Refusal::RollbackClause => f.write_str(
                "ON CONFLICT ROLLBACK would end the function's transaction half-way: use ABORT, which is the default, and \
                 let the function return the error",
            ),
        }
    }
}

/// The kind of the one statement in `sql`.
///
/// # Errors
/// See [`Refusal`].
///
/// ```
/// use edgepod_runtime::tracking::{Refusal, StatementKind, statement_kind};
/// assert_eq!(statement_kind("SELECT ';' -- one;\n;"), Ok(StatementKind::Rows));
/// assert_eq!(statement_kind("SELECT 1; DELETE FROM users"), Err(Refusal::Several));
/// ```
pub fn statement_kind(sql: &str) -> Result<StatementKind, Refusal> {
    if sql.contains('\0') {
        return Err(Refusal::Nul);
    }
    if !is_single(sql) {
        return Err(Refusal::Several);
    }
    if has_rollback_clause(sql) {
        return Err(Refusal::RollbackClause);
    }
    let mut tokens = Tokens(sql).skip_while(|token| *token == Token::Semicolon);
    let Some(Token::Word(word)) = tokens.next() else {
        // A parenthesis, nothing, a mistake: SQLite will say.
        return Ok(StatementKind::Rows);
    };
    let word = word.to_ascii_uppercase();
    match word.as_str() {
        "CREATE" | "DROP" | "ALTER" | "ANALYZE" | "REINDEX" => Ok(StatementKind::Schema),
        "PRAGMA" => pragma(tokens),
        "BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" | "ATTACH" | "DETACH"
        | "VACUUM" => Err(Refusal::Forbidden(word)),
        _ => Ok(StatementKind::Rows),
    }
}

/// Pragmas that take an argument and only read.
const READING_PRAGMAS: [&str; 9] = [
    "table_info",
    "table_xinfo",
    "table_list",
    "foreign_key_list",
    "foreign_key_check",
    "index_list",
    "index_info",
    "index_xinfo",
    "quick_check",
];

fn pragma<'a>(tokens: impl Iterator<Item = Token<'a>>) -> Result<StatementKind, Refusal> {
    let mut name = "";
    let mut argument = false;
    for token in tokens {
        match token {
            Token::Word(word) if !argument => name = word,
            Token::Other('=') => return Err(Refusal::PragmaAssignment),
            Token::Other('(') => argument = true,
            _ => {}
        }
    }
    let reads = READING_PRAGMAS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name));
    // Without an argument some act all the same, such as `optimize`; what they do is SQLite's own affair.
    if argument && !reads {
        return Err(Refusal::PragmaAssignment);
    }
    Ok(StatementKind::Pragma)
}

/// Whether a constraint, or a trigger that is made, would roll back the whole transaction.
fn has_rollback_clause(sql: &str) -> bool {
    let mut before = None;
    for token in Tokens(sql) {
        if let Token::Word(word) = token
            && word.eq_ignore_ascii_case("ROLLBACK")
        {
            match before {
                Some(Token::Other('(')) => return true,
                Some(Token::Word(word))
                    if word.eq_ignore_ascii_case("OR") || word.eq_ignore_ascii_case("CONFLICT") =>
                {
                    return true;
                }
                _ => {}
            }
        }
        before = Some(token);
    }
    false
}

/// Whether nothing follows the first statement. The body of a trigger holds semicolons of its own, and ends with `; END`.
fn is_single(sql: &str) -> bool {
    let mut tokens = Tokens(sql);
    let mut opening = Vec::new();
    let is = |word: &str, keyword: &str| word.eq_ignore_ascii_case(keyword);
    let mut trigger = false;
    let mut previous_ends = false;
    loop {
        let Some(token) = tokens.next() else {
            return true;
        };
        match token {
            Token::Word(word) => {
                if opening.len() < 3 {
                    opening.push(word);
                    trigger = match opening[..] {
                        [create, kind] => is(create, "CREATE") && is(kind, "TRIGGER"),
                        [create, temp, kind] => {
                            trigger
                                || (is(create, "CREATE")
                                    && (is(temp, "TEMP") || is(temp, "TEMPORARY"))
                                    && is(kind, "TRIGGER"))
                        }
                        _ => false,
                    };
                }
                if trigger && previous_ends && is(word, "END") {
                    // The trigger ends here: only semicolons may follow.
                    break;
                }
                previous_ends = false;
            }
            Token::Semicolon if trigger => previous_ends = true,
            // Semicolons before a statement are nothing.
            Token::Semicolon if opening.is_empty() => {}
            Token::Semicolon => break,
            Token::Quoted | Token::Other(_) => {
                // So that no later word is taken for the second of the statement.
                while opening.len() < 3 {
                    opening.push("");
                }
                previous_ends = false;
            }
        }
    }
    tokens.all(|token| token == Token::Semicolon)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    Quoted,
    Semicolon,
    Other(char),
}

/// The tokens of a text; white space and comments are none.
#[derive(Clone)]
pub(super) struct Tokens<'a>(pub(super) &'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let text = self.0.trim_start_matches([' ', '\t', '\n', '\x0c', '\r']);
            let rest = if let Some(comment) = text.strip_prefix("--") {
                comment.find('\n').map_or("", |end| &comment[end + 1..])
            } else if let Some(comment) = text.strip_prefix("/*") {
                comment.find("*/").map_or("", |end| &comment[end + 2..])
            } else {
                self.0 = text;
                break;
            };
            self.0 = rest;
        }
        let first = self.0.chars().next()?;
        let (token, length) = match first {
            ';' => (Token::Semicolon, 1),
            '\'' | '"' | '`' => (Token::Quoted, quoted_length(self.0, first)),
            '[' => (
                Token::Quoted,
                self.0.find(']').map_or(self.0.len(), |end| end + 1),
            ),
            c if is_word(c) => {
                let end = self.0.find(|c| !is_word(c)).unwrap_or(self.0.len());
                (Token::Word(&self.0[..end]), end)
            }
            c => (Token::Other(c), c.len_utf8()),
        };
        self.0 = &self.0[length..];
        Some(token)
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

/// The length of a quoted text with its quotes; a doubled quote is part of it.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut from = 1;
    while let Some(end) = text[from..].find(quote) {
        from += end + 1;
        if !text[from..].starts_with(quote) {
            return from;
        }
        from += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_may_hold_semicolons_that_end_nothing() {
        for sql in [
            "SELECT 1",
            "SELECT 1 ; ; -- the end",
            ";SELECT 1",
            "SELECT ';', \";\", `;`, [;] /* ; */ FROM t -- ;",
            "SELECT 'it''s; fine'",
            "CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN 1 THEN 2 END; DELETE FROM t; END",
            "CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM t; END;",
            "/* c */ -- d\nSELECT 1",
            "SELECT 1 /* open",
        ] {
            assert!(is_single(sql), "{sql}");
        }
    }

    #[test]
    fn a_second_statement_is_seen_wherever_it_hides() {
        for sql in [
            "SELECT 1; SELECT 2",
            "SELECT 1;/**/DELETE FROM t",
            "SELECT '''';DELETE FROM t",
            "CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM t; END; DELETE FROM t",
            "CREATE TABLE \"trigger\" (a); DELETE FROM t",
            "SELECT 1 -- c\n; DELETE FROM t",
            "CREATE TABLE a(b); SELECT 1; END",
        ] {
            assert_eq!(statement_kind(sql), Err(Refusal::Several), "{sql}");
        }
    }

    #[test]
    fn what_leaves_the_transaction_or_the_database_is_refused() {
        for (sql, word) in [
            ("BEGIN", "BEGIN"),
            ("-- c\n commit", "COMMIT"),
            ("ROLLBACK TO x", "ROLLBACK"),
            ("savepoint x", "SAVEPOINT"),
            ("ATTACH 'x' AS y", "ATTACH"),
            ("VACUUM INTO 'x'", "VACUUM"),
        ] {
            assert_eq!(
                statement_kind(sql),
                Err(Refusal::Forbidden(word.to_owned()))
            );
        }
        for sql in [
            "PRAGMA foreign_keys = OFF",
            "PRAGMA foreign_keys(0)",
            "PRAGMA main.foreign_keys=1",
        ] {
            assert_eq!(statement_kind(sql), Err(Refusal::PragmaAssignment), "{sql}");
        }
        for sql in [
            "INSERT OR ROLLBACK INTO t VALUES (1)",
            "CREATE TABLE t (a UNIQUE ON CONFLICT rollback)",
            "CREATE TRIGGER x BEFORE INSERT ON t BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
        ] {
            assert_eq!(statement_kind(sql), Err(Refusal::RollbackClause), "{sql}");
        }
        for sql in ["PRAGMA foreign_keys", "PRAGMA table_info('users')"] {
            assert_eq!(statement_kind(sql), Ok(StatementKind::Pragma), "{sql}");
        }
    }
}
