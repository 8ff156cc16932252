//! An INSERT, whatever its table: the one implementation behind the typed ones.

use super::{
    Connection, Rows, Value,
    assignment::Assignment,
    delete::rows_changed,
    failure::of_references,
    list,
    returning::{rows_inserted, rows_touched},
    touch,
    writer::{Sql, Writer},
};
use crate::{
    Error, Result,
    schema::{Default, NOW, TableSchema},
};

/// The parts of an INSERT.
pub(super) struct Inserting<'db> {
    connection: &'db Connection,
    table: &'static TableSchema,
    columns: &'static [&'static str],
    rows: Result<Filling>,
    /// What the one row has beside its columns.
    more: Vec<(&'static str, Value)>,
    pub(super) conflict: Option<Conflict>,
}

/// What goes in.
enum Filling {
    /// One row.
    One(Vec<Value>),
    /// Any number of them.
    Many(Vec<Vec<Value>>),
}

/// What happens to the row that is there already.
pub(super) struct Conflict {
    /// The columns in which both are equal.
    columns: Vec<&'static str>,
    /// Of none, nothing happens.
    pub(super) updates: Vec<Update>,
    /// Not called by its name: an app without upserts does not carry it.
    write: fn(&Conflict, table: &str, sql: &mut Writer),
}

/// A column that the row that is there takes.
pub(super) enum Update {
    /// From the new row.
    Excluded(&'static str),
    /// As it is said.
    To(Assignment),
}

impl Conflict {
    pub(super) fn of(columns: Vec<&'static str>) -> Self {
        Self {
            columns,
            updates: Vec::new(),
            write: Self::write,
        }
    }

    fn write(&self, table: &str, sql: &mut Writer) {
        sql.push(" ON CONFLICT (");
        sql.push_names(self.columns.iter().copied());
        sql.push(if self.updates.is_empty() {
            ") DO NOTHING"
        } else {
            ") DO UPDATE SET "
        });
        for (i, update) in self.updates.iter().enumerate() {
            sql.push(if i == 0 { "" } else { ", " });
            match update {
                Update::Excluded(column) => {
                    sql.push_name(column);
                    sql.push(" = \"excluded\".");
                    sql.push_name(column);
                }
                Update::To(assignment) => assignment.write(table, sql),
            }
        }
    }
}

impl<'db> Inserting<'db> {
    pub(super) fn one(
        connection: &'db Connection,
        table: &'static TableSchema,
        columns: &'static [&'static str],
        row: Result<Vec<Value>>,
    ) -> Self {
        Self {
            connection,
            table,
            columns,
            rows: row.map(Filling::One),
            more: Vec::new(),
            conflict: None,
        }
    }

    pub(super) fn many(
        connection: &'db Connection,
        table: &'static TableSchema,
        columns: &'static [&'static str],
        rows: Result<Vec<Vec<Value>>>,
    ) -> Self {
        Self {
            connection,
            table,
            columns,
            rows: rows.map(Filling::Many),
            more: Vec::new(),
            conflict: None,
        }
    }

    /// Gives the one row this value in a column.
    pub(super) fn set(&mut self, column: &'static str, value: Value) {
        let place = self.columns.iter().position(|name| *name == column);
        if let (Some(place), Ok(Filling::One(row))) = (place, &mut self.rows) {
            row[place] = value;
            return;
        }
        self.more.retain(|(name, _)| *name != column);
        self.more.push((column, value));
    }

    pub(super) fn refuse(&mut self, error: Error) {
        self.rows = Err(error);
    }

    /// What was refused, if anything was.
    pub(super) fn check(&self) -> Result<()> {
        self.rows.as_ref().map(drop).map_err(Clone::clone)
    }

    /// Inserts the rows; how many they were.
    pub(super) fn run(self) -> Result<u64> {
        let Some(mut sql) = self.write()? else {
            return Ok(0);
        };
        let touched = touch::of_insert(self.connection, self.table, &[], &self.sets());
        let run = match touched.0.is_empty() {
            true => self.connection.run(&sql.finish()?).map(drop),
            false => rows_touched(self.connection, touched, &mut |list| {
                returning(&mut sql, list)
            }),
        };
        run.map_err(|error| of_references(error, self.table))?;
        rows_changed(self.connection)
    }

    /// Inserts the rows and returns them.
    pub(super) fn rows(self) -> Result<Rows> {
        let Some(mut sql) = self.write()? else {
            return Ok(Rows::default());
        };
        let columns = self.table.columns;
        let touched = touch::of_insert(self.connection, self.table, columns, &self.sets());
        rows_inserted(self.connection, self.table, touched, &mut |list| {
            returning(&mut sql, list)
        })
        .map_err(|error| of_references(error, self.table))
    }

    /// The columns that it sets in rows that are there already.
    fn sets(&self) -> Vec<&'static str> {
        let updates = self.conflict.iter().flat_map(|conflict| &conflict.updates);
        let columns = updates.map(|update| match update {
            Update::Excluded(column) => *column,
            Update::To(assignment) => assignment.column,
        });
        columns.collect()
    }

    /// The statement without what it returns; `None` where there is no row to insert.
    fn write(&self) -> Result<Option<Writer>> {
        let filling = self.rows.as_ref().map_err(Clone::clone)?;
        let mut sql = Writer::new();
        sql.push("INSERT INTO ");
        sql.push_name(self.table.name);
        sql.push(" (");
        // A row of columns that the database fills in has to name one, because DEFAULT VALUES goes with no upsert and with no
        // SELECT.
        let is_empty = self.columns.is_empty() && self.more.is_empty();
        let left_out = is_empty.then(|| left_out(self.table));
        let (column, value) = left_out.unzip();
        let more = self.more.iter().map(|(column, _)| *column);
        sql.push_names(
            column
                .into_iter()
                .chain(self.columns.iter().copied())
                .chain(more),
        );
        match filling {
            Filling::One(row) => {
                sql.push(") VALUES (");
                push_left_out(&mut sql, value);
                let more = self.more.iter().map(|(_, value)| value);
                for (i, value) in row.iter().chain(more).enumerate() {
                    sql.push(if i == 0 { "" } else { ", " });
                    sql.push_value(value.clone());
                }
                sql.push(")");
            }
            Filling::Many(rows) if rows.is_empty() => return Ok(None),
            // One parameter holds all rows, so that their number does not meet the limit on parameters.
            Filling::Many(rows) => {
                let (json, columns) = list::rows(rows, self.columns.len())?;
                sql.push(") SELECT ");
                push_left_out(&mut sql, value);
                sql.push(&columns.join(", "));
                sql.push(" FROM json_each(");
                sql.push_value(Value::Text(json));
                // An upsert after a SELECT needs a WHERE to be told from a join.
                sql.push(") AS \"_edgepod_rows\" WHERE true");
            }
        }
        if let Some(conflict) = &self.conflict {
            (conflict.write)(conflict, self.table.name, &mut sql);
        }
        Ok(Some(sql))
    }
}

fn returning(sql: &mut Writer, list: &str) -> Result<Sql> {
    sql.push(" RETURNING ");
    sql.push(list);
    std::mem::replace(sql, Writer::new()).finish()
}

/// A column that the database fills in, and with what: a value, or the time.
fn left_out(table: &TableSchema) -> (&'static str, Option<Value>) {
    let columns = table.columns;
    let column = columns.iter().find(|column| column.auto_increment);
    let column = column.unwrap_or(&columns[0]);
    let value = match column.default {
        // It counts up where it is NULL.
        None => Value::Null,
        Some(Default::Now) => return (column.name, None),
        Some(Default::Integer(n)) => Value::Integer(n),
        Some(Default::Real(x)) => Value::Real(x),
        Some(Default::Text(text)) => Value::Text(text.to_owned()),
        Some(Default::Blob(bytes)) => Value::Blob(bytes.to_owned()),
    };
    (column.name, Some(value))
}

fn push_left_out(sql: &mut Writer, left_out: Option<Option<Value>>) {
    match left_out {
        None => {}
        Some(None) => sql.push(NOW),
        Some(Some(value)) => sql.push_value(value),
    }
}
