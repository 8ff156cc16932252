//! Which values a statement touches that writes, of the columns on whose values somebody depends.

use super::{
    Connection, RowFormat, Rows, Value,
    assignment::Assignment,
    clause::{self, Clause},
    core::MAX_COLUMNS,
    encode, pins,
    writer::{Sql, Writer},
};
use crate::{
    Result, planted,
    schema::{self, ColumnSchema, TableSchema},
    tracking::{ColumnId, Extent, Footprint, LIMIT_VALUES, MAX_VALUES, Plan, TableSet, TopicKey},
};

/// What is known of the values that a statement touches.
#[derive(Clone, Debug, Default)]
pub(super) enum Touch {
    /// Nothing: it touches the whole table.
    #[default]
    Unknown,
    /// These values of this table.
    Known(&'static TableSchema, Extent),
    /// Those of these columns, which it returns behind what it was asked for.
    Returned(&'static TableSchema, Vec<ColumnId>),
}

impl Touch {
    /// Takes what the statement returned for this alone out of its rows; the extent of the table that it names.
    pub(super) fn settle(
        &self,
        rows: &mut Rows,
        key: Option<&TopicKey>,
    ) -> Option<(&'static TableSchema, Extent)> {
        match self {
            Touch::Unknown => None,
            Touch::Known(table, extent) => Some((*table, extent.clone())),
            Touch::Returned(table, columns) => {
                let returned = rows.split_off(columns.len());
                let mut extent = Extent::default();
                columns.iter().for_each(|column| extent.know(*column));
                let forgotten = planted::is("an insert of several touches the first only");
                let known = !columns.is_empty()
                    && returned
                        .iter()
                        .take(if forgotten { 1 } else { usize::MAX })
                        .all(|row| add(&mut extent, table, columns, row, key).is_some());
                known.then_some((*table, extent))
            }
        }
    }
}

/// Adds a row's values. `None` where one has no digest, or there are too many.
fn add(
    extent: &mut Extent,
    table: &TableSchema,
    columns: &[ColumnId],
    row: &[Value],
    key: Option<&TopicKey>,
) -> Option<()> {
    for (column, value) in columns.iter().zip(row) {
        extent.add(*column, key?.digest(table.name, *column, value)?);
        if extent.column(*column)?.len() > MAX_VALUES {
            return None;
        }
    }
    Some(())
}

/// The topics that a run of a statement touched, which changed rows of these tables.
pub(super) fn footprint(
    written: &TableSet,
    plan: &Plan,
    touched: Option<(&'static TableSchema, Extent)>,
    cascaded: Vec<(&'static TableSchema, Extent)>,
) -> Footprint {
    let mut footprint = Footprint::from(written);
    for (table, extent) in cascaded {
        if written.contains(table.name) {
            *footprint.entry(&table.name.into()) = extent;
        }
    }
    if let Some((table, extent)) = touched
        && !plan.is_odd
        // A trigger or a foreign key may have changed other rows.
        && !plan.indirect.contains(table.name)
        && written.contains(table.name)
    {
        *footprint.entry(&table.name.into()) = extent;
    }
    footprint
}

/// The names of columns.
pub(super) fn names<'a>(
    table: &'static TableSchema,
    columns: &'a [ColumnId],
) -> impl Iterator<Item = &'static str> + 'a {
    columns
        .iter()
        .filter_map(move |column| Some(table.columns.get(usize::from(column.0))?.name))
}

/// What an UPDATE or DELETE is about to touch: the rows that meet `conditions`, of which it sets these columns.
///
/// What the conditions say is enough where they name the column; else the rows are asked.
pub(super) fn of_rows(
    connection: &Connection,
    table: &'static TableSchema,
    conditions: &[Clause],
    sets: &[Assignment],
) -> Result<Touch> {
    let watched = connection.watched(table.name);
    let Some(key) = connection.topic_key().filter(|_| !watched.is_empty()) else {
        return Ok(Touch::Unknown);
    };
    let facts = pins::of_rows(table, conditions);
    let mut extent = Extent::default();
    let mut asked = Vec::new();
    for column in watched {
        extent.know(column);
        let named = facts.iter().find(|(known, _)| *known == column);
        let digests: Option<Vec<_>> = named.and_then(|(_, values)| {
            let mut values = values.iter();
            values.try_fold(Vec::new(), |mut digests, value| {
                digests.push(key.digest(table.name, column, value)?);
                Some(digests)
            })
        });
        match digests {
            Some(_) if planted::is("what conditions name is not touched") => {}
            Some(digests) => digests.into_iter().for_each(|digest| {
                extent.add(column, digest);
            }),
            None => asked.push(column),
        }
        let name = names(table, &[column]).next();
        for set in sets.iter().filter(|set| Some(set.column) == name) {
            // What SQLite computes is not known before.
            let digest = set
                .value()
                .and_then(|value| key.digest(table.name, column, value));
            let Some(digest) = digest else {
                return Ok(Touch::Unknown);
            };
            extent.add(column, digest);
        }
    }
    if asked.is_empty() {
        return Ok(Touch::Known(table, extent));
    }
    let rows = ask_of(connection, table, conditions, &asked)?;
    let rows = if planted::is("a row that moves touches its new value only") {
        Rows::default()
    } else {
        rows
    };
    Ok(match add_rows(&mut extent, table, &asked, &rows, key) {
        true => Touch::Known(table, extent),
        false => Touch::Unknown,
    })
}

/// Adds the values of rows; whether they are known, and not too many.
pub(super) fn add_rows(
    extent: &mut Extent,
    table: &TableSchema,
    columns: &[ColumnId],
    rows: &Rows,
    key: &TopicKey,
) -> bool {
    let mut each = rows.iter();
    rows.len() <= MAX_VALUES
        && each.all(|row| add(extent, table, columns, row, Some(key)).is_some())
}

/// The values of columns in the rows that meet the conditions, one row more than is of use.
fn ask_of(
    connection: &Connection,
    table: &'static TableSchema,
    conditions: &[Clause],
    columns: &[ColumnId],
) -> Result<Rows> {
    let json = connection.format() == RowFormat::Json;
    let mut sql = Writer::new();
    sql.push("SELECT DISTINCT ");
    push_values(&mut sql, table, columns, json);
    sql.push(" FROM ");
    sql.push_name(table.name);
    clause::push_all(&mut sql, " WHERE ", conditions);
    sql.push(LIMIT_VALUES);
    let Sql { text, params, .. } = sql.finish()?;
    ask(connection, &text, &params)
}

/// The rows of a SELECT by [`push_values`], before a statement runs that changes them.
pub(super) fn ask(connection: &Connection, text: &str, params: &[Value]) -> Result<Rows> {
    #[cfg(debug_assertions)]
    connection.explain(text, params);
    let database = connection.database();
    if connection.format() == RowFormat::Json {
        let rows = database.read_json(text, params)?;
        return encode::parse_rows(&format!("[{rows}]"));
    }
    Ok(database.run(text, params)?.rows)
}

/// What a statement is about to touch through foreign keys, in the tables where somebody depends on values: by its rows, which
/// are asked.
pub(super) fn of_cascade(
    connection: &Connection,
    plan: &Plan,
    params: &[Value],
    reached: Option<&TableSet>,
) -> Result<Vec<(&'static TableSchema, Extent)>> {
    let mut touched = Vec::new();
    let Some(key) = connection.topic_key().filter(|_| !plan.is_odd) else {
        return Ok(touched);
    };
    for table in plan.cascades() {
        if reached.is_some_and(|reached| !reached.contains(table.as_str())) {
            continue;
        }
        let columns = connection.watched(table.as_str());
        let Some(table) = schema::table(table.as_str()).filter(|_| !columns.is_empty()) else {
            continue;
        };
        let json = connection.format() == RowFormat::Json;
        let names: Vec<&str> = names(table, &columns).collect();
        let Some((text, nulls)) = plan.cascaded(table.name, &names, json) else {
            continue;
        };
        let mut extent = Extent::default();
        columns.iter().for_each(|column| extent.know(*column));
        let rows = ask(connection, &text, params)?;
        if !add_rows(&mut extent, table, &columns, &rows, key) {
            continue;
        }
        // A reference that is set to NULL has that value, too.
        let set = columns
            .iter()
            .zip(names)
            .filter(|(_, name)| nulls.iter().any(|null| null.eq_ignore_ascii_case(name)));
        for (column, _) in set {
            if let Some(digest) = key.digest(table.name, *column, &Value::Null) {
                extent.add(*column, digest);
            }
        }
        touched.push((table, extent));
    }
    Ok(touched)
}

/// The columns whose values an INSERT returns beside `columns`, to say what it touches; none where it sets one of them in rows
/// that are there already, of which only the new value would be known.
pub(super) fn of_insert(
    connection: &Connection,
    table: &'static TableSchema,
    columns: &[ColumnSchema],
    sets: &[&'static str],
) -> (Vec<ColumnSchema>, Touch) {
    let mut watched = connection.watched(table.name);
    let is_set = names(table, &watched).any(|name| sets.contains(&name));
    if is_set && !planted::is("an upsert touches the new value only")
        || columns.len() + watched.len() > MAX_COLUMNS
    {
        watched.clear();
    }
    let more = watched
        .iter()
        .filter_map(|column| table.columns.get(usize::from(column.0)));
    let columns = columns.iter().chain(more).copied().collect();
    (columns, Touch::Returned(table, watched))
}

/// Appends the columns: as they are, or as an array of JSON.
pub(super) fn push_values(
    sql: &mut Writer,
    table: &'static TableSchema,
    columns: &[ColumnId],
    json: bool,
) {
    if json {
        sql.push("json_array(");
    }
    sql.push_names(names(table, columns));
    if json {
        sql.push(")");
    }
}
