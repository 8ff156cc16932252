//! The columns that a query or a RETURNING gives.

use std::ops::Range;

use sqlparser::ast::{Expr, Ident, SelectItem, SelectItemQualifiedWildcardKind, Spanned};

use super::{
    resolve::{Out, Relation, Resolver, last},
    types::{Expected, Kind, Ty},
};

impl Resolver<'_> {
    pub(super) fn item(&mut self, item: &SelectItem, columns: &mut Vec<Out>) {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let ty = self.expr(expr);
                let name = match expr {
                    Expr::Identifier(name) => Some(name.value.clone()),
                    Expr::CompoundIdentifier(names) => names.last().map(|name| name.value.clone()),
                    _ => None,
                };
                let range = self.range(expr.span());
                columns.push(Out {
                    name,
                    ty,
                    expr: range.clone(),
                    range,
                });
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let ty = self.expr(expr);
                let (name, ty) = self.said(alias, ty);
                columns.push(Out {
                    name: Some(name),
                    ty,
                    range: self.range(alias.span),
                    expr: self.range(expr.span()),
                });
            }
            SelectItem::Wildcard(options) => {
                let range = self.range(options.wildcard_token.0.span);
                if self.scope().relations.is_empty() {
                    self.error_at(range.clone(), "`*` has no table: there is no FROM");
                }
                let relations = self.scope().relations.clone();
                self.all(&relations, range, columns);
            }
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(name),
                options,
            ) => {
                let range =
                    self.range(name.span()).start..self.range(options.wildcard_token.0.span).end;
                let wanted = last(name)
                    .map(|ident| ident.value.clone())
                    .unwrap_or_default();
                let relations: Vec<Relation> = self
                    .scope()
                    .relations
                    .iter()
                    .filter(|relation| relation.name.eq_ignore_ascii_case(&wanted))
                    .map(|relation| Relation {
                        merged: Vec::new(),
                        ..relation.clone()
                    })
                    .collect();
                if relations.is_empty() {
                    self.no_relation(&wanted, name.span());
                }
                self.all(&relations, range, columns);
            }
            other => self.error(
                other.span(),
                "`edgepod::sql!` does not know this form of a column",
            ),
        }
    }

    /// What `*` is: the columns as they are now, and not as the database has them in some order.
    fn all(&mut self, relations: &[Relation], range: Range<usize>, columns: &mut Vec<Out>) {
        let mut list = Vec::new();
        for relation in relations {
            for (name, ty) in &relation.columns {
                if relation
                    .merged
                    .iter()
                    .any(|merged| merged.eq_ignore_ascii_case(name))
                {
                    continue;
                }
                let column = edgepod_sql::quote(name);
                list.push(match relation.name.as_str() {
                    "" => column,
                    of => format!("{}.{column}", edgepod_sql::quote(of)),
                });
                if let Kind::Column(column) = &ty.kind {
                    self.used.push(column.clone());
                }
                columns.push(Out {
                    name: Some(name.clone()),
                    ty: ty.clone(),
                    range: range.clone(),
                    expr: range.clone(),
                });
                self.scope().bare.push((name.clone(), range.clone()));
            }
        }
        if !list.is_empty() {
            self.edit(range, list.join(", "));
        }
    }

    /// An alias, which may say a type: `"n: i64"`.
    fn said(&mut self, alias: &Ident, ty: Ty) -> (String, Ty) {
        let Some((name, rust)) = alias.value.split_once(':') else {
            return (alias.value.clone(), ty);
        };
        let (name, rust) = (name.trim().to_owned(), rust.trim().to_owned());
        let range = self.range(alias.span);
        if let Err(error) = syn::parse_str::<syn::Type>(&rust) {
            self.error_at(range, format!("`{rust}` is no type: {error}"));
            return (name, Ty::unknown());
        }
        self.edit(range, edgepod_sql::quote(&name));
        self.expect(&ty, Expected::Said(rust.clone()));
        (name, Ty::of(Kind::Said(rust), false))
    }

    /// A column of RETURNING.
    pub(super) fn returned(&mut self, item: &SelectItem, columns: &mut Vec<Out>) {
        let before = columns.len();
        let clause = self.clause.replace("RETURNING");
        // What `*` is goes into the list of columns, and not into the text.
        let edits = self.edits.len();
        self.item(item, columns);
        if matches!(item, SelectItem::Wildcard(_)) {
            self.edits.truncate(edits);
        }
        self.clause = clause;
        let with_params = columns[before..]
            .iter()
            .find(|column| {
                self.text.params.iter().any(|param| {
                    param.range.start >= column.expr.start && param.range.end <= column.range.end
                })
            })
            .map(|column| column.expr.clone());
        if let Some(range) = with_params {
            self.error_at(
                range,
                "RETURNING takes no parameter: compute it from the rows",
            );
        }
    }
}
