//! Views and triggers: one SQL file each, in the folder `schema`, taken in the order of their names.

use std::path::Path;

use anyhow::{Result, bail};
use edgepod_runtime::schema::{Object, ObjectKind};
use edgepod_sql::{CreatedKind, created, statements};
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
    let count = statements(&text).count();
    if count > 1 {
        bail!(
            "{} holds {count} statements: give each view and each trigger a file of its own",
            file.display()
        );
    }
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

/// The view or the trigger that the one statement of a text makes.
fn parse(text: &str) -> Option<Object> {
    let sql = statements(text).next()?;
    let made = created(sql).filter(|made| !made.if_not_exists && !made.temporary)?;
    let kind = match made.kind {
        CreatedKind::View => ObjectKind::View,
        CreatedKind::Trigger => ObjectKind::Trigger,
        CreatedKind::Table | CreatedKind::Index => return None,
    };
    Some(Object {
        kind,
        name: made.name,
        sql: sql.to_owned(),
    })
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
    fn what_is_no_sql_is_a_mistake() {
        let view = parse("CREATE VIEW a AS SELEC 1").unwrap();
        assert!(mistake(&view.sql).unwrap().is_some());
    }

    #[test]
    fn a_trigger_may_say_end_wherever_sqlite_lets_it() {
        let sql = "CREATE TRIGGER t AFTER UPDATE OF end ON shifts BEGIN UPDATE shifts SET left = OLD.end WHERE id = NEW.end; \
                   UPDATE shifts SET left = CASE WHEN left < 0 THEN 0 END, note = '; END'; /* ; END */ END";
        let made = parse(&format!("{sql}; -- done\n")).unwrap();
        assert_eq!((made.name.as_str(), made.sql.as_str()), ("t", sql));
        assert_eq!(mistake(&made.sql).unwrap(), None);
    }
}
