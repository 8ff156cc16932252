//! `#[edgepod::route]`: the function as it is, and its registration.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{FnArg, LitStr, ext::IdentExt, spanned::Spanned};

use super::{function::steps, local};
use crate::parse::Route;

/// Of a route with mistakes, the function.
pub(crate) fn route(route: &Route, fine: bool) -> TokenStream {
    let tokens = &route.tokens;
    let registration = fine.then(|| registration(route));
    quote!(#tokens #registration)
}

fn registration(route: &Route) -> TokenStream {
    let tokens = &route.tokens;
    let ident = &tokens.sig.ident;
    let rust_name = ident.to_string();
    let line = u32::try_from(ident.span().start().line).unwrap_or(0);
    let cfgs = tokens.cfgs();
    let [ctx, args, request] = ["ctx", "args", "request"].map(local);
    let method = route
        .method
        .as_ref()
        .map(|method| method.unraw().to_string());
    let name = format!(
        "{} {}",
        method.unwrap_or_default(),
        route.path.as_ref().map(LitStr::value).unwrap_or_default()
    );
    let awaited = tokens.sig.asyncness.map(|_| quote!(.await));
    let context_span = match tokens.sig.inputs.first() {
        Some(FnArg::Typed(typed)) => typed.ty.span(),
        _ => ident.span(),
    };
    let at_gateway = route.keys.at_gateway;
    let context_type = format_ident!(
        "{}",
        if at_gateway {
            "GatewayCtx"
        } else {
            "ActionCtx"
        }
    );
    let context = quote_spanned! {context_span=>
        ::core::convert::identity::<&::edgepod::__private::#context_type>(#ctx)
    };
    let given = match at_gateway {
        true => quote!(#request),
        false => quote!(::edgepod::__private::route_request(#ctx)?),
    };
    let request_span = route.request.as_ref().map_or(ident.span(), Spanned::span);
    let whole = quote_spanned! {request_span=>
        ::core::convert::identity::<
            ::edgepod::__private::HttpRequest<::edgepod::__private::HttpBytes>,
        >(#given)
    };
    let segments = route.segments.iter().map(|segment| {
        let (name, ty) = (segment.name.unraw().to_string(), &segment.ty);
        quote_spanned!(ty.span()=> ::edgepod::__private::route_segment::<#ty>(#args, #name)?)
    });
    let returns = &route.returns;
    let reply = quote_spanned! {returns.span()=>
        <#returns as ::edgepod::__private::Responds>::reply
    };

    let handler = quote! {
        ::std::boxed::Box::pin(async move {
            let _ = #args;
            #reply(#ident(#context, #whole, #(#segments),*) #awaited)
        })
    };
    let work = match at_gateway {
        true => quote! {
            Gateway(::edgepod::__private::GatewayWork {
                run: ::edgepod::__private::AT_GATEWAY,
                handler: |#ctx, #request, #args| #handler,
            })
        },
        false => {
            let steps = steps(&route.keys.middleware, "ActionCtx");
            quote! {
                Action(::edgepod::__private::Chain {
                    keep: false,
                    steps: &[#(#steps),*],
                    handler: |#ctx, #args| #handler,
                })
            }
        }
    };

    quote! {
        #(#cfgs)*
        const _: () = {
            static __EDGEPOD_ROUTE: ::edgepod::__private::RouteDef = ::edgepod::__private::RouteDef {
                name: #name,
                rust_name: ::core::concat!(::core::module_path!(), "::", #rust_name),
                location: (::core::file!(), #line),
                router: &::edgepod::__private::ROUTER,
                work: ::edgepod::__private::RouteWork::#work,
            };

            ::edgepod::__private::inventory::submit! {
                ::edgepod::__private::RouteRegistration(&__EDGEPOD_ROUTE)
            }
        };
    }
}
