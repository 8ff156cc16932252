//! Conditions on the rows that a statement reads, as its user writes them.

use std::marker::PhantomData;

use super::{
    Aggregate, Bytes, Column, ColumnType, Contains, Expression, Groups, Operand, Relation, Value,
    clause::{Clause, Joint, Operator, Term},
};
use crate::{Error, Result};

/// A condition on the rows of `S`, a table or a tuple of joined ones, made from their columns: `User::id.eq(7)`. The
/// statement that it goes into says what `S` is.
///
/// `None` is a value: a condition holds for a row or it does not, and where it does not, its negation does.
pub struct Predicate<S> {
    pub(super) clause: Result<Clause>,
    source: PhantomData<fn() -> S>,
}

impl<S> Predicate<S> {
    pub(super) fn new(clause: Result<Clause>) -> Self {
        Self {
            clause,
            source: PhantomData,
        }
    }

    /// Both conditions hold.
    pub fn and(self, other: Self) -> Self {
        Self::new(Clause::joined(Joint::All, [self.clause, other.clause]))
    }

    /// One of the conditions holds, or both.
    pub fn or(self, other: Self) -> Self {
        Self::new(Clause::joined(Joint::Any, [self.clause, other.clause]))
    }
}

impl<S> std::ops::Not for Predicate<S> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(self.clause.map(Clause::not))
    }
}

/// All of the conditions hold. Of none, every row: an UPDATE or DELETE then is refused.
///
/// They stand side by side, so that there may be a thousand; of conditions on one column that are `.ne(…)`, any number.
pub fn all<S>(predicates: impl IntoIterator<Item = Predicate<S>>) -> Predicate<S> {
    let clauses = predicates.into_iter().map(|predicate| predicate.clause);
    Predicate::new(Clause::joined(Joint::All, clauses))
}

/// One of the conditions holds, or several. Of none, no row.
///
/// They stand side by side, so that there may be a thousand; of conditions on one column that are `.eq(…)`, any number: they
/// are one list, as of `.is_in(…)`.
pub fn any<S>(predicates: impl IntoIterator<Item = Predicate<S>>) -> Predicate<S> {
    let clauses = predicates.into_iter().map(|predicate| predicate.clause);
    Predicate::new(Clause::joined(Joint::Any, clauses))
}

/// The refusal of an UPDATE or DELETE whose conditions hold for every row.
pub(super) fn restricts_nothing(table: &str) -> Error {
    Error::bad_request(format!(
        "The condition holds for every row of `{table}`, so nothing was changed: an empty list, an empty text, a column compared \
         with itself, and .is_not_null() of a column that is never NULL restrict nothing. Write .without_where() if every row is \
         meant."
    ))
}

pub(super) fn equal(term: Result<Term>, operand: Result<Operand>) -> Result<Clause> {
    Ok(Clause::equal(term?, operand?))
}

/// NULL is neither smaller nor larger than anything.
pub(super) fn order(
    term: Result<Term>,
    operator: Operator,
    operand: Result<Operand>,
) -> Result<Clause> {
    Ok(Clause::Comparison {
        left: term?,
        operator,
        right: operand?,
    })
}

pub(super) fn between(
    term: Result<Term>,
    low: Result<Operand>,
    high: Result<Operand>,
) -> Result<Clause> {
    Clause::joined(
        Joint::All,
        [
            order(term.clone(), Operator::GreaterOrEqual, low),
            order(term, Operator::SmallerOrEqual, high),
        ],
    )
}

pub(super) fn among(
    term: Result<Term>,
    operands: impl Iterator<Item = Result<Operand>>,
) -> Result<Clause> {
    let values: Result<Vec<Value>> = operands
        .map(|operand| match operand? {
            Operand::Value(value) => Ok(value),
            Operand::Term(_) => Err(Error::internal(
                "a list of values cannot hold a column: compare with it by .eq(…)",
            )),
        })
        .collect();
    Ok(Clause::among(term?, values?))
}

/// What a value of type `V` may be compared with in a statement over `S`: a `V`, a `&V`, for text a `&str`, for what may be
/// NULL the value alone, and a column or an expression of the same type. `J` is the compiler's to find.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not fit a column of `{V}`",
    label = "expected a `{V}`",
    note = "the column's type is the type of the field in the table's struct",
    note = "an `Option` is compared with a column that is one, as it is or by reference: `.eq(&name)`, not `.eq(name.as_deref())`"
)]
pub trait Comparable<S, V, J = ByValue> {
    /// The value as SQLite has it.
    ///
    /// # Errors
    /// A value that SQLite cannot hold, such as NaN.
    fn into_operand(self) -> Result<Operand>;
}

/// What a column may be set to: all that it may be compared with, but for what may be NULL where the column may not.
#[diagnostic::on_unimplemented(
    message = "this may be NULL, and the column that it is assigned to may not",
    label = "may be NULL",
    note = "assign a column or a value that is no `Option`"
)]
pub trait Assigns {}

/// A comparison with a value.
pub enum ByValue {}

/// A comparison with what SQLite has at the place `P`, of the same type.
pub struct Same<P>(PhantomData<P>);

/// A comparison of what may be NULL with what is not.
pub struct Certain<P>(PhantomData<P>);

/// A comparison of what is not NULL with what may be.
pub struct Uncertain<P>(PhantomData<P>);

impl Assigns for ByValue {}
impl<P> Assigns for Same<P> {}
impl<P> Assigns for Certain<P> {}

impl<S, V: ColumnType> Comparable<S, V> for V {
    fn into_operand(self) -> Result<Operand> {
        self.into_value().map(Operand::Value)
    }
}

impl<S, V: ColumnType + Clone> Comparable<S, V> for &V {
    fn into_operand(self) -> Result<Operand> {
        self.clone().into_value().map(Operand::Value)
    }
}

impl<S, V: ColumnType<Optional = std::convert::Infallible>> Comparable<S, Option<V>> for V {
    fn into_operand(self) -> Result<Operand> {
        self.into_value().map(Operand::Value)
    }
}

impl<S, V: ColumnType<Optional = std::convert::Infallible> + Clone> Comparable<S, Option<V>>
    for &V
{
    fn into_operand(self) -> Result<Operand> {
        self.clone().into_value().map(Operand::Value)
    }
}

impl<S> Comparable<S, String> for &str {
    fn into_operand(self) -> Result<Operand> {
        Ok(Operand::Value(Value::Text(self.to_owned())))
    }
}

impl<S> Comparable<S, Option<String>> for &str {
    fn into_operand(self) -> Result<Operand> {
        Ok(Operand::Value(Value::Text(self.to_owned())))
    }
}

/// What a list of texts has when it is borrowed: `.is_in(&["a", "b"])`.
impl<S> Comparable<S, String> for &&str {
    fn into_operand(self) -> Result<Operand> {
        Ok(Operand::Value(Value::Text((*self).to_owned())))
    }
}

impl<S> Comparable<S, Option<String>> for &&str {
    fn into_operand(self) -> Result<Operand> {
        Ok(Operand::Value(Value::Text((*self).to_owned())))
    }
}

impl<S> Comparable<S, Bytes> for &[u8] {
    fn into_operand(self) -> Result<Operand> {
        Ok(Operand::Value(Value::Blob(self.to_vec())))
    }
}

impl<S> Comparable<S, Option<Bytes>> for &[u8] {
    fn into_operand(self) -> Result<Operand> {
        Ok(Operand::Value(Value::Blob(self.to_vec())))
    }
}

macro_rules! computed {
    ($(<$x:ident $(: $bound:ident)?> $of:ident by $contains:ident;)+) => {$(
        impl<S: $contains<$x, P>, P, $x $(: $bound)?, V: ColumnType> Comparable<S, V, Same<P>> for $of<$x, V> {
            fn into_operand(self) -> Result<Operand> {
                self.term(V::NULLABLE).map(Operand::Term)
            }
        }

        impl<S: $contains<$x, P>, P, $x $(: $bound)?, V: ColumnType> Comparable<S, Option<V>, Certain<P>> for $of<$x, V> {
            fn into_operand(self) -> Result<Operand> {
                self.term(V::NULLABLE).map(Operand::Term)
            }
        }

        impl<S: $contains<$x, P>, P, $x $(: $bound)?, V: ColumnType> Comparable<S, V, Uncertain<P>> for $of<$x, Option<V>> {
            fn into_operand(self) -> Result<Operand> {
                self.term(true).map(Operand::Term)
            }
        }
    )+};
}

computed! {
    <T: Relation> Column by Contains;
    <X> Expression by Contains;
    <X> Aggregate by Groups;
}
