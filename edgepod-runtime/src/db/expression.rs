//! Arithmetic on columns: `User::visits + 1`.

use std::{
    marker::PhantomData,
    ops::{Add, Mul, Sub},
};

use sea_query::{Expr, ExprTrait};

use super::{Column, ColumnType, Table, writer};
use crate::Result;

/// A value that SQLite computes from a row of `T`: what `User::visits + 1` is.
pub struct Expression<T, V> {
    pub(super) expr: Result<Expr>,
    types: PhantomData<fn() -> (T, V)>,
}

impl<T, V> Expression<T, V> {
    pub(super) fn new(expr: Result<Expr>) -> Self {
        Self {
            expr,
            types: PhantomData,
        }
    }
}

/// Columns that SQLite calculates with. An integer that leaves 64 bits is an error, and nothing is written.
pub trait Numeric: ColumnType {}

macro_rules! numeric {
    ($($number:ty),*) => {$(impl Numeric for $number {})*};
}

numeric!(i64, i32, i16, i8, u32, u16, u8, f64);

macro_rules! operators {
    ($($operator:ident $method:ident),*) => {$(
        impl<T: Table, V: Numeric> $operator<V> for Column<T, V> {
            type Output = Expression<T, V>;

            fn $method(self, value: V) -> Expression<T, V> {
                Expression::new(value.into_value().map(|value| {
                    ExprTrait::$method(self.reference(), writer::operand(value))
                }))
            }
        }

        impl<T: Table, V: Numeric> $operator<V> for Expression<T, V> {
            type Output = Expression<T, V>;

            fn $method(self, value: V) -> Expression<T, V> {
                Expression::new(self.expr.and_then(|expr| {
                    Ok(ExprTrait::$method(expr, writer::operand(value.into_value()?)))
                }))
            }
        }

        impl<T: Table, V: Numeric> $operator for Column<T, V> {
            type Output = Expression<T, V>;

            fn $method(self, other: Self) -> Expression<T, V> {
                Expression::new(Ok(ExprTrait::$method(self.reference(), other.reference())))
            }
        }
    )*};
}

operators!(Add add, Sub sub, Mul mul);
