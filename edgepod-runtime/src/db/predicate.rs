//! Conditions on the rows of a table.

use std::marker::PhantomData;

use sea_query::{BinOper, Condition, Expr, ExprTrait};

use super::{ColumnType, column::Equality, writer};
use crate::Result;

/// A condition on the rows of `T`, made from its columns: `User::id.eq(7)`.
pub struct Predicate<T> {
    pub(super) condition: Result<Condition>,
    table: PhantomData<fn() -> T>,
}

impl<T> Predicate<T> {
    fn new(condition: Result<Condition>) -> Self {
        Self {
            condition,
            table: PhantomData,
        }
    }

    pub(super) fn compare(column: Expr, value: Result<super::Value>, equality: Equality) -> Self {
        Self::new(value.map(|value| {
            let (operator, value) = match (value, equality) {
                (super::Value::Null, Equality::Equal) => {
                    return Condition::all().add(column.is_null());
                }
                (super::Value::Null, Equality::Different) => {
                    return Condition::all().add(column.is_not_null());
                }
                (value, Equality::Equal) => (BinOper::Equal, value),
                // `IS NOT` is `<>` that takes NULL for a value.
                (value, Equality::Different) => (BinOper::IsNot, value),
            };
            Condition::all().add(column.binary(operator, writer::operand(value)))
        }))
    }

    pub(super) fn order(column: Expr, value: Result<super::Value>, operator: BinOper) -> Self {
        Self::new(
            value
                .map(|value| Condition::all().add(column.binary(operator, writer::operand(value)))),
        )
    }

    /// Both conditions hold.
    pub fn and(self, other: Self) -> Self {
        Self::new(self.condition.and_then(|a| {
            let b = other.condition?;
            Ok(Condition::all().add(a).add(b))
        }))
    }

    /// One of the conditions holds, or both.
    pub fn or(self, other: Self) -> Self {
        Self::new(self.condition.and_then(|a| {
            let b = other.condition?;
            Ok(Condition::any().add(a).add(b))
        }))
    }
}

impl<T> std::ops::Not for Predicate<T> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(self.condition.map(Condition::not))
    }
}

/// What a column of type `V` may be compared with: a `V`, a `&V`, for text a `&str`, for an optional column the value
/// alone.
#[diagnostic::on_unimplemented(
    message = "a column of `{V}` cannot be compared with `{Self}`",
    label = "expected a `{V}`",
    note = "the column's type is the type of the field in the table's struct"
)]
pub trait Comparable<V> {
    /// The value as SQLite has it.
    ///
    /// # Errors
    /// A value that SQLite cannot hold, such as NaN.
    fn into_operand(self) -> Result<super::Value>;
}

impl<V: ColumnType> Comparable<V> for V {
    fn into_operand(self) -> Result<super::Value> {
        self.into_value()
    }
}

impl<V: ColumnType + Clone> Comparable<V> for &V {
    fn into_operand(self) -> Result<super::Value> {
        self.clone().into_value()
    }
}

impl<V: ColumnType<Optional = std::convert::Infallible>> Comparable<Option<V>> for V {
    fn into_operand(self) -> Result<super::Value> {
        self.into_value()
    }
}

impl Comparable<String> for &str {
    fn into_operand(self) -> Result<super::Value> {
        Ok(super::Value::Text(self.to_owned()))
    }
}

impl Comparable<Option<String>> for &str {
    fn into_operand(self) -> Result<super::Value> {
        Ok(super::Value::Text(self.to_owned()))
    }
}
