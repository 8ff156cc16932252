//! INSERT.

use std::marker::PhantomData;

use sea_query::{Expr, Func, InsertStatement, OnConflict, Query, Returning};

use super::{
    Assigns, Column, ColumnType, Comparable, Connection, Insertable, MAX_ROWS, Table, Value,
    delete::rows_changed,
    failure::of_references,
    list,
    returning::{rows_inserted, rows_touched},
    row, touch, writer,
};
use crate::{
    Error, Result,
    schema::{Default, NOW, TableSchema},
};

/// An INSERT of one row.
pub enum One {}

/// An INSERT of many rows.
pub enum Many {}

/// An INSERT into `T`, made by `ctx.db.insert(row)` or `ctx.db.insert_many(rows)`. Nothing runs before `exec` or
/// `returning`.
#[must_use = "an insert does nothing until `.exec()` or `.returning()`"]
pub struct Insert<'db, T, N = One> {
    connection: &'db Connection,
    /// `None` where there is no row to insert.
    statement: Result<Option<InsertStatement>>,
    /// The columns that it sets in rows that are there already.
    sets: Vec<&'static str>,
    types: PhantomData<fn() -> (T, N)>,
}

impl<'db, T: Table> Insert<'db, T, One> {
    pub(super) fn new<I: Insertable<Table = T>>(connection: &'db Connection, row: I) -> Self {
        let statement = row.into_values().map(|values| {
            let mut statement = Query::insert();
            statement.into_table(T::SCHEMA.name);
            if values.is_empty() {
                let (column, value) = left_out(T::SCHEMA);
                statement.columns([column]).values_panic([value]);
            } else {
                statement
                    .columns(I::COLUMNS.iter().copied())
                    .values_panic(values.into_iter().map(writer::operand));
            }
            Some(statement)
        });
        Self {
            connection,
            statement,
            sets: Vec::new(),
            types: PhantomData,
        }
    }

    /// Inserts the row.
    ///
    /// # Errors
    /// `CONFLICT` for a unique value that is taken and a reference to nothing; a value that SQLite cannot hold.
    pub fn exec(self) -> Result<()> {
        self.run().map(drop)
    }

    /// Inserts the row and returns it with what the database filled in.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    pub fn returning(self) -> Result<T> {
        self.rows()?
            .pop()
            .ok_or_else(|| {
                Error::internal(format!(
                    "the row that was inserted into `{}` is no longer there: a trigger deletes it, or gives it another key. Use \
                     .exec()",
                    T::NAME
                ))
            })
    }
}

impl<'db, T: Table> Insert<'db, T, Many> {
    pub(super) fn many<I: Insertable<Table = T>>(
        connection: &'db Connection,
        rows: impl IntoIterator<Item = I>,
    ) -> Self {
        Self {
            connection,
            statement: many::<I>(rows),
            sets: Vec::new(),
            types: PhantomData,
        }
    }

    /// Inserts the rows, all or none; how many they were.
    ///
    /// # Errors
    /// As for one row; more than [`MAX_ROWS`] rows, or rows of more than 2 MB together, before any is inserted.
    pub fn exec(self) -> Result<u64> {
        self.run()
    }

    /// Inserts the rows, all or none, and returns them with what the database filled in.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    pub fn returning(self) -> Result<Vec<T>> {
        self.rows()
    }
}

fn many<I: Insertable>(rows: impl IntoIterator<Item = I>) -> Result<Option<InsertStatement>> {
    let table = I::Table::SCHEMA.name;
    let mut values = Vec::new();
    for row in rows {
        if values.len() as u64 == MAX_ROWS {
            return Err(Error::bad_request(format!(
                "An insert into `{table}` takes {MAX_ROWS} rows at most: insert them in several parts."
            )));
        }
        values.push(row.into_values()?);
    }
    if values.is_empty() {
        return Ok(None);
    }
    // One parameter holds all rows, so that their number does not meet the limit on parameters.
    let (json, columns) = list::rows(&values, I::COLUMNS.len())?;
    let filled = I::COLUMNS
        .is_empty()
        .then(|| left_out(I::Table::SCHEMA))
        .into_iter();
    let (filled, values): (Vec<_>, Vec<_>) = filled.unzip();
    let mut select = Query::select();
    select
        .exprs(values)
        .exprs(columns.into_iter().map(Expr::cust))
        .from_function(Func::cust("json_each").arg(json), "_edgepod_rows")
        // An upsert after a SELECT needs a WHERE to be told from a join.
        .and_where(Expr::cust("true"));
    let mut statement = Query::insert();
    statement
        .into_table(table)
        .columns(filled.into_iter().chain(I::COLUMNS.iter().copied()))
        .select_from(select)
        .map_err(|error| Error::internal(format!("insert_many into `{table}`: {error}")))?;
    Ok(Some(statement))
}

/// A column that the database fills in, and with what: a row of such columns alone has to name one, because DEFAULT VALUES
/// goes with no upsert and with no SELECT.
fn left_out(table: &TableSchema) -> (&'static str, Expr) {
    let columns = table.columns;
    let column = columns.iter().find(|column| column.auto_increment);
    let column = column.unwrap_or(&columns[0]);
    let value = match column.default {
        // It counts up where it is NULL.
        None => Value::Null,
        Some(Default::Now) => return (column.name, Expr::cust(NOW)),
        Some(Default::Integer(n)) => Value::Integer(n),
        Some(Default::Real(x)) => Value::Real(x),
        Some(Default::Text(text)) => Value::Text(text.to_owned()),
        Some(Default::Blob(bytes)) => Value::Blob(bytes.to_owned()),
    };
    (column.name, writer::operand(value))
}

impl<'db, T: Table, N> Insert<'db, T, N> {
    /// Says what to do where a row has the same value in `columns`, which are `#[unique]` or the primary key, or a tuple of
    /// columns that are so together, such as those of `#[unique(row, number)]`: [`do_nothing`](Upsert::do_nothing), or [`update`](Upsert::update) and
    /// [`set`](Upsert::set).
    ///
    /// ```ignore
    /// ctx.db.insert(NewUser { email, name }).on_conflict(User::email).update(User::name).returning()
    /// ```
    pub fn on_conflict(self, columns: impl UniqueColumns<T>) -> Upsert<'db, T, N> {
        let mut names = Vec::new();
        columns.list(&mut names);
        Upsert {
            insert: self,
            conflict: OnConflict::columns(names),
        }
    }

    fn run(self) -> Result<u64> {
        let Some(mut statement) = self.statement? else {
            return Ok(0);
        };
        let touched = touch::of_insert(self.connection, T::SCHEMA, &[], &self.sets);
        let run = match touched.0.is_empty() {
            true => self.connection.run(&writer::write(&statement)?).map(drop),
            false => rows_touched(self.connection, touched, &mut |list| {
                statement.returning(Returning::new().expr(Expr::cust(list.to_owned())));
                writer::write(&statement)
            }),
        };
        run.map_err(of_references::<T>)?;
        rows_changed(self.connection)
    }

    fn rows(self) -> Result<Vec<T>> {
        let Some(mut statement) = self.statement? else {
            return Ok(Vec::new());
        };
        let columns = T::SCHEMA.columns;
        let touched = touch::of_insert(self.connection, T::SCHEMA, columns, &self.sets);
        let rows = rows_inserted(self.connection, T::SCHEMA, touched, &mut |list| {
            statement.returning(Returning::new().expr(Expr::cust(list.to_owned())));
            writer::write(&statement)
        })
        .map_err(of_references::<T>)?;
        row::decode(rows)
    }
}

/// The columns in which a row conflicts with one that is there: a column of `T`, or a tuple of up to four.
#[diagnostic::on_unimplemented(
    message = "`{Self}` says nothing about rows of `{T}`",
    label = "not a column of `{T}`",
    note = "name a `#[unique]` column of `{T}`, its primary key, or a tuple of columns that are unique together"
)]
pub trait UniqueColumns<T> {
    #[doc(hidden)]
    fn list(self, names: &mut Vec<&'static str>);
}

impl<T, V> UniqueColumns<T> for Column<T, V> {
    fn list(self, names: &mut Vec<&'static str>) {
        names.push(self.name());
    }
}

/// The columns whose new values the row that is there takes: a column of `T`, or a tuple of up to twelve.
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no columns of `{T}`",
    label = "not a column of `{T}`",
    note = "name a column of `{T}`, or a tuple of up to twelve: `.update((User::name, User::email))`"
)]
pub trait UpdatedColumns<T> {
    #[doc(hidden)]
    fn list(self, names: &mut Vec<&'static str>);
}

impl<T, V> UpdatedColumns<T> for Column<T, V> {
    fn list(self, names: &mut Vec<&'static str>) {
        names.push(self.name());
    }
}

macro_rules! tuples {
    ($columns:ident: $($column:ident)+) => {
        impl<T, $($column: $columns<T>),+> $columns<T> for ($($column,)+) {
            #[allow(non_snake_case)]
            fn list(self, names: &mut Vec<&'static str>) {
                let ($($column,)+) = self;
                $($column.list(names);)+
            }
        }
    };
}

tuples!(UniqueColumns: A B);
tuples!(UniqueColumns: A B C);
tuples!(UniqueColumns: A B C D);
tuples!(UpdatedColumns: A B);
tuples!(UpdatedColumns: A B C);
tuples!(UpdatedColumns: A B C D);
tuples!(UpdatedColumns: A B C D E);
tuples!(UpdatedColumns: A B C D E F);
tuples!(UpdatedColumns: A B C D E F G);
tuples!(UpdatedColumns: A B C D E F G H);
tuples!(UpdatedColumns: A B C D E F G H I);
tuples!(UpdatedColumns: A B C D E F G H I J);
tuples!(UpdatedColumns: A B C D E F G H I J K);
tuples!(UpdatedColumns: A B C D E F G H I J K L);

/// An INSERT that says what happens to the row that is there already.
#[must_use = "an upsert does nothing until `.exec()` or `.returning()`"]
pub struct Upsert<'db, T, N = One> {
    insert: Insert<'db, T, N>,
    conflict: OnConflict,
}

impl<'db, T: Table, N> Upsert<'db, T, N> {
    /// The row that is there takes the new row's value of this column, or of each column of a tuple.
    pub fn update(mut self, columns: impl UpdatedColumns<T>) -> Self {
        let mut names = Vec::new();
        columns.list(&mut names);
        self.conflict.update_columns(names.iter().copied());
        self.insert.sets.append(&mut names);
        self
    }

    /// The row that is there gets this value: `.set(User::visits, User::visits + 1)` counts on.
    pub fn set<V: ColumnType, J: Assigns>(
        mut self,
        column: Column<T, V>,
        value: impl Comparable<T, V, J>,
    ) -> Self {
        match value.into_operand() {
            Ok(value) => {
                self.conflict
                    .value(column.name(), value.assigned::<T, V>(column.name()));
                self.insert.sets.push(column.name());
            }
            Err(error) => self.insert.statement = Err(error),
        }
        self
    }

    /// The row that is there stays as it is, and the new one is left out: `returning` gives the inserted rows alone.
    pub fn do_nothing(mut self) -> Insert<'db, T, Many> {
        self.conflict.do_nothing();
        self.into_insert()
    }

    fn into_insert<M>(self) -> Insert<'db, T, M> {
        Insert {
            connection: self.insert.connection,
            statement: self.insert.statement.map(|statement| {
                statement.map(|mut statement| {
                    statement.on_conflict(self.conflict);
                    statement
                })
            }),
            sets: self.insert.sets,
            types: PhantomData,
        }
    }

    fn updating(self) -> Result<Insert<'db, T, N>> {
        if !self.insert.sets.is_empty() {
            return Ok(self.into_insert());
        }
        Err(Error::internal(format!(
            "an upsert into `{}` does not say what to do with the row that is there: add .update(column), .set(column, \
             value) or .do_nothing()",
            T::SCHEMA.name
        )))
    }
}

impl<T: Table> Upsert<'_, T, One> {
    /// Inserts or updates the row.
    ///
    /// # Errors
    /// As for an insert; an upsert that updates nothing.
    pub fn exec(self) -> Result<()> {
        self.updating()?.exec()
    }

    /// Inserts or updates the row and returns it as it is now.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    pub fn returning(self) -> Result<T> {
        self.updating()?.returning()
    }
}

impl<T: Table> Upsert<'_, T, Many> {
    /// Inserts or updates the rows; how many they were.
    ///
    /// # Errors
    /// As for an insert; an upsert that updates nothing.
    pub fn exec(self) -> Result<u64> {
        self.updating()?.exec()
    }

    /// Inserts or updates the rows and returns them as they are now.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    pub fn returning(self) -> Result<Vec<T>> {
        self.updating()?.returning()
    }
}
