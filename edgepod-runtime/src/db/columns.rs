//! SELECT of columns, expressions and aggregates.

use std::marker::PhantomData;

use super::{
    Aggregate, Chunks, Column, ColumnType, Contains, Expression, FromRow, Grouped, Groups, NullOr,
    Page, Predicate, Relation, RowReader, Sorts, Source,
    clause::ColumnOf,
    core::Core,
    expr::{Expr, Piece},
    grouping::{Kind, OfGroups, OfRows, Runs},
    row,
    source::{Named, Optional, Required},
};
use crate::{
    Error, Result,
    error::{Line, run_here},
};

/// What a SELECT over `S` returns for each row or group: a column, an expression, an aggregate, a whole row
/// ([`whole`]), or a tuple of those.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected from `{S}`",
    label = "not a column of this statement's tables",
    note = "select columns, expressions and aggregates of the tables in the statement; join another one first: `.join::<…>(…)`",
    note = "a tuple has up to sixteen items"
)]
pub trait Selection<S, J> {
    /// Its Rust type. What a left join may leave without a row is an `Option`.
    type Output;

    /// Whether it is of single rows or of groups.
    #[doc(hidden)]
    type Kind: Kind;

    #[doc(hidden)]
    const WIDTH: usize;

    #[doc(hidden)]
    fn list(self, items: &mut Items);

    #[doc(hidden)]
    fn read(row: &mut RowReader<'_>) -> Result<Self::Output>;
}

/// What a SELECT returns.
#[doc(hidden)]
#[derive(Default)]
pub struct Items {
    exprs: Vec<Expr>,
    /// What must be the same in all rows of a group.
    plain: Vec<Expr>,
    aggregates: bool,
    refused: Option<Error>,
}

impl Items {
    fn column(&mut self, column: ColumnOf) {
        self.expr(Ok(Expr::Column(column)), false);
    }

    fn expr(&mut self, expr: Result<Expr>, aggregate: bool) {
        match expr {
            Ok(expr) => {
                if aggregate {
                    self.aggregates = true;
                } else {
                    self.plain.push(expr.clone());
                }
                self.exprs.push(expr);
            }
            Err(error) => self.refused = Some(error),
        }
    }
}

/// The place of a selected column that is there in every row.
pub struct Plain<P>(PhantomData<P>);

/// The place of a selected column that a left join may leave NULL.
pub struct MaybeMissing<P, N>(PhantomData<(P, N)>);

impl<S: Contains<T, Required<P>>, T: Relation, V: ColumnType, P> Selection<S, Plain<P>>
    for Column<T, V>
{
    type Output = V;
    type Kind = OfRows;
    const WIDTH: usize = 1;

    fn list(self, items: &mut Items) {
        items.column(self.column(V::NULLABLE));
    }

    fn read(row: &mut RowReader<'_>) -> Result<V> {
        row.computed()
    }
}

impl<S, T: Relation, V: NullOr<N>, N: ColumnType, P> Selection<S, MaybeMissing<P, N>>
    for Column<T, V>
where
    S: Contains<T, Optional<P>>,
    Option<N>: ColumnType,
{
    type Output = Option<N>;
    type Kind = OfRows;
    const WIDTH: usize = 1;

    fn list(self, items: &mut Items) {
        items.column(self.column(V::NULLABLE));
    }

    fn read(row: &mut RowReader<'_>) -> Result<Option<N>> {
        row.computed()
    }
}

impl<S: Contains<X, Required<P>>, X, V: ColumnType, P> Selection<S, Plain<P>> for Expression<X, V> {
    type Output = V;
    type Kind = OfRows;
    const WIDTH: usize = 1;

    fn list(self, items: &mut Items) {
        items.expr(self.expr, false);
    }

    fn read(row: &mut RowReader<'_>) -> Result<V> {
        row.computed()
    }
}

impl<S, X, V: NullOr<N>, N: ColumnType, P> Selection<S, MaybeMissing<P, N>> for Expression<X, V>
where
    S: Contains<X, Optional<P>>,
    Option<N>: ColumnType,
{
    type Output = Option<N>;
    type Kind = OfRows;
    const WIDTH: usize = 1;

    fn list(self, items: &mut Items) {
        items.expr(self.expr, false);
    }

    fn read(row: &mut RowReader<'_>) -> Result<Option<N>> {
        row.computed()
    }
}

impl<S: Contains<X, P>, X, V: ColumnType, P> Selection<S, Plain<P>> for Aggregate<X, V>
where
    Grouped<S>: Groups<X, P>,
{
    type Output = V;
    type Kind = OfGroups;
    const WIDTH: usize = 1;

    fn list(self, items: &mut Items) {
        items.expr(self.expr, true);
    }

    fn read(row: &mut RowReader<'_>) -> Result<V> {
        row.computed()
    }
}

/// A whole row of a table, beside what else is selected: `.columns((whole::<User>(), count()))`.
pub fn whole<R: Relation>() -> Whole<R> {
    Whole(PhantomData)
}

/// What [`whole`] makes.
pub struct Whole<R>(PhantomData<fn() -> R>);

impl<S: Contains<R, Required<P>>, R: Relation, P> Selection<S, Plain<P>> for Whole<R> {
    type Output = R::Row;
    type Kind = OfRows;
    const WIDTH: usize = R::Row::WIDTH;

    fn list(self, items: &mut Items) {
        list_all::<R>(items);
    }

    fn read(row: &mut RowReader<'_>) -> Result<R::Row> {
        R::Row::from_row(row)
    }
}

impl<S: Contains<R, Optional<P>>, R: Relation, P> Selection<S, MaybeMissing<P, R>> for Whole<R> {
    type Output = Option<R::Row>;
    type Kind = OfRows;
    const WIDTH: usize = R::Row::WIDTH;

    fn list(self, items: &mut Items) {
        list_all::<R>(items);
    }

    fn read(row: &mut RowReader<'_>) -> Result<Option<R::Row>> {
        <Option<R> as super::source::Slot>::read(row)
    }
}

fn list_all<R: Relation>(items: &mut Items) {
    for column in Named::of::<R>().columns() {
        items.expr(Ok(column), false);
    }
}

macro_rules! tuples {
    ($first:ident $first_place:ident $(, $item:ident $place:ident)*) => {
        impl<S, $first: Selection<S, $first_place>, $first_place, $($item: Selection<S, $place>, $place),*>
            Selection<S, ($first_place, $($place,)*)> for ($first, $($item,)*)
        {
            type Output = ($first::Output, $($item::Output,)*);
            type Kind = together!($first::Kind $(, $item::Kind)*);
            const WIDTH: usize = $first::WIDTH $(+ $item::WIDTH)*;

            #[allow(non_snake_case)]
            fn list(self, items: &mut Items) {
                let ($first, $($item,)*) = self;
                $first.list(items);
                $($item.list(items);)*
            }

            fn read(row: &mut RowReader<'_>) -> Result<Self::Output> {
                Ok(($first::read(row)?, $($item::read(row)?,)*))
            }
        }
    };
}

/// The kind of items that stand beside each other.
macro_rules! together {
    ($kind:ty) => { $kind };
    ($first:ty, $second:ty $(, $rest:ty)*) => {
        together!(<$first as Kind>::Beside<$second> $(, $rest)*)
    };
}

tuples!(A PA);
tuples!(A PA, B PB);
tuples!(A PA, B PB, C PC);
tuples!(A PA, B PB, C PC, D PD);
tuples!(A PA, B PB, C PC, D PD, E PE);
tuples!(A PA, B PB, C PC, D PD, E PE, F PF);
tuples!(A PA, B PB, C PC, D PD, E PE, F PF, G PG);
tuples!(A PA, B PB, C PC, D PD, E PE, F PF, G PG, H PH);
tuples!(A PA, B PB, C PC, D PD, E PE, F PF, G PG, H PH, I PI);
tuples!(A PA, B PB, C PC, D PD, E PE, F PF, G PG, H PH, I PI, J PJ);
tuples!(A PA, B PB, C PC, D PD, E PE, F PF, G PG, H PH, I PI, J PJ, K PK);
tuples!(A PA, B PB, C PC, D PD, E PE, F PF, G PG, H PH, I PI, J PJ, K PK, L PL);
tuples!(A PA, B PB, C PC, D PD, E PE, F PF, G PG, H PH, I PI, J PJ, K PK, L PL, M PM);
tuples!(A PA, B PB, C PC, D PD, E PE, F PF, G PG, H PH, I PI, J PJ, K PK, L PL, M PM, N PN);
tuples!(A PA, B PB, C PC, D PD, E PE, F PF, G PG, H PH, I PI, J PJ, K PK, L PL, M PM, N PN, O PO);
tuples!(A PA, B PB, C PC, D PD, E PE, F PF, G PG, H PH, I PI, J PJ, K PK, L PL, M PM, N PN, O PO, Q PQ);

/// A struct that is made from columns of the types `C`, a tuple. Implemented by `#[edgepod::row]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not made from columns of the types `{C}`",
    label = "its fields do not fit these columns",
    note = "the struct has `#[edgepod::row]`, and one field for each column, in their order and of their types"
)]
pub trait FromColumns<C>: FromRow {}

/// A SELECT of columns, made by [`Select::columns`](super::Select::columns): its rows are of the type `O`. Nothing runs
/// before `all`, `first`, `one` or `page`.
#[must_use = "a select does nothing until `.all()`, `.first()`, `.one()` or `.page()`"]
pub struct Columns<'db, S, O, K = OfRows> {
    core: Core<'db>,
    items: Items,
    width: usize,
    read: fn(&mut RowReader<'_>) -> Result<O>,
    source: PhantomData<fn() -> (S, K)>,
}

impl<'db, S: Source, O, K> Columns<'db, S, O, K> {
    pub(super) fn new<L: Selection<S, J, Output = O, Kind = K>, J>(
        core: Core<'db>,
        list: L,
    ) -> Self {
        let mut items = Items::default();
        list.list(&mut items);
        Self {
            core,
            items,
            width: L::WIDTH,
            read: L::read,
            source: PhantomData,
        }
    }

    /// Makes a struct of each row: one with `#[edgepod::row]`, whose fields have the columns' types, in their order.
    pub fn into<R: FromColumns<O>>(self) -> Columns<'db, S, R, K> {
        Columns {
            core: self.core,
            items: self.items,
            width: self.width,
            read: R::from_row,
            source: PhantomData,
        }
    }

    /// Only rows that meet the condition. Several filters must all hold.
    pub fn filter(mut self, predicate: Predicate<S>) -> Self {
        self.core.filter(predicate.clause);
        self
    }

    /// One row for all rows that are equal in this: a column, an expression, or a tuple of those.
    pub fn group_by<L: Selection<S, J>, J>(mut self, list: L) -> Columns<'db, S, O, OfGroups> {
        let mut items = Items::default();
        list.list(&mut items);
        if items.aggregates {
            self.core.refused = Some(Error::internal(
                "group_by takes columns and expressions: an aggregate is computed from the groups",
            ));
        }
        if items.refused.is_some() {
            self.core.refused = items.refused;
        }
        self.core.groups.extend(items.exprs);
        Columns {
            core: self.core,
            items: self.items,
            width: self.width,
            read: self.read,
            source: PhantomData,
        }
    }

    /// Only groups that meet the condition, which may compare aggregates: `.having(count().gt(1))`.
    pub fn having(mut self, predicate: Predicate<Grouped<S>>) -> Self {
        self.core.having(predicate.clause);
        self
    }

    /// Rows that are equal in everything selected are one.
    pub fn distinct(mut self) -> Self {
        self.core.distinct = true;
        self
    }

    /// Sorts by a column, an expression or an aggregate; a second call sorts what the first leaves equal.
    pub fn order_by<J>(mut self, order: impl Sorts<Grouped<S>, J>) -> Self {
        self.core.order_by(order.into_order().key);
        self
    }

    /// At most this many rows. Never more than [`MAX_ROWS`](super::MAX_ROWS): a larger limit is lowered, with a warning.
    pub fn limit(mut self, rows: u64) -> Self {
        self.core.limit = Some(rows);
        self
    }

    /// Leaves out the first `rows` rows.
    pub fn offset(mut self, rows: u64) -> Self {
        self.core.offset = Some(rows);
        self
    }

    /// All rows, at most [`MAX_ROWS`](super::MAX_ROWS) of them.
    ///
    /// # Errors
    /// A column beside aggregates that is not the same in a whole group; a sum beyond 64 bits; what SQLite says.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn all(self) -> Result<Vec<O>>
    where
        K: Runs,
    {
        run_here(|| {
            self.check()?;
            let rows = self.core.all(Core::listed, &self.items.exprs)?;
            row::decode_by(rows, self.width, self.read)
        })
    }

    /// The first row, or `None` when there is none.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn first(self) -> Result<Option<O>>
    where
        K: Runs,
    {
        run_here(|| Ok(self.few(1)?.pop()))
    }

    /// The only row. An aggregate of all rows has one.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is none, `INTERNAL` when there are several; otherwise as [`all`](Self::all).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn one(self) -> Result<O>
    where
        K: Runs,
    {
        run_here(|| self.core.only(self.few(2)?))
    }

    /// A page of rows, as [`Select::page`](super::Select::page).
    ///
    /// # Errors
    /// `BAD_REQUEST` for a cursor that is not of a page of this order; otherwise as [`all`](Self::all).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn page(mut self, cursor: Option<&str>, size: u64) -> Result<Page<O>>
    where
        K: Runs,
    {
        run_here(|| {
            self.check_divided()?;
            let (rows, next) = self
                .core
                .page(Some(&self.items.exprs), self.width, cursor, size)?;
            Ok(Page {
                items: row::decode_by(rows, self.width, self.read)?,
                next,
            })
        })
    }

    /// All rows or groups in parts, as [`Select::chunks`](super::Select::chunks).
    ///
    /// # Errors
    /// An item is an error as of [`all`](Self::all), and then the last.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn chunks(self, size: u64) -> Chunks<'db, O>
    where
        K: Runs,
        O: 'db,
    {
        let check = self.check_divided();
        let (width, read) = (self.width, self.read);
        let decode = move |rows| row::decode_by(rows, width, read);
        Chunks::new(
            Line::here(),
            self.core,
            Some(self.items.exprs),
            width,
            size,
            check,
            decode,
        )
    }

    fn check_divided(&self) -> Result<()> {
        self.check()?;
        if self.items.aggregates && self.core.groups.is_empty() {
            return Err(Error::internal(
                "an aggregate of all rows is one row, and has no pages: use .one(), or add .group_by(…)",
            ));
        }
        Ok(())
    }

    /// How many rows or groups there are, not held to [`MAX_ROWS`](super::MAX_ROWS): of `.distinct()`, how many that differ.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn count(self) -> Result<u64>
    where
        K: Runs,
    {
        run_here(|| {
            self.check()?;
            self.core.count_of(&self.items.exprs)
        })
    }

    fn few(&self, rows: u64) -> Result<Vec<O>> {
        self.check()?;
        let rows = self.core.few(Core::listed, &self.items.exprs, rows)?;
        row::decode_by(rows, self.width, self.read)
    }

    /// SQLite would take any row's value for what differs within a group, or among the rows that DISTINCT makes one.
    fn check(&self) -> Result<()> {
        if let Some(error) = &self.items.refused {
            return Err(error.clone());
        }
        let core = &self.core;
        let mut used = Used {
            groups: &core.groups,
            aggregates: self.items.aggregates || !core.having.is_empty(),
            columns: Vec::new(),
        };
        for expr in &self.items.plain {
            used.add(expr, "selected beside");
        }
        for condition in &core.having {
            condition.each_term(&mut |term| {
                used.add(&term.clone().into_expr(), "in a condition on");
            });
        }
        for key in &core.order {
            used.add(&key.expr, "in the order of");
        }
        if used.aggregates || !core.groups.is_empty() {
            let stray = used
                .columns
                .iter()
                .find(|(column, _)| !core.follows_from_groups(column));
            if let Some((column, place)) = stray {
                return Err(Error::internal(format!(
                    "{} is {place} groups of rows in which it may differ: add it, or its table's primary key, to .group_by(…)",
                    text(column)?
                )));
            }
        }
        if core.distinct
            && let Some(key) = core
                .order
                .iter()
                .find(|key| !self.items.exprs.contains(&key.expr))
        {
            return Err(Error::internal(format!(
                "{} is what distinct rows are sorted by, and it may differ among those that are one: select it, too",
                text(&key.expr)?
            )));
        }
        Ok(())
    }
}

fn text(expr: &Expr) -> Result<String> {
    let mut sql = super::writer::Writer::new();
    expr.write(&mut sql);
    Ok(sql.finish()?.text)
}

/// What a SELECT of groups names.
struct Used<'a> {
    groups: &'a [Expr],
    aggregates: bool,
    /// Columns outside of aggregates, and of what the groups are by; with the place for the message.
    columns: Vec<(Expr, &'static str)>,
}

impl Used<'_> {
    fn add(&mut self, expr: &Expr, place: &'static str) {
        if self.groups.contains(expr) {
            return;
        }
        match expr {
            Expr::Column(_) => self.columns.push((expr.clone(), place)),
            Expr::Value(_) => {}
            Expr::Arithmetic(left, _, right) => {
                self.add(left, place);
                self.add(right, place);
            }
            Expr::Aggregate(..) => self.aggregates = true,
            Expr::Composed(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Expr(expr) => self.add(expr, place),
                        Piece::Names(column) => self.add(&Expr::Column(*column), place),
                        Piece::Text(_) => {}
                    }
                }
            }
        }
    }
}
