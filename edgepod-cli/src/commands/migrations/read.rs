//! A database read back as a schema: what is there, whatever files say of it.

use anyhow::Result;
use edgepod_runtime::schema::{
    Column, ForeignKey, Index, Object, ObjectKind, OnDelete, Snapshot, SqlType, Table,
};
use rusqlite::{Connection, params};

/// The schema of `database`, as far as structs and files could say it: a table of another make, or an index by another name, is
/// not in it.
pub(super) fn snapshot(database: &Connection) -> Result<Snapshot> {
    let mut names = database.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' \
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_edgepod\\_%' ESCAPE '\\' ORDER BY name",
    )?;
    let mut tables = Vec::new();
    for row in names.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (name, sql): (String, String) = row?;
        tables.extend(table(database, name, &sql)?);
    }
    Ok(Snapshot {
        tables,
        objects: objects(database)?,
    })
}

fn table(database: &Connection, name: String, sql: &str) -> Result<Option<Table>> {
    let counts = sql.to_ascii_uppercase().contains("AUTOINCREMENT");
    let mut statement = database
        .prepare("SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info(?)")?;
    let rows = statement.query_map([&name], |row| {
        let is_key: bool = row.get(4)?;
        let sql_type = sql_type(&row.get::<_, String>(1)?);
        Ok(sql_type.map(|sql_type| Column {
            sql_type,
            meaning: None,
            name: row.get(0).unwrap_or_default(),
            nullable: !row.get(2).unwrap_or(false),
            primary_key: is_key,
            auto_increment: is_key && counts,
            unique: false,
            index: false,
            default: row
                .get::<_, Option<String>>(3)
                .unwrap_or_default()
                .map(default),
            references: None,
            renamed_from: None,
        }))
    })?;
    let Some(columns) = rows.collect::<Result<Option<Vec<Column>>, _>>()? else {
        return Ok(None);
    };
    let mut table = Table {
        name,
        columns,
        indexes: Vec::new(),
        renamed_from: None,
    };
    add_references(database, &mut table)?;
    add_indexes(database, &mut table)?;
    Ok(Some(table))
}

/// `None` for what no STRICT table of a struct has.
fn sql_type(name: &str) -> Option<SqlType> {
    [
        SqlType::Integer,
        SqlType::Real,
        SqlType::Text,
        SqlType::Blob,
    ]
    .into_iter()
    .find(|sql_type| sql_type.as_sql() == name)
}

/// The default as a snapshot has it: the expression for the present time has a name there.
fn default(sql: String) -> String {
    if sql.contains("unixepoch('subsec')") {
        "now".to_owned()
    } else {
        sql
    }
}

fn add_references(database: &Connection, table: &mut Table) -> Result<()> {
    let mut statement = database
        .prepare("SELECT \"from\", \"table\", \"to\", on_delete FROM pragma_foreign_key_list(?)")?;
    let rows = statement.query_map([&table.name], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, Option<String>>(2)?,
            row.get::<_, String>(3)?,
        ))
    })?;
    for row in rows {
        let (from, target, to, action) = row?;
        let on_delete = [
            OnDelete::Restrict,
            OnDelete::Cascade,
            OnDelete::SetNull,
            OnDelete::SetDefault,
        ]
        .into_iter()
        .find(|on_delete| on_delete.as_sql() == action);
        let column = table.columns.iter_mut().find(|column| column.name == from);
        if let (Some(column), Some(to), Some(on_delete)) = (column, to, on_delete) {
            column.references = Some(ForeignKey {
                table: target,
                column: to,
                on_delete,
            });
        }
    }
    Ok(())
}

fn add_indexes(database: &Connection, table: &mut Table) -> Result<()> {
    let mut statement = database.prepare(
        "SELECT i.name, i.\"unique\", (SELECT json_group_array(name) FROM pragma_index_info(i.name)) \
         FROM pragma_index_list(?) i WHERE i.origin = 'c' AND NOT i.partial ORDER BY i.seq DESC",
    )?;
    let rows = statement.query_map(params![table.name], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, bool>(1)?,
            row.get::<_, String>(2)?,
        ))
    })?;
    for row in rows {
        let (name, unique, columns) = row?;
        // An index on an expression has no column's name there.
        let Ok(columns) = serde_json::from_str::<Vec<String>>(&columns) else {
            continue;
        };
        let kind = if unique { "unique" } else { "index" };
        if name != format!("{}_{}_{kind}", table.name, columns.join("_")) {
            continue;
        }
        match columns.as_slice() {
            [only] => {
                if let Some(column) = table.columns.iter_mut().find(|c| c.name == *only) {
                    column.unique = unique;
                    column.index = !unique;
                }
            }
            _ => table.indexes.push(Index { columns, unique }),
        }
    }
    Ok(())
}

fn objects(database: &Connection) -> Result<Vec<Object>> {
    let mut statement = database.prepare(
        "SELECT type = 'view', name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY rowid",
    )?;
    let objects = statement.query_map((), |row| {
        Ok(Object {
            kind: if row.get(0)? {
                ObjectKind::View
            } else {
                ObjectKind::Trigger
            },
            name: row.get(1)?,
            sql: row.get(2)?,
        })
    })?;
    Ok(objects.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::migrations::live;

    #[test]
    fn what_was_made_of_a_schema_is_read_back_as_it() {
        let schema: Snapshot = serde_json::from_str(
            r#"{"tables": [
                {"name": "notes", "columns": [
                    {"name": "id", "type": "integer", "primary_key": true, "auto_increment": true},
                    {"name": "author", "type": "integer", "nullable": true,
                     "references": {"table": "users", "column": "id", "on_delete": "set null"}},
                    {"name": "at", "type": "integer", "default": "now", "index": true},
                    {"name": "text", "type": "text", "default": "'it''s'"},
                    {"name": "weight", "type": "real", "default": "-1.5"},
                    {"name": "data", "type": "blob", "nullable": true}
                ], "indexes": [{"columns": ["author", "at"]}, {"columns": ["text", "at"], "unique": true}]},
                {"name": "users", "columns": [
                    {"name": "id", "type": "integer", "primary_key": true},
                    {"name": "email", "type": "text", "unique": true}
                ]}
            ], "objects": [
                {"kind": "view", "name": "texts", "sql": "CREATE VIEW texts AS SELECT text FROM notes"},
                {"kind": "trigger", "name": "t", "sql": "CREATE TRIGGER t AFTER INSERT ON notes BEGIN SELECT 1; END"}
            ]}"#,
        )
        .unwrap();
        let database = live::fresh(&schema).unwrap();
        assert_eq!(snapshot(&database).unwrap(), schema);
    }

    #[test]
    fn what_no_struct_could_say_is_left_out() {
        let database = Connection::open_in_memory().unwrap();
        database
            .execute_batch(
                "CREATE TABLE loose (x, y VARCHAR(3)); CREATE TABLE a (id INTEGER PRIMARY KEY NOT NULL, b TEXT) STRICT; \
                 CREATE INDEX mine ON a (b); CREATE INDEX other ON a (lower(b)); CREATE TABLE _edgepod_jobs (x TEXT)",
            )
            .unwrap();
        let schema = snapshot(&database).unwrap();
        assert_eq!(schema.tables.len(), 1);
        assert!(!schema.tables[0].columns[1].index);
    }
}
