//! A database and a schema: what the one lacks of the other, and what a migration would take that the schema does not know.

use std::path::Path;

use anyhow::{Context, Result, bail};
use edgepod_manifest::hides_a_function;
use edgepod_runtime::schema::{ObjectKind, Snapshot, create_statements};
use edgepod_sql::quote;
use rusqlite::Connection;

use crate::diff::Change;

/// Everything that SQLite knows of tables: whose it is, what it is, how it is, and the table that it references.
const EVERYTHING: &str = "
    WITH tables AS (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table')
    SELECT t.name, 'the column `' || t.name || '.' || c.name || '`',
        c.type || iif(c.pk, ' PRIMARY KEY', '') || iif(c.\"notnull\", ' NOT NULL', '')
        || coalesce(' DEFAULT ' || c.dflt_value, ''), NULL
    FROM tables t, pragma_table_xinfo(t.name) c
    UNION ALL
    SELECT t.name, 'the index `' || i.name || '`',
        coalesce(
            iif(i.\"unique\", 'UNIQUE ', '') || '('
            || (SELECT iif(count(name) = count(*), group_concat(name, ', '), NULL) FROM pragma_index_info(i.name)) || ')'
            || iif(i.partial, ' WHERE …', ''),
            -- What is of an expression has no names.
            (SELECT sql FROM sqlite_schema s WHERE s.type = 'index' AND s.name = i.name)
        ), NULL
    FROM tables t, pragma_index_list(t.name) i WHERE i.origin = 'c'
    UNION ALL
    SELECT t.name, 'the reference of `' || t.name || '.' || r.\"from\" || '`',
        r.\"table\" || ' (' || coalesce(r.\"to\", 'its key') || ') ON DELETE ' || r.on_delete, r.\"table\"
    FROM tables t, pragma_foreign_key_list(t.name) r
    UNION ALL
    SELECT tbl_name, 'the ' || type || ' `' || name || '`', sql, NULL
    FROM sqlite_schema WHERE type IN ('view', 'trigger')";

#[derive(Debug)]
struct Part {
    table: String,
    what: String,
    how: String,
    references: Option<String>,
}

fn parts(connection: &Connection) -> Result<Vec<Part>> {
    let mut statement = connection.prepare(EVERYTHING)?;
    let parts = statement.query_map((), |row| {
        Ok(Part {
            table: row.get(0)?,
            what: row.get(1)?,
            how: row.get(2)?,
            references: row.get(3)?,
        })
    })?;
    Ok(parts.collect::<Result<_, _>>()?)
}

fn parts_of_file(file: &Path) -> Result<Vec<Part>> {
    Connection::open(file)
        .map_err(Into::into)
        .and_then(|connection| parts(&connection))
        .with_context(|| format!("the tables of {} cannot be read", file.display()))
}

/// A table or a view of the database in `file` that has the name of a function.
///
/// # Errors
/// When its tables cannot be read.
pub(super) fn table_that_hides_a_function(file: &Path) -> Result<Option<String>> {
    let connection = Connection::open(file)?;
    let mut statement =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")?;
    let names = statement.query_map((), |row| row.get(0))?;
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    Ok(names.into_iter().find(|name| hides_a_function(name)))
}

fn parts_of_schema(schema: &Snapshot) -> Result<Vec<Part>> {
    parts(&fresh(schema)?)
}

/// An empty database of this schema.
///
/// # Errors
/// When a view or a trigger does not fit the tables. SQLite itself says so only when it is used.
pub(super) fn fresh(schema: &Snapshot) -> Result<Connection> {
    let connection = Connection::open_in_memory()?;
    for statement in schema.tables.iter().flat_map(create_statements) {
        connection.execute_batch(&statement)?;
    }
    let ensure = |result: rusqlite::Result<()>, what: &str| match result {
        Err(error) if !is_about_tables_elsewhere(&error) => {
            bail!("{what} in `schema/` does not fit the tables: {error}")
        }
        _ => Ok(()),
    };
    for object in &schema.objects {
        let what = format!(
            "the {} `{}`",
            object.kind.as_sql().to_lowercase(),
            object.name
        );
        // Unlike `execute_batch`, it refuses a second statement.
        let made = connection
            .prepare(&object.sql)
            .and_then(|mut statement| statement.execute(()));
        ensure(made.map(drop), &what)?;
        if object.kind == ObjectKind::View {
            let sql = format!("SELECT * FROM {}", quote(&object.name));
            ensure(connection.prepare(&sql).map(drop), &what)?;
        }
    }
    for table in &schema.tables {
        let name = quote(&table.name);
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("{0} = {0}", quote(&column.name)))
            .collect();
        for sql in [
            format!("INSERT INTO {name} DEFAULT VALUES"),
            format!("UPDATE {name} SET {}", columns.join(", ")),
            format!("DELETE FROM {name}"),
        ] {
            let what = format!("a trigger of `{}`", table.name);
            ensure(connection.prepare(&sql).map(drop), &what)?;
        }
    }
    Ok(connection)
}

/// Migrations may have made tables that no struct describes.
fn is_about_tables_elsewhere(error: &rusqlite::Error) -> bool {
    error.to_string().contains("no such table")
}

/// What `schema` has and the database in `file` has not, or has otherwise, and the columns that it has beside in the tables of
/// `schema`: each a phrase.
pub(super) fn differences(file: &Path, schema: &Snapshot) -> Result<Vec<String>> {
    let there = parts_of_file(file)?;
    let mut phrases: Vec<String> = parts_of_schema(schema)?
        .into_iter()
        .filter_map(
            |part| match there.iter().find(|other| other.what == part.what) {
                None => Some(format!("{} is not there", part.what)),
                Some(other) if other.how != part.how => Some(format!(
                    "{} is {} and not {}",
                    part.what, other.how, part.how
                )),
                Some(_) => None,
            },
        )
        .collect();
    let connection = Connection::open(file)?;
    for table in &schema.tables {
        // Without the generated ones, which an app starts with.
        let mut columns = connection.prepare("SELECT name FROM pragma_table_info(?)")?;
        for column in columns.query_map([&table.name], |row| row.get::<_, String>(0))? {
            let column = column?;
            if table.column(&column).is_none() {
                phrases.push(format!(
                    "the column `{}.{column}` is there and in no struct",
                    table.name
                ));
            }
        }
    }
    Ok(phrases)
}

/// Adds to `change` what it takes from the database in `file` that `schema`, which is that before the change, does not know:
/// what migrations that were written by hand have made.
pub(super) fn add_what_is_not_in_the_schema(
    change: &mut Change,
    file: &Path,
    schema: &Snapshot,
) -> Result<()> {
    let known = parts_of_schema(schema)?;
    let (mut losses, mut warnings) = (Vec::new(), Vec::new());
    for part in parts_of_file(file)? {
        if known.iter().any(|other| other.what == part.what) {
            continue;
        }
        if change.replaces(&part.table) {
            let Part { table, what, .. } = part;
            warnings.push(format!(
                "`{table}` gets a new copy, without {what}, which a migration of your own has made: make it again at the end \
                 of this one."
            ));
        } else if let Some(parent) = part.references.filter(|parent| change.replaces(parent)) {
            losses.push(format!(
                "the rows of the table `{}` that reference `{parent}`, or their references, as its ON DELETE says",
                part.table
            ));
        }
    }
    change.losses.append(&mut losses);
    change.warnings.append(&mut warnings);
    take_out_of_the_way(change, file, schema)
}

/// Views and triggers elsewhere that name a replaced table, and that the schema does not know: SQLite refuses to give the new copy
/// its name while they are there, so they go first and come back last.
fn take_out_of_the_way(change: &mut Change, file: &Path, schema: &Snapshot) -> Result<()> {
    let connection = Connection::open(file)?;
    let mut statement = connection.prepare(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY rowid",
    )?;
    let rows = statement.query_map((), |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, String>(3)?,
        ))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (kind, name, table, sql) = row?;
        let is_known = schema.objects.iter().any(|object| object.name == name);
        let names_one = || {
            // A text in single quotes is no name.
            edgepod_sql::tokens(&sql)
                .filter(|token| token.kind != edgepod_sql::TokenKind::Literal)
                .filter_map(|token| token.unquoted())
                .any(|name| change.replaces(&name))
        };
        if !is_known && !change.replaces(&table) && names_one() {
            found.push((kind, name, sql));
        }
    }
    for (kind, name, sql) in found {
        let drop = format!("DROP {} {}", kind.to_uppercase(), quote(&name));
        change.statements.insert(0, drop);
        change.statements.push(sql);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::diff::diff;

    use super::*;

    #[test]
    fn a_trigger_elsewhere_that_names_a_replaced_table_does_not_stop_its_new_copy() {
        let schema = |seats: &str| -> Snapshot {
            serde_json::from_str(&format!(
                r#"{{"tables": [
                    {{"name": "logs", "columns": [{{"name": "id", "type": "integer", "primary_key": true}}]}},
                    {{"name": "vans", "columns": [{{"name": "id", "type": "integer", "primary_key": true}},
                        {{"name": "seats", "type": "integer", {seats}}}]}}]}}"#
            ))
            .unwrap()
        };
        let (before, after) = (schema("\"nullable\": true"), schema("\"default\": \"0\""));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("before.sqlite");
        let database = Connection::open(&file).unwrap();
        for statement in before.tables.iter().flat_map(create_statements) {
            database.execute_batch(&statement).unwrap();
        }
        database
            .execute_batch(
                "CREATE TRIGGER counted AFTER INSERT ON logs BEGIN UPDATE \"Vans\" SET seats = 7; END; \
                 CREATE VIEW full AS SELECT id FROM vans WHERE seats = 7; \
                 CREATE VIEW other AS SELECT 'vans' AS name; INSERT INTO vans (id) VALUES (1)",
            )
            .unwrap();
        let mut change = diff(&before, &after).unwrap();
        add_what_is_not_in_the_schema(&mut change, &file, &before).unwrap();
        for statement in &change.statements {
            database
                .execute_batch(statement)
                .unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        database
            .execute_batch("INSERT INTO logs VALUES (1)")
            .unwrap();
        let full: i64 = database
            .query_row("SELECT count(*) FROM full", (), |row| row.get(0))
            .unwrap();
        assert_eq!(full, 1);
        assert!(!change.statements.iter().any(|sql| sql.contains("other")));
    }
}
