//! `edgepod::sql!`: a statement that is checked when it compiles.
//!
//! The text is cut at its parameters (`text`) and parsed by sqlparser; names are looked up in the tables that the crate's
//! sources describe (`sources`) and its migrations make (`views`); what the query gives and takes follows from that (`resolve`,
//! `expr`, `functions`, `writes`). What is written then (`emit`) names columns and not types: the compiler puts those in, from
//! the structs themselves. See docs/decisions/checked-sql.md.

mod columns;
mod compare;
mod emit;
mod expr;
mod from;
mod functions;
mod known;
mod names;
mod resolve;
mod sources;
mod text;
mod types;
mod views;
mod world;
mod writes;

use std::{ops::Range, path::PathBuf};

use proc_macro2::TokenStream;
use sqlparser::{
    ast::{Spanned as _, Statement},
    dialect::SQLiteDialect,
    parser::{Parser, ParserError},
};
use syn::LitStr;

use self::{
    emit::{Checked, Kind},
    resolve::Resolver,
    sources::Tables,
    text::Text,
    views::Views,
};
use crate::{
    errors::Errors,
    parse::{Column, migrations_of_the_crate},
};

/// Expands `edgepod::sql!("…")`.
pub(crate) fn sql(input: TokenStream, errors: &mut Errors) -> Option<TokenStream> {
    let literal: LitStr = errors.ok(syn::parse2(input.clone()).map_err(|_| {
        syn::Error::new_spanned(
            &input,
            "the statement is written here, as one text: `edgepod::sql!(\"SELECT …\")`; values go into it as `{name}`",
        )
    }))?;
    let text = errors.ok(Text::parse(&literal))?;
    let statement = errors.ok(parse(&text))?;
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let tables = Tables::read(root.as_deref(), literal.span().local_file());
    let migrations = migrations_of_the_crate(errors);
    let statements = migrations
        .iter()
        .flat_map(|of| &of.files)
        .flat_map(|file| &file.statements);
    let views = Views::read(statements.map(String::as_str));
    let mut resolver = Resolver::new(&text, &tables, &views);
    let (kind, columns) = match &statement {
        Statement::Query(query) => (Kind::Select, resolver.query(query)),
        Statement::Insert(insert) => (Kind::Insert, resolver.insert(insert)),
        Statement::Update(update) => (Kind::Update, resolver.update(update)),
        Statement::Delete(delete) => (Kind::Delete, resolver.delete(delete)),
        other => {
            resolver.error(
                other.span(),
                "`edgepod::sql!` takes SELECT, INSERT, UPDATE and DELETE; what makes or changes tables is a migration",
            );
            (Kind::Select, Vec::new())
        }
    };
    let watched = match resolver.has_views {
        true => migrations.map_or_else(Vec::new, |migrations| migrations.watched),
        false => Vec::new(),
    };
    let checked = Checked::new(kind, columns, &mut resolver);
    for (range, message) in std::mem::take(&mut resolver.errors) {
        errors.add(text.error(range, message));
    }
    checked.map(|checked| checked.expand(&resolver, &watched, errors.is_empty()))
}

/// What the text says.
fn parse(text: &Text) -> syn::Result<Statement> {
    let parsed = Parser::new(&SQLiteDialect {})
        .with_recursion_limit(120)
        .try_with_sql(&text.masked);
    let statements = parsed.and_then(|mut parser| parser.parse_statements());
    match statements {
        Ok(mut statements) => match (statements.pop(), statements.len()) {
            (Some(statement), 0) => Ok(statement),
            (None, _) => Err(text.error(0..0, "there is no statement")),
            (Some(statement), _) => {
                let start = statement.span().start;
                let start = text.place(start.line, start.column);
                Err(text.error(
                    start..text.value.len(),
                    "one call takes one statement: this is another",
                ))
            }
        },
        Err(error) => {
            let (range, message) = place_of(text, &error);
            Err(text.error(range, message))
        }
    }
}

/// sqlparser says the place of what it cannot read in words.
fn place_of(text: &Text, error: &ParserError) -> (Range<usize>, String) {
    let said = match error {
        ParserError::TokenizerError(said) | ParserError::ParserError(said) => said.clone(),
        ParserError::RecursionLimitExceeded => {
            return (
                0..text.value.len(),
                "this nests deeper than SQLite takes".to_owned(),
            );
        }
    };
    let Some((message, place)) = said.rsplit_once(" at Line: ") else {
        return (
            text.value.len()..text.value.len(),
            format!("this is no SQL: {said}"),
        );
    };
    let numbers: Vec<u64> = place
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    let start = match numbers.as_slice() {
        [line, column, ..] => text.place(*line, *column),
        _ => text.value.len(),
    };
    let end = edgepod_sql::tokens(&text.value[start..])
        .next()
        .map_or(start, |token| start + token.end());
    (
        start..end,
        format!(
            "this is no SQL: {}",
            message.trim_end_matches(',').replace("EOF", "the end")
        ),
    )
}

/// What `#[edgepod::table]` writes so that a statement finds its struct and the types of its columns.
pub(crate) fn names(row: &syn::Ident, table: &str, columns: &[Column]) -> TokenStream {
    world::names(row, table, columns)
}
