use proc_macro2::TokenStream;
use quote::quote;

use super::{function::steps, migrations};
use crate::{errors::Errors, parse::AppKeys};

/// What `edgepod::app!()` becomes: the app's registration, and natively a `main`.
pub(crate) fn app(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let keys = AppKeys::parse(input, &mut errors);
    let migrations = migrations::embedded(&mut errors);
    let messages = errors.to_compile_errors();
    // Around every function goes only what fits every kind.
    let steps = steps(&keys.middleware, "QueryCtx");
    quote! {
        #messages

        ::edgepod::__private::inventory::submit! {
            ::edgepod::__private::AppDef {
                name: ::core::env!("CARGO_PKG_NAME"),
                location: (::core::file!(), ::core::line!()),
                steps: &[#(#steps),*],
            }
        }

        #migrations

        /// Serves the app natively.
        #[cfg(not(target_arch = "wasm32"))]
        #[doc(hidden)]
        pub fn main() -> ::std::process::ExitCode {
            ::edgepod::__private::native_main()
        }
    }
}
