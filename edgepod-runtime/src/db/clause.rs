//! A condition, whatever it is about: flat, so that neither its length nor the way it was built makes it deep.
//!
//! `None` is a value here. A clause holds for a row or does not, and its negation holds exactly where it does not: NULL, SQL's
//! third answer, comes out of none. Each is written so that it is TRUE where it holds, and FALSE or NULL where it does not,
//! which is the same to WHERE, ON and HAVING below AND and OR. A negation is therefore written into what it negates.

use super::{Value, expr::Expr, limits, list, source::Named, writer::Writer};
use crate::{Error, Result};

/// A condition.
pub(super) enum Clause {
    /// The term is one of these values, or NULL where `null` says so: equality with one, a list, and the question for NULL.
    Among {
        term: Term,
        /// No NULL is among them.
        values: Vec<Value>,
        null: bool,
    },
    /// `left operator right`. Equality is here only with what is no value.
    Comparison {
        left: Term,
        operator: Operator,
        right: Operand,
    },
    /// The text matches a pattern of LIKE, in which `\` makes a character plain.
    Like { column: ColumnOf, pattern: String },
    /// The text has this part, somewhere or at its start. ASCII letters match in either case.
    Part {
        column: ColumnOf,
        part: String,
        at_start: bool,
    },
    /// The columns together are one of the rows that a list has.
    Keys {
        columns: Vec<ColumnOf>,
        /// SQL that reads each column from `value`, a row of the list.
        values: Vec<String>,
        /// The rows, as [`list::rows`] makes them.
        json: String,
    },
    /// All of these clauses, or any of them.
    Group(Group),
    /// Never of another `Not`.
    Not(Box<Clause>),
}

/// Clauses side by side, none of which is a group of the same kind.
pub(super) struct Group {
    pub(super) joint: Joint,
    pub(super) clauses: Vec<Clause>,
    /// The height of the tallest.
    tallest: u16,
}

/// What joins the clauses of a group.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Joint {
    /// Of none, every row.
    All,
    /// Of none, no row.
    Any,
}

/// What compares two values.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Operator {
    Equal,
    Smaller,
    SmallerOrEqual,
    Greater,
    GreaterOrEqual,
    /// The search of a full-text index.
    Match,
}

/// A column of a table, as a statement names both.
#[derive(Clone, Copy, Debug)]
pub struct ColumnOf {
    pub(super) table: Named,
    pub(super) name: &'static str,
    /// Whether its type has NULL.
    pub(super) nullable: bool,
}

/// Whether both are one column.
impl PartialEq for ColumnOf {
    fn eq(&self, other: &ColumnOf) -> bool {
        self.name == other.name && self.table == other.table
    }
}

/// What SQLite computes.
#[derive(Clone)]
pub struct Computed {
    pub(super) expr: Expr,
    /// Whether its type has NULL.
    pub(super) nullable: bool,
    /// How many levels it nests.
    pub(super) height: u16,
}

/// A column, or what SQLite computes.
#[derive(Clone)]
pub enum Term {
    #[doc(hidden)]
    Column(ColumnOf),
    #[doc(hidden)]
    Computed(Computed),
}

/// What a column is compared with or set to: a value, or a column or an expression of the same statement.
pub enum Operand {
    #[doc(hidden)]
    Value(Value),
    #[doc(hidden)]
    Term(Term),
}

impl Term {
    pub(super) fn into_expr(self) -> Expr {
        match self {
            Term::Column(column) => Expr::Column(column),
            Term::Computed(computed) => computed.expr,
        }
    }

    fn nullable(&self) -> bool {
        match self {
            Term::Column(column) => column.nullable,
            Term::Computed(computed) => computed.nullable,
        }
    }

    /// How many levels it nests.
    pub(super) fn height(&self) -> u16 {
        match self {
            Term::Column(_) => 0,
            Term::Computed(computed) => computed.height,
        }
    }

    /// Whether both are one column.
    // Columns alone: to compare any two expressions takes kilobytes of code.
    fn is(&self, other: &Term) -> bool {
        matches!((self, other), (Term::Column(a), Term::Column(b)) if a == b)
    }
}

/// The most levels that conditions and calculations nest. SQLite takes 100, and the statement around them needs a few.
pub(super) const MAX_HEIGHT: u16 = 95;

/// The levels of a comparison at most, with those that its parameter takes, and without those of what it computes.
const COMPARISON: u16 = 12;

/// The most clauses side by side: more hardly fit into the 100 000 bytes of a statement.
pub(super) const MAX_CLAUSES: usize = 1000;

/// Refuses what nests deeper than SQLite takes, before it is written: to write it takes a stack as deep.
///
/// # Errors
/// `BAD_REQUEST`: it is mostly a client that made it so.
pub(super) fn check_height(height: u16) -> Result<()> {
    if height <= MAX_HEIGHT {
        return Ok(());
    }
    Err(Error::bad_request(limits::TOO_DEEP))
}

/// The refusal of more than [`MAX_CLAUSES`].
#[cold]
pub(super) fn too_many() -> Error {
    Error::bad_request(format!(
        "A statement joins {MAX_CLAUSES} conditions at most, and this one has more: send fewer of them. In code, compare a column \
         with many values by .is_in(…)."
    ))
}

/// The levels of a tree of two branches over so many.
pub(super) fn levels(n: usize) -> u16 {
    (usize::BITS - n.saturating_sub(1).leading_zeros()) as u16
}

impl Group {
    fn new(joint: Joint) -> Self {
        Self {
            joint,
            clauses: Vec::new(),
            tallest: 0,
        }
    }

    /// They are written as a tree of two branches.
    fn height(&self) -> u16 {
        self.tallest + levels(self.clauses.len())
    }

    fn add(&mut self, clause: Clause) -> Result<()> {
        match clause {
            Clause::Group(inner) if inner.joint == self.joint => {
                // What is there stays where it is: a chain of `.or()` costs what it is long.
                if self.clauses.is_empty() {
                    *self = inner;
                    return Ok(());
                }
                inner
                    .clauses
                    .into_iter()
                    .try_for_each(|clause| self.push(clause))
            }
            clause => self.push(clause),
        }
    }

    /// Adds a clause. One that names values of a column joins the one that does so already, and stays one parameter.
    fn push(&mut self, mut clause: Clause) -> Result<()> {
        if let Some((term, values, null)) = named(self.joint, &mut clause) {
            for there in &mut self.clauses {
                if let Some((of, list, or_null)) = named(self.joint, there)
                    && of.is(term)
                {
                    // A list that grows at its front is as cheap as one that grows at its end.
                    if list.len() < values.len() {
                        std::mem::swap(list, values);
                    }
                    list.append(values);
                    *or_null |= *null;
                    return Ok(());
                }
            }
        }
        if self.clauses.len() == MAX_CLAUSES {
            return Err(too_many());
        }
        self.tallest = self.tallest.max(clause.height());
        self.clauses.push(clause);
        check_height(self.height())
    }

    /// A group of one is that one.
    fn into_clause(mut self) -> Clause {
        match self.clauses.len() {
            1 => self.clauses.remove(0),
            _ => Clause::Group(self),
        }
    }
}

/// The values that a clause names, where a group can name them together with others: `a = 1 OR a = 2` are two of a list, and
/// so are `a <> 1 AND a <> 2`.
fn named(joint: Joint, clause: &mut Clause) -> Option<(&Term, &mut Vec<Value>, &mut bool)> {
    let clause = match (joint, clause) {
        (Joint::Any, clause) => clause,
        (Joint::All, Clause::Not(clause)) => clause,
        _ => return None,
    };
    match clause {
        // Floats travel in a list as decimal text, which SQLite does not always read to the last bit.
        Clause::Among { values, .. }
            if values
                .first()
                .is_some_and(|value| matches!(value, Value::Real(_))) =>
        {
            None
        }
        Clause::Among { term, values, null } => Some((term, values, null)),
        _ => None,
    }
}

impl Clause {
    /// `left = right`, where `None` equals `None`.
    pub(super) fn equal(left: Term, right: Operand) -> Self {
        match right {
            Operand::Value(value) => Self::among(left, vec![value]),
            right => Clause::Comparison {
                left,
                operator: Operator::Equal,
                right,
            },
        }
    }

    /// One of these values, of which NULL may be one.
    pub(super) fn among(term: Term, mut values: Vec<Value>) -> Self {
        let all = values.len();
        values.retain(|value| *value != Value::Null);
        Clause::Among {
            null: values.len() < all,
            term,
            values,
        }
    }

    pub(super) fn is_null(term: Term) -> Self {
        Self::among(term, vec![Value::Null])
    }

    /// All of these, or any of them.
    ///
    /// # Errors
    /// Too many, and too deep.
    pub(super) fn joined(
        joint: Joint,
        clauses: impl IntoIterator<Item = Result<Clause>>,
    ) -> Result<Self> {
        let mut group = Group::new(joint);
        for clause in clauses {
            group.add(clause?)?;
        }
        Ok(group.into_clause())
    }

    pub(super) fn not(self) -> Self {
        match self {
            Clause::Not(clause) => *clause,
            clause => Clause::Not(Box::new(clause)),
        }
    }

    pub(super) fn height(&self) -> u16 {
        COMPARISON
            + match self {
                Clause::Among { term, .. } => term.height(),
                Clause::Comparison { left, right, .. } => left.height().max(match right {
                    Operand::Value(_) => 0,
                    Operand::Term(term) => term.height(),
                }),
                Clause::Like { .. } | Clause::Part { .. } | Clause::Keys { .. } => 0,
                Clause::Group(group) => return group.height(),
                Clause::Not(clause) => return clause.height(),
            }
    }

    /// Whether it holds for every row of a table (or for every one with a value), or for none; `None` where that is up to the
    /// row.
    pub(super) fn constant(&self) -> Option<bool> {
        match self {
            Clause::Among { term, values, null } => {
                let never = values.is_empty() && !(*null && term.nullable());
                never.then_some(false)
            }
            Clause::Comparison {
                left,
                operator,
                right: Operand::Term(right),
            } => left
                .is(right)
                .then_some(!matches!(operator, Operator::Smaller | Operator::Greater)),
            Clause::Comparison {
                right: Operand::Value(value),
                ..
            } => (*value == Value::Null).then_some(false),
            Clause::Like { pattern, .. } => {
                let any = !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'%');
                any.then_some(true)
            }
            Clause::Part { part, .. } => part.is_empty().then_some(true),
            Clause::Keys { .. } => None,
            Clause::Group(group) => {
                let decides = group.joint == Joint::Any;
                let mut constant = Some(!decides);
                // Each once: a clause may nest ninety levels.
                for clause in &group.clauses {
                    match clause.constant() {
                        Some(holds) if holds == decides => return Some(decides),
                        Some(_) => {}
                        None => constant = None,
                    }
                }
                constant
            }
            Clause::Not(clause) => clause.constant().map(|holds| !holds),
        }
    }

    /// Calls `see` with everything that is compared.
    pub(super) fn each_term<'a>(&'a self, see: &mut dyn FnMut(&'a Term)) {
        match self {
            Clause::Among { term, .. } => see(term),
            Clause::Comparison { left, right, .. } => {
                see(left);
                if let Operand::Term(term) = right {
                    see(term);
                }
            }
            // Of columns of rows, never of groups.
            Clause::Like { .. } | Clause::Part { .. } | Clause::Keys { .. } => {}
            Clause::Group(group) => group
                .clauses
                .iter()
                .for_each(|clause| clause.each_term(see)),
            Clause::Not(clause) => clause.each_term(see),
        }
    }

    /// Calls `see` with each column of a row.
    pub(super) fn each_column(&self, see: &mut dyn FnMut(ColumnOf)) {
        match self {
            Clause::Like { column, .. } | Clause::Part { column, .. } => see(*column),
            Clause::Keys { columns, .. } => columns.iter().for_each(|column| see(*column)),
            Clause::Group(group) => group
                .clauses
                .iter()
                .for_each(|clause| clause.each_column(see)),
            Clause::Not(clause) => clause.each_column(see),
            Clause::Among { .. } | Clause::Comparison { .. } => {
                self.each_term(&mut |term| match term {
                    Term::Column(column) => see(*column),
                    Term::Computed(computed) => computed.expr.each_column(see),
                });
            }
        }
    }

    /// Appends it.
    pub(super) fn write(&self, sql: &mut Writer) {
        self.write_as(sql, true);
    }

    /// Appends it, or its negation: what is TRUE where it `holds`, or where it does not.
    fn write_as(&self, sql: &mut Writer, holds: bool) {
        match self {
            Clause::Not(clause) => clause.write_as(sql, !holds),
            Clause::Group(group) => {
                write_joined(
                    sql,
                    &group.clauses,
                    (group.joint == Joint::All) == holds,
                    holds,
                );
            }
            Clause::Among { term, values, null } => write_among(sql, term, values, *null, holds),
            _ if !holds => {
                sql.push("(");
                self.write_as(sql, true);
                sql.push(") IS NOT TRUE");
            }
            Clause::Comparison {
                left,
                operator,
                right,
            } => {
                sql.push_term(left);
                sql.push(match operator {
                    // An index serves this too, and both may be NULL.
                    Operator::Equal if both_nullable(left, right) => " IS ",
                    Operator::Equal => " = ",
                    Operator::Smaller => " < ",
                    Operator::SmallerOrEqual => " <= ",
                    Operator::Greater => " > ",
                    Operator::GreaterOrEqual => " >= ",
                    Operator::Match => " MATCH ",
                });
                sql.push_operand(right);
            }
            Clause::Keys {
                columns,
                values,
                json,
            } => {
                sql.push("(");
                for (i, column) in columns.iter().enumerate() {
                    sql.push(if i == 0 { "" } else { ", " });
                    sql.push_column(*column);
                }
                sql.push(") IN (SELECT ");
                sql.push(&values.join(", "));
                sql.push(" FROM json_each(");
                sql.push_value(Value::Text(json.clone()));
                sql.push("))");
            }
            // LIKE reads neither text nor pattern beyond a NUL, and would compare what stands before it.
            Clause::Like { column, pattern } => {
                sql.push_column(*column);
                sql.push(" LIKE ");
                sql.push_value(Value::Text(pattern.clone()));
                sql.push(" ESCAPE '\\' AND instr(");
                sql.push_column(*column);
                sql.push(", char(0)) = 0");
            }
            // Not by LIKE: see above, and its patterns end at 50 bytes.
            Clause::Part {
                column,
                part,
                at_start,
            } => {
                sql.push("instr(lower(");
                sql.push_column(*column);
                sql.push("), lower(");
                sql.push_value(Value::Text(part.clone()));
                sql.push(if *at_start { ")) = 1" } else { ")) > 0" });
            }
        }
    }
}

fn both_nullable(left: &Term, right: &Operand) -> bool {
    matches!(right, Operand::Term(right) if left.nullable() && right.nullable())
}

fn write_among(sql: &mut Writer, term: &Term, values: &[Value], null: bool, holds: bool) {
    match (values, null, holds) {
        ([], false, _) => sql.push(if holds { "FALSE" } else { "TRUE" }),
        ([], true, _) => {
            sql.push_term(term);
            sql.push(if holds { " IS NULL" } else { " IS NOT NULL" });
        }
        ([value], ..) => {
            sql.push_term(term);
            sql.push(match (null, holds) {
                (_, true) => " = ",
                (false, false) => " IS NOT ",
                (true, false) => " <> ",
            });
            sql.push_value(value.clone());
        }
        // Of NULL, NOT IN is NULL: not so where NULL is none of the values.
        (_, false, false) => {
            sql.push("(");
            write_list(sql, term, values, " IN ");
            sql.push(") IS NOT TRUE");
        }
        (_, _, true) => write_list(sql, term, values, " IN "),
        (_, true, false) => write_list(sql, term, values, " NOT IN "),
    }
    if null && holds && !values.is_empty() {
        sql.push(" OR ");
        sql.push_term(term);
        sql.push(" IS NULL");
    }
}

fn write_list(sql: &mut Writer, term: &Term, values: &[Value], operator: &str) {
    match list::select(values) {
        Ok((select, json)) => {
            sql.push_term(term);
            sql.push(operator);
            sql.push("(SELECT ");
            sql.push(&select);
            sql.push(" FROM json_each(");
            sql.push_value(Value::Text(json));
            sql.push("))");
        }
        Err(error) => sql.refuse(error),
    }
}

/// Appends clauses, or their negations, joined by AND or by OR: as a tree of two branches, because each AND of a chain is a
/// level for SQLite.
fn write_joined(sql: &mut Writer, clauses: &[Clause], and: bool, holds: bool) {
    match clauses {
        [] => sql.push(if and { "TRUE" } else { "FALSE" }),
        [clause] => {
            sql.push("(");
            clause.write_as(sql, holds);
            sql.push(")");
        }
        clauses => {
            let (first, second) = clauses.split_at(clauses.len() / 2);
            for (i, half) in [first, second].into_iter().enumerate() {
                if i > 0 {
                    sql.push(if and { " AND " } else { " OR " });
                }
                if half.len() > 1 {
                    sql.push("(");
                }
                write_joined(sql, half, and, holds);
                if half.len() > 1 {
                    sql.push(")");
                }
            }
        }
    }
}

/// Appends ` WHERE …` or ` HAVING …` of clauses that must all hold; nothing of none.
pub(super) fn push_all(sql: &mut Writer, keyword: &str, clauses: &[Clause]) {
    if clauses.is_empty() {
        return;
    }
    let tallest = clauses.iter().map(Clause::height).max().unwrap_or(0);
    let checked = match clauses.len() > MAX_CLAUSES {
        true => Err(too_many()),
        false => check_height(tallest + levels(clauses.len())),
    };
    if let Err(error) = checked {
        return sql.refuse(error);
    }
    sql.push(keyword);
    write_joined(sql, clauses, true, true);
}
