//! Typed columns.

use std::marker::PhantomData;

use super::{
    Aggregate, ColumnType, Comparable, Contains, Derived, Expression, Groups, Predicate, Relation,
    clause::{Clause, ColumnOf, Computed, Operator, Term},
    expr::Expr,
    predicate,
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
    pub(super) fn column(self, nullable: bool) -> ColumnOf {
        ColumnOf {
            table: Named::of::<T>(),
            name: self.name,
            nullable,
        }
    }

    pub(super) fn term(self, nullable: bool) -> Result<Term> {
        Ok(Term::Column(self.column(nullable)))
    }
}

impl<T: super::Table, V> Column<T, V> {
    /// The column of a further appearance of the table, an [`Alias`](super::Alias).
    pub const fn of<A: Relation<Row = T>>(self) -> Column<A, V> {
        Column::new(self.name)
    }
}

impl<X, V> Expression<X, V> {
    pub(super) fn term(self, nullable: bool) -> Result<Term> {
        computed(self.expr, self.height, nullable)
    }
}

impl<X, V> Aggregate<X, V> {
    pub(super) fn term(self, nullable: bool) -> Result<Term> {
        computed(self.expr, self.height, nullable)
    }
}

fn computed(expr: Result<Expr>, height: u16, nullable: bool) -> Result<Term> {
    let expr = expr?;
    Ok(Term::Computed(Computed {
        expr,
        nullable,
        height,
    }))
}

/// The comparisons of what has a value: of a column, of an expression and of an aggregate.
macro_rules! comparisons {
    ($(impl<$x:ident $(: $bound:ident)?, V> $of:ident where S: $contains:ident, nullable: $nullable:expr;)+) => {$(
        impl<$x $(: $bound)?, V: ColumnType> $of<$x, V> {
            /// `this = value`; for what may be NULL, `None` asks for NULL.
            pub fn eq<S: $contains<$x, P>, P, J>(self, value: impl Comparable<S, V, J>) -> Predicate<S> {
                Predicate::new(predicate::equal(self.term(V::NULLABLE), value.into_operand()))
            }

            /// `this <> value`, wherever [`eq`](Self::eq) does not hold: NULL is different from every value.
            pub fn ne<S: $contains<$x, P>, P, J>(self, value: impl Comparable<S, V, J>) -> Predicate<S> {
                Predicate::new(predicate::equal(self.term(V::NULLABLE), value.into_operand()).map(Clause::not))
            }

            /// `this < value`. NULL is neither smaller nor larger than anything.
            pub fn lt<S: $contains<$x, P>, P, J>(self, value: impl Comparable<S, V, J>) -> Predicate<S> {
                Predicate::new(predicate::order(self.term(V::NULLABLE), Operator::Smaller, value.into_operand()))
            }

            /// `this <= value`. NULL is neither smaller nor larger than anything.
            pub fn le<S: $contains<$x, P>, P, J>(self, value: impl Comparable<S, V, J>) -> Predicate<S> {
                Predicate::new(predicate::order(self.term(V::NULLABLE), Operator::SmallerOrEqual, value.into_operand()))
            }

            /// `this > value`. NULL is neither smaller nor larger than anything.
            pub fn gt<S: $contains<$x, P>, P, J>(self, value: impl Comparable<S, V, J>) -> Predicate<S> {
                Predicate::new(predicate::order(self.term(V::NULLABLE), Operator::Greater, value.into_operand()))
            }

            /// `this >= value`. NULL is neither smaller nor larger than anything.
            pub fn ge<S: $contains<$x, P>, P, J>(self, value: impl Comparable<S, V, J>) -> Predicate<S> {
                Predicate::new(predicate::order(self.term(V::NULLABLE), Operator::GreaterOrEqual, value.into_operand()))
            }

            /// `low <= this AND this <= high`. NULL is between no values.
            pub fn between<S: $contains<$x, P>, P, J, K>(
                self,
                low: impl Comparable<S, V, J>,
                high: impl Comparable<S, V, K>,
            ) -> Predicate<S> {
                Predicate::new(predicate::between(self.term(V::NULLABLE), low.into_operand(), high.into_operand()))
            }

            /// One of the values, of which there may be thousands: they travel as one parameter. `None` among them asks for NULL,
            /// too. No value: no row.
            ///
            /// ```ignore
            /// ctx.db.select::<User>().filter(User::id.is_in([1, 2, 3])).all()
            /// ```
            pub fn is_in<S: $contains<$x, P>, P, C: Comparable<S, V>>(
                self,
                values: impl IntoIterator<Item = C>,
            ) -> Predicate<S> {
                let values = values.into_iter().map(C::into_operand);
                Predicate::new(predicate::among(self.term(V::NULLABLE), values))
            }

            /// None of the values, wherever [`is_in`](Self::is_in) does not hold: NULL is not in a list without `None`.
            pub fn not_in<S: $contains<$x, P>, P, C: Comparable<S, V>>(
                self,
                values: impl IntoIterator<Item = C>,
            ) -> Predicate<S> {
                let values = values.into_iter().map(C::into_operand);
                Predicate::new(predicate::among(self.term(V::NULLABLE), values).map(Clause::not))
            }

            /// It is NULL.
            pub fn is_null<S: $contains<$x, P>, P>(self) -> Predicate<S> {
                Predicate::new(self.term($nullable).map(Clause::is_null))
            }

            /// It is not NULL.
            pub fn is_not_null<S: $contains<$x, P>, P>(self) -> Predicate<S> {
                Predicate::new(self.term($nullable).map(Clause::is_null).map(Clause::not))
            }

            /// Smallest first; NULL before every value.
            pub fn asc<S: $contains<$x, P>, P>(self) -> OrderBy<S> {
                OrderBy::new(self.term($nullable), Direction::Ascending, $nullable)
            }

            /// Largest first; NULL after every value.
            pub fn desc<S: $contains<$x, P>, P>(self) -> OrderBy<S> {
                OrderBy::new(self.term($nullable), Direction::Descending, $nullable)
            }
        }
    )+};
}

comparisons! {
    impl<T: Relation, V> Column where S: Contains, nullable: V::NULLABLE;
    impl<X, V> Expression where S: Contains, nullable: true;
    impl<X, V> Aggregate where S: Groups, nullable: true;
}

// The bound is the methods': only then does a column without text give `Textual`'s message.
impl<T: Relation, V> Column<T, V> {
    /// The text matches the pattern, in which `%` stands for any text, `_` for one character, and `\` makes the next one plain.
    /// ASCII letters match in either case. A pattern has at most 50 bytes, and no NUL character; a text with one matches none.
    pub fn like<S: Contains<T, P>, P>(self, pattern: &str) -> Predicate<S>
    where
        V: Textual,
    {
        let checked = check_pattern(self.name, pattern);
        Predicate::new(checked.map(|()| Clause::Like {
            column: self.column(V::NULLABLE),
            pattern: pattern.to_owned(),
        }))
    }

    /// The text begins with `prefix`, whatever characters that has. ASCII letters match in either case.
    pub fn starts_with<S: Contains<T, P>, P>(self, prefix: &str) -> Predicate<S>
    where
        V: Textual,
    {
        self.part(prefix, true)
    }

    /// The text contains `part`, whatever characters that has. ASCII letters match in either case.
    pub fn contains<S: Contains<T, P>, P>(self, part: &str) -> Predicate<S>
    where
        V: Textual,
    {
        self.part(part, false)
    }

    fn part<S>(self, part: &str, at_start: bool) -> Predicate<S>
    where
        V: Textual,
    {
        Predicate::new(Ok(Clause::Part {
            column: self.column(V::NULLABLE),
            part: part.to_owned(),
            at_start,
        }))
    }
}

/// Refuses a pattern of LIKE that SQLite does not read to its end.
fn check_pattern(name: &str, pattern: &str) -> Result<()> {
    const LONGEST: usize = 50;
    if pattern.len() > LONGEST {
        return Err(Error::bad_request(format!(
            "The pattern for `{name}` has {} bytes, and SQLite takes {LONGEST} at most: search for less, or for a part by \
             .contains(…).",
            pattern.len()
        )));
    }
    if pattern.contains('\0') {
        return Err(Error::bad_request(format!(
            "The pattern for `{name}` has a NUL character, where SQLite stops reading: search without it, or for a part by \
             .contains(…)."
        )));
    }
    Ok(())
}

/// Columns of text.
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` holds no text",
    label = "expected a column of `String`",
    note = "like, starts_with, contains, lower and upper look into text"
)]
pub trait Textual: ColumnType {
    /// What is made of the text: `String`, or an `Option` of one.
    type Text: ColumnType;
}

impl Textual for String {
    type Text = String;
}
impl Textual for Option<String> {
    type Text = Option<String>;
}

#[diagnostic::do_not_recommend]
impl<T: Derived<Inner: Textual>> Textual for T {
    type Text = <T::Inner as Textual>::Text;
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
    /// How many levels it nests.
    pub(super) height: u16,
    pub(super) direction: Direction,
    /// Where NULL stands; without it, before every value in ascending order, and after in descending.
    pub(super) nulls: Option<Nulls>,
    /// Whether NULL is one of its values.
    pub(super) nullable: bool,
}

/// From which end values are sorted.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

/// Where NULL stands among sorted values.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Nulls {
    First,
    Last,
}

impl<S> OrderBy<S> {
    /// NULL before every value.
    pub fn nulls_first(mut self) -> Self {
        if let Ok(key) = &mut self.key {
            key.nulls = Some(Nulls::First);
        }
        self
    }

    /// NULL after every value.
    pub fn nulls_last(mut self) -> Self {
        if let Ok(key) = &mut self.key {
            key.nulls = Some(Nulls::Last);
        }
        self
    }

    fn new(term: Result<Term>, direction: Direction, nullable: bool) -> Self {
        Self {
            key: term.map(|term| Key {
                height: term.height(),
                expr: term.into_expr(),
                direction,
                nulls: None,
                nullable,
            }),
            source: PhantomData,
        }
    }
}
