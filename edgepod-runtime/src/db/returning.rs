//! The rows that a statement wrote.

use super::{
    Connection, MAX_ROWS, RowFormat, Rows, Value,
    clause::{Clause, ColumnOf},
    core::Core,
    encode, list,
    source::Named,
    touch::Touch,
    writer::{Sql, Writer},
};
use crate::{
    Result,
    schema::{ColumnSchema, TableSchema},
};

/// Writes a statement with its RETURNING, of which it is given the list.
pub(super) type Write<'a> = dyn FnMut(&str) -> Result<Sql> + 'a;

/// Runs a DELETE that returns whole rows, as they were.
pub(super) fn rows_deleted(
    connection: &Connection,
    table: &TableSchema,
    write: &mut Write<'_>,
) -> Result<Rows> {
    Ok(run(connection, table.columns, write)?.0)
}

/// Runs an UPDATE that returns whole rows, as the database has them afterwards.
pub(super) fn rows_written(
    connection: &Connection,
    table: &'static TableSchema,
    write: &mut Write<'_>,
) -> Result<Rows> {
    let ran = run(connection, table.columns, write)?;
    afterwards(connection, table, ran)
}

/// Runs an INSERT that returns whole rows, as the database has them afterwards. `touched` are the columns to ask for, and what
/// they tell of the values that it touches.
pub(super) fn rows_inserted(
    connection: &Connection,
    table: &'static TableSchema,
    (columns, touch): (Vec<ColumnSchema>, Touch),
    write: &mut Write<'_>,
) -> Result<Rows> {
    let ran = run(connection, &columns, &mut |list| {
        write(list).map(|sql| Sql {
            touch: touch.clone(),
            ..sql
        })
    })?;
    afterwards(connection, table, ran)
}

/// Runs an INSERT of which nothing is asked but which values it touches.
pub(super) fn rows_touched(
    connection: &Connection,
    (columns, touch): (Vec<ColumnSchema>, Touch),
    write: &mut Write<'_>,
) -> Result<()> {
    let touches = |sql| Sql {
        touch: touch.clone(),
        ..sql
    };
    run(connection, &columns, &mut |list| write(list).map(touches)).map(drop)
}

/// The rows of a statement, as the database has them afterwards.
///
/// RETURNING gives them before AFTER triggers have run. Where those, or what they reach, may write to the table again, the
/// rows are read once more by their keys; one that is gone by then is left out.
fn afterwards(
    connection: &Connection,
    table: &'static TableSchema,
    (rows, sql): (Rows, Sql),
) -> Result<Rows> {
    if rows.is_empty() || !connection.is_written_again(&sql, table.name) {
        return Ok(rows);
    }
    read_again(connection, table, &rows)
}

fn run(
    connection: &Connection,
    columns: &[ColumnSchema],
    write: &mut Write<'_>,
) -> Result<(Rows, Sql)> {
    let mut list = Writer::new();
    match connection.format() {
        RowFormat::Values => {
            list.push_names(columns.iter().map(|column| column.name));
            let sql = write(&list.finish()?.text)?;
            Ok((connection.run(&sql)?.0, sql))
        }
        RowFormat::Json => {
            encode::push_array(&mut list, columns);
            let sql = write(&list.finish()?.text)?;
            Ok((connection.run_json(&sql)?.0, sql))
        }
    }
}

#[cold]
fn read_again(connection: &Connection, table: &'static TableSchema, rows: &Rows) -> Result<Rows> {
    let named = Named { table, alias: None };
    let keys: Vec<usize> = (0..table.columns.len())
        .filter(|i| table.columns[*i].primary_key)
        .collect();
    let of =
        |row: &[Value]| -> Vec<Value> { keys.iter().map(|place| row[*place].clone()).collect() };
    let wanted: Vec<Vec<Value>> = rows.iter().map(of).collect();
    let (json, values) = list::rows(&wanted, keys.len())?;
    let columns = keys.iter().map(|place| ColumnOf {
        table: named,
        name: table.columns[*place].name,
        nullable: false,
    });
    let condition = Clause::Keys {
        columns: columns.collect(),
        values,
        json,
    };

    let connection = connection.untracked();
    let mut core = Core::new(&connection, named);
    core.conditions.push(condition);
    let found = core.plain(&[], MAX_ROWS)?;
    // In the order in which they were written, and as often: an upsert may meet a row twice.
    let mut values = Vec::with_capacity(wanted.len() * table.columns.len());
    for key in &wanted {
        if let Some(row) = found.iter().find(|row| of(row) == *key) {
            values.extend_from_slice(row);
        }
    }
    Ok(Rows::new(found.width(), values))
}
