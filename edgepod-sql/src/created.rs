//! What a CREATE makes.

use crate::token::tokens;

/// What is made by a statement that begins with CREATE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Which kind of thing.
    pub kind: CreatedKind,
    /// Its name without quotes, and without the database's before it.
    pub name: String,
    /// Whether it says TEMP: it is there for the connection alone.
    pub temporary: bool,
    /// Whether it says IF NOT EXISTS.
    pub if_not_exists: bool,
}

/// Kinds of things in a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreatedKind {
    /// A table, a virtual one included.
    Table,
    /// An index, a unique one included.
    Index,
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

/// What the first statement of a text creates; `None` where it creates nothing, or has no name to read.
///
/// ```
/// use edgepod_sql::{CreatedKind, created};
/// let made = created("-- who is there\nCREATE VIEW main.\"all \"\"names\"\"\" AS SELECT 1").unwrap();
/// assert_eq!((made.kind, made.name.as_str()), (CreatedKind::View, "all \"names\""));
/// assert_eq!(created("SELECT 1"), None);
/// ```
pub fn created(sql: &str) -> Option<Created> {
    let mut tokens = tokens(sql);
    if !tokens.next()?.is("CREATE") {
        return None;
    }
    let mut temporary = false;
    let kind = loop {
        let token = tokens.next()?;
        if token.is("TABLE") {
            break CreatedKind::Table;
        } else if token.is("INDEX") {
            break CreatedKind::Index;
        } else if token.is("VIEW") {
            break CreatedKind::View;
        } else if token.is("TRIGGER") {
            break CreatedKind::Trigger;
        } else if token.is_any(&["TEMP", "TEMPORARY"]) {
            temporary = true;
        } else if !token.is_any(&["UNIQUE", "VIRTUAL"]) {
            return None;
        }
    };
    // IF may be a name, and EXISTS not.
    let mut behind = tokens.clone();
    let if_not_exists = ["IF", "NOT", "EXISTS"]
        .iter()
        .all(|word| behind.next().is_some_and(|token| token.is(word)));
    if if_not_exists {
        tokens = behind;
    }
    let mut name = tokens.next()?.unquoted()?;
    if tokens.next().is_some_and(|token| token.is_symbol('.')) {
        name = tokens.next()?.unquoted()?;
    }
    (!name.is_empty()).then_some(Created {
        kind,
        name,
        temporary,
        if_not_exists,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_and_name_are_read_wherever_they_stand() {
        use CreatedKind::{Index, Table, Trigger, View};
        for (sql, kind, name) in [
            ("create view \"names\" AS SELECT 1;\n", View, "names"),
            ("CREATE VIEW [a b] AS SELECT 1", View, "a b"),
            ("CREATE VIEW `größe`AS SELECT 1", View, "größe"),
            ("CREATE VIEW main . größe AS SELECT 1", View, "größe"),
            ("CREATE VIEW 'text' AS SELECT 1", View, "text"),
            ("CREATE VIEW if AS SELECT 1", View, "if"),
            (
                "/* a */ CREATE TEMP TRIGGER IF NOT EXISTS\n  t\nAFTER INSERT ON a BEGIN SELECT 1; END",
                Trigger,
                "t",
            ),
            ("CREATE UNIQUE INDEX i ON t (a)", Index, "i"),
            ("CREATE VIRTUAL TABLE s USING fts5(a)", Table, "s"),
        ] {
            let made = created(sql).unwrap_or_else(|| panic!("{sql}"));
            assert_eq!((made.kind, made.name.as_str()), (kind, name), "{sql}");
        }
        for sql in [
            "",
            "-- nothing",
            "CREATE",
            "DROP VIEW a",
            "CREATE VIEW \"a AS SELECT 1",
            "CREATE VIEW 1",
        ] {
            assert_eq!(created(sql), None, "{sql}");
        }
    }
}
