//! What rows are sorted by.

use std::marker::PhantomData;

use super::{Aggregate, Column, ColumnType, Contains, Expression, Groups, OrderBy, Relation};

/// What rows of `S` are sorted by: `User::name.desc()`, or a column, an expression or an aggregate alone, which sorts smallest
/// first. `J` is the compiler's to find.
#[diagnostic::on_unimplemented(
    message = "rows of `{S}` are not sorted by `{Self}`",
    label = "expected a column, or what `.asc()` and `.desc()` make of one",
    note = "a column sorts smallest first, `.order_by(User::name)`, and `.order_by(User::name.desc())` largest first"
)]
pub trait Sorts<S, J> {
    #[doc(hidden)]
    fn into_order(self) -> OrderBy<S>;
}

/// A direction that is said.
pub enum Said {}

/// Smallest first, of what is at the place `P`.
pub struct Ascending<P>(PhantomData<P>);

impl<S> Sorts<S, Said> for OrderBy<S> {
    fn into_order(self) -> OrderBy<S> {
        self
    }
}

impl<S: Contains<T, P>, T: Relation, V: ColumnType, P> Sorts<S, Ascending<P>> for Column<T, V> {
    fn into_order(self) -> OrderBy<S> {
        self.asc()
    }
}

impl<S: Contains<X, P>, X, V: ColumnType, P> Sorts<S, Ascending<P>> for Expression<X, V> {
    fn into_order(self) -> OrderBy<S> {
        self.asc()
    }
}

impl<S: Groups<X, P>, X, V: ColumnType, P> Sorts<S, Ascending<P>> for Aggregate<X, V> {
    fn into_order(self) -> OrderBy<S> {
        self.asc()
    }
}
