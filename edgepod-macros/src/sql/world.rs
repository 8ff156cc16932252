//! The types that the compiler puts in: a struct is found by the hash of its table's name, a field's type by that of the column's.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;

use super::{
    resolve::Resolver,
    types::{Class, Expected, Kind as TyKind, OfStruct, Ty},
};
use crate::parse::Column;

/// The tables and columns that types are made of.
#[derive(Default)]
pub(super) struct World {
    tables: Vec<String>,
    columns: BTreeSet<(usize, u64)>,
}

impl World {
    /// The type of a struct's field.
    pub(super) fn field(&mut self, column: &OfStruct) -> TokenStream {
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
    pub(super) fn inner(&mut self, column: &OfStruct) -> TokenStream {
        let field = self.field(column);
        match column.optional {
            true => quote!(<#field as ::edgepod::__private::ColumnType>::Optional),
            false => field,
        }
    }

    pub(super) fn rust_of(&mut self, ty: &Ty) -> TokenStream {
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

    pub(super) fn generics(&self) -> (Vec<Ident>, Vec<TokenStream>) {
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
pub(super) fn field_type(table: usize, hash: u64) -> Ident {
    format_ident!("V{table}_{hash:x}")
}

pub(super) fn said(rust: &str) -> TokenStream {
    syn::parse_str::<Type>(rust).map_or_else(|_| quote!(()), |ty| ty.into_token_stream())
}

/// The function that binds a parameter. Its name is what the compiler shows where the value does not fit.
pub(super) fn parameter(function: &Ident, expected: &[Expected], span: Span) -> TokenStream {
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

/// What was read in the sources, held to what is compiled: a type with an alias of its own may be another.
pub(super) fn beliefs(resolver: &Resolver<'_>, world: &mut World) -> TokenStream {
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
pub(super) fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    })
}
