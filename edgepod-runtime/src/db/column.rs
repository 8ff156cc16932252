//! Typed columns.

use std::marker::PhantomData;

use super::{ColumnType, Comparable, Predicate, Table};

/// The column of table `T` that holds values of type `V`: what `User::email` is.
pub struct Column<T, V> {
    name: &'static str,
    types: PhantomData<fn() -> (T, V)>,
}

impl<T, V> Clone for Column<T, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V> Copy for Column<T, V> {}

impl<T, V> Column<T, V> {
    /// Names a column. Only for what `#[edgepod::table]` generates: nothing checks the name.
    #[doc(hidden)]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            types: PhantomData,
        }
    }

    /// The name in the database.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<T: Table, V: ColumnType> Column<T, V> {
    pub(super) fn reference(&self) -> sea_query::Expr {
        sea_query::Expr::col((T::SCHEMA.name, self.name))
    }

    /// `column = value`; for an optional column, `None` asks for NULL.
    pub fn eq(self, value: impl Comparable<V>) -> Predicate<T> {
        Predicate::compare(self.reference(), value.into_operand(), Equality::Equal)
    }

    /// `column <> value`; NULL is different from every value.
    pub fn ne(self, value: impl Comparable<V>) -> Predicate<T> {
        Predicate::compare(self.reference(), value.into_operand(), Equality::Different)
    }

    /// `column < value`.
    pub fn lt(self, value: impl Comparable<V>) -> Predicate<T> {
        Predicate::order(
            self.reference(),
            value.into_operand(),
            sea_query::BinOper::SmallerThan,
        )
    }

    /// `column <= value`.
    pub fn le(self, value: impl Comparable<V>) -> Predicate<T> {
        Predicate::order(
            self.reference(),
            value.into_operand(),
            sea_query::BinOper::SmallerThanOrEqual,
        )
    }

    /// `column > value`.
    pub fn gt(self, value: impl Comparable<V>) -> Predicate<T> {
        Predicate::order(
            self.reference(),
            value.into_operand(),
            sea_query::BinOper::GreaterThan,
        )
    }

    /// `column >= value`.
    pub fn ge(self, value: impl Comparable<V>) -> Predicate<T> {
        Predicate::order(
            self.reference(),
            value.into_operand(),
            sea_query::BinOper::GreaterThanOrEqual,
        )
    }

    /// Smallest first.
    pub fn asc(self) -> OrderBy<T> {
        OrderBy::new(self.name, sea_query::Order::Asc)
    }

    /// Largest first.
    pub fn desc(self) -> OrderBy<T> {
        OrderBy::new(self.name, sea_query::Order::Desc)
    }
}

/// Whether an equality asks for the same or for another value.
pub(super) enum Equality {
    Equal,
    Different,
}

/// A column and a direction to sort by.
pub struct OrderBy<T> {
    pub(super) column: &'static str,
    pub(super) order: sea_query::Order,
    table: PhantomData<fn() -> T>,
}

impl<T> OrderBy<T> {
    fn new(column: &'static str, order: sea_query::Order) -> Self {
        Self {
            column,
            order,
            table: PhantomData,
        }
    }
}
