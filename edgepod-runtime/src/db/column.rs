//! Typed columns.

use std::marker::PhantomData;

use sea_query::{BinOper, Expr, ExprTrait, NullOrdering, Order};

use super::{
    Aggregate, ColumnType, Comparable, Contains, Derived, Expression, Groups, Predicate, Relation,
    Value, list,
    predicate::{self, Bare, ColumnOf, Comparison, Term, escape_like},
    source::Named,
};
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

impl<T: Relation, V> Column<T, V> {
    pub(super) fn reference(&self) -> Expr {
        Named::of::<T>().column(self.name)
    }

    fn term(self) -> Term {
        Term::Column(ColumnOf {
            table: Named::of::<T>(),
            name: self.name,
        })
    }
}

impl<T: super::Table, V> Column<T, V> {
    /// The column of a further appearance of the table, an [`Alias`](super::Alias).
    pub const fn of<A: Relation<Row = T>>(self) -> Column<A, V> {
        Column::new(self.name)
    }
}

impl<X, V> Expression<X, V> {
    fn term(self) -> Term {
        Term::Computed(self.expr)
    }
}

impl<X, V> Aggregate<X, V> {
    fn term(self) -> Term {
        Term::Computed(self.expr)
    }
}

/// The comparisons of what has a value: of a column, of an expression and of an aggregate.
macro_rules! comparisons {
    ($(impl<$x:ident $(: $bound:ident)?, V> $of:ident where S: $contains:ident, nullable: $nullable:expr;)+) => {$(
        impl<$x $(: $bound)?, V: ColumnType> $of<$x, V> {
            /// `this = value`; for what may be NULL, `None` asks for NULL.
            pub fn eq<S: $contains<$x, P>, P, J>(self, value: impl Comparable<S, V, J>) -> Predicate<S> {
                predicate::equal(self.term(), value.into_operand()).over()
            }

            /// `this <> value`; NULL is different from every value.
            pub fn ne<S: $contains<$x, P>, P, J>(self, value: impl Comparable<S, V, J>) -> Predicate<S> {
                predicate::different(self.term(), value.into_operand()).over()
            }

            /// `this < value`.
            pub fn lt<S: $contains<$x, P>, P, J>(self, value: impl Comparable<S, V, J>) -> Predicate<S> {
                predicate::order(self.term(), value.into_operand(), Comparison::SmallerThan).over()
            }

            /// `this <= value`.
            pub fn le<S: $contains<$x, P>, P, J>(self, value: impl Comparable<S, V, J>) -> Predicate<S> {
                predicate::order(self.term(), value.into_operand(), Comparison::SmallerThanOrEqual).over()
            }

            /// `this > value`.
            pub fn gt<S: $contains<$x, P>, P, J>(self, value: impl Comparable<S, V, J>) -> Predicate<S> {
                predicate::order(self.term(), value.into_operand(), Comparison::GreaterThan).over()
            }

            /// `this >= value`.
            pub fn ge<S: $contains<$x, P>, P, J>(self, value: impl Comparable<S, V, J>) -> Predicate<S> {
                predicate::order(self.term(), value.into_operand(), Comparison::GreaterThanOrEqual).over()
            }

            /// `low <= this AND this <= high`.
            pub fn between<S: $contains<$x, P>, P, J, K>(
                self,
                low: impl Comparable<S, V, J>,
                high: impl Comparable<S, V, K>,
            ) -> Predicate<S> {
                predicate::between(self.term(), low.into_operand(), high.into_operand()).over()
            }

            /// One of the values, of which there may be thousands: they travel as one parameter. No value: no row.
            ///
            /// ```ignore
            /// ctx.db.select::<User>().filter(User::id.is_in([1, 2, 3])).all()
            /// ```
            pub fn is_in<S: $contains<$x, P>, P, C: Comparable<S, V>>(
                self,
                values: impl IntoIterator<Item = C>,
            ) -> Predicate<S> {
                membership(self.term(), values.into_iter().map(C::into_operand).collect(), "IN").over()
            }

            /// None of the values; NULL is never among the rows.
            pub fn not_in<S: $contains<$x, P>, P, C: Comparable<S, V>>(
                self,
                values: impl IntoIterator<Item = C>,
            ) -> Predicate<S> {
                membership(self.term(), values.into_iter().map(C::into_operand).collect(), "NOT IN").over()
            }

            /// It is NULL.
            pub fn is_null<S: $contains<$x, P>, P>(self) -> Predicate<S> {
                Bare::of(self.term().into_expr().map(ExprTrait::is_null)).no_row(!$nullable).over()
            }

            /// It is not NULL.
            pub fn is_not_null<S: $contains<$x, P>, P>(self) -> Predicate<S> {
                Bare::of(self.term().into_expr().map(ExprTrait::is_not_null)).every_row(!$nullable).over()
            }

            /// Smallest first; NULL before every value.
            pub fn asc<S: $contains<$x, P>, P>(self) -> OrderBy<S> {
                OrderBy::new(self.term().into_expr(), Order::Asc, $nullable)
            }

            /// Largest first; NULL after every value.
            pub fn desc<S: $contains<$x, P>, P>(self) -> OrderBy<S> {
                OrderBy::new(self.term().into_expr(), Order::Desc, $nullable)
            }
        }
    )+};
}

comparisons! {
    impl<T: Relation, V> Column where S: Contains, nullable: V::NULLABLE;
    impl<X, V> Expression where S: Contains, nullable: true;
    impl<X, V> Aggregate where S: Groups, nullable: true;
}

fn membership(term: Term, values: Result<Vec<Operand>>, operator: &'static str) -> Bare {
    let values: Result<Vec<Value>> = values.and_then(|values| {
        values
            .into_iter()
            .map(|value| match value {
                Operand::Value(value) => Ok(value),
                Operand::Expr(_) => Err(Error::internal(
                    "a list of values cannot hold a column: compare with it by .eq(…)",
                )),
            })
            .collect()
    });
    let nothing = values.as_ref().is_ok_and(Vec::is_empty);
    Bare::of(
        term.into_expr()
            .and_then(|term| Ok(term.binary(BinOper::Custom(operator), list::select(&values?)?))),
    )
    .every_row(nothing && operator == "NOT IN")
    .no_row(nothing && operator == "IN")
}

// The bound is the methods': only then does a column without text give `Textual`'s message.
impl<T: Relation, V> Column<T, V> {
    /// The text matches the pattern, in which `%` stands for any text and `_` for one character. ASCII letters match in
    /// either case. A pattern has at most 50 bytes.
    pub fn like<S: Contains<T, P>, P>(self, pattern: &str) -> Predicate<S>
    where
        V: Textual,
    {
        matches(self.reference(), self.name, pattern.to_owned()).over()
    }

    /// The text begins with `prefix`, whatever characters that has. ASCII letters match in either case.
    pub fn starts_with<S: Contains<T, P>, P>(self, prefix: &str) -> Predicate<S>
    where
        V: Textual,
    {
        matches(
            self.reference(),
            self.name,
            format!("{}%", escape_like(prefix)),
        )
        .over()
    }

    /// The text contains `part`, whatever characters that has. ASCII letters match in either case.
    pub fn contains<S: Contains<T, P>, P>(self, part: &str) -> Predicate<S>
    where
        V: Textual,
    {
        matches(
            self.reference(),
            self.name,
            format!("%{}%", escape_like(part)),
        )
        .over()
    }
}

fn matches(column: Expr, name: &str, pattern: String) -> Bare {
    const LONGEST: usize = 50;
    if pattern.len() > LONGEST {
        return Bare::of(Err(Error::bad_request(format!(
            "The pattern for `{name}` has {} bytes, and SQLite takes {LONGEST} at most: search for less.",
            pattern.len()
        ))));
    }
    let every_row = !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'%');
    Bare::of(Ok(
        column.like(sea_query::LikeExpr::new(pattern).escape('\\'))
    ))
    .every_row(every_row)
}

/// Columns of text.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` holds no text",
    label = "expected a column of `String`",
    note = "like, starts_with and contains look into text"
)]
pub trait Textual: ColumnType {}

impl Textual for String {}
impl Textual for Option<String> {}

#[diagnostic::do_not_recommend]
impl<T: Derived<Inner: Textual>> Textual for T {}

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

    /// What a column of `T` with values of type `V` is set to.
    pub(super) fn assigned<T: super::Table, V: ColumnType>(self, column: &str) -> Expr {
        match self {
            Operand::Expr(expr) => V::HOLDS.guard(expr, T::NAME, column),
            value => value.into_expr(),
        }
    }
}

/// What to sort by, and in which direction.
pub struct OrderBy<S> {
    pub(super) key: Result<Key>,
    source: PhantomData<fn() -> S>,
}

/// What a SELECT is sorted by.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) expr: Expr,
    pub(super) descending: bool,
    pub(super) nulls: Option<NullOrdering>,
    /// Whether NULL is one of its values.
    pub(super) nullable: bool,
}

impl<S> OrderBy<S> {
    /// NULL before every value.
    pub fn nulls_first(mut self) -> Self {
        if let Ok(key) = &mut self.key {
            key.nulls = Some(NullOrdering::First);
        }
        self
    }

    /// NULL after every value.
    pub fn nulls_last(mut self) -> Self {
        if let Ok(key) = &mut self.key {
            key.nulls = Some(NullOrdering::Last);
        }
        self
    }

    fn new(expr: Result<Expr>, order: Order, nullable: bool) -> Self {
        Self {
            key: expr.map(|expr| Key {
                expr,
                descending: matches!(order, Order::Desc),
                nulls: None,
                nullable,
            }),
            source: PhantomData,
        }
    }
}
