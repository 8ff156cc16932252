//! Conditions on the rows of a table.

use std::marker::PhantomData;

use sea_query::{BinOper, Condition, Expr, ExprTrait};

use super::{Column, ColumnType, Expression, Operand, Table, Value, column::Equality};
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

    pub(super) fn of(condition: Result<Expr>) -> Self {
        Self::new(condition.map(|expr| Condition::all().add(expr)))
    }

    pub(super) fn compare(column: Expr, operand: Result<Operand>, equality: Equality) -> Self {
        Self::of(operand.map(|operand| match (operand, equality) {
            (Operand::Value(Value::Null), Equality::Equal) => column.is_null(),
            (Operand::Value(Value::Null), Equality::Different) => column.is_not_null(),
            (operand, Equality::Equal) => column.binary(BinOper::Equal, operand.into_expr()),
            // `IS NOT` is `<>` that takes NULL for a value.
            (operand, Equality::Different) => column.binary(BinOper::IsNot, operand.into_expr()),
        }))
    }

    pub(super) fn order(column: Expr, operand: Result<Operand>, operator: BinOper) -> Self {
        Self::of(operand.map(|operand| column.binary(operator, operand.into_expr())))
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

/// `text` with the characters that LIKE gives a meaning made plain.
pub(super) fn escape_like(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// What a column of type `V` in the table `T` may be compared with, or set to: a `V`, a `&V`, for text a `&str`, for an
/// optional column the value alone, and another column of the same table.
#[diagnostic::on_unimplemented(
    message = "a column of `{V}` cannot be compared with `{Self}`",
    label = "expected a `{V}`",
    note = "the column's type is the type of the field in the table's struct"
)]
pub trait Comparable<T, V> {
    /// The value as SQLite has it.
    ///
    /// # Errors
    /// A value that SQLite cannot hold, such as NaN.
    fn into_operand(self) -> Result<Operand>;
}

impl<T, V: ColumnType> Comparable<T, V> for V {
    fn into_operand(self) -> Result<Operand> {
        self.into_value().map(Operand::Value)
    }
}

impl<T, V: ColumnType + Clone> Comparable<T, V> for &V {
    fn into_operand(self) -> Result<Operand> {
        self.clone().into_value().map(Operand::Value)
    }
}

impl<T, V: ColumnType<Optional = std::convert::Infallible>> Comparable<T, Option<V>> for V {
    fn into_operand(self) -> Result<Operand> {
        self.into_value().map(Operand::Value)
    }
}

impl<T> Comparable<T, String> for &str {
    fn into_operand(self) -> Result<Operand> {
        Ok(Operand::Value(Value::Text(self.to_owned())))
    }
}

impl<T> Comparable<T, Option<String>> for &str {
    fn into_operand(self) -> Result<Operand> {
        Ok(Operand::Value(Value::Text(self.to_owned())))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Table, V: ColumnType> Comparable<T, V> for Column<T, V> {
    fn into_operand(self) -> Result<Operand> {
        Ok(Operand::Expr(self.reference()))
    }
}

#[diagnostic::do_not_recommend]
impl<T, V: ColumnType> Comparable<T, V> for Expression<T, V> {
    fn into_operand(self) -> Result<Operand> {
        self.expr.map(Operand::Expr)
    }
}
