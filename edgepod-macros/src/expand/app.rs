//! `edgepod::app!()`: the app's registration and that of its migrations, and natively a `main`.

use proc_macro2::TokenStream;
use quote::quote;

use super::{
    function::{steps, written},
    migrations::embedded,
    pod::ready_made,
};
use crate::parse::{AppKeys, CrateMigrations};

pub(crate) fn app(keys: &AppKeys, migrations: Option<&CrateMigrations>) -> TokenStream {
    let migrations = migrations.map(embedded);
    // Around every function goes only what fits every kind.
    let steps = steps(&keys.middleware, "QueryCtx");
    let middleware = written(&keys.middleware);
    let pod = keys.pod.as_ref().map(ready_made);
    quote! {
        ::edgepod::__private::inventory::submit! {
            ::edgepod::__private::AppDef {
                name: ::core::env!("CARGO_PKG_NAME"),
                location: (::core::file!(), ::core::line!()),
                steps: &[#(#steps),*],
            }
        }

        #[cfg(not(target_arch = "wasm32"))]
        ::edgepod::__private::inventory::submit! {
            ::edgepod::__private::AppMiddleware(&[#(#middleware),*])
        }

        #pod

        #migrations

        /// Serves the app natively.
        #[cfg(not(target_arch = "wasm32"))]
        #[doc(hidden)]
        pub fn main() -> ::std::process::ExitCode {
            ::edgepod::__private::native_main()
        }
    }
}
