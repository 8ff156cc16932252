//! INSERT, UPDATE and DELETE, and what they may not.

use std::ops::Range;

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, Ident, Insert, ObjectName,
    OnConflictAction, OnInsert, SelectItem, SetExpr, Spanned, TableFactor, TableObject,
    TableWithJoins, Update, UpdateTableFromKind, Value,
};

use super::{
    resolve::{Out, Relation, Resolver, last, nearest},
    types::{Kind, Ty},
};

impl Resolver<'_> {
    /// The columns of its RETURNING.
    pub(super) fn insert(&mut self, insert: &Insert) -> Vec<Out> {
        let TableObject::TableName(name) = &insert.table else {
            self.error(insert.table.span(), "an INSERT goes into a table");
            return Vec::new();
        };
        let Some(columns) = self.written(name) else {
            return Vec::new();
        };
        let table = last(name)
            .map(|name| name.value.clone())
            .unwrap_or_default();
        if insert.columns.is_empty() {
            let all: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            self.error(
                name.span(),
                format!("an INSERT names its columns, which another migration may bring into another order: `{table} ({})`", all.join(", ")),
            );
        }
        let mut named: Vec<(Ident, Ty)> = Vec::new();
        for column in &insert.columns {
            let Some(ident) = last(column) else { continue };
            let ty = self.target(&table, &columns, ident);
            if named
                .iter()
                .any(|(other, _)| other.value.eq_ignore_ascii_case(&ident.value))
            {
                self.error(ident.span, format!("`{}` is named twice", ident.value));
            }
            named.push((ident.clone(), ty));
        }
        self.left_out(name, &table, &named, insert.columns.is_empty());
        match insert.source.as_deref() {
            Some(source) => match &*source.body {
                SetExpr::Values(values) => {
                    for row in &values.rows {
                        let row = &row.content;
                        if row.len() != named.len() && !named.is_empty() {
                            let span = row.first().map_or(name.span(), Spanned::span);
                            self.error(
                                span,
                                format!(
                                    "this row has {} values for {} columns",
                                    row.len(),
                                    named.len()
                                ),
                            );
                        }
                        for (expr, (column, ty)) in row.iter().zip(&named) {
                            self.assigned(column, ty, expr, "VALUES");
                        }
                    }
                    if values.rows.len() > 1000 {
                        self.error(
                            name.span(),
                            "an INSERT takes 1000 rows at most: insert them in several parts",
                        );
                    }
                }
                _ => {
                    let given = self.query(source);
                    if given.len() != named.len() && !named.is_empty() {
                        self.error(
                            source.span(),
                            format!(
                                "this SELECT has {} columns for {} of the table",
                                given.len(),
                                named.len()
                            ),
                        );
                    }
                    for (given, (column, ty)) in given.iter().zip(&named) {
                        self.compared(&given.ty, ty, true);
                        self.fits(column, ty, &given.ty, given.expr.clone());
                    }
                }
            },
            None if !insert.assignments.is_empty() => {
                self.error(
                    name.span(),
                    "SQLite has no INSERT … SET: write `(columns) VALUES (…)`",
                );
            }
            None => {}
        }
        self.scope()
            .relations
            .push(relation(&table, columns.clone()));
        if let Some(alias) = &insert.table_alias {
            self.scope()
                .relations
                .push(relation(&alias.alias.value, columns.clone()));
        }
        match &insert.on {
            Some(OnInsert::OnConflict(conflict)) => {
                if let Some(sqlparser::ast::ConflictTarget::Columns { columns: names, .. }) =
                    &conflict.conflict_target
                {
                    for name in names {
                        self.expr(&Expr::Identifier(name.clone()));
                    }
                }
                if let OnConflictAction::DoUpdate(update) = &conflict.action {
                    self.scope().relations.push(Relation {
                        // Without its name a column is the table's.
                        merged: columns.iter().map(|(name, _)| name.clone()).collect(),
                        ..relation("excluded", columns.clone())
                    });
                    self.assignments(&table, &columns, &update.assignments);
                    if let Some(condition) = &update.selection {
                        self.plain("WHERE", condition);
                    }
                    self.scope().relations.pop();
                }
            }
            Some(OnInsert::DuplicateKeyUpdate(_)) => {
                self.error(
                    name.span(),
                    "SQLite writes `ON CONFLICT (column) DO UPDATE SET …`",
                );
            }
            Some(_) | None => {}
        }
        let columns = self.returning(insert.returning.as_deref());
        self.scopes.pop();
        columns
    }

    /// Columns that must be given, and are not.
    fn left_out(&mut self, name: &ObjectName, table: &str, named: &[(Ident, Ty)], none: bool) {
        let Ok(Some(of)) = self.tables.get(table) else {
            return;
        };
        let missing: Vec<String> = of
            .columns
            .iter()
            .filter(|column| !column.filled_in)
            .map(|column| column.of.column.clone())
            .filter(|column| {
                !named
                    .iter()
                    .any(|(name, _)| name.value.eq_ignore_ascii_case(column))
            })
            .filter(|column| {
                !(of.columns
                    .iter()
                    .filter(|c| c.of.column == *column)
                    .any(|c| c.of.rust == "i64" && c.filled_in))
            })
            .collect();
        if !missing.is_empty() && !none {
            self.error(
                name.span(),
                format!(
                    "this INSERT leaves out `{}` of `{table}`, which must have a value",
                    missing.join("`, `")
                ),
            );
        }
    }

    /// The columns of its RETURNING.
    pub(super) fn update(&mut self, update: &Update) -> Vec<Out> {
        let Some((table, columns)) = self.target_table(&update.table) else {
            return Vec::new();
        };
        if let Some(UpdateTableFromKind::AfterSet(from) | UpdateTableFromKind::BeforeSet(from)) =
            &update.from
        {
            for from in from {
                self.from(from);
            }
        }
        self.assignments(&table, &columns, &update.assignments);
        self.needs_where(
            "UPDATE",
            &table,
            update.selection.as_ref(),
            update.table.span(),
        );
        if let Some(limit) = &update.limit {
            self.error(limit.span(), "the platform's SQLite has no UPDATE … LIMIT: select the rows by `WHERE id IN (SELECT … LIMIT …)`");
        }
        let columns = self.returning(update.returning.as_deref());
        self.scopes.pop();
        columns
    }

    /// The columns of its RETURNING.
    pub(super) fn delete(&mut self, delete: &Delete) -> Vec<Out> {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let Some(from) = from.first() else {
            return Vec::new();
        };
        let Some((table, _)) = self.target_table(from) else {
            return Vec::new();
        };
        self.needs_where("DELETE", &table, delete.selection.as_ref(), from.span());
        if let Some(limit) = &delete.limit {
            self.error(limit.span(), "the platform's SQLite has no DELETE … LIMIT: select the rows by `WHERE id IN (SELECT … LIMIT …)`");
        }
        let columns = self.returning(delete.returning.as_deref());
        self.scopes.pop();
        columns
    }

    fn target_table(&mut self, from: &TableWithJoins) -> Option<(String, Vec<(String, Ty)>)> {
        let TableFactor::Table { name, alias, .. } = &from.relation else {
            self.error(from.span(), "what is written is a table");
            return None;
        };
        let columns = self.written(name)?;
        let table = last(name)?.value.clone();
        let called = alias.as_ref().map_or(&table, |alias| &alias.name.value);
        self.scope()
            .relations
            .push(relation(called, columns.clone()));
        Some((table, columns))
    }

    /// The columns of a table that is written: a view is not, and neither is what EdgePod keeps for itself.
    fn written(&mut self, name: &ObjectName) -> Option<Vec<(String, Ty)>> {
        self.scopes.push(Default::default());
        let columns = self.table(name);
        if columns.is_none() {
            self.scopes.pop();
        }
        columns
    }

    /// The type of a column that is assigned to.
    fn target(&mut self, table: &str, columns: &[(String, Ty)], name: &Ident) -> Ty {
        if let Some((_, ty)) = columns
            .iter()
            .find(|(column, _)| column.eq_ignore_ascii_case(&name.value))
        {
            if let Kind::Column(column) = &ty.kind {
                self.used.push(column.clone());
            }
            return ty.clone();
        }
        let near = nearest(
            &name.value,
            columns.iter().map(|(column, _)| column.as_str()),
        );
        let hint = near.map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
        self.error(
            name.span,
            format!("`{table}` has no column `{}`{hint}", name.value),
        );
        Ty::unknown()
    }

    fn assignments(&mut self, table: &str, columns: &[(String, Ty)], assignments: &[Assignment]) {
        for assignment in assignments {
            match &assignment.target {
                AssignmentTarget::ColumnName(name) => {
                    let Some(ident) = last(name) else { continue };
                    let ty = self.target(table, columns, ident);
                    self.assigned(ident, &ty, &assignment.value, "SET");
                }
                AssignmentTarget::Tuple(names) => {
                    for ident in names.iter().filter_map(last) {
                        self.target(table, columns, ident);
                    }
                    self.plain("SET", &assignment.value);
                }
            }
        }
    }

    fn assigned(&mut self, column: &Ident, ty: &Ty, expr: &Expr, clause: &'static str) {
        let given = self.plain(clause, expr);
        self.compared(&given, ty, true);
        let range = self.range(expr.span());
        self.fits(column, ty, &given, range);
    }

    fn fits(&mut self, column: &Ident, ty: &Ty, given: &Ty, range: Range<usize>) {
        if given.kind == Kind::Null && !ty.nullable && ty.kind != Kind::Unknown {
            self.error_at(
                range,
                format!("`{}` is never NULL: its field is no `Option`", column.value),
            );
        } else if !ty.is_comparable(given) {
            let message = format!(
                "`{}` is of {}, and this is {given}",
                column.value,
                ty.storage().map_or("", |class| class.name())
            );
            self.error_at(range, message);
        }
    }

    /// Which rows are meant is said.
    fn needs_where(
        &mut self,
        verb: &str,
        table: &str,
        condition: Option<&Expr>,
        span: sqlparser::tokenizer::Span,
    ) {
        let Some(condition) = condition else {
            return self.error(
                span,
                format!("this {verb} has no WHERE and would change every row of `{table}`: say which, or `WHERE TRUE` if you do mean all"),
            );
        };
        let before = self.used.len();
        let ty = self.plain("WHERE", condition);
        self.condition(&ty, condition);
        let means_all =
            matches!(condition, Expr::Value(value) if value.value == Value::Boolean(true));
        let same = match condition {
            Expr::BinaryOp {
                left,
                op: sqlparser::ast::BinaryOperator::Eq,
                right,
            } => left == right,
            _ => false,
        };
        let of_views = self.tables.get(table).is_ok_and(|table| table.is_none());
        if (self.used.len() == before && !means_all && !of_views) || same {
            self.error(
                condition.span(),
                format!("this WHERE names no column, so that the {verb} changes every row of `{table}` or none: say which, or `WHERE TRUE` if you do mean all"),
            );
        }
    }

    fn returning(&mut self, items: Option<&[SelectItem]>) -> Vec<Out> {
        let mut columns = Vec::new();
        for item in items.unwrap_or_default() {
            self.returned(item, &mut columns);
        }
        columns
    }
}

fn relation(name: &str, columns: Vec<(String, Ty)>) -> Relation {
    Relation {
        name: name.to_owned(),
        columns,
        merged: Vec::new(),
    }
}
