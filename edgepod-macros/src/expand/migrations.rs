use std::path::PathBuf;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{ItemFn, LitStr};

use crate::{
    errors::Errors,
    parse::{SNAPSHOT, checksum, number_of, read_folder},
};

/// The registrations of the crate's `migrations/*.sql`.
pub(super) fn embedded(errors: &mut Errors) -> TokenStream {
    let Some(root) = std::env::var_os("CARGO_MANIFEST_DIR") else {
        return TokenStream::new();
    };
    let folder = PathBuf::from(root).join("migrations");
    let files = match read_folder(&folder) {
        Ok(files) => files,
        Err(message) => {
            errors.add(syn::Error::new(Span::call_site(), message));
            return TokenStream::new();
        }
    };
    // `include_bytes!` makes the compiler look at a file; its bytes are in no build.
    let watched = files
        .iter()
        .map(|file| format!("{}.sql", file.name))
        .chain(folder.join(SNAPSHOT).is_file().then(|| SNAPSHOT.to_owned()))
        .map(|name| {
            quote! {
                const _: &[u8] = ::core::include_bytes!(::core::concat!(
                    ::core::env!("CARGO_MANIFEST_DIR"), "/migrations/", #name
                ));
            }
        });
    let registrations = files.iter().map(|file| {
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

/// What `#[edgepod::migration("0003_fill_slugs")]` becomes: the function as it is, and its registration.
pub(crate) fn migration(attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    const FORM: &str = "a migration has a number and a name, as files have: `#[edgepod::migration(\"0003_fill_slugs\")]`";
    let name = syn::parse2::<LitStr>(attr).map_err(|_| syn::Error::new(Span::call_site(), FORM));
    let function = syn::parse2::<ItemFn>(item.clone());
    let registration = match (errors.ok(name), errors.ok(function)) {
        (Some(literal), Some(function)) => {
            let name = literal.value();
            if let Some(asyncness) = function.sig.asyncness {
                errors.at(
                    asyncness,
                    "a migration is one transaction and awaits nothing: remove `async`",
                );
            }
            match number_of(&name) {
                Some(number) => {
                    let ident = &function.sig.ident;
                    registration(
                        number,
                        &name,
                        &checksum(&format!("rust {name}")),
                        &quote!(Rust(#ident)),
                    )
                }
                None => {
                    errors.at(literal, FORM);
                    TokenStream::new()
                }
            }
        }
        _ => TokenStream::new(),
    };
    let registration = if errors.is_empty() {
        registration
    } else {
        TokenStream::new()
    };
    let messages = errors.to_compile_errors();
    quote!(#item #registration #messages)
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
