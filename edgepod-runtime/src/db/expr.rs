//! What the builder lets SQLite compute: columns, values, arithmetic and aggregates.
//!
//! sea-query has expressions of every kind, and the code that writes them is as large. The builder has these, so that only an
//! app with statements of sea-query carries that.

use std::borrow::Cow;

use super::{Value, clause::ColumnOf, writer::Writer};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
#[doc(hidden)]
pub enum Expr {
    /// A column.
    Column(ColumnOf),
    /// A parameter.
    Value(Value),
    /// `left operator right`
    Arithmetic(Box<Expr>, Arithmetic, Box<Expr>),
    /// An aggregate, of all rows where it is of no expression.
    Aggregate(Aggregation, Option<Box<Expr>>),
    /// A function's call, or another form that needs no parentheses: text, and what stands in it.
    // Pieces, and no variant for each function: so that only an app that calls one carries its text.
    Composed(Vec<Piece>),
}

/// A part of what is composed.
#[derive(Clone, Debug, PartialEq)]
#[doc(hidden)]
pub enum Piece {
    /// Text, as it is.
    Text(Cow<'static, str>),
    /// An expression.
    Expr(Expr),
    /// A column that a condition in the text names: nothing is written.
    Names(ColumnOf),
}

/// An operator of arithmetic.
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(hidden)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
}

/// An aggregate's function.
#[derive(Clone, Copy, Debug, PartialEq)]
#[doc(hidden)]
pub enum Aggregation {
    /// `count`
    Count,
    /// `count(DISTINCT …)`
    CountDistinct,
    /// `sum`
    Sum,
    /// `avg`
    Avg,
    /// `min`
    Min,
    /// `max`
    Max,
}

impl Expr {
    /// `left operator right`
    pub(super) fn calculate(left: Expr, operator: Arithmetic, right: Expr) -> Self {
        Self::Arithmetic(Box::new(left), operator, Box::new(right))
    }

    /// Adds what it is computed from and may be NULL, each once.
    pub(super) fn push_nullable<'a>(&'a self, operands: &mut Vec<&'a Expr>) {
        match self {
            Expr::Arithmetic(left, _, right) => {
                left.push_nullable(operands);
                right.push_nullable(operands);
            }
            Expr::Column(column) if !column.nullable => {}
            Expr::Column(_) | Expr::Value(Value::Null) | Expr::Composed(_)
                if !operands.contains(&self) =>
            {
                operands.push(self);
            }
            _ => {}
        }
    }

    /// Calls `see` with each column outside of aggregates.
    pub(super) fn each_column(&self, see: &mut dyn FnMut(ColumnOf)) {
        match self {
            Expr::Column(column) => see(*column),
            Expr::Arithmetic(left, _, right) => {
                left.each_column(see);
                right.each_column(see);
            }
            Expr::Composed(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Expr(expr) => expr.each_column(see),
                        Piece::Names(column) => see(*column),
                        Piece::Text(_) => {}
                    }
                }
            }
            Expr::Value(_) | Expr::Aggregate(..) => {}
        }
    }

    /// Appends it. How deep it nests was checked when it was built.
    pub(super) fn write(&self, sql: &mut Writer) {
        match self {
            Expr::Column(column) => sql.push_column(*column),
            Expr::Value(value) => sql.push_value(value.clone()),
            Expr::Arithmetic(left, operator, right) => {
                left.write_beside(sql, |of| of < operator.precedence());
                sql.push(match operator {
                    Arithmetic::Add => " + ",
                    Arithmetic::Sub => " - ",
                    Arithmetic::Mul => " * ",
                });
                right.write_beside(sql, |of| of <= operator.precedence());
            }
            Expr::Aggregate(of, term) => {
                sql.push(match of {
                    Aggregation::Count => "count(",
                    Aggregation::CountDistinct => "count(DISTINCT ",
                    Aggregation::Sum => "sum(",
                    Aggregation::Avg => "avg(",
                    Aggregation::Min => "min(",
                    Aggregation::Max => "max(",
                });
                match term {
                    Some(term) => term.write(sql),
                    None => sql.push("*"),
                }
                sql.push(")");
            }
            Expr::Composed(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => sql.push(text),
                        Piece::Expr(expr) => expr.write(sql),
                        Piece::Names(_) => {}
                    }
                }
            }
        }
    }

    /// Appends an operand, in parentheses where another operator would take a part of it.
    fn write_beside(&self, sql: &mut Writer, needs_parentheses: impl Fn(u8) -> bool) {
        match self {
            Expr::Arithmetic(_, operator, _) if needs_parentheses(operator.precedence()) => {
                sql.push("(");
                self.write(sql);
                sql.push(")");
            }
            _ => self.write(sql),
        }
    }
}

impl Arithmetic {
    fn precedence(self) -> u8 {
        match self {
            Arithmetic::Add | Arithmetic::Sub => 1,
            Arithmetic::Mul => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trees of arithmetic up to this height, over 2, 3 and 5, with what they are in Rust.
    fn trees(height: u32) -> Vec<(Expr, i64)> {
        let leaves = [2, 3, 5].map(|n| (Expr::Value(Value::Integer(n)), n));
        if height == 0 {
            return leaves.into();
        }
        let below = trees(height - 1);
        let mut all = below.clone();
        for (left, a) in &below {
            for (right, b) in &below {
                for (operator, result) in [
                    (Arithmetic::Add, a + b),
                    (Arithmetic::Sub, a - b),
                    (Arithmetic::Mul, a * b),
                ] {
                    let expr = Expr::calculate(left.clone(), operator, right.clone());
                    all.push((expr, result));
                }
            }
        }
        all
    }

    #[cfg(feature = "native")]
    #[test]
    fn arithmetic_means_in_sqlite_what_it_means_in_rust() {
        let database = crate::testing::memory_database();
        for (expr, expected) in trees(2) {
            let mut sql = Writer::new();
            sql.push("SELECT ");
            expr.write(&mut sql);
            let sql = sql.finish().unwrap();
            let rows = database.run(&sql.text, &sql.params).unwrap().rows;
            assert_eq!(
                rows.into_values(),
                [Value::Integer(expected)],
                "{}",
                sql.text
            );
        }
    }
}
