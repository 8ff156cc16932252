//! Migrations: the registrations of the crate's files, and of `#[edgepod::migration]`.

use edgepod_manifest::rust_checksum;
use proc_macro2::TokenStream;
use quote::quote;

use crate::parse::{CrateMigrations, Migration};

/// The registrations of the crate's `migrations/*.sql`.
pub(super) fn embedded(migrations: &CrateMigrations) -> TokenStream {
    // `include_bytes!` makes the compiler look at a file; its bytes are in no build.
    let watched = migrations.watched.iter().map(|name| {
        quote! {
            const _: &[u8] = ::core::include_bytes!(::core::concat!(
                ::core::env!("CARGO_MANIFEST_DIR"), "/migrations/", #name
            ));
        }
    });
    let registrations = migrations.files.iter().map(|file| {
        let statements = &file.statements;
        registration(
            file.number,
            &file.name,
            &file.checksum,
            &quote!(Sql(&[#(#statements),*])),
        )
    });
    // `edgepod` says by this variable which files there are, so that another file is another build.
    quote! {
        const _: ::core::option::Option<&str> = ::core::option_env!("EDGEPOD_MIGRATION_FILES");
        #(#watched)*
        #(#registrations)*
    }
}

/// What `#[edgepod::migration("0003_fill_slugs")]` becomes: the function as it is, and its registration unless it has mistakes.
pub(crate) fn migration(migration: &Migration, fine: bool) -> TokenStream {
    let Migration {
        number,
        name,
        tokens,
    } = migration;
    let ident = &tokens.sig.ident;
    let checksum = rust_checksum(name);
    let registration = fine.then(|| registration(*number, name, &checksum, &quote!(Rust(#ident))));
    quote!(#tokens #registration)
}

fn registration(number: u32, name: &str, checksum: &str, step: &TokenStream) -> TokenStream {
    quote! {
        ::edgepod::__private::inventory::submit! {
            ::edgepod::__private::Migration {
                number: #number,
                name: #name,
                checksum: #checksum,
                step: ::edgepod::__private::MigrationStep::#step,
            }
        }
    }
}
