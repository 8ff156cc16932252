//! What the crate's migrations make beside the structs' tables: views, and tables of their own.

use std::{cell::RefCell, collections::HashMap};

use sqlparser::{
    ast::{ColumnOption, CreateView, DataType, ObjectType, Statement},
    dialect::SQLiteDialect,
    parser::Parser,
};
use syn::LitStr;

use super::{
    resolve::{Resolver, last},
    sources::Tables,
    text::Text,
    types::{Class, Ty},
};

/// The views by name, as the last migration leaves them.
#[derive(Default)]
pub(super) struct Views {
    views: HashMap<String, (CreateView, String)>,
    tables: HashMap<String, Vec<(String, Ty)>>,
    /// Those that are being read: a view that reads itself has no columns.
    reading: RefCell<Vec<String>>,
}

impl Views {
    /// Reads the statements of the migrations, in their order. What sqlparser cannot read makes no view here.
    pub(super) fn read<'s>(statements: impl Iterator<Item = &'s str>) -> Self {
        let mut views = Self::default();
        for sql in statements {
            let Ok(parsed) = Parser::parse_sql(&SQLiteDialect {}, sql) else {
                continue;
            };
            for statement in parsed {
                views.apply(statement, sql);
            }
        }
        views
    }

    fn apply(&mut self, statement: Statement, sql: &str) {
        match statement {
            Statement::CreateView(view) => {
                if let Some(name) = last(&view.name).map(|name| name.value.to_ascii_lowercase()) {
                    self.views.insert(name, (view, sql.to_owned()));
                }
            }
            Statement::CreateTable(table) => {
                let Some(name) = last(&table.name) else {
                    return;
                };
                let columns = table.columns.iter().map(|column| {
                    let not_null = column.options.iter().any(|option| {
                        matches!(
                            option.option,
                            ColumnOption::NotNull | ColumnOption::PrimaryKey(_)
                        )
                    });
                    (
                        column.name.value.clone(),
                        declared(&column.data_type, !not_null),
                    )
                });
                self.tables
                    .insert(name.value.to_ascii_lowercase(), columns.collect());
            }
            Statement::Drop {
                object_type: ObjectType::View | ObjectType::Table,
                names,
                ..
            } => {
                for name in names.iter().filter_map(last) {
                    let name = name.value.to_ascii_lowercase();
                    self.views.remove(&name);
                    self.tables.remove(&name);
                }
            }
            _ => {}
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.views
            .keys()
            .chain(self.tables.keys())
            .map(String::as_str)
    }

    /// The columns of a view, or of a table that only migrations know.
    pub(super) fn columns(&self, name: &str, tables: &Tables) -> Option<Vec<(String, Ty)>> {
        let name = name.to_ascii_lowercase();
        if self.reading.borrow().contains(&name) {
            return None;
        }
        let Some((view, sql)) = self.views.get(&name) else {
            return self.tables.get(&name).cloned();
        };
        self.reading.borrow_mut().push(name);
        let text = Text::parse(&LitStr::new(
            &sql.replace('{', " "),
            proc_macro2::Span::call_site(),
        ))
        .ok()?;
        let mut resolver = Resolver::new(&text, tables, self);
        let columns = resolver.query(&view.query);
        self.reading.borrow_mut().pop();
        let mut names = view.columns.iter().map(|column| column.name.value.clone());
        let named = columns.into_iter().map(|column| {
            let name = names.next().or(column.name).unwrap_or_default();
            (name, column.ty)
        });
        Some(named.collect())
    }
}

/// The type of a declared column. Without STRICT it may hold anything, and so only the plain words are believed.
fn declared(data_type: &DataType, nullable: bool) -> Ty {
    let class = match data_type.to_string().to_ascii_uppercase().as_str() {
        "INTEGER" | "INT" => Class::Integer,
        "REAL" => Class::Real,
        "TEXT" => Class::Text,
        "BLOB" => Class::Blob,
        _ => return Ty::unknown(),
    };
    Ty::class(class, nullable)
}
