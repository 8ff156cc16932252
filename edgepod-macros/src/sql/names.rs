//! Columns by their names.

use sqlparser::{ast::Ident, tokenizer::Span};

use super::{
    resolve::{Resolver, nearest},
    types::{Kind, Ty},
};

impl Resolver<'_> {
    /// A column without its table's name.
    pub(super) fn column(&mut self, name: &Ident) -> Ty {
        let text = &name.value;
        for depth in (0..self.scopes.len()).rev() {
            let scope = &self.scopes[depth];
            let mut found: Vec<(String, Ty)> = Vec::new();
            for relation in &scope.relations {
                let merged = relation
                    .merged
                    .iter()
                    .any(|merged| merged.eq_ignore_ascii_case(text));
                for (column, ty) in &relation.columns {
                    if column.eq_ignore_ascii_case(text) && !merged {
                        found.push((relation.name.clone(), ty.clone()));
                    }
                }
            }
            if let [(first, _), (second, _), ..] = found.as_slice() {
                let message = format!(
                    "`{text}` is a column of `{first}` and of `{second}`: say which, `{first}.{text}`"
                );
                self.error(name.span, message);
                return Ty::unknown();
            }
            if let Some((_, ty)) = found.pop() {
                self.met(depth, text, &ty, name.span);
                return ty;
            }
            if let Some((_, ty)) = scope
                .aliases
                .iter()
                .find(|(alias, _)| alias.eq_ignore_ascii_case(text))
            {
                return ty.clone();
            }
            if is_row_id(text) && scope.relations.len() == 1 {
                return Ty::integer(false);
            }
        }
        match text.to_ascii_uppercase().as_str() {
            "CURRENT_TIMESTAMP" | "CURRENT_DATE" | "CURRENT_TIME" => return Ty::text(false),
            _ => {}
        }
        self.no_column(name);
        Ty::unknown()
    }

    pub(super) fn column_of(&mut self, table: &Ident, name: &Ident) -> Ty {
        for depth in (0..self.scopes.len()).rev() {
            let relations = &self.scopes[depth].relations;
            let Some(relation) = relations
                .iter()
                .find(|relation| relation.name.eq_ignore_ascii_case(&table.value))
            else {
                continue;
            };
            let found = relation
                .columns
                .iter()
                .find(|(column, _)| column.eq_ignore_ascii_case(&name.value));
            if let Some((_, ty)) = found {
                let ty = ty.clone();
                self.met(depth, &name.value, &ty, name.span);
                return ty;
            }
            if is_row_id(&name.value) {
                return Ty::integer(false);
            }
            // Of a table that is wrong itself nothing more is said.
            if relation.columns.is_empty() {
                return Ty::unknown();
            }
            let near = nearest(
                &name.value,
                relation.columns.iter().map(|(column, _)| column.as_str()),
            );
            let hint = near.map_or_else(
                || {
                    format!(
                        "it has {}",
                        list(relation.columns.iter().map(|(column, _)| column.as_str()))
                    )
                },
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("`{}` has no column `{}`: {hint}", table.value, name.value);
            self.error(name.span, message);
            return Ty::unknown();
        }
        self.no_relation(&table.value, table.span);
        Ty::unknown()
    }

    /// A column is named, in a scope.
    pub(super) fn met(&mut self, depth: usize, name: &str, ty: &Ty, span: Span) {
        if let Kind::Column(column) = &ty.kind {
            self.used.push(column.clone());
        }
        if self.within == 0 && depth + 1 == self.scopes.len() {
            let range = self.range(span);
            self.scopes[depth].bare.push((name.to_owned(), range));
        }
    }

    pub(super) fn no_column(&mut self, name: &Ident) {
        let known: Vec<&str> = self
            .scopes
            .iter()
            .flat_map(|scope| &scope.relations)
            .flat_map(|relation| relation.columns.iter().map(|(column, _)| column.as_str()))
            .collect();
        if self
            .scopes
            .iter()
            .flat_map(|scope| &scope.relations)
            .any(|relation| relation.columns.is_empty())
        {
            return;
        }
        let hint = match nearest(&name.value, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if name.quote_style == Some('"') => {
                "a text is written in single quotes".to_owned()
            }
            None if known.is_empty() => "there is no FROM".to_owned(),
            None => format!("there are {}", list(known.iter().copied())),
        };
        let message = format!("no table here has a column `{}`: {hint}", name.value);
        self.error(name.span, message);
    }
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn is_row_id(name: &str) -> bool {
    ["rowid", "_rowid_", "oid"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}
