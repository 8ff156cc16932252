//! `#[edgepod::table]`: the struct, its columns, the struct of a new row, and the registration.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, Ident, spanned::Spanned};

use super::{new_row::new_row, row::read_columns, shape::tell_typescript_of, this};
use crate::parse::{Column, Default, OnDelete, Table, missing_derives_of};

pub(crate) fn table(table: &Table) -> TokenStream {
    let mut item = table.item.clone();
    tell_typescript_of(&mut item);
    let derives = missing_derives_of(&item.attrs, Table::is_sendable(table.columns.iter()));
    let columns = columns(table);
    let row = row(table);
    let all: Vec<&Column> = table.columns.iter().collect();
    let (insertable, new_row) = match table.full_text {
        true => (full_text(table), None),
        false => (
            insertable(&item.ident, &item.ident, &all),
            Some(new_row(table)),
        ),
    };
    let checks = checks(table);
    let names = crate::sql::names(&item.ident, &table.name, &table.columns);
    quote! {
        #derives
        #item

        #columns
        #row
        #insertable
        #new_row
        #names
        #checks
    }
}

/// `User::email`, and so on.
fn columns(table: &Table) -> TokenStream {
    let row = &table.item.ident;
    let constants = table.columns.iter().map(|column| {
        let Column {
            ident,
            name,
            ty,
            vis,
            ..
        } = column;
        let docs = match column.private {
            true => format!(
                "The private column `{name}` of the table `{}`: no row that a function returns has it.",
                table.name
            ),
            false => format!("The column `{name}` of the table `{}`.", table.name),
        };
        quote! {
            #[doc = #docs]
            #vis const #ident: ::edgepod::__private::Column<#row, #ty> =
                ::edgepod::__private::Column::new(#name);
        }
    });
    quote! {
        #[allow(non_upper_case_globals)]
        impl #row {
            #(#constants)*
        }
    }
}

/// What a full-text index has in place of what is inserted into a table.
fn full_text(table: &Table) -> TokenStream {
    let (row, vis, name) = (&table.item.ident, &table.item.vis, &table.name);
    let any =
        format!("Any column of the full-text index `{name}`: `.filter({row}::any.matches(…))`.");
    let rank = format!(
        "How well a row of the full-text index `{name}` fits what is searched for (bm25), the best one smallest: \
         `.order_by({row}::rank)`. Only a statement that searches has it."
    );
    let index = quote!(::edgepod::__private::AnyColumn);
    let constants = [
        ("any", any, index, name.as_str()),
        ("rank", rank, quote!(f64), "rank"),
    ];
    // A column of that name was refused already.
    let constants = constants
        .into_iter()
        .filter_map(|(constant, docs, ty, column)| {
            let taken = table.columns.iter().any(|of| of.name == constant);
            let ident = format_ident!("{constant}");
            (!taken).then(|| {
                quote! {
                    #[doc = #docs]
                    #vis const #ident: ::edgepod::__private::Column<#row, #ty> =
                        ::edgepod::__private::Column::new(#column);
                }
            })
        });
    quote! {
        impl ::edgepod::__private::FullText for #row {}

        #[allow(non_upper_case_globals)]
        impl #row {
            #(#constants)*
        }
    }
}

/// The description, its registration, and how a row is read.
fn row(table: &Table) -> TokenStream {
    let Table {
        item,
        name,
        columns,
        indexes,
        renamed_from,
        full_text,
    } = table;
    // A migration of the app's own makes a full-text index: `migrations new` knows nothing of it.
    let registration = (!full_text).then(|| {
        let row = &item.ident;
        quote! {
            ::edgepod::__private::inventory::submit! {
                ::edgepod::__private::TableRegistration(
                    <#row as ::edgepod::__private::Table>::SCHEMA
                )
            }
        }
    });
    let renamed_from = option(renamed_from.as_ref().map(|name| quote!(#name)));
    let row = &item.ident;
    let rust_name = row.to_string();
    let line = u32::try_from(row.span().start().line).unwrap_or(0);
    let schemas = columns.iter().map(column_schema);
    let indexes = indexes.iter().map(|index| {
        let (columns, unique) = (index.names(), index.unique);
        quote! {
            ::edgepod::__private::IndexSchema { columns: &[#(#columns),*], unique: #unique }
        }
    });
    let columns = columns.iter();
    let read = read_columns(
        row,
        columns.map(|column| (&column.ident, column.name.clone(), &column.ty)),
    );
    quote! {
        impl ::edgepod::__private::Table for #row {
            const NAME: &'static str = #name;
            const SCHEMA: &'static ::edgepod::__private::TableSchema =
                &::edgepod::__private::TableSchema {
                    name: #name,
                    rust_name: ::core::concat!(::core::module_path!(), "::", #rust_name),
                    location: (::core::file!(), #line),
                    columns: &[#(#schemas),*],
                    indexes: &[#(#indexes),*],
                    renamed_from: #renamed_from,
                    full_text: #full_text,
                };
        }

        #read

        #registration
    }
}

fn column_schema(column: &Column) -> TokenStream {
    let Column {
        name,
        ty,
        primary_key,
        auto_increment,
        unique,
        index,
        ..
    } = column;
    let column_type = quote_spanned!(ty.span()=> <#ty as ::edgepod::__private::ColumnType>);
    let default = option(column.default.as_ref().map(default_value));
    let renamed_from = option(column.renamed_from.as_ref().map(|name| quote!(#name)));
    let reference = option(column.references.as_ref().map(|references| {
        let path = &references.column;
        let on_delete = references.on_delete.variant();
        let action = quote!(::edgepod::__private::OnDelete::#on_delete);
        // The message about a type that does not fit points at the column's type.
        quote_spanned! {path.span()=>
            ::edgepod::__private::reference::<#ty, _, _>(#path, #action)
        }
    }));
    quote! {
        ::edgepod::__private::ColumnSchema {
            name: #name,
            sql_type: #column_type::SQL_TYPE,
            meaning: #column_type::MEANING,
            nullable: #column_type::NULLABLE,
            primary_key: #primary_key,
            auto_increment: #auto_increment,
            unique: #unique,
            index: #index,
            default: #default,
            reference: #reference,
            renamed_from: #renamed_from,
        }
    }
}

fn default_value(default: &Default) -> TokenStream {
    match default {
        Default::Now => quote!(::edgepod::__private::Default::Now),
        Default::Integer(value, _) => quote!(::edgepod::__private::Default::Integer(#value)),
        Default::Float(value) => quote!(::edgepod::__private::Default::Real(#value)),
        Default::Bool(value) => {
            let value = i64::from(*value);
            quote!(::edgepod::__private::Default::Integer(#value))
        }
        Default::Text(value, _) => quote!(::edgepod::__private::Default::Text(#value)),
        Default::Bytes(value) => quote!(::edgepod::__private::Default::Blob(#value)),
    }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// How a struct is inserted into the table of `row`.
pub(super) fn insertable(ident: &Ident, row: &Ident, columns: &[&Column]) -> TokenStream {
    let names = columns.iter().map(|column| &column.name);
    let this = this();
    let values = columns.iter().map(|column| {
        let (ident, ty) = (&column.ident, &column.ty);
        quote_spanned! {ty.span()=>
            <#ty as ::edgepod::__private::ColumnType>::into_value(#this.#ident)?
        }
    });
    quote! {
        impl ::edgepod::__private::Insertable for #ident {
            type Table = #row;
            const COLUMNS: &'static [&'static str] = &[#(#names),*];

            fn into_values(
                #this,
            ) -> ::edgepod::__private::Result<::std::vec::Vec<::edgepod::__private::Value>> {
                ::core::result::Result::Ok(::std::vec![#(#values),*])
            }
        }
    }
}

/// What only the compiler knows of the columns' types.
fn checks(table: &Table) -> TokenStream {
    let checks = table.columns.iter().flat_map(|column| {
        let ty = &column.ty;
        let mut checks = Vec::new();
        let mut require = |bound: TokenStream| {
            checks.push(quote_spanned! {ty.span()=>
                const _: () = {
                    const fn check<T: #bound>() {}
                    check::<#ty>()
                };
            });
        };
        if column.auto_increment {
            require(quote!(::edgepod::__private::AutoIncrement));
        }
        if let Some(kind) = column.default.as_ref().map(default_kind) {
            require(quote!(::edgepod::__private::HasDefault<::edgepod::__private::defaults::#kind>));
        }
        if let Some(references) = &column.references {
            if let OnDelete::SetNull = references.on_delete {
                require(quote!(::edgepod::__private::Nullable));
            }
            let (path, table) = (&references.column, &references.table);
            checks.push(quote_spanned! {path.span()=>
                const _: () = ::core::assert!(
                    ::edgepod::__private::is_referable(
                        <#table as ::edgepod::__private::Table>::SCHEMA,
                        #path.name(),
                    ),
                    "a reference names a primary key of one column or a `#[unique]` column, and this column is neither"
                );
            });
        }
        if let Some(Default::Integer(value, span)) = &column.default {
            checks.push(quote_spanned! {*span=>
                const _: () = ::core::assert!(
                    ::edgepod::__private::in_range::<#ty>(#value),
                    "this default is outside the range of the column's type"
                );
            });
        }
        if let Some(Default::Text(value, span)) = &column.default {
            checks.push(quote_spanned! {*span=>
                const _: () = ::core::assert!(
                    ::edgepod::__private::is_one_of::<#ty>(#value),
                    "this default is no text of the column's type: write one as the type's JSON has it"
                );
            });
        }
        if column.primary_key {
            checks.push(quote_spanned! {ty.span()=>
                const _: () = ::core::assert!(
                    !<#ty as ::edgepod::__private::ColumnType>::NULLABLE,
                    "a primary key is never NULL: remove the `Option`"
                );
            });
        }
        checks
    });
    quote!(#(#checks)*)
}

/// The kind of a default.
fn default_kind(default: &Default) -> Ident {
    let name = match default {
        Default::Now => "Now",
        Default::Integer(..) => "Integer",
        Default::Float(_) => "Float",
        Default::Bool(_) => "Bool",
        Default::Text(..) => "Text",
        Default::Bytes(_) => "Bytes",
    };
    format_ident!("{name}")
}

/// The doc comment that a generated item needs where the user's attributes have none.
pub(super) fn type_docs(attrs: &[Attribute], text: &str) -> Option<TokenStream> {
    let documented = attrs.iter().any(|attr| attr.path().is_ident("doc"));
    (!documented).then(|| quote!(#[doc = #text]))
}
