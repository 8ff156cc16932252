//! The type of a function's name, and its `call(…)`.
//!
//! The type has braces, so that its name is a type's only: the function keeps its own, and one `use` imports both.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::parse::{Function, KindWords};

/// Of a function with mistakes the type and what it is called with: whoever calls it shall not complain, too.
pub(super) fn call(function: &Function, fine: bool) -> TokenStream {
    let tokens = &function.tokens;
    let (ident, vis) = (&tokens.sig.ident, &tokens.vis);
    let cfgs: Vec<_> = tokens.cfgs().collect();
    let docs: Vec<_> = tokens.doc_lines().collect();
    let type_docs = format!(
        " [`{ident}()`] as a type: `{ident}::call(…)` is a call of it that is not made yet."
    );
    let call_docs =
        format!(" A call of [`{ident}()`] with these arguments, to be made elsewhere or later.");
    let parameters = function.parameters.iter().map(|parameter| {
        let (ident, ty) = (&parameter.ident, &parameter.ty);
        match fine {
            true => quote_spanned!(ty.span()=> #ident: impl ::edgepod::__private::Gives<#ty>),
            // What the type is may be the mistake.
            false => quote!(#ident: impl ::core::marker::Sized),
        }
    });
    let given = function.parameters.iter().map(|parameter| {
        let (ident, name, ty) = (&parameter.ident, &parameter.name, &parameter.ty);
        match fine {
            true => quote_spanned!(ty.span()=> .with::<#ty>(#name, #ident)),
            false => TokenStream::new(),
        }
    });
    quote! {
        #(#cfgs)*
        #(#docs)*
        #[doc = ""]
        #[doc = #type_docs]
        #[allow(non_camel_case_types, dead_code)]
        #vis struct #ident {}

        #(#cfgs)*
        #[allow(dead_code, unused_variables, clippy::too_many_arguments, clippy::type_complexity)]
        impl #ident {
            #(#docs)*
            #[doc = ""]
            #[doc = #call_docs]
            #vis fn call(#(#parameters),*) -> ::edgepod::__private::Invocation<#ident> {
                ::edgepod::__private::Invocation::<#ident>::begin()
                    #(#given)*
                    .end()
            }
        }
    }
}

/// What the type stands for: `definition` is its registration.
pub(super) fn callable(function: &Function, definition: &TokenStream) -> TokenStream {
    let ident = &function.tokens.sig.ident;
    let context = format_ident!("{}", function.kind.context());
    let returns = &function.returns;
    let job = function
        .may_be_a_job()
        .then(|| quote!(impl ::edgepod::__private::JobFunction for #ident {}));
    quote! {
        #job

        impl ::edgepod::__private::Callable for #ident {
            type Ctx = ::edgepod::__private::#context;
            type Returned = #returns;
            const DEFINITION: &'static ::edgepod::__private::FunctionDef = &#definition;
        }
    }
}
