//! Expressions that are composed of text and of others: calls of functions, and CASE.

use std::borrow::Cow;

use super::{
    clause::{Clause, check_height},
    expr::{Expr, Piece},
    expression::Nested,
    writer::Writer,
};
use crate::Result;

/// What is being composed.
pub(super) struct Composition {
    pieces: Result<Vec<Piece>>,
    height: u16,
}

impl Composition {
    /// Begins with text.
    pub(super) fn new(text: &'static str) -> Self {
        Self {
            pieces: Ok(vec![Piece::Text(text.into())]),
            height: 0,
        }
    }

    /// Appends text.
    pub(super) fn text(self, text: &'static str) -> Self {
        self.piece(Piece::Text(text.into()))
    }

    /// Appends an expression.
    pub(super) fn expr(mut self, (expr, height): Nested) -> Self {
        self.height = self.height.max(height);
        match expr {
            Ok(expr) => self.piece(Piece::Expr(expr)),
            Err(error) => {
                self.pieces = Err(error);
                self
            }
        }
    }

    /// Appends a condition.
    pub(super) fn clause(mut self, clause: Result<Clause>) -> Self {
        self.pieces = self.pieces.and_then(|mut pieces| {
            let clause = clause?;
            self.height = self.height.max(clause.height());
            check_height(self.height)?;
            let mut sql = Writer::new();
            clause.write(&mut sql);
            let (text, marks, params) = sql.into_parts()?;
            let mut end = 0;
            for (place, value) in marks.into_iter().zip(params) {
                pieces.push(Piece::Text(Cow::Owned(text[end..place.start].to_owned())));
                end = place.end;
                pieces.push(Piece::Expr(Expr::Value(value)));
            }
            pieces.push(Piece::Text(Cow::Owned(text[end..].to_owned())));
            clause.each_column(&mut |column| pieces.push(Piece::Names(column)));
            Ok(pieces)
        });
        self
    }

    /// The expression, one level above what is in it.
    pub(super) fn finish(self) -> Nested {
        let height = self.height.saturating_add(1);
        let expr = self
            .pieces
            .and_then(|pieces| check_height(height).map(|()| Expr::Composed(pieces)));
        (expr, height)
    }

    fn piece(mut self, piece: Piece) -> Self {
        if let Ok(pieces) = &mut self.pieces {
            pieces.push(piece);
        }
        self
    }
}
