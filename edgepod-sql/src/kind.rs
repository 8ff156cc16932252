//! What kind of statement a text is, and whether it is one statement at all.
//!
//! `EXPLAIN a; b` explains `a` and runs `b`, and `EXPLAIN PRAGMA …` may carry the pragma out: so this is asked before
//! anything is explained.

use crate::{
    statements::statements,
    token::{Token, TokenKind, Tokens, tokens},
};

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
    Forbidden(&'static str),
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

/// Words that begin what neither a function nor a migration may run: it would end or leave the transaction, or the database.
const FORBIDDEN: [&str; 9] = [
    "BEGIN",
    "COMMIT",
    "END",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "ATTACH",
    "DETACH",
    "VACUUM",
];

/// The word for which a statement may not run here: it would end or leave the transaction, or the database.
///
/// ```
/// use edgepod_sql::forbidden_word;
/// assert_eq!(forbidden_word("-- why\ncommit"), Some("COMMIT"));
/// assert_eq!(forbidden_word("SELECT 1"), None);
/// ```
pub fn forbidden_word(statement: &str) -> Option<&'static str> {
    let (_, first, _) = first_token(statement);
    FORBIDDEN
        .into_iter()
        .find(|word| first.is_some_and(|token| token.is(word)))
}

/// Whether it is EXPLAIN's, the first token of what it explains, and the tokens behind.
fn first_token(statement: &str) -> (bool, Option<Token<'_>>, Tokens<'_>) {
    let mut tokens = tokens(statement);
    let mut explained = false;
    let first = tokens.by_ref().find(|token| {
        let explains = token.is("EXPLAIN") || explained && token.is_any(&["QUERY", "PLAN"]);
        explained |= explains;
        !explains && !token.is_symbol(';')
    });
    (explained, first, tokens)
}

/// The kind of the one statement in `sql`.
///
/// # Errors
/// See [`Refusal`].
///
/// ```
/// use edgepod_sql::{Refusal, StatementKind, statement_kind};
/// assert_eq!(statement_kind("SELECT ';' -- one;\n;"), Ok(StatementKind::Rows));
/// assert_eq!(statement_kind("SELECT 1; DELETE FROM users"), Err(Refusal::Several));
/// ```
pub fn statement_kind(sql: &str) -> Result<StatementKind, Refusal> {
    if sql.contains('\0') {
        return Err(Refusal::Nul);
    }
    if statements(sql).nth(1).is_some() {
        return Err(Refusal::Several);
    }
    if has_rollback_clause(sql) {
        return Err(Refusal::RollbackClause);
    }
    if let Some(word) = forbidden_word(sql) {
        return Err(Refusal::Forbidden(word));
    }
    let (explained, Some(first), behind) = first_token(sql) else {
        // Nothing: SQLite will say.
        return Ok(StatementKind::Rows);
    };
    if first.is("PRAGMA") {
        return pragma(behind);
    }
    let changes_schema = first.is_any(&["CREATE", "DROP", "ALTER", "ANALYZE", "REINDEX"]);
    Ok(match changes_schema && !explained {
        true => StatementKind::Schema,
        false => StatementKind::Rows,
    })
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

fn pragma(tokens: Tokens<'_>) -> Result<StatementKind, Refusal> {
    let mut name = "";
    let mut argument = false;
    for token in tokens {
        if token.is_symbol('=') {
            return Err(Refusal::PragmaAssignment);
        }
        if token.is_symbol('(') {
            argument = true;
        } else if token.kind == TokenKind::Word && !argument {
            name = token.text;
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
    // ROLLBACK may be a name: it is the clause's only behind these.
    let mut before = [None::<Token<'_>>; 2];
    for token in tokens(sql) {
        if token.is("ROLLBACK")
            && let [Some(first), Some(second)] = before
            && (first.is_any(&["INSERT", "UPDATE"]) && second.is("OR")
                || first.is("ON") && second.is("CONFLICT")
                || first.is("RAISE") && second.is_symbol('('))
        {
            return true;
        }
        before = [before[1], Some(token)];
    }
    false
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
            assert!(statement_kind(sql) != Err(Refusal::Several), "{sql}");
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
            assert_eq!(statement_kind(sql), Err(Refusal::Forbidden(word)));
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
            "CREATE TRIGGER x BEFORE INSERT ON t BEGIN SELECT RAISE ( /* a */ ROLLBACK, 'no'); END",
            "UPDATE OR ROLLBACK t SET a = 1",
        ] {
            assert_eq!(statement_kind(sql), Err(Refusal::RollbackClause), "{sql}");
        }
        for sql in ["PRAGMA foreign_keys", "PRAGMA table_info('users')"] {
            assert_eq!(statement_kind(sql), Ok(StatementKind::Pragma), "{sql}");
        }
    }

    #[test]
    fn a_column_called_rollback_is_none_of_its_clauses() {
        for sql in [
            "SELECT count(rollback) FROM t WHERE a OR rollback",
            "SELECT 1 AS conflict, rollback FROM t",
            "INSERT INTO t (\"ON\", \"ROLLBACK\") VALUES ('OR ROLLBACK', 1)",
        ] {
            assert_eq!(statement_kind(sql), Ok(StatementKind::Rows), "{sql}");
        }
    }

    #[test]
    fn what_is_explained_is_read_as_if_it_were_run() {
        for (sql, kind) in [
            ("EXPLAIN SELECT 1", Ok(StatementKind::Rows)),
            ("EXPLAIN QUERY PLAN DROP TABLE t", Ok(StatementKind::Rows)),
            ("EXPLAIN COMMIT", Err(Refusal::Forbidden("COMMIT"))),
            (
                "explain pragma foreign_keys = 0",
                Err(Refusal::PragmaAssignment),
            ),
        ] {
            assert_eq!(statement_kind(sql), kind, "{sql}");
        }
    }

    #[test]
    fn a_parameter_with_a_quote_in_its_index_hides_no_statement() {
        // For SQLite `$a(')` is one parameter, as Tcl writes it.
        let sql = "SELECT $a('); DELETE FROM t; --')";
        assert_eq!(statement_kind(sql), Err(Refusal::Several));
    }
}
