//! FROM: which tables, views and subqueries a query reads, and how they are joined.

use sqlparser::{
    ast::{
        Ident, Join, JoinConstraint, JoinOperator, ObjectName, Spanned, TableFactor, TableWithJoins,
    },
    tokenizer::Span,
};

use super::{
    resolve::{Relation, Resolver, last, nearest},
    types::{Kind, Ty},
};

impl Resolver<'_> {
    pub(super) fn from(&mut self, from: &TableWithJoins) {
        let first = self.scope().relations.len();
        self.factor(&from.relation);
        for join in &from.joins {
            self.join(join, first);
        }
    }

    fn join(&mut self, join: &Join, first: usize) {
        let before = self.scope().relations.len();
        self.factor(&join.relation);
        let (left_null, right_null, constraint) = match &join.join_operator {
            JoinOperator::Join(on) | JoinOperator::Inner(on) | JoinOperator::CrossJoin(on) => {
                (false, false, on)
            }
            JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => (false, true, on),
            JoinOperator::Right(on) | JoinOperator::RightOuter(on) => (true, false, on),
            JoinOperator::FullOuter(on) => (true, true, on),
            _ => {
                let span = join.relation.span();
                return self.error(span, "SQLite does not know this kind of join");
            }
        };
        for (place, relation) in self.scope().relations.iter_mut().enumerate().skip(first) {
            if if place < before {
                left_null
            } else {
                right_null
            } {
                for (_, ty) in &mut relation.columns {
                    ty.nullable = true;
                }
            }
        }
        match constraint {
            JoinConstraint::On(condition) => {
                let ty = self.plain("ON", condition);
                self.condition(&ty, condition);
            }
            JoinConstraint::Using(names) => {
                for name in names {
                    let Some(ident) = last(name) else { continue };
                    let has = |relation: &Relation| {
                        relation
                            .columns
                            .iter()
                            .any(|(column, _)| column.eq_ignore_ascii_case(&ident.value))
                    };
                    let (left, right) = self.scope().relations.split_at_mut(before);
                    if !left.iter().any(has) || !right.iter().any(has) {
                        let message = format!("`{}` is not a column of both sides", ident.value);
                        self.error(ident.span, message);
                        continue;
                    }
                    for relation in right {
                        relation.merged.push(ident.value.clone());
                    }
                }
            }
            JoinConstraint::Natural => {
                let (left, right) = self.scope().relations.split_at_mut(before);
                for relation in right {
                    let names = relation.columns.iter().map(|(name, _)| name.clone());
                    relation.merged = names
                        .filter(|name| {
                            left.iter().any(|left| {
                                left.columns
                                    .iter()
                                    .any(|(other, _)| other.eq_ignore_ascii_case(name))
                            })
                        })
                        .collect();
                }
            }
            JoinConstraint::UsingAlias(..) | JoinConstraint::None => {}
        }
    }

    fn factor(&mut self, factor: &TableFactor) {
        match factor {
            TableFactor::Table {
                name, alias, args, ..
            } => {
                let columns = match args {
                    Some(args) => self.table_function(name, &args.args),
                    None => self.table(name),
                };
                let Some(columns) = columns else {
                    // What is wrong was said; its columns are not wrong, too.
                    return self.push(
                        alias.as_ref().map(|alias| &alias.name).or(last(name)),
                        Vec::new(),
                    );
                };
                self.push(
                    alias.as_ref().map(|alias| &alias.name).or(last(name)),
                    columns,
                );
            }
            TableFactor::Derived {
                subquery, alias, ..
            } => {
                let columns = self.query(subquery);
                let columns = self.named(columns, alias.as_ref());
                self.push(alias.as_ref().map(|alias| &alias.name), columns);
            }
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => self.from(table_with_joins),
            other => self.error(
                other.span(),
                "`edgepod::sql!` does not know this form of a table",
            ),
        }
    }

    fn push(&mut self, name: Option<&Ident>, columns: Vec<(String, Ty)>) {
        let text = name.map(|name| name.value.clone()).unwrap_or_default();
        let known =
            |relation: &Relation| !text.is_empty() && relation.name.eq_ignore_ascii_case(&text);
        if let Some(name) = name
            && self.scope().relations.iter().any(known)
        {
            self.error(
                name.span,
                format!(
                    "two tables are called `{text}` here: give one another name, `{text} AS other`"
                ),
            );
        }
        self.scope().relations.push(Relation {
            name: text,
            columns,
            merged: Vec::new(),
        });
    }

    /// The columns of a table, a view or a WITH; `None` where there is none of the name.
    pub(super) fn table(&mut self, name: &ObjectName) -> Option<Vec<(String, Ty)>> {
        let ident = last(name)?.clone();
        if let Some((_, columns)) = self
            .ctes
            .iter()
            .rev()
            .find(|(cte, _)| cte.eq_ignore_ascii_case(&ident.value))
        {
            return Some(columns.clone());
        }
        match self.tables.get(&ident.value) {
            Ok(Some(table)) => {
                let columns = table.columns.iter().map(|column| {
                    let ty = Ty::of(Kind::Column(column.of.clone()), column.of.optional);
                    (column.of.column.clone(), ty)
                });
                return Some(columns.collect());
            }
            Err(places) => {
                self.error(
                    ident.span,
                    format!(
                        "several structs describe the table `{}`, and which one is meant is not known: {}",
                        ident.value,
                        places.join(", ")
                    ),
                );
                return None;
            }
            Ok(None) => {}
        }
        if let Some(columns) = self.views.columns(&ident.value, self.tables) {
            self.has_views = true;
            return Some(columns);
        }
        if ident.value.eq_ignore_ascii_case("sqlite_schema") {
            let column = |name: &str, ty| (name.to_owned(), ty);
            return Some(vec![
                column("type", Ty::text(false)),
                column("name", Ty::text(false)),
                column("tbl_name", Ty::text(false)),
                column("rootpage", Ty::integer(true)),
                column("sql", Ty::text(true)),
            ]);
        }
        let names = self.tables.names().chain(self.views.names());
        let near = nearest(
            &ident.value,
            names.chain(self.ctes.iter().map(|(name, _)| name.as_str())),
        );
        let hint = near.map_or_else(
            || "a table is a struct with `#[edgepod::table]` in this crate, or a view of its migrations".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        self.error(
            ident.span,
            format!("there is no table `{}`: {hint}", ident.value),
        );
        None
    }

    pub(super) fn no_relation(&mut self, name: &str, span: Span) {
        let names: Vec<String> = self
            .scopes
            .iter()
            .flat_map(|scope| scope.relations.iter().map(|relation| relation.name.clone()))
            .filter(|name| !name.is_empty())
            .collect();
        let hint = match names.as_slice() {
            [] => "there is no FROM".to_owned(),
            names => format!(
                "there {} `{}`",
                if names.len() == 1 { "is" } else { "are" },
                names.join("`, `")
            ),
        };
        self.error(
            span,
            format!("no table is called `{name}` in this statement: {hint}"),
        );
    }
}
