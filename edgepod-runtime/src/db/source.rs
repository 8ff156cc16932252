//! What a statement reads: one table, or tables joined to one another. A tuple of tables says which, in the type.

use std::marker::PhantomData;

use super::{FromRow, RowReader, Table, clause::ColumnOf, expr::Expr};
use crate::{
    Result,
    schema::{ColumnSchema, TableSchema},
};

/// A table, or a further appearance of one under another name ([`Alias`]).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a table",
    label = "this struct does not describe a table",
    note = "put `#[edgepod::table(name = \"…\")]` on the struct"
)]
pub trait Relation: 'static {
    /// What its rows become.
    type Row: FromRow;

    /// The table.
    #[doc(hidden)]
    const TABLE: &'static TableSchema;

    /// A further name that the table has in the statement.
    #[doc(hidden)]
    const ALIAS: Option<char>;
}

impl<T: Table> Relation for T {
    type Row = T;
    const TABLE: &'static TableSchema = T::SCHEMA;
    const ALIAS: Option<char> = None;
}

/// A further appearance of the table `T` in one statement, so that it joins itself.
///
/// ```ignore
/// type Manager = Alias<Employee, 'm'>;
/// let manager = Employee::id.of::<Manager>();
/// ctx.db.select::<Employee>().left_join::<Manager>(Employee::manager_id.eq(manager)).all()
/// ```
pub struct Alias<T, const NAME: char>(PhantomData<fn() -> T>);

impl<T: Table, const NAME: char> Relation for Alias<T, NAME> {
    type Row = T;
    const TABLE: &'static TableSchema = T::SCHEMA;
    const ALIAS: Option<char> = Some(NAME);
}

/// A table as a statement names it. Tables of one name are one.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub struct Named {
    pub(super) table: &'static TableSchema,
    pub(super) alias: Option<char>,
}

impl Named {
    pub(super) const fn of<R: Relation>() -> Self {
        Self {
            table: R::TABLE,
            alias: R::ALIAS,
        }
    }

    /// The further name, where there is one. No table may be called so, and letters that SQLite takes for one are two here.
    pub(super) fn alias(&self) -> Option<String> {
        self.alias
            .map(|alias| format!("_edgepod_{:x}_{}", u32::from(alias), self.table.name))
    }

    /// One of its columns.
    pub(super) fn column(self, column: &ColumnSchema) -> Expr {
        Expr::Column(ColumnOf {
            table: self,
            name: column.name,
            nullable: column.nullable,
        })
    }

    /// All of its columns.
    pub(super) fn columns(self) -> impl Iterator<Item = Expr> {
        self.table
            .columns
            .iter()
            .map(move |column| self.column(column))
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.table.name == other.table.name && self.alias == other.alias
    }
}

/// One place in a tuple of joined tables: `T` for a join, `Option<T>` for a left join.
pub trait Slot: 'static {
    /// What its columns become.
    type Row;

    /// How many columns it takes.
    #[doc(hidden)]
    const WIDTH: usize;

    #[doc(hidden)]
    fn read(row: &mut RowReader<'_>) -> Result<Self::Row>;
}

impl<R: Relation> Slot for R {
    type Row = R::Row;
    const WIDTH: usize = R::Row::WIDTH;

    fn read(row: &mut RowReader<'_>) -> Result<R::Row> {
        R::Row::from_row(row)
    }
}

impl<R: Relation> Slot for Option<R> {
    type Row = Option<R::Row>;
    const WIDTH: usize = R::Row::WIDTH;

    fn read(row: &mut RowReader<'_>) -> Result<Option<R::Row>> {
        // A row has a primary key, which is never NULL.
        if row.skip_nulls(R::Row::WIDTH) {
            return Ok(None);
        }
        R::Row::from_row(row).map(Some)
    }
}

/// The tables that a SELECT reads: a table, or a tuple of joined ones.
pub trait Source: 'static {
    /// What a row becomes: the table's struct, or a tuple with an `Option` for each left join.
    type Row;

    /// How many columns it takes.
    #[doc(hidden)]
    const WIDTH: usize;

    /// Whether it is more than one table.
    #[doc(hidden)]
    const JOINED: bool;

    #[doc(hidden)]
    fn read(row: &mut RowReader<'_>) -> Result<Self::Row>;
}

impl<T: Table> Source for T {
    type Row = T;
    const WIDTH: usize = <T as FromRow>::WIDTH;
    const JOINED: bool = false;

    fn read(row: &mut RowReader<'_>) -> Result<T> {
        T::from_row(row)
    }
}

/// Tables that a further one can be joined to.
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes no further join",
    label = "a statement joins up to six tables",
    note = "write it with `sea_query` and run it by `ctx.db.query(…)`"
)]
pub trait Joinable: Source {
    /// The tables with `R` joined.
    type With<R: Relation>: Source;

    /// The tables with `R` joined where it has a matching row.
    type WithOptional<R: Relation>: Source;
}

impl<T: Table> Joinable for T {
    type With<R: Relation> = (T, R);
    type WithOptional<R: Relation> = (T, Option<R>);
}

macro_rules! sources {
    ($($slot:ident)+) => {
        impl<$($slot: Slot),+> Source for ($($slot,)+) {
            type Row = ($($slot::Row,)+);
            const WIDTH: usize = 0 $(+ $slot::WIDTH)+;
            const JOINED: bool = true;

            fn read(row: &mut RowReader<'_>) -> Result<Self::Row> {
                Ok(($($slot::read(row)?,)+))
            }
        }
    };
}

macro_rules! joinable {
    ($($slot:ident)+) => {
        impl<$($slot: Slot),+> Joinable for ($($slot,)+) {
            type With<R_: Relation> = ($($slot,)+ R_);
            type WithOptional<R_: Relation> = ($($slot,)+ Option<R_>);
        }
    };
}

sources!(A B);
sources!(A B C);
sources!(A B C D);
sources!(A B C D E);
sources!(A B C D E F);
joinable!(A B);
joinable!(A B C);
joinable!(A B C D);
joinable!(A B C D E);

/// A source that has the table `T`, at the place `P`, which the compiler finds.
#[diagnostic::on_unimplemented(
    message = "a column of `{T}` cannot stand in a statement over `{Self}`",
    label = "`{T}` is not part of this statement",
    note = "use a column of the statement's table, or join the other one first: `.join::<…>(…)`"
)]
pub trait Contains<T, P> {}

/// The place of a table that is there in every row.
pub struct Required<P>(PhantomData<P>);

/// The place of a table that a left join may leave without a row.
pub struct Optional<P>(PhantomData<P>);

/// The `N`th place of a source.
pub struct Place<const N: usize>;

#[diagnostic::do_not_recommend]
impl<T: Relation> Contains<T, Required<Place<0>>> for T {}

macro_rules! first {
    ($($rest:ident)+) => {
#[diagnostic::do_not_recommend]
        impl<T: Relation, $($rest: Slot),+> Contains<T, Required<Place<0>>> for (T, $($rest,)+) {}
    };
}

macro_rules! further {
    ($n:literal: $($before:ident)+; $($after:ident)*) => {
#[diagnostic::do_not_recommend]
        impl<$($before: Slot,)+ T: Relation, $($after: Slot),*> Contains<T, Required<Place<$n>>>
            for ($($before,)+ T, $($after,)*) {}
#[diagnostic::do_not_recommend]
        impl<$($before: Slot,)+ T: Relation, $($after: Slot),*> Contains<T, Optional<Place<$n>>>
            for ($($before,)+ Option<T>, $($after,)*) {}
    };
}

first!(B);
further!(1: A;);
first!(B C);
further!(1: A; C);
further!(2: A B;);
first!(B C D);
further!(1: A; C D);
further!(2: A B; D);
further!(3: A B C;);
first!(B C D E);
further!(1: A; C D E);
further!(2: A B; D E);
further!(3: A B C; E);
further!(4: A B C D;);
first!(B C D E F);
further!(1: A; C D E F);
further!(2: A B; D E F);
further!(3: A B C; E F);
further!(4: A B C D; F);
further!(5: A B C D E;);

/// What an expression needs that is made of columns of two tables.
pub struct Both<A, B>(PhantomData<fn() -> (A, B)>);

#[diagnostic::do_not_recommend]
impl<S: Source + Contains<A, Required<P>> + Contains<B, Required<Q>>, A, B, P, Q>
    Contains<Both<A, B>, Required<(P, Q)>> for S
{
}
#[diagnostic::do_not_recommend]
impl<S: Source + Contains<A, Optional<P>> + Contains<B, Required<Q>>, A, B, P, Q>
    Contains<Both<A, B>, Optional<(Optional<P>, Required<Q>)>> for S
{
}
#[diagnostic::do_not_recommend]
impl<S: Source + Contains<A, Required<P>> + Contains<B, Optional<Q>>, A, B, P, Q>
    Contains<Both<A, B>, Optional<(Required<P>, Optional<Q>)>> for S
{
}
#[diagnostic::do_not_recommend]
impl<S: Source + Contains<A, Optional<P>> + Contains<B, Optional<Q>>, A, B, P, Q>
    Contains<Both<A, B>, Optional<(Optional<P>, Optional<Q>)>> for S
{
}

/// What an expression needs that is never NULL, though a left join found no row of `X`: `coalesce(Post::title, "")`.
pub struct Filled<X>(PhantomData<fn() -> X>);

#[diagnostic::do_not_recommend]
impl<S: Source + Contains<X, P>, X, P> Contains<Filled<X>, Required<Filled<P>>> for S {}

/// What an expression needs that holds a condition on the rows of `S`: `when(Post::votes.gt(100), "hot")`.
pub struct Within<S>(PhantomData<fn() -> S>);

#[diagnostic::do_not_recommend]
impl<S: Source> Contains<Within<S>, Required<Within<()>>> for S {}

/// What an expression needs that names no column.
pub enum Nothing {}

#[diagnostic::do_not_recommend]
impl<S: Source> Contains<Nothing, Required<Nothing>> for S {}

/// The groups of rows of `S`: what `.having(…)` and the order of grouped rows are about.
pub struct Grouped<S>(PhantomData<fn() -> S>);

/// The place of a table in the rows behind the groups.
pub struct Behind<P>(PhantomData<P>);

#[diagnostic::do_not_recommend]
impl<S: Contains<T, P>, T, P> Contains<T, Behind<P>> for Grouped<S> {}

/// A source of groups, over which an aggregate of columns of `X` can be computed.
#[diagnostic::on_unimplemented(
    message = "an aggregate is of a group of rows, and this looks at single rows",
    label = "no aggregate here",
    note = "move it from `.filter(…)` to `.having(…)`, after `.columns(…)`"
)]
pub trait Groups<X, P> {}

impl<S: Contains<X, P>, X, P> Groups<X, P> for Grouped<S> {}
