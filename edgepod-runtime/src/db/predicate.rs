//! Conditions on the rows that a statement reads.

use std::marker::PhantomData;

use sea_query::{BinOper, Condition, Expr, ExprTrait};

use super::{
    Aggregate, Bytes, Column, ColumnType, Contains, Expression, Groups, Operand, Relation, Value,
    source::Named,
};
use crate::{Error, Result};

/// A condition on the rows of `S`, a table or a tuple of joined ones, made from their columns: `User::id.eq(7)`. The
/// statement that it goes into says what `S` is.
pub struct Predicate<S> {
    pub(super) bare: Bare,
    source: PhantomData<fn() -> S>,
}

/// A condition, whatever it is about.
pub(super) struct Bare {
    pub(super) condition: Result<Clause>,
    /// Whether it holds for every row, or for every one with a value: it then is no WHERE for an UPDATE or DELETE.
    pub(super) every_row: bool,
    /// Whether it holds for no row: its negation is no WHERE.
    pub(super) no_row: bool,
}

/// A condition as a statement writes it.
pub(super) enum Clause {
    /// `column operator value`, as most are: to build a tree of it and walk through that costs as much as all else that is
    /// done for a row.
    Simple {
        column: ColumnOf,
        operator: Comparison,
        value: Value,
    },
    Tree(Condition),
}

impl Clause {
    pub(super) fn into_condition(self) -> Condition {
        match self {
            Clause::Simple {
                column,
                operator,
                value,
            } => Condition::all().add(
                column
                    .expr()
                    .binary(operator.of_sea_query(), Operand::Value(value).into_expr()),
            ),
            Clause::Tree(condition) => condition,
        }
    }
}

/// What compares two values.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Comparison {
    Equal,
    /// `<>` that takes NULL for a value.
    IsNot,
    SmallerThan,
    SmallerThanOrEqual,
    GreaterThan,
    GreaterThanOrEqual,
}

impl Comparison {
    pub(super) fn as_sql(self) -> &'static str {
        match self {
            Comparison::Equal => " = ",
            Comparison::IsNot => " IS NOT ",
            Comparison::SmallerThan => " < ",
            Comparison::SmallerThanOrEqual => " <= ",
            Comparison::GreaterThan => " > ",
            Comparison::GreaterThanOrEqual => " >= ",
        }
    }

    fn of_sea_query(self) -> BinOper {
        match self {
            Comparison::Equal => BinOper::Equal,
            Comparison::IsNot => BinOper::IsNot,
            Comparison::SmallerThan => BinOper::SmallerThan,
            Comparison::SmallerThanOrEqual => BinOper::SmallerThanOrEqual,
            Comparison::GreaterThan => BinOper::GreaterThan,
            Comparison::GreaterThanOrEqual => BinOper::GreaterThanOrEqual,
        }
    }
}

/// A column of a table, as a statement names both.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct ColumnOf {
    pub(super) table: Named,
    pub(super) name: &'static str,
}

impl ColumnOf {
    pub(super) fn expr(self) -> Expr {
        self.table.column(self.name)
    }
}

/// What stands on the left of a comparison.
pub(super) enum Term {
    Column(ColumnOf),
    Computed(Result<Expr>),
}

impl Term {
    pub(super) fn into_expr(self) -> Result<Expr> {
        match self {
            Term::Column(column) => Ok(column.expr()),
            Term::Computed(expr) => expr,
        }
    }

    /// `self operator operand`.
    fn compared(self, operator: Comparison, operand: Result<Operand>) -> Bare {
        match (self, operand) {
            (Term::Column(column), Ok(Operand::Value(value))) => Bare {
                condition: Ok(Clause::Simple {
                    column,
                    operator,
                    value,
                }),
                every_row: false,
                no_row: false,
            },
            (term, operand) => {
                Bare::of(term.into_expr().and_then(|term| {
                    Ok(term.binary(operator.of_sea_query(), operand?.into_expr()))
                }))
            }
        }
    }
}

impl Bare {
    pub(super) fn of(condition: Result<Expr>) -> Self {
        Self {
            condition: condition.map(|expr| Clause::Tree(Condition::all().add(expr))),
            every_row: false,
            no_row: false,
        }
    }

    pub(super) fn every_row(mut self, every_row: bool) -> Self {
        self.every_row = every_row;
        self
    }

    pub(super) fn no_row(mut self, no_row: bool) -> Self {
        self.no_row = no_row;
        self
    }

    fn constant(holds: bool) -> Self {
        Self::of(Ok(Expr::cust(if holds { "TRUE" } else { "FALSE" })))
            .every_row(holds)
            .no_row(!holds)
    }

    pub(super) fn over<S>(self) -> Predicate<S> {
        Predicate {
            bare: self,
            source: PhantomData,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            every_row: self.every_row && other.every_row,
            no_row: self.no_row || other.no_row,
            condition: self.condition.and_then(|a| {
                let (a, b) = (a.into_condition(), other.condition?.into_condition());
                Ok(Clause::Tree(Condition::all().add(a).add(b)))
            }),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            every_row: self.every_row || other.every_row,
            no_row: self.no_row && other.no_row,
            condition: self.condition.and_then(|a| {
                let (a, b) = (a.into_condition(), other.condition?.into_condition());
                Ok(Clause::Tree(Condition::any().add(a).add(b)))
            }),
        }
    }

    fn not(self) -> Self {
        Self {
            every_row: self.no_row,
            no_row: self.every_row,
            condition: self
                .condition
                .map(|condition| Clause::Tree(condition.into_condition().not())),
        }
    }
}

/// The refusal of an UPDATE or DELETE whose conditions hold for every row.
pub(super) fn restricts_nothing(table: &str) -> Error {
    Error::bad_request(format!(
        "The condition holds for every row of `{table}`, so nothing was changed: an empty list, an empty text, a column compared \
         with itself, and .is_not_null() of a column that is never NULL restrict nothing. Write .without_where() if every row is \
         meant."
    ))
}

/// Whether a column is compared with itself.
// Columns alone: to compare any two expressions takes kilobytes of code.
fn itself(term: &Term, operand: &Result<Operand>) -> bool {
    match (term, operand) {
        (Term::Column(term), Ok(Operand::Expr(other @ Expr::Column(_)))) => term.expr() == *other,
        _ => false,
    }
}

pub(super) fn equal(term: Term, operand: Result<Operand>) -> Bare {
    if let Ok(Operand::Value(Value::Null)) = operand {
        return Bare::of(term.into_expr().map(ExprTrait::is_null));
    }
    let itself = itself(&term, &operand);
    term.compared(Comparison::Equal, operand).every_row(itself)
}

pub(super) fn different(term: Term, operand: Result<Operand>) -> Bare {
    if let Ok(Operand::Value(Value::Null)) = operand {
        return Bare::of(term.into_expr().map(ExprTrait::is_not_null));
    }
    let itself = itself(&term, &operand);
    term.compared(Comparison::IsNot, operand).no_row(itself)
}

pub(super) fn order(term: Term, operand: Result<Operand>, operator: Comparison) -> Bare {
    let itself = itself(&term, &operand);
    let or_equal = matches!(
        operator,
        Comparison::SmallerThanOrEqual | Comparison::GreaterThanOrEqual
    );
    term.compared(operator, operand)
        .every_row(itself && or_equal)
        .no_row(itself && !or_equal)
}

pub(super) fn between(term: Term, low: Result<Operand>, high: Result<Operand>) -> Bare {
    let again = match &term {
        Term::Column(column) => Term::Column(*column),
        Term::Computed(expr) => Term::Computed(expr.clone()),
    };
    order(again, low, Comparison::GreaterThanOrEqual).and(order(
        term,
        high,
        Comparison::SmallerThanOrEqual,
    ))
}

impl<S> Predicate<S> {
    /// Both conditions hold.
    pub fn and(self, other: Self) -> Self {
        self.bare.and(other.bare).over()
    }

    /// One of the conditions holds, or both.
    pub fn or(self, other: Self) -> Self {
        self.bare.or(other.bare).over()
    }
}

impl<S> std::ops::Not for Predicate<S> {
    type Output = Self;

    fn not(self) -> Self {
        self.bare.not().over()
    }
}

/// All of the conditions hold. Of none, every row: an UPDATE or DELETE then is refused.
pub fn all<S>(predicates: impl IntoIterator<Item = Predicate<S>>) -> Predicate<S> {
    let all = predicates.into_iter().map(|predicate| predicate.bare);
    all.reduce(Bare::and)
        .unwrap_or_else(|| Bare::constant(true))
        .over()
}

/// One of the conditions holds, or several. Of none, no row.
pub fn any<S>(predicates: impl IntoIterator<Item = Predicate<S>>) -> Predicate<S> {
    let any = predicates.into_iter().map(|predicate| predicate.bare);
    any.reduce(Bare::or)
        .unwrap_or_else(|| Bare::constant(false))
        .over()
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

/// What a value of type `V` may be compared with in a statement over `S`: a `V`, a `&V`, for text a `&str`, for what may be
/// NULL the value alone, and a column or an expression of the same type. `J` is the compiler's to find.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not fit a column of `{V}`",
    label = "expected a `{V}`",
    note = "the column's type is the type of the field in the table's struct"
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
    ($(<$x:ident $(: $bound:ident)?> $of:ident by $contains:ident, $self:ident => $operand:expr;)+) => {$(
        impl<S: $contains<$x, P>, P, $x $(: $bound)?, V: ColumnType> Comparable<S, V, Same<P>> for $of<$x, V> {
            fn into_operand($self) -> Result<Operand> {
                $operand
            }
        }

        impl<S: $contains<$x, P>, P, $x $(: $bound)?, V: ColumnType> Comparable<S, Option<V>, Certain<P>> for $of<$x, V> {
            fn into_operand($self) -> Result<Operand> {
                $operand
            }
        }

        impl<S: $contains<$x, P>, P, $x $(: $bound)?, V: ColumnType> Comparable<S, V, Uncertain<P>> for $of<$x, Option<V>> {
            fn into_operand($self) -> Result<Operand> {
                $operand
            }
        }
    )+};
}

computed! {
    <T: Relation> Column by Contains, self => Ok(Operand::Expr(self.reference()));
    <X> Expression by Contains, self => self.expr.map(Operand::Expr);
    <X> Aggregate by Groups, self => self.expr.map(Operand::Expr);
}
