//! What SQLite computes: arithmetic (`User::visits + 1`) and aggregates (`sum(Post::score)`).

use std::{
    convert::Infallible,
    marker::PhantomData,
    ops::{Add, Mul, Sub},
    time::Duration,
};

use super::{
    Both, Column, ColumnType, Derived, Int64, Relation, Timestamp, Value,
    clause::check_height,
    expr::{Aggregation, Arithmetic, Expr},
    source::Nothing,
};
use crate::{Error, Result};

/// A value that SQLite computes from columns of `X`: what `User::visits + 1` is.
pub struct Expression<X, V> {
    pub(super) expr: Result<Expr>,
    /// How many levels it nests, a column being none.
    pub(super) height: u16,
    types: PhantomData<fn() -> (X, V)>,
}

impl<X, V> Expression<X, V> {
    pub(super) fn made((expr, height): Nested) -> Self {
        Self {
            expr,
            height,
            types: PhantomData,
        }
    }

    fn of(operator: Arithmetic, left: Nested, right: Nested) -> Self {
        let (expr, height) = calculate(operator, left, right);
        Self {
            expr,
            height,
            types: PhantomData,
        }
    }
}

/// One level above its operands. What would nest too deep is let go of at once: the further it is built, the deeper the stack
/// that it takes.
fn calculate(
    operator: Arithmetic,
    (left, left_height): Nested,
    (right, right_height): Nested,
) -> Nested {
    let height = left_height.max(right_height).saturating_add(1);
    let checked = check_height(height);
    let expr = left.and_then(|left| {
        let right = right?;
        checked.map(|()| Expr::calculate(left, operator, right))
    });
    (expr, height)
}

/// Columns that SQLite calculates with. An integer that leaves 64 bits is an error, and nothing is written.
///
/// What is computed from `None` is `None`: `Task::estimate + 1` of an `Option<i64>` is an `Option<i64>`.
#[diagnostic::on_unimplemented(
    message = "SQLite does not calculate with a column of `{Self}`",
    label = "expected a column of numbers"
)]
pub trait Numeric: ColumnType {}

macro_rules! numeric {
    ($($number:ty),*) => {$(impl Numeric for $number {})*};
}

numeric!(i64, i32, i16, i8, u64, u32, u16, u8, f64, f32, Int64);

impl<V: Numeric + ColumnType<Optional = Infallible>> Numeric for Option<V> {}

#[diagnostic::do_not_recommend]
impl<T: Derived<Inner: Numeric>> Numeric for T {}

macro_rules! operators {
    ($($operator:ident $method:ident),*) => {$(
        impl<T: Relation, V: Numeric> $operator<V> for Column<T, V> {
            type Output = Expression<T, V>;

            fn $method(self, value: V) -> Expression<T, V> {
                Expression::of(Arithmetic::$operator, self.into_expr(), of_value(value))
            }
        }

        impl<X, V: Numeric> $operator<V> for Expression<X, V> {
            type Output = Expression<X, V>;

            fn $method(self, value: V) -> Expression<X, V> {
                Expression::of(Arithmetic::$operator, self.into_expr(), of_value(value))
            }
        }

        impl<T: Relation, U: Relation, V: Numeric> $operator<Column<U, V>> for Column<T, V> {
            type Output = Expression<Both<T, U>, V>;

            fn $method(self, other: Column<U, V>) -> Expression<Both<T, U>, V> {
                Expression::of(Arithmetic::$operator, self.into_expr(), other.into_expr())
            }
        }

        impl<X, U: Relation, V: Numeric> $operator<Column<U, V>> for Expression<X, V> {
            type Output = Expression<Both<X, U>, V>;

            fn $method(self, other: Column<U, V>) -> Expression<Both<X, U>, V> {
                Expression::of(Arithmetic::$operator, self.into_expr(), other.into_expr())
            }
        }

        impl<X, Y, V: Numeric> $operator<Expression<Y, V>> for Expression<X, V> {
            type Output = Expression<Both<X, Y>, V>;

            fn $method(self, other: Expression<Y, V>) -> Expression<Both<X, Y>, V> {
                Expression::of(Arithmetic::$operator, self.into_expr(), other.into_expr())
            }
        }
    )*};
}

operators!(Add add, Sub sub, Mul mul);

/// One side may be NULL, and the other may not.
macro_rules! operators_of_one_option {
    ($($operator:ident $method:ident: $(($($parameters:tt)*) $left:ty, $right:ty => $over:ty;)*)*) => {$($(
        impl<$($parameters)*, V: Numeric + ColumnType<Optional = Infallible>> $operator<$right> for $left {
            type Output = Expression<$over, Option<V>>;

            fn $method(self, other: $right) -> Self::Output {
                Expression::of(Arithmetic::$operator, self.into_nested(), other.into_nested())
            }
        }
    )*)*};
    ($operator:ident $method:ident) => {
        operators_of_one_option! { $operator $method:
            (T: Relation) Column<T, Option<V>>, V => T;
            (X) Expression<X, Option<V>>, V => X;
            (T: Relation, U: Relation) Column<T, Option<V>>, Column<U, V> => Both<T, U>;
            (T: Relation, U: Relation) Column<T, V>, Column<U, Option<V>> => Both<T, U>;
            (X, U: Relation) Expression<X, Option<V>>, Column<U, V> => Both<X, U>;
            (X, U: Relation) Expression<X, V>, Column<U, Option<V>> => Both<X, U>;
            (X, Y) Expression<X, Option<V>>, Expression<Y, V> => Both<X, Y>;
            (X, Y) Expression<X, V>, Expression<Y, Option<V>> => Both<X, Y>;
        }
    };
}

operators_of_one_option!(Add add);
operators_of_one_option!(Sub sub);
operators_of_one_option!(Mul mul);

/// An expression, and how many levels it nests.
pub(super) type Nested = (Result<Expr>, u16);

pub(super) fn of_value<V: ColumnType>(value: V) -> Nested {
    (value.into_value().map(Expr::Value), 0)
}

/// So much later or earlier, in microseconds.
macro_rules! of_times {
    ($($operator:ident $method:ident, $time:ty;)*) => {$(
        impl<T: Relation> $operator<Duration> for Column<T, $time> {
            type Output = Expression<T, $time>;

            fn $method(self, duration: Duration) -> Self::Output {
                Expression::of(Arithmetic::$operator, self.into_expr(), micros(duration))
            }
        }

        impl<X> $operator<Duration> for Expression<X, $time> {
            type Output = Expression<X, $time>;

            fn $method(self, duration: Duration) -> Self::Output {
                Expression::of(Arithmetic::$operator, self.into_expr(), micros(duration))
            }
        }
    )*};
}

of_times!(Add add, Timestamp; Sub sub, Timestamp; Add add, Option<Timestamp>; Sub sub, Option<Timestamp>;);

fn micros(duration: Duration) -> Nested {
    let micros = i64::try_from(duration.as_micros()).map_err(|_| {
        Error::bad_request("A duration of more than 292,000 years leads out of every time.")
    });
    (micros.map(|n| Expr::Value(Value::Integer(n))), 0)
}

/// An operand: a value, a column or an expression.
trait Operand {
    fn into_nested(self) -> Nested;
}

impl<V: Numeric> Operand for V {
    fn into_nested(self) -> Nested {
        of_value(self)
    }
}

impl<T: Relation, V: ColumnType> Operand for Column<T, V> {
    fn into_nested(self) -> Nested {
        self.into_expr()
    }
}

impl<X, V> Operand for Expression<X, V> {
    fn into_nested(self) -> Nested {
        self.into_expr()
    }
}

/// What SQLite computes from a group of rows, or from all of them: what `sum(Post::score)` is.
pub struct Aggregate<X, V> {
    pub(super) expr: Result<Expr>,
    /// How many levels it nests.
    pub(super) height: u16,
    types: PhantomData<fn() -> (X, V)>,
}

impl<X, V> Aggregate<X, V> {
    pub(super) fn made((expr, height): Nested) -> Self {
        Self {
            expr,
            height,
            types: PhantomData,
        }
    }

    fn of<U>(of: Aggregation, term: impl Term<X, U>) -> Self {
        let (expr, height) = term.into_expr();
        Self {
            expr: expr.map(|expr| Expr::Aggregate(of, Some(Box::new(expr)))),
            height: height.saturating_add(1),
            types: PhantomData,
        }
    }
}

/// A column or an expression, of type `V` and over `X`.
pub trait Term<X, V> {
    /// With how many levels it nests.
    #[doc(hidden)]
    fn into_expr(self) -> (Result<Expr>, u16);
}

impl<T: Relation, V: ColumnType> Term<T, V> for Column<T, V> {
    fn into_expr(self) -> (Result<Expr>, u16) {
        (Ok(Expr::Column(self.column(V::NULLABLE))), 0)
    }
}

impl<X, V> Term<X, V> for Expression<X, V> {
    fn into_expr(self) -> (Result<Expr>, u16) {
        (self.expr, self.height)
    }
}

/// A column's type and the type `N` that it has without NULL: `Option<N>`, or `N` itself.
pub trait NullOr<N>: ColumnType {}

impl<N: ColumnType<Optional = Infallible>> NullOr<N> for N {}
impl<N: ColumnType<Optional = Infallible>> NullOr<N> for Option<N> {}

/// Numbers, and what their sum is: `i64` for integers, `f64` for floats.
#[diagnostic::on_unimplemented(
    message = "there is no sum of values of `{Self}`",
    label = "expected numbers"
)]
pub trait Summable {
    /// The sum's type.
    type Sum: ColumnType;
}

macro_rules! summable {
    ($($number:ty => $sum:ty),*) => {$(
        impl Summable for $number { type Sum = $sum; }
        impl Summable for Option<$number> { type Sum = $sum; }
    )*};
}

summable!(
    i64 => i64, i32 => i64, i16 => i64, i8 => i64, u64 => i64, u32 => i64, u16 => i64, u8 => i64, f64 => f64, f32 => f64,
    Int64 => Int64
);

/// What is made of numbers has their sum.
#[diagnostic::do_not_recommend]
impl<T: Derived<Inner: Summable>> Summable for T {
    type Sum = <T::Inner as Summable>::Sum;
}

#[diagnostic::do_not_recommend]
impl<T: Derived<Inner: Summable>> Summable for Option<T> {
    type Sum = <T::Inner as Summable>::Sum;
}

/// How many rows there are.
pub fn count() -> Aggregate<Nothing, i64> {
    Aggregate {
        expr: Ok(Expr::Aggregate(Aggregation::Count, None)),
        height: 1,
        types: PhantomData,
    }
}

/// How many rows have a value there: of what a left join found nothing for, none.
pub fn count_of<X, V>(term: impl Term<X, V>) -> Aggregate<X, i64> {
    Aggregate::of(Aggregation::Count, term)
}

/// How many different values there are.
pub fn count_distinct<X, V>(term: impl Term<X, V>) -> Aggregate<X, i64> {
    Aggregate::of(Aggregation::CountDistinct, term)
}

/// The sum; `None` of no value. A sum of integers that leaves 64 bits is an error.
pub fn sum<X, V: Summable>(term: impl Term<X, V>) -> Aggregate<X, Option<V::Sum>> {
    Aggregate::of(Aggregation::Sum, term)
}

/// The mean; `None` of no value.
pub fn avg<X, V: Summable>(term: impl Term<X, V>) -> Aggregate<X, Option<f64>> {
    Aggregate::of(Aggregation::Avg, term)
}

/// The smallest value; `None` of no value.
pub fn min<X, V: NullOr<N>, N>(term: impl Term<X, V>) -> Aggregate<X, Option<N>> {
    Aggregate::of(Aggregation::Min, term)
}

/// The largest value; `None` of no value.
pub fn max<X, V: NullOr<N>, N>(term: impl Term<X, V>) -> Aggregate<X, Option<N>> {
    Aggregate::of(Aggregation::Max, term)
}
