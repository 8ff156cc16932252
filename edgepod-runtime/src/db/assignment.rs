//! What an UPDATE or an upsert sets.

use super::{ColumnType, Operand, Range, Value, clause::Term, expr::Expr, writer::Writer};

/// A column and what it is set to.
pub(super) struct Assignment {
    pub(super) column: &'static str,
    value: Operand,
    holds: Range,
}

impl Assignment {
    pub(super) fn new<V: ColumnType>(column: &'static str, value: Operand) -> Self {
        Self {
            column,
            value,
            holds: V::HOLDS,
        }
    }

    /// The value; `None` of what SQLite computes.
    pub(super) fn value(&self) -> Option<&Value> {
        match &self.value {
            Operand::Value(value) => Some(value),
            Operand::Term(_) => None,
        }
    }

    /// Appends `column = value`, which fails where the value is none of the column's type.
    ///
    /// Values are checked by their type, and a column of the same type holds what that type holds: what is left is arithmetic.
    pub(super) fn write(&self, table: &str, sql: &mut Writer) {
        sql.push_name(self.column);
        sql.push(" = ");
        match &self.value {
            Operand::Term(Term::Computed(computed))
                if !matches!(computed.expr, Expr::Column(_)) =>
            {
                self.holds.write(&computed.expr, table, self.column, sql);
            }
            Operand::Term(Term::Computed(computed)) => computed.expr.write(sql),
            Operand::Term(Term::Column(column)) => sql.push_column(*column),
            Operand::Value(value) => sql.push_value(value.clone()),
        }
    }
}
