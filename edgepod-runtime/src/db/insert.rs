//! INSERT.

use std::marker::PhantomData;

use super::{
    Assigns, ByValue, Column, ColumnType, Comparable, Connection, Insertable, MAX_ROWS, Operand,
    Table, Value,
    assignment::Assignment,
    inserting::{Conflict, Inserting, Update},
    row,
};
use crate::{Error, Result, error::run_here};

/// An INSERT of one row.
pub enum One {}

/// An INSERT of many rows.
pub enum Many {}

/// An INSERT into `T`, made by `ctx.db.insert(row)` or `ctx.db.insert_many(rows)`. Nothing runs before `exec` or
/// `returning`.
#[must_use = "an insert does nothing until `.exec()` or `.returning()`"]
pub struct Insert<'db, T, N = One> {
    inserting: Inserting<'db>,
    types: PhantomData<fn() -> (T, N)>,
}

impl<'db, T: Table> Insert<'db, T, One> {
    pub(super) fn new<I: Insertable<Table = T>>(connection: &'db Connection, row: I) -> Self {
        Self {
            inserting: Inserting::one(connection, T::SCHEMA, I::COLUMNS, row.into_values()),
            types: PhantomData,
        }
    }

    /// Gives the row this value, too: in a column that has a `#[default]`, or that the database would count up.
    ///
    /// ```ignore
    /// ctx.db.insert(NewMember { name }).set(Member::role, Role::Admin).returning()
    /// ```
    pub fn set<V: ColumnType>(
        mut self,
        column: Column<T, V>,
        value: impl Comparable<T, V, ByValue>,
    ) -> Self {
        match value.into_operand() {
            Ok(Operand::Value(value)) => self.inserting.set(column.name(), value),
            Ok(Operand::Term(_)) => self
                .inserting
                .refuse(Error::internal("a new row has nothing to compute with")),
            Err(error) => self.inserting.refuse(error),
        }
        self
    }

    /// Inserts the row.
    ///
    /// # Errors
    /// `CONFLICT` for a unique value that is taken and a reference to nothing; a value that SQLite cannot hold.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn exec(self) -> Result<()> {
        run_here(|| self.inserting.run().map(drop))
    }

    /// Inserts the row and returns it with what the database filled in.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn returning(self) -> Result<T> {
        run_here(|| {
            row::decode(self.inserting.rows()?)?
            .pop()
            .ok_or_else(|| {
                Error::internal(format!(
                    "the row that was inserted into `{}` is no longer there: a trigger deletes it, or gives it another key. Use \
                     .exec()",
                    T::NAME
                ))
            })
        })
    }
}

impl<'db, T: Table> Insert<'db, T, Many> {
    pub(super) fn many<I: Insertable<Table = T>>(
        connection: &'db Connection,
        rows: impl IntoIterator<Item = I>,
    ) -> Self {
        Self {
            inserting: Inserting::many(connection, T::SCHEMA, I::COLUMNS, many(rows)),
            types: PhantomData,
        }
    }

    /// Inserts the rows, all or none; how many they were.
    ///
    /// # Errors
    /// As for one row; more than [`MAX_ROWS`] rows, or rows of more than 2 MB together, before any is inserted.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn exec(self) -> Result<u64> {
        run_here(|| self.inserting.run())
    }

    /// Inserts the rows, all or none, and returns them with what the database filled in.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn returning(self) -> Result<Vec<T>> {
        run_here(|| row::decode(self.inserting.rows()?))
    }
}

fn many<I: Insertable>(rows: impl IntoIterator<Item = I>) -> Result<Vec<Vec<Value>>> {
    let mut values = Vec::new();
    for row in rows {
        if values.len() as u64 == MAX_ROWS {
            return Err(Error::bad_request(format!(
                "An insert into `{}` takes {MAX_ROWS} rows at most: insert them in several parts.",
                I::Table::NAME
            )));
        }
        values.push(row.into_values()?);
    }
    Ok(values)
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
            inserting: self.inserting,
            conflict: Conflict::of(names),
            types: PhantomData,
        }
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
    inserting: Inserting<'db>,
    conflict: Conflict,
    types: PhantomData<fn() -> (T, N)>,
}

impl<'db, T: Table, N> Upsert<'db, T, N> {
    /// The row that is there takes the new row's value of this column, or of each column of a tuple.
    pub fn update(mut self, columns: impl UpdatedColumns<T>) -> Self {
        let mut names = Vec::new();
        columns.list(&mut names);
        let updates = names.into_iter().map(Update::Excluded);
        self.conflict.updates.extend(updates);
        self
    }

    /// The row that is there gets this value: `.set(User::visits, User::visits + 1)` counts on.
    pub fn set<V: ColumnType, J: Assigns>(
        mut self,
        column: Column<T, V>,
        value: impl Comparable<T, V, J>,
    ) -> Self {
        let update = value
            .into_operand()
            .map(|value| Update::To(Assignment::new::<V>(column.name(), value)));
        match update {
            Ok(update) => self.conflict.updates.push(update),
            Err(error) => self.inserting.refuse(error),
        }
        self
    }

    /// The row that is there stays as it is, and the new one is left out: `returning` gives the inserted rows alone.
    pub fn do_nothing(mut self) -> Insert<'db, T, Many> {
        self.conflict.updates.clear();
        self.inserting.conflict = Some(self.conflict);
        Insert {
            inserting: self.inserting,
            types: PhantomData,
        }
    }

    fn updating(mut self) -> Result<Insert<'db, T, N>> {
        self.inserting.check()?;
        if self.conflict.updates.is_empty() {
            return Err(Error::internal(format!(
                "an upsert into `{}` does not say what to do with the row that is there: add .update(column), .set(column, \
                 value) or .do_nothing()",
                T::NAME
            )));
        }
        self.inserting.conflict = Some(self.conflict);
        Ok(Insert {
            inserting: self.inserting,
            types: PhantomData,
        })
    }
}

impl<T: Table> Upsert<'_, T, One> {
    /// Inserts or updates the row.
    ///
    /// # Errors
    /// As for an insert; an upsert that updates nothing.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn exec(self) -> Result<()> {
        run_here(|| self.updating()?.exec())
    }

    /// Inserts or updates the row and returns it as it is now.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn returning(self) -> Result<T> {
        run_here(|| self.updating()?.returning())
    }
}

impl<T: Table> Upsert<'_, T, Many> {
    /// Inserts or updates the rows; how many they were.
    ///
    /// # Errors
    /// As for an insert; an upsert that updates nothing.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn exec(self) -> Result<u64> {
        run_here(|| self.updating()?.exec())
    }

    /// Inserts or updates the rows and returns them as they are now.
    ///
    /// # Errors
    /// As [`exec`](Self::exec).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn returning(self) -> Result<Vec<T>> {
        run_here(|| self.updating()?.returning())
    }
}
