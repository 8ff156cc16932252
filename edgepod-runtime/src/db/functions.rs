//! Functions that SQLite computes with: `lower(User::name)`, `coalesce(User::name, "nobody")`.

use super::{
    Aggregate, Both, Bytes, Column, ColumnType, Derived, Expression, Filled, Nothing, Relation,
    Term, Textual, Timestamp,
    compose::Composition,
    expression::{Nested, of_value},
};

/// What a function of SQLite is given: a value, a text, a column or an expression. A value travels as a parameter, whatever is in
/// it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value that SQLite computes with",
    label = "expected a value of a column's type, a text, a column or an expression"
)]
pub trait Scalar {
    /// The tables whose columns it names.
    type Over;

    /// Its type.
    type Value: ColumnType;

    /// With how many levels it nests.
    #[doc(hidden)]
    fn into_nested(self) -> Nested;
}

impl<V: ColumnType> Scalar for V {
    type Over = Nothing;
    type Value = V;

    fn into_nested(self) -> Nested {
        of_value(self)
    }
}

impl Scalar for &str {
    type Over = Nothing;
    type Value = String;

    fn into_nested(self) -> Nested {
        of_value(self.to_owned())
    }
}

impl<T: Relation, V: ColumnType> Scalar for Column<T, V> {
    type Over = T;
    type Value = V;

    fn into_nested(self) -> Nested {
        self.into_expr()
    }
}

impl<X, V: ColumnType> Scalar for Expression<X, V> {
    type Over = X;
    type Value = V;

    fn into_nested(self) -> Nested {
        self.into_expr()
    }
}

/// What has a length: text, in characters, and bytes.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` has no length",
    label = "expected a column of `String` or `Bytes`"
)]
pub trait Measured: ColumnType {
    /// `i64`, or an `Option` of one.
    type Length: ColumnType;
}

/// A point in time, which has a day.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` has no date",
    label = "expected a column of `Timestamp`"
)]
pub trait Dated: ColumnType {
    /// `String`, or an `Option` of one.
    type Date: ColumnType;
}

macro_rules! of_values {
    ($trait:ident $name:ident = $made:ty: $($(#[$cfg:meta])? $value:ty),*) => {$(
        $(#[$cfg])?
        impl $trait for $value {
            type $name = $made;
        }

        $(#[$cfg])?
        impl $trait for Option<$value> {
            type $name = Option<$made>;
        }
    )*};
}

of_values!(Measured Length = i64: String, Bytes);
of_values!(Dated Date = String: Timestamp, #[cfg(feature = "chrono")] chrono::DateTime<chrono::Utc>, #[cfg(feature = "jiff")] jiff::Timestamp);

#[diagnostic::do_not_recommend]
impl<T: Derived<Inner: Measured>> Measured for T {
    type Length = <T::Inner as Measured>::Length;
}

#[diagnostic::do_not_recommend]
impl<T: Derived<Inner: Dated>> Dated for T {
    type Date = <T::Inner as Dated>::Date;
}

/// The text in lower case. Only ASCII letters have one for SQLite.
///
/// ```ignore
/// ctx.db.select::<User>().filter(lower(User::name).eq(name.to_ascii_lowercase())).all()
/// ```
pub fn lower<T: Scalar<Value: Textual>>(
    text: T,
) -> Expression<T::Over, <T::Value as Textual>::Text> {
    Expression::made(call("lower(", text.into_nested()))
}

/// The text in upper case. Only ASCII letters have one for SQLite.
pub fn upper<T: Scalar<Value: Textual>>(
    text: T,
) -> Expression<T::Over, <T::Value as Textual>::Text> {
    Expression::made(call("upper(", text.into_nested()))
}

/// How many characters a text has, up to its first NUL character; or how many bytes there are.
pub fn length<T: Scalar<Value: Measured>>(
    of: T,
) -> Expression<T::Over, <T::Value as Measured>::Length> {
    Expression::made(call("length(", of.into_nested()))
}

/// The day of a time in UTC, as text that sorts as days do: `2026-11-24`.
pub fn date<T: Scalar<Value: Dated>>(time: T) -> Expression<T::Over, <T::Value as Dated>::Date> {
    let (time, height) = time.into_nested();
    // Seconds, rounded down before 1970, too: SQLite's division rounds towards zero.
    Expression::made(
        Composition::new("date(")
            .expr((time.clone(), height))
            .text(" / 1000000 - (")
            .expr((time, height))
            .text(" % 1000000 < 0), 'unixepoch')")
            .finish(),
    )
}

fn call(name: &'static str, argument: Nested) -> Nested {
    Composition::new(name).expr(argument).text(")").finish()
}

/// What [`coalesce`] takes: a column, an expression or an aggregate that may be NULL, and what stands for it then.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no NULL for which `{F}` could stand",
    label = "expected a column, an expression or an aggregate of an `Option`",
    note = "and in place of NULL a value of its type, or a column of it that is no `Option`",
    note = "a column is `.nullable()` where its table is left-joined, and so may be missing"
)]
pub trait Coalesce<F> {
    /// The same without NULL.
    type Output;

    #[doc(hidden)]
    fn coalesced(self, fallback: F) -> Self::Output;
}

impl<T, V, F> Coalesce<F> for Column<T, Option<V>>
where
    T: Relation,
    V: ColumnType<Optional = std::convert::Infallible>,
    F: Scalar<Value = V>,
{
    type Output = Expression<Both<Filled<T>, F::Over>, V>;

    fn coalesced(self, fallback: F) -> Self::Output {
        Expression::made(either(self.into_nested(), fallback.into_nested()))
    }
}

impl<X, V, F> Coalesce<F> for Expression<X, Option<V>>
where
    V: ColumnType<Optional = std::convert::Infallible>,
    F: Scalar<Value = V>,
{
    type Output = Expression<Both<Filled<X>, F::Over>, V>;

    fn coalesced(self, fallback: F) -> Self::Output {
        Expression::made(either(self.into_nested(), fallback.into_nested()))
    }
}

impl<X, V, F> Coalesce<F> for Aggregate<X, Option<V>>
where
    V: ColumnType<Optional = std::convert::Infallible>,
    F: Scalar<Value = V, Over = Nothing>,
{
    type Output = Aggregate<X, V>;

    fn coalesced(self, fallback: F) -> Self::Output {
        Aggregate::made(either((self.expr, self.height), fallback.into_nested()))
    }
}

/// The value, or another where it is NULL: `coalesce(User::name, "nobody")`, `coalesce(sum(Post::votes), 0)`.
///
/// What is of a left-joined table has its value then, too, where there is no row: a column that is no `Option` in its own table
/// is [`.nullable()`](Column::nullable) first.
pub fn coalesce<T: Coalesce<F>, F>(value: T, fallback: F) -> T::Output {
    value.coalesced(fallback)
}

fn either(value: Nested, fallback: Nested) -> Nested {
    Composition::new("coalesce(")
        .expr(value)
        .text(", ")
        .expr(fallback)
        .text(")")
        .finish()
}

impl<T: Relation, V: ColumnType<Optional = std::convert::Infallible>> Column<T, V> {
    /// The column as one that may be NULL: it is where its table is left-joined and there is no row.
    pub fn nullable(self) -> Expression<T, Option<V>> {
        Expression::made(self.into_nested())
    }
}
