//! Where statements end.

use crate::token::{Token, Tokens, tokens};

/// The statements of a text, without their semicolons; comments before one are of it, those behind it are not. Semicolons in
/// texts, names, comments, in the body of a trigger and among the arguments of a virtual table end none.
///
/// ```
/// let all: Vec<&str> = edgepod_sql::statements("SELECT ';'; -- two\nSELECT 2 -- end").collect();
/// assert_eq!(all, ["SELECT ';'", "-- two\nSELECT 2"]);
/// ```
pub const fn statements(sql: &str) -> Statements<'_> {
    Statements {
        sql,
        start: 0,
        tokens: tokens(sql),
    }
}

/// The iterator of [`statements`].
#[derive(Clone, Debug)]
pub struct Statements<'a> {
    sql: &'a str,
    start: usize,
    tokens: Tokens<'a>,
}

impl<'a> Iterator for Statements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let mut end = None;
        let mut body = Body::Before;
        for token in self.tokens.by_ref() {
            if token.is_symbol(';') && !body.holds_semicolons() {
                let start = std::mem::replace(&mut self.start, token.end());
                if let Some(end) = end {
                    return Some(without_space(&self.sql[start..end]));
                }
                continue;
            }
            end = Some(token.end());
            body = body.after(token);
        }
        let start = std::mem::replace(&mut self.start, self.sql.len());
        end.map(|end| without_space(&self.sql[start..end]))
    }
}

/// A statement without the space before it: what is space for SQLite, and not what is for Unicode, which may be a mistake or
/// part of a name.
fn without_space(statement: &str) -> &str {
    const SPACE: [char; 5] = [' ', '\t', '\n', '\x0c', '\r'];
    match statement.strip_prefix(SPACE) {
        // Behind space a vertical tab is space.
        Some(rest) => rest.trim_start_matches(|c| SPACE.contains(&c) || c == '\x0b'),
        None => statement,
    }
}

/// How far a statement is towards the end of a trigger's body: the word END right behind a semicolon. An END anywhere else is a
/// CASE's, or a name, as BEGIN may be one, too.
#[derive(Clone, Copy)]
enum Body {
    /// Nothing but what may stand before CREATE.
    Before,
    /// CREATE, and perhaps TEMP.
    Create,
    /// CREATE TRIGGER.
    Trigger,
    /// In the body.
    Begun { semicolon: bool },
    /// CREATE VIRTUAL, and so many parentheses: the arguments of a virtual table may be anything.
    Virtual { depth: usize },
    /// Not in a trigger's body, and never again.
    Outside,
}

impl Body {
    fn holds_semicolons(self) -> bool {
        matches!(self, Body::Begun { .. } | Body::Virtual { depth: 1.. })
    }

    fn after(self, token: Token<'_>) -> Self {
        match self {
            Body::Before if token.is_any(&["EXPLAIN", "QUERY", "PLAN"]) => Body::Before,
            Body::Before if token.is("CREATE") => Body::Create,
            Body::Create if token.is_any(&["TEMP", "TEMPORARY"]) => Body::Create,
            Body::Create if token.is("TRIGGER") => Body::Trigger,
            Body::Create if token.is("VIRTUAL") => Body::Virtual { depth: 0 },
            Body::Virtual { depth } if token.is_symbol('(') => Body::Virtual { depth: depth + 1 },
            Body::Virtual { depth } if token.is_symbol(')') => Body::Virtual {
                depth: depth.saturating_sub(1),
            },
            Body::Virtual { depth } => Body::Virtual { depth },
            Body::Trigger if token.is("BEGIN") => Body::Begun { semicolon: false },
            Body::Trigger => Body::Trigger,
            Body::Begun { semicolon: true } if token.is("END") => Body::Outside,
            Body::Begun { .. } => Body::Begun {
                semicolon: token.is_symbol(';'),
            },
            Body::Before | Body::Create | Body::Outside => Body::Outside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_ends_a_statement_where_it_stands_for_itself() {
        let text = "-- one; two\nCREATE TABLE a (x TEXT DEFAULT 'it''s; so');;\n/* ; */ INSERT INTO \"a;b\" VALUES (1);\n-- end;\n";
        assert_eq!(
            statements(text).collect::<Vec<_>>(),
            [
                "-- one; two\nCREATE TABLE a (x TEXT DEFAULT 'it''s; so')",
                "/* ; */ INSERT INTO \"a;b\" VALUES (1)",
            ]
        );
    }

    #[test]
    fn only_what_is_space_for_sqlite_is_cut_off() {
        for text in ["\u{b}SELECT 1", "\u{a0}SELECT 1", "\u{2003}"] {
            assert_eq!(statements(text).collect::<Vec<_>>(), [text]);
        }
        assert_eq!(statements("; \n").count(), 0);
        assert_eq!(
            statements(" \u{b}SELECT 1").collect::<Vec<_>>(),
            ["SELECT 1"]
        );
    }

    #[test]
    fn the_body_of_a_trigger_is_part_of_it() {
        for trigger in [
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  UPDATE a SET x = CASE WHEN 1 THEN 2 ELSE 3 END;\n  DELETE FROM b;\nEND",
            "CREATE TRIGGER t AFTER UPDATE OF end ON a BEGIN UPDATE a SET x = OLD.end WHERE id = NEW.end; DELETE FROM b WHERE end < 0; END",
            "create temp trigger if not exists t after insert on a begin select 'END; end' -- ; END\n, \"; END\"; end",
            "CREATE TRIGGER begin AFTER INSERT ON end BEGIN SELECT end FROM begin; SELECT CASE end WHEN end THEN end END; /* ; END */ END",
            "EXPLAIN QUERY PLAN CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b;;END",
        ] {
            let text = format!("{trigger};\nDROP TABLE c");
            assert_eq!(
                statements(&text).collect::<Vec<_>>(),
                [trigger, "DROP TABLE c"]
            );
        }
    }

    #[test]
    fn the_arguments_of_a_virtual_table_are_part_of_it() {
        let text = "CREATE VIRTUAL TABLE f USING fts4(a; (b;) c); DROP TABLE d";
        assert_eq!(
            statements(text).collect::<Vec<_>>(),
            [
                "CREATE VIRTUAL TABLE f USING fts4(a; (b;) c)",
                "DROP TABLE d"
            ]
        );
    }

    #[test]
    fn what_only_looks_like_a_trigger_ends_at_its_semicolon() {
        for sql in [
            "CREATE TABLE \"trigger\" (begin); DELETE FROM t",
            "CREATE TABLE a(trigger, begin); SELECT 1; END",
            "CREATE TRIGGER x AFTER INSERT ON t; DELETE FROM t",
            "SELECT create trigger begin; SELECT 1",
        ] {
            assert!(statements(sql).count() > 1, "{sql}");
        }
    }
}
