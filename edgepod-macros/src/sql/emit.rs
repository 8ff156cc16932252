//! What a statement becomes: its text, its parameters, and the struct of a row.
//!
//! No type of a column is written here: the compiler finds the struct by the hash of its table's name, and the type by that of
//! the column's. So a row has the fields' own types, wherever they are declared.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Type, ext::IdentExt};

use super::{
    resolve::{Out, Resolver},
    text::Text,
    types::{Class, Expected, Kind as TyKind, OfStruct, Ty},
};
use crate::parse::Column;

/// What a statement does.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Select,
    Insert,
    Update,
    Delete,
}

/// A statement in which all is known.
pub(super) struct Checked {
    kind: Kind,
    fields: Vec<(Ident, Ty)>,
    /// What RETURNING lists.
    returning: Vec<String>,
    /// Where RETURNING begins.
    end: Option<usize>,
}

impl Checked {
    /// Gives each column a field, and notes those that cannot have one; `None` where there is no row to speak of.
    pub(super) fn new(kind: Kind, columns: Vec<Out>, resolver: &mut Resolver<'_>) -> Option<Self> {
        let mut fields: Vec<(Ident, Ty)> = Vec::new();
        let mut fine = true;
        for column in &columns {
            let range = column.range.clone();
            let Some(name) = &column.name else {
                resolver.error_at(
                    range,
                    "this column has no name, so that a row has no field for it: write `AS name` behind it",
                );
                fine = false;
                continue;
            };
            let field = syn::parse_str::<Ident>(name)
                .or_else(|_| syn::parse_str::<Ident>(&format!("r#{name}")))
                .map(|mut ident| {
                    ident.set_span(resolver.text.span());
                    ident
                });
            let Ok(field) = field else {
                resolver.error_at(
                    range,
                    format!("`{name}` is no name of a field: give it one, `AS name`"),
                );
                fine = false;
                continue;
            };
            if fields.iter().any(|(other, _)| *other == field) {
                resolver.error_at(
                    range,
                    format!("two columns are called `{name}`: give one another name, `AS other`"),
                );
                fine = false;
                continue;
            }
            if matches!(
                column.ty.kind,
                TyKind::Unknown | TyKind::Null | TyKind::Param(_)
            ) {
                // Where its columns are wrong, that was said.
                if resolver.errors.is_empty() {
                    resolver.error_at(
                        range,
                        format!("the type of `{name}` cannot be known from here: say it, `AS \"{name}: i64\"`, as an `Option` if it may be NULL"),
                    );
                }
                fine = false;
                continue;
            }
            fields.push((field, column.ty.clone()));
        }
        if kind == Kind::Select && columns.is_empty() {
            fine = false;
        }
        let (returning, end) = returning_of(resolver.text, &columns);
        fine.then_some(Self {
            kind,
            fields,
            returning,
            end: end.filter(|_| kind != Kind::Select),
        })
    }

    /// The expression. Of a statement with mistakes, one of the right type that has no text.
    pub(super) fn expand(
        self,
        resolver: &Resolver<'_>,
        watched: &[String],
        fine: bool,
    ) -> TokenStream {
        let text = resolver.text;
        let span = text.span();
        let mut world = World::default();
        let types: Vec<TokenStream> = self
            .fields
            .iter()
            .map(|(_, ty)| world.rust_of(ty))
            .collect();
        let row = self.row();
        let texts = self.texts(resolver, fine);
        let exprs = text.params.iter().map(|param| &param.expr);
        let locals: Vec<Ident> = (0..text.params.len())
            .map(|i| Ident::new(&format!("__edgepod_{i}"), Span::mixed_site()))
            .collect();
        let mut functions = TokenStream::new();
        let mut params = Vec::new();
        for (i, local) in locals.iter().enumerate() {
            let function = parameter_name(&text.params[i].code, i);
            functions.extend(parameter(&function, &resolver.expected[i], span));
            params.push(quote_spanned!(span=> #function(#local)));
        }
        let p = quote!(::edgepod::__private);
        let given = Ident::new("__edgepod_given", Span::mixed_site());
        let inserts = self.kind == Kind::Insert;
        let returning = &self.returning;
        let row_type = quote!(Row<#(#types),*>);
        let (output, make) = match (self.kind, self.fields.is_empty()) {
            (Kind::Select, _) => (
                quote!(#p::CheckedSelect<#row_type>),
                quote!(#p::CheckedSelect::new(TEXTS, #given)),
            ),
            (_, true) => (
                quote!(#p::CheckedWrite),
                quote!(#p::CheckedWrite::new(TEXTS, #given, #inserts)),
            ),
            (_, false) => (
                quote!(#p::CheckedReturning<#row_type>),
                quote!(#p::CheckedWrite::new(TEXTS, #given, #inserts).returning(&[#(#returning),*])),
            ),
        };
        let beliefs = beliefs(resolver, &mut world);
        let (generics, bounds) = world.generics();
        let registration = fine.then(|| self.registration(&texts));
        let watched = watched.iter().map(|name| {
            quote! {
                const _: &[u8] = ::core::include_bytes!(::core::concat!(
                    ::core::env!("CARGO_MANIFEST_DIR"), "/migrations/", #name
                ));
            }
        });
        quote_spanned! {span=>
            match (#(&(#exprs),)*) {
                (#(#locals,)*) => {
                    #row
                    #functions
                    #registration
                    #(#watched)*
                    const TEXTS: &[&::core::primitive::str] = &[#(#texts),*];
                    #[allow(non_camel_case_types, clippy::all)]
                    fn statement<#(#generics),*>(
                        #given: ::std::vec::Vec<#p::Result<#p::Value>>,
                    ) -> #output
                    where #(#bounds),*
                    {
                        #beliefs
                        #make
                    }
                    statement(::std::vec![#(#params),*])
                }
            }
        }
    }

    /// The struct of a row.
    fn row(&self) -> TokenStream {
        if self.fields.is_empty() {
            return TokenStream::new();
        }
        let names: Vec<&Ident> = self.fields.iter().map(|(name, _)| name).collect();
        let params: Vec<Ident> = (0..names.len()).map(|i| format_ident!("T{i}")).collect();
        let texts = names.iter().map(|name| name.unraw().to_string());
        let width = names.len();
        let p = quote!(::edgepod::__private);
        quote! {
            /// A row of this statement.
            #[derive(Clone, Debug, PartialEq)]
            #[allow(dead_code, non_snake_case)]
            pub struct Row<#(#params),*> {
                #(#[allow(missing_docs)] pub #names: #params),*
            }

            impl<#(#params: #p::ColumnType),*> #p::FromRow for Row<#(#params),*> {
                const WIDTH: ::core::primitive::usize = #width;

                fn from_row(row: &mut #p::RowReader<'_>) -> #p::Result<Self> {
                    ::core::result::Result::Ok(Self { #(#names: row.take(#texts)?),* })
                }
            }

            impl<#(#params: #p::ColumnType),*> #p::CheckedRow for Row<#(#params),*> {
                type Columns = (#(#params,)*);
            }
        }
    }

    /// The text, cut at its parameters.
    fn texts(&self, resolver: &Resolver<'_>, fine: bool) -> Vec<String> {
        let text = resolver.text;
        let end = self.end.unwrap_or(text.value.len());
        let mut cuts: Vec<(std::ops::Range<usize>, Option<&str>)> = resolver
            .edits
            .iter()
            .map(|(range, with)| (range.clone(), Some(with.as_str())))
            .chain(text.params.iter().map(|param| (param.range.clone(), None)))
            .filter(|(range, _)| range.end <= end)
            .collect();
        cuts.sort_by_key(|(range, _)| range.start);
        let mut texts = vec![String::new()];
        let mut at = 0;
        let push = |texts: &mut Vec<String>, part: &str| {
            texts.last_mut().expect("there is one").push_str(part);
        };
        for (range, with) in cuts {
            push(&mut texts, &text.value[at..range.start]);
            match with {
                Some(with) => push(&mut texts, with),
                None => texts.push(String::new()),
            }
            at = range.end;
        }
        push(
            &mut texts,
            text.value[at..end]
                .trim_end()
                .trim_end_matches(';')
                .trim_end(),
        );
        match fine {
            true => texts,
            false => vec![String::new(); texts.len()],
        }
    }

    /// The statement, for whoever prepares all of them: natively alone.
    fn registration(&self, texts: &[String]) -> TokenStream {
        let mut sql = texts.join("?");
        if !self.returning.is_empty() {
            sql.push_str(" RETURNING ");
            sql.push_str(&self.returning.join(", "));
        }
        quote! {
            #[cfg(not(target_arch = "wasm32"))]
            ::edgepod::__private::inventory::submit! {
                ::edgepod::__private::SqlStatement {
                    text: #sql,
                    location: (::core::file!(), ::core::line!()),
                }
            }
        }
    }
}

/// What RETURNING lists, an expression for each column, and where it begins.
fn returning_of(text: &Text, columns: &[Out]) -> (Vec<String>, Option<usize>) {
    let mut depth = 0;
    let mut parts = Vec::new();
    let mut begin = None;
    let mut start = 0;
    for token in edgepod_sql::tokens(&text.masked) {
        if token.is_symbol('(') {
            depth += 1;
        } else if token.is_symbol(')') {
            depth -= 1;
        } else if depth == 0 && token.is("RETURNING") {
            begin = Some(token.start);
            start = token.end();
            parts.clear();
        } else if depth == 0 && begin.is_some() && token.is_symbol(',') {
            parts.push(text.masked[start..token.start].to_owned());
            start = token.end();
        }
    }
    let Some(begin) = begin else {
        return (Vec::new(), None);
    };
    parts.push(
        text.masked[start..]
            .trim_end()
            .trim_end_matches(';')
            .to_owned(),
    );
    let mut list = Vec::new();
    for part in parts {
        match part.trim() {
            "*" => list.extend(
                columns
                    .iter()
                    .skip(list.len())
                    .map(|column| edgepod_sql::quote(column.name.as_deref().unwrap_or_default())),
            ),
            part => list.push(without_alias(part)),
        }
    }
    // The same number of characters stands before it in both.
    let begin = text.value.rfind(&text.masked[begin..]).unwrap_or(begin);
    (list, Some(begin))
}

/// `a + 1` of `a + 1 AS b`.
fn without_alias(part: &str) -> String {
    let tokens: Vec<_> = edgepod_sql::outermost(part).collect();
    match tokens.as_slice() {
        [.., _, of, _] if of.is("AS") => part[..of.start].trim().to_owned(),
        _ => part.to_owned(),
    }
}

/// The tables and columns that types are made of.
#[derive(Default)]
struct World {
    tables: Vec<String>,
    columns: BTreeSet<(usize, u64)>,
}

impl World {
    /// The type of a struct's field.
    fn field(&mut self, column: &OfStruct) -> TokenStream {
        let table = match self.tables.iter().position(|table| *table == column.table) {
            Some(place) => place,
            None => {
                self.tables.push(column.table.clone());
                self.tables.len() - 1
            }
        };
        let hash = hash(&column.column);
        self.columns.insert((table, hash));
        field_type(table, hash).into_token_stream()
    }

    /// The field's type without its `Option`.
    fn inner(&mut self, column: &OfStruct) -> TokenStream {
        let field = self.field(column);
        match column.optional {
            true => quote!(<#field as ::edgepod::__private::ColumnType>::Optional),
            false => field,
        }
    }

    fn rust_of(&mut self, ty: &Ty) -> TokenStream {
        let p = quote!(::edgepod::__private);
        let inner = match &ty.kind {
            TyKind::Column(column) if column.optional && ty.nullable => return self.field(column),
            TyKind::Column(column) => self.inner(column),
            TyKind::Said(rust) => return said(rust),
            TyKind::Bool => quote!(::core::primitive::bool),
            TyKind::Of(Class::Integer) => quote!(::core::primitive::i64),
            TyKind::Of(Class::Real) => quote!(::core::primitive::f64),
            TyKind::Of(Class::Text) => quote!(::std::string::String),
            TyKind::Of(Class::Blob) => quote!(#p::Bytes),
            TyKind::Null | TyKind::Param(_) | TyKind::Unknown => quote!(()),
        };
        match ty.nullable {
            true => quote!(::core::option::Option<#inner>),
            false => inner,
        }
    }

    fn generics(&self) -> (Vec<Ident>, Vec<TokenStream>) {
        let p = quote!(::edgepod::__private);
        let generics: Vec<Ident> = (0..self.tables.len())
            .map(|i| format_ident!("S{i}"))
            .collect();
        let names = self.tables.iter().zip(&generics).map(|(table, generic)| {
            let hash = hash(table);
            quote!(#p::TableName<#hash>: #p::NamesTable<#generic>)
        });
        let columns = self.columns.iter().map(|(table, hash)| {
            let (field, table) = (field_type(*table, *hash), &generics[*table]);
            quote!(#table: #p::HasColumn<#hash, #field>, #field: #p::ColumnType)
        });
        let bounds = names.chain(columns).collect();
        let fields = self
            .columns
            .iter()
            .map(|(table, hash)| field_type(*table, *hash));
        (generics.iter().cloned().chain(fields).collect(), bounds)
    }
}

/// The type parameter that stands for the type of a column.
fn field_type(table: usize, hash: u64) -> Ident {
    format_ident!("V{table}_{hash:x}")
}

fn said(rust: &str) -> TokenStream {
    syn::parse_str::<Type>(rust).map_or_else(|_| quote!(()), |ty| ty.into_token_stream())
}

/// The function that binds a parameter. Its name is what the compiler shows where the value does not fit.
fn parameter(function: &Ident, expected: &[Expected], span: Span) -> TokenStream {
    let p = quote!(::edgepod::__private);
    let mut world = World::default();
    let mut types: Vec<TokenStream> = expected
        .iter()
        .map(|expected| match expected {
            Expected::Column {
                column,
                assigned: true,
            } => world.field(column),
            Expected::Column { column, .. } => world.inner(column),
            Expected::Class(Class::Integer) => quote!(#p::AnyInteger),
            Expected::Class(Class::Real) | Expected::Number => quote!(#p::AnyNumber),
            Expected::Class(Class::Text) => quote!(#p::AnyText),
            Expected::Class(Class::Blob) => quote!(#p::AnyBytes),
            Expected::Bool => quote!(::core::primitive::bool),
            Expected::Said(rust) => said(rust),
        })
        .collect();
    if types.is_empty() {
        types.push(quote!(#p::Anything));
    }
    let first = &types[0];
    let (generics, bounds) = world.generics();
    quote_spanned! {span=>
        #[allow(non_snake_case, non_camel_case_types, clippy::all)]
        fn #function<#(#generics,)* P>(value: &P) -> #p::Result<#p::Value>
        where #(#bounds,)* P: #(#p::Binds<#types>)+*
        {
            <P as #p::Binds<#first>>::bind(value)
        }
    }
}

fn parameter_name(code: &str, number: usize) -> Ident {
    let words: String = code
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .take(40)
        .collect();
    let words = words.trim_matches('_');
    format_ident!("parameter_{}_{words}", number + 1)
}

/// What was read in the sources, held to what is compiled: a type with an alias of its own may be another.
fn beliefs(resolver: &Resolver<'_>, world: &mut World) -> TokenStream {
    let mut seen: Vec<&OfStruct> = Vec::new();
    let mut checks = TokenStream::new();
    for column in &resolver.used {
        if seen.contains(&column) {
            continue;
        }
        seen.push(column);
        let Some(class) = column.class else { continue };
        let field = world.field(column);
        let optional = column.optional;
        let storage = format_ident!(
            "{}",
            match class {
                Class::Integer => "Integer",
                Class::Real => "Real",
                Class::Text => "Text",
                Class::Blob => "Blob",
            }
        );
        let message = format!(
            "`edgepod::sql!` took the type of `{}.{}` for another of its name: give that another name",
            column.table, column.column
        );
        checks.extend(quote! {
            const {
                ::core::assert!(
                    ::edgepod::__private::has_storage::<#field>(::edgepod::__private::SqlType::#storage, #optional),
                    #message
                )
            };
        });
    }
    checks
}

/// What `#[edgepod::table]` writes so that a statement finds the struct and its columns' types.
pub(super) fn names(row: &Ident, table: &str, columns: &[Column]) -> TokenStream {
    let p = quote!(::edgepod::__private);
    let table = hash(table);
    // Of two that SQLite takes for one, a message is given already.
    let mut seen = BTreeSet::new();
    let columns = columns.iter().filter_map(|column| {
        let (hash, ty) = (hash(&column.name), &column.ty);
        seen.insert(hash)
            .then(|| quote!(impl #p::HasColumn<#hash, #ty> for #row {}))
    });
    quote! {
        impl #p::NamesTable<#row> for #p::TableName<#table> {}
        #(#columns)*
    }
}

/// FNV-1a of a name, without regard to the case of ASCII letters, as SQLite compares names.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    })
}
