//! Views and triggers: one SQL file each, in the folder `schema`, taken in the order of their names.

use std::path::Path;

use anyhow::{Result, bail};
use edgepod_runtime::schema::{Object, ObjectKind};
use fs_err as fs;
use rusqlite::Connection;

/// Reads the folder; one that is not there has none.
pub(super) fn read(folder: &Path) -> Result<Vec<Object>> {
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let file = entry?.path();
            if file.extension().is_some_and(|extension| extension == "sql") {
                files.push(file);
            }
        }
    }
    files.sort();
    files.iter().map(|file| object(file)).collect()
}

fn object(file: &Path) -> Result<Object> {
    let text = fs::read_to_string(file)?.replace("\r\n", "\n");
    let Some(object) = parse(&text) else {
        bail!(
            "{} makes no view and no trigger: it begins with `CREATE VIEW name` or `CREATE TRIGGER name`, and is one statement",
            file.display()
        );
    };
    if let Some(message) = mistake(&object.sql)? {
        bail!("{} is not one statement of SQL: {message}", file.display());
    }
    Ok(object)
}

/// What SQLite says against the statement, but for tables that it would find only in the app's database.
fn mistake(sql: &str) -> Result<Option<String>> {
    let database = Connection::open_in_memory()?;
    Ok(match database.prepare(sql) {
        Ok(_) => None,
        Err(error) => Some(error.to_string()).filter(|it| !it.contains("no such table")),
    })
}

fn parse(text: &str) -> Option<Object> {
    let sql = text.trim().trim_end_matches(';').trim_end();
    let (create, rest) = word(sql)?;
    let (kind, rest) = word(rest)?;
    let (mut name, rest) = word(rest)?;
    if !create.eq_ignore_ascii_case("create") || name.eq_ignore_ascii_case("if") {
        return None;
    }
    let kind = match kind.to_ascii_lowercase().as_str() {
        "view" => ObjectKind::View,
        "trigger" => ObjectKind::Trigger,
        _ => return None,
    };
    if let Some(rest) = without_space(rest).strip_prefix('.') {
        (name, _) = word(rest)?;
    }
    Some(Object {
        kind,
        name,
        sql: sql.to_owned(),
    })
}

/// The first word or name of `sql`, without its quotes, and what follows it.
fn word(sql: &str) -> Option<(String, &str)> {
    let sql = without_space(sql);
    let first = sql.chars().next()?;
    let end = match first {
        '"' | '`' => first,
        '[' => ']',
        _ => {
            let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
            let end = sql.find(|c| !is_part(c)).unwrap_or(sql.len());
            return (end > 0).then(|| (sql[..end].to_owned(), &sql[end..]));
        }
    };
    let mut name = String::new();
    let mut rest = sql[1..].chars();
    while let Some(c) = rest.next() {
        if c != end {
            name.push(c);
        } else if end != ']' && rest.as_str().starts_with(end) {
            // A quote in a name is written twice.
            name.extend(rest.next());
        } else {
            return (!name.is_empty()).then_some((name, rest.as_str()));
        }
    }
    None
}

/// `sql` from the first thing on that is no white space and no comment.
fn without_space(sql: &str) -> &str {
    let mut sql = sql.trim_start();
    loop {
        let end = if sql.starts_with("--") {
            "\n"
        } else if sql.starts_with("/*") {
            "*/"
        } else {
            return sql;
        };
        let rest = sql.split_once(end).map_or("", |(_, rest)| rest);
        sql = rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_and_the_name_are_read() {
        for (sql, kind, name) in [
            (
                "create view \"names\" AS SELECT 1;\n",
                ObjectKind::View,
                "names",
            ),
            (
                "CREATE VIEW \"all \"\"names\"\"\"(a) AS SELECT 1",
                ObjectKind::View,
                "all \"names\"",
            ),
            ("CREATE VIEW [a b] AS SELECT 1", ObjectKind::View, "a b"),
            ("CREATE VIEW `größe`AS SELECT 1", ObjectKind::View, "größe"),
            (
                "CREATE VIEW main.größe AS SELECT 1",
                ObjectKind::View,
                "größe",
            ),
            (
                "-- Who is there; who is not.\n/* Both. */ CREATE VIEW a AS SELECT 1",
                ObjectKind::View,
                "a",
            ),
            (
                "CREATE TRIGGER\n  t\nAFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END;",
                ObjectKind::Trigger,
                "t",
            ),
        ] {
            let object = parse(sql).unwrap();
            assert_eq!((object.kind, object.name.as_str()), (kind, name), "{sql}");
            assert!(object.sql.len() > 10 && !object.sql.ends_with(';'));
            assert_eq!(mistake(&object.sql).unwrap(), None, "{sql}");
        }
        for sql in [
            "",
            "-- nothing",
            "CREATE TABLE a (x)",
            "CREATE VIEW IF NOT EXISTS a AS SELECT 1",
            "CREATE VIEW \"a AS SELECT 1",
        ] {
            assert!(parse(sql).is_none(), "{sql}");
        }
    }

    #[test]
    fn what_is_not_one_statement_is_a_mistake() {
        for sql in [
            "CREATE VIEW a AS SELECT 1; CREATE VIEW b AS SELECT 1",
            "CREATE VIEW a AS SELEC 1",
        ] {
            assert!(
                mistake(&parse(sql).unwrap().sql).unwrap().is_some(),
                "{sql}"
            );
        }
    }
}
