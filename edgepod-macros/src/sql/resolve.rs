//! What a query means: which tables it reads, which columns it gives, and of what types.

use std::ops::Range;

use sqlparser::{
    ast::{
        Cte, Distinct, Expr, GroupByExpr, Ident, LimitClause, ObjectName, OrderByExpr, OrderByKind,
        Query, Select, SetExpr, Spanned, TableAlias, WindowSpec,
    },
    tokenizer::Span,
};

use super::{
    sources::Tables,
    text::Text,
    types::{Class, Expected, OfStruct, Ty},
    views::Views,
};

/// A column that a query gives.
#[derive(Clone, Debug)]
pub(super) struct Out {
    /// Its name, where it has one.
    pub(super) name: Option<String>,
    pub(super) ty: Ty,
    /// Where it stands in the text.
    pub(super) range: Range<usize>,
    /// Where its expression stands, without the name.
    pub(super) expr: Range<usize>,
}

/// A table, view or subquery in FROM.
#[derive(Clone)]
pub(super) struct Relation {
    /// What the statement calls it.
    pub(super) name: String,
    pub(super) columns: Vec<(String, Ty)>,
    /// Columns that an earlier relation has under the same name, by USING.
    pub(super) merged: Vec<String>,
}

/// What names mean in a SELECT.
#[derive(Clone, Default)]
pub(super) struct Scope {
    pub(super) relations: Vec<Relation>,
    pub(super) aliases: Vec<(String, Ty)>,
    /// Whether there is a GROUP BY, so that a group has a row at least.
    pub(super) grouped: bool,
    /// Whether an aggregate was met.
    pub(super) aggregates: bool,
    /// Columns outside of aggregates.
    pub(super) bare: Vec<(String, Range<usize>)>,
}

/// Reads a statement, and notes what is wrong with it.
pub(super) struct Resolver<'a> {
    pub(super) text: &'a Text,
    pub(super) tables: &'a Tables,
    pub(super) views: &'a Views,
    pub(super) errors: Vec<(Range<usize>, String)>,
    /// What each parameter is compared with or assigned to.
    pub(super) expected: Vec<Vec<Expected>>,
    /// What the text says in place of what is written.
    pub(super) edits: Vec<(Range<usize>, String)>,
    /// The structs' columns that it names.
    pub(super) used: Vec<OfStruct>,
    pub(super) ctes: Vec<(String, Vec<(String, Ty)>)>,
    pub(super) scopes: Vec<Scope>,
    /// The clause in which no aggregate may stand, where this is one.
    pub(super) clause: Option<&'static str>,
    /// How many aggregates this stands in.
    pub(super) within: usize,
    pub(super) has_views: bool,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(text: &'a Text, tables: &'a Tables, views: &'a Views) -> Self {
        Self {
            text,
            tables,
            views,
            errors: Vec::new(),
            expected: vec![Vec::new(); text.params.len()],
            edits: Vec::new(),
            used: Vec::new(),
            ctes: Vec::new(),
            scopes: Vec::new(),
            clause: None,
            within: 0,
            has_views: false,
        }
    }

    pub(super) fn range(&self, span: Span) -> Range<usize> {
        let start = self.text.place(span.start.line, span.start.column);
        let end = self.text.place(span.end.line, span.end.column);
        match span.start.line {
            0 => 0..self.text.value.len(),
            // A parameter's place is all of it.
            _ => match self
                .text
                .params
                .iter()
                .find(|param| param.range.start == start)
            {
                Some(param) if end <= param.range.end => param.range.clone(),
                _ => start..end.max(start),
            },
        }
    }

    pub(super) fn error(&mut self, span: Span, message: impl Into<String>) {
        let range = self.range(span);
        self.error_at(range, message);
    }

    pub(super) fn error_at(&mut self, range: Range<usize>, message: impl Into<String>) {
        let error = (range, message.into());
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    pub(super) fn edit(&mut self, range: Range<usize>, text: String) {
        if !self.edits.iter().any(|(known, _)| *known == range) {
            self.edits.push((range, text));
        }
    }

    /// The columns of a query.
    pub(super) fn query(&mut self, query: &Query) -> Vec<Out> {
        let known = self.ctes.len();
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                self.cte(cte, with.recursive);
            }
        }
        let order: &[OrderByExpr] = match query.order_by.as_ref().map(|order| &order.kind) {
            Some(OrderByKind::Expressions(order)) => order,
            _ => &[],
        };
        let columns = self.body(&query.body, order);
        match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                for expr in limit
                    .iter()
                    .chain(offset.as_ref().map(|offset| &offset.value))
                {
                    self.count(expr);
                }
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                self.count(offset);
                self.count(limit);
            }
            None => {}
        }
        self.ctes.truncate(known);
        columns
    }

    /// What LIMIT and OFFSET take.
    fn count(&mut self, expr: &Expr) {
        let ty = self.plain("LIMIT", expr);
        self.expect(&ty, Expected::Class(Class::Integer));
        if ty.storage().is_some_and(|class| class != Class::Integer) {
            self.error(expr.span(), "LIMIT and OFFSET take an integer");
        }
    }

    fn cte(&mut self, cte: &Cte, recursive: bool) {
        let name = cte.alias.name.value.clone();
        if recursive && let SetExpr::SetOperation { left, .. } = &*cte.query.body {
            // What it begins with says its types to what follows.
            let first = self.body(left, &[]);
            let columns = self.named(first, Some(&cte.alias));
            self.ctes.push((name.clone(), columns));
        }
        let columns = self.query(&cte.query);
        let columns = self.named(columns, Some(&cte.alias));
        self.ctes.push((name, columns));
    }

    /// The columns of a subquery under the names that its alias lists.
    pub(super) fn named(
        &mut self,
        columns: Vec<Out>,
        alias: Option<&TableAlias>,
    ) -> Vec<(String, Ty)> {
        let names = alias.map_or(&[][..], |alias| &alias.columns);
        if let (Some(alias), false) = (alias, names.is_empty())
            && names.len() != columns.len()
        {
            self.error(
                alias.name.span,
                format!(
                    "`{}` names {} columns, and its query has {}",
                    alias.name.value,
                    names.len(),
                    columns.len()
                ),
            );
        }
        let mut names = names.iter().map(|column| column.name.value.clone());
        let named = columns.into_iter().map(|column| {
            let name = names.next().or(column.name).unwrap_or_default();
            (name, column.ty)
        });
        named.collect()
    }

    fn body(&mut self, body: &SetExpr, order: &[OrderByExpr]) -> Vec<Out> {
        match body {
            SetExpr::Select(select) => self.select(select, order),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation {
                left, right, op, ..
            } => {
                let mut columns = self.body(left, &[]);
                let others = self.body(right, &[]);
                if columns.len() != others.len() {
                    self.error(
                        right.span(),
                        format!(
                            "the selects of a {op} have as many columns: the first has {}, and this one {}",
                            columns.len(),
                            others.len()
                        ),
                    );
                }
                for (column, other) in columns.iter_mut().zip(&others) {
                    column.ty = column.ty.join(&other.ty);
                }
                let aliases = columns
                    .iter()
                    .filter_map(|column| Some((column.name.clone()?, column.ty.clone())));
                self.scopes.push(Scope {
                    aliases: aliases.collect(),
                    ..Scope::default()
                });
                self.order(order);
                self.scopes.pop();
                columns
            }
            SetExpr::Values(values) => {
                let mut columns: Vec<Out> = Vec::new();
                for (i, row) in values.rows.iter().enumerate() {
                    let row = &row.content;
                    if i > 0 && row.len() != columns.len() {
                        let span = row.first().map_or(Span::empty(), Spanned::span);
                        self.error(
                            span,
                            format!(
                                "this row has {} values, and the first {}",
                                row.len(),
                                columns.len()
                            ),
                        );
                    }
                    for (j, expr) in row.iter().enumerate() {
                        let ty = self.expr(expr);
                        match columns.get_mut(j) {
                            Some(column) if i > 0 => column.ty = column.ty.join(&ty),
                            _ => columns.push(Out {
                                name: Some(format!("column{}", j + 1)),
                                ty,
                                range: self.range(expr.span()),
                                expr: self.range(expr.span()),
                            }),
                        }
                    }
                }
                columns
            }
            other => {
                self.error(
                    other.span(),
                    "`edgepod::sql!` does not know this form of a query",
                );
                Vec::new()
            }
        }
    }

    fn select(&mut self, select: &Select, order: &[OrderByExpr]) -> Vec<Out> {
        if let Some(Distinct::On(on)) = &select.distinct {
            let span = on.first().map_or(Span::empty(), Spanned::span);
            self.error(
                span,
                "SQLite has no DISTINCT ON: group by the columns instead",
            );
        }
        self.scopes.push(Scope::default());
        for from in &select.from {
            self.from(from);
        }
        if let Some(condition) = &select.selection {
            let ty = self.plain("WHERE", condition);
            self.condition(&ty, condition);
        }
        if let GroupByExpr::Expressions(groups, _) = &select.group_by {
            self.scope().grouped = !groups.is_empty();
        }
        // What conditions name, no row has to show.
        self.scope().bare.clear();
        let mut columns = Vec::new();
        for item in &select.projection {
            self.item(item, &mut columns);
        }
        let aliases = columns
            .iter()
            .filter_map(|column: &Out| Some((column.name.clone()?, column.ty.clone())));
        self.scope().aliases = aliases.collect();
        if let GroupByExpr::Expressions(groups, _) = &select.group_by {
            for group in groups {
                self.plain("GROUP BY", group);
            }
        }
        let selected = std::mem::take(&mut self.scope().bare);
        if let Some(having) = &select.having {
            self.expr(having);
        }
        self.order(order);
        for window in &select.named_window {
            if let sqlparser::ast::NamedWindowExpr::WindowSpec(spec) = &window.1 {
                self.window(spec);
            }
        }
        let scope = self.scope();
        if scope.aggregates
            && !scope.grouped
            && let Some((name, range)) = selected.into_iter().next()
        {
            self.error_at(
                range,
                format!(
                    "`{name}` stands beside an aggregate of all rows, and which row's it is nobody can say: add `GROUP BY {name}`, or \
                     aggregate it, too"
                ),
            );
        }
        self.scopes.pop();
        columns
    }

    pub(super) fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        self.scopes.last_mut().expect("there is one")
    }

    fn order(&mut self, order: &[OrderByExpr]) {
        for key in order {
            self.expr(&key.expr);
        }
    }

    pub(super) fn window(&mut self, spec: &WindowSpec) {
        for expr in &spec.partition_by {
            self.expr(expr);
        }
        self.order(&spec.order_by);
    }

    /// An expression of a clause that takes no aggregates.
    pub(super) fn plain(&mut self, clause: &'static str, expr: &Expr) -> Ty {
        let outer = self.clause.replace(clause);
        let ty = self.expr(expr);
        self.clause = outer;
        ty
    }

    /// A condition is no text: SQLite would take its first digits.
    pub(super) fn condition(&mut self, ty: &Ty, expr: &Expr) {
        if ty
            .storage()
            .is_some_and(|class| matches!(class, Class::Text | Class::Blob))
        {
            self.error(
                expr.span(),
                format!("a condition is true or false, and this is {ty}"),
            );
        }
    }
}

/// The last part of a name.
pub(super) fn last(name: &ObjectName) -> Option<&Ident> {
    name.0.last().and_then(|part| part.as_ident())
}

/// The name that is nearly this one.
pub(super) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let distance = |other: &str| strsim::osa_distance(&name, &other.to_ascii_lowercase());
    names
        .map(|other| (distance(other), other))
        .filter(|(distance, other)| *distance <= 2.min(other.len() / 2))
        .min()
        .map(|(_, other)| other.to_owned())
}
