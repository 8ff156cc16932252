//! Comparisons, and what a parameter is expected to be by what it is compared with.

use sqlparser::{
    ast::{Expr, InTarget, Spanned},
    tokenizer::Span,
};

use super::{
    resolve::Resolver,
    types::{Expected, Kind, Ty},
};

impl Resolver<'_> {
    /// Says what a parameter is beside.
    pub(super) fn expect(&mut self, ty: &Ty, expected: Expected) {
        if let Kind::Param(number) = ty.kind
            && !self.expected[number].contains(&expected)
        {
            self.expected[number].push(expected);
        }
    }

    /// Says that a parameter is compared with what has this type.
    pub(super) fn compared(&mut self, param: &Ty, with: &Ty, assigned: bool) {
        let expected = match &with.kind {
            Kind::Column(column) => Expected::Column {
                column: column.clone(),
                assigned,
            },
            Kind::Of(class) => Expected::Class(*class),
            Kind::Bool => Expected::Bool,
            Kind::Said(rust) => Expected::Said(rust.clone()),
            _ => return,
        };
        self.expect(param, expected);
    }

    /// Two values that are compared with each other.
    pub(super) fn same(&mut self, left: &Expr, right: &Expr, nulls: bool) -> Ty {
        let a = self.expr(left);
        let b = self.expr(right);
        self.compare(&a, &b, right.span(), nulls);
        Ty::boolean(a.nullable || b.nullable)
    }

    pub(super) fn compare(&mut self, a: &Ty, b: &Ty, span: Span, nulls: bool) {
        self.compared(a, b, nulls);
        self.compared(b, a, nulls);
        if !nulls && (a.kind == Kind::Null || b.kind == Kind::Null) {
            self.error(
                span,
                "a comparison with NULL is never true: write `IS NULL` or `IS NOT NULL`",
            );
        }
        if !a.is_comparable(b) {
            self.error(span, format!("{a} is never equal to {b}"));
        }
    }

    pub(super) fn is_in(&mut self, inner: &Expr, target: &InTarget) -> Ty {
        let ty = self.expr(inner);
        let mut nullable = ty.nullable;
        match target {
            InTarget::List(list) => {
                for expr in list {
                    let other = self.expr(expr);
                    self.compare(&ty, &other, expr.span(), false);
                    nullable |= other.nullable;
                }
            }
            InTarget::Subquery(query) => {
                let columns = self.subquery(query);
                let width = match inner {
                    Expr::Tuple(values) => values.len(),
                    _ => 1,
                };
                if columns.len() != width {
                    self.error(
                        query.span(),
                        format!(
                            "this SELECT has {} columns, and what it is compared with {width}",
                            columns.len()
                        ),
                    );
                } else if let [column] = columns.as_slice() {
                    self.compare(&ty, &column.ty, query.span(), false);
                    nullable |= column.ty.nullable;
                }
            }
            InTarget::Table { name, args } => {
                match args {
                    Some(args) => {
                        self.table_function(name, args);
                    }
                    None => {
                        self.table(name);
                    }
                }
                nullable = true;
            }
            InTarget::Unnest(_) => {}
        }
        Ty::boolean(nullable)
    }
}
