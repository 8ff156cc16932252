//! A database, and what its schema is.

use std::collections::BTreeMap;

use edgepod_cli::diff::{Change, diff};
use edgepod_runtime::schema::{Snapshot, create_statements};
use rusqlite::{Connection, types::Value};

pub fn open() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .pragma_update(None, "foreign_keys", true)
        .unwrap();
    connection
}

/// A database that was made with this schema.
pub fn fresh(schema: &Snapshot) -> Connection {
    let connection = open();
    for table in &schema.tables {
        for sql in create_statements(table) {
            connection.execute_batch(&sql).unwrap();
        }
    }
    for object in &schema.objects {
        connection.execute_batch(&object.sql).unwrap();
    }
    connection
}

/// Runs a change as the engine does: statement by statement in one transaction.
pub fn migrate(connection: &Connection, change: &Change) -> Result<(), String> {
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    for sql in &change.statements {
        if let Err(error) = connection.execute_batch(sql) {
            connection.execute_batch("ROLLBACK").unwrap();
            return Err(format!("{error}: {sql}"));
        }
    }
    connection
        .execute_batch("COMMIT")
        .map_err(|error| error.to_string())
}

pub fn must_diff(before: &Snapshot, after: &Snapshot) -> Change {
    diff(before, after).unwrap_or_else(|errors| panic!("{errors:?}"))
}

pub fn rows(connection: &Connection, sql: &str) -> Vec<Vec<Value>> {
    let mut statement = connection
        .prepare(sql)
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    let width = statement.column_count();
    statement
        .query_map((), |row| (0..width).map(|i| row.get(i)).collect())
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// Everything that SQLite knows of the schema but the order of columns, which no statement of the engine depends on.
pub fn describe(connection: &Connection) -> BTreeMap<String, Vec<Vec<Value>>> {
    let mut all = BTreeMap::new();
    let tables = rows(
        connection,
        "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    for table in tables {
        let Value::Text(name) = &table[0] else {
            panic!("{table:?}")
        };
        let name = name.replace('\'', "''");
        let parts = [
            ("strict and counter", format!(
                "SELECT {:?}, sql LIKE '%AUTOINCREMENT%' FROM sqlite_schema WHERE name = '{name}'", table[1]
            ).replace("Integer(1)", "1")),
            ("columns", format!(
                "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_xinfo('{name}') ORDER BY name"
            )),
            ("indexes", format!(
                "SELECT l.name, l.\"unique\", l.origin, i.seqno, i.name FROM pragma_index_list('{name}') l, \
                 pragma_index_info(l.name) i ORDER BY 1, 4"
            )),
            ("references", format!(
                "SELECT \"from\", \"table\", \"to\", on_delete FROM pragma_foreign_key_list('{name}') ORDER BY 1"
            )),
        ];
        for (what, sql) in parts {
            all.insert(format!("{what} of {name}"), rows(connection, &sql));
        }
    }
    all.insert(
        "views and triggers".to_owned(),
        rows(
            connection,
            "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY name",
        ),
    );
    all
}

/// That no row references nothing, and that the file is sound.
pub fn is_sound(connection: &Connection) {
    assert_eq!(
        rows(connection, "PRAGMA foreign_key_check"),
        [] as [Vec<Value>; 0]
    );
    assert_eq!(
        rows(connection, "PRAGMA integrity_check"),
        [[Value::Text("ok".to_owned())]]
    );
}
