//! Typed columns.

use std::marker::PhantomData;

use sea_query::ExprTrait;

use super::{ColumnType, Comparable, Predicate, Table, list, predicate::escape_like};
use crate::{Error, Result};

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
    pub fn eq(self, value: impl Comparable<T, V>) -> Predicate<T> {
        Predicate::compare(self.reference(), value.into_operand(), Equality::Equal)
    }

    /// `column <> value`; NULL is different from every value.
    pub fn ne(self, value: impl Comparable<T, V>) -> Predicate<T> {
        Predicate::compare(self.reference(), value.into_operand(), Equality::Different)
    }

    /// `column < value`.
    pub fn lt(self, value: impl Comparable<T, V>) -> Predicate<T> {
        Predicate::order(
            self.reference(),
            value.into_operand(),
            sea_query::BinOper::SmallerThan,
        )
    }

    /// `column <= value`.
    pub fn le(self, value: impl Comparable<T, V>) -> Predicate<T> {
        Predicate::order(
            self.reference(),
            value.into_operand(),
            sea_query::BinOper::SmallerThanOrEqual,
        )
    }

    /// `column > value`.
    pub fn gt(self, value: impl Comparable<T, V>) -> Predicate<T> {
        Predicate::order(
            self.reference(),
            value.into_operand(),
            sea_query::BinOper::GreaterThan,
        )
    }

    /// `column >= value`.
    pub fn ge(self, value: impl Comparable<T, V>) -> Predicate<T> {
        Predicate::order(
            self.reference(),
            value.into_operand(),
            sea_query::BinOper::GreaterThanOrEqual,
        )
    }

    /// One of the values, of which there may be thousands: they travel as one parameter. No value: no row.
    ///
    /// ```ignore
    /// ctx.db.select::<User>().filter(User::id.is_in([1, 2, 3])).all()
    /// ```
    pub fn is_in<C: Comparable<T, V>>(self, values: impl IntoIterator<Item = C>) -> Predicate<T> {
        self.membership(values, "IN")
    }

    /// None of the values; NULL is never among the rows.
    pub fn not_in<C: Comparable<T, V>>(self, values: impl IntoIterator<Item = C>) -> Predicate<T> {
        self.membership(values, "NOT IN")
    }

    fn membership<C: Comparable<T, V>>(
        self,
        values: impl IntoIterator<Item = C>,
        operator: &'static str,
    ) -> Predicate<T> {
        let values: Result<Vec<_>> = values
            .into_iter()
            .map(|value| match value.into_operand()? {
                Operand::Value(value) => Ok(value),
                Operand::Expr(_) => Err(Error::internal(
                    "a list of values cannot hold a column: compare with it by .eq(…)",
                )),
            })
            .collect();
        Predicate::of(values.and_then(|values| {
            Ok(self
                .reference()
                .binary(sea_query::BinOper::Custom(operator), list::select(&values)?))
        }))
    }

    /// `low <= column AND column <= high`.
    pub fn between(self, low: impl Comparable<T, V>, high: impl Comparable<T, V>) -> Predicate<T> {
        self.ge(low).and(self.le(high))
    }

    /// The column is NULL.
    pub fn is_null(self) -> Predicate<T> {
        Predicate::of(Ok(self.reference().is_null()))
    }

    /// The column is not NULL.
    pub fn is_not_null(self) -> Predicate<T> {
        Predicate::of(Ok(self.reference().is_not_null()))
    }

    /// Smallest first; NULL before every value.
    pub fn asc(self) -> OrderBy<T> {
        OrderBy::new(self.name, sea_query::Order::Asc)
    }

    /// Largest first; NULL after every value.
    pub fn desc(self) -> OrderBy<T> {
        OrderBy::new(self.name, sea_query::Order::Desc)
    }
}

impl<T: Table, V: Textual> Column<T, V> {
    /// The text matches the pattern, in which `%` stands for any text and `_` for one character. ASCII letters match in
    /// either case. A pattern has at most 50 bytes.
    pub fn like(self, pattern: &str) -> Predicate<T> {
        self.matches(pattern.to_owned())
    }

    /// The text begins with `prefix`, whatever characters that has. ASCII letters match in either case.
    pub fn starts_with(self, prefix: &str) -> Predicate<T> {
        self.matches(format!("{}%", escape_like(prefix)))
    }

    /// The text contains `part`, whatever characters that has. ASCII letters match in either case.
    pub fn contains(self, part: &str) -> Predicate<T> {
        self.matches(format!("%{}%", escape_like(part)))
    }

    fn matches(self, pattern: String) -> Predicate<T> {
        const LONGEST: usize = 50;
        Predicate::of(if pattern.len() > LONGEST {
            Err(Error::bad_request(format!(
                "The pattern for `{}` has {} bytes, and SQLite takes {LONGEST} at most: search for less.",
                self.name,
                pattern.len()
            )))
        } else {
            Ok(self
                .reference()
                .like(sea_query::LikeExpr::new(pattern).escape('\\')))
        })
    }
}

/// Columns of text.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` holds no text",
    label = "expected a column of `String`"
)]
pub trait Textual: ColumnType {}

impl Textual for String {}
impl Textual for Option<String> {}

/// What a column is compared with or set to: a value, or an expression over the same table.
pub enum Operand {
    #[doc(hidden)]
    Value(super::Value),
    #[doc(hidden)]
    Expr(sea_query::Expr),
}

impl Operand {
    pub(super) fn into_expr(self) -> sea_query::Expr {
        match self {
            Operand::Value(value) => super::writer::operand(value),
            Operand::Expr(expr) => expr,
        }
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
    pub(super) nulls: Option<sea_query::NullOrdering>,
    table: PhantomData<fn() -> T>,
}

impl<T> OrderBy<T> {
    /// NULL before every value.
    pub fn nulls_first(mut self) -> Self {
        self.nulls = Some(sea_query::NullOrdering::First);
        self
    }

    /// NULL after every value.
    pub fn nulls_last(mut self) -> Self {
        self.nulls = Some(sea_query::NullOrdering::Last);
        self
    }

    fn new(column: &'static str, order: sea_query::Order) -> Self {
        Self {
            column,
            order,
            nulls: None,
            table: PhantomData,
        }
    }
}
