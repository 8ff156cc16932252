//! Routes: `#[edgepod::route(POST, "/hooks/:id")] async fn hook(ctx: &ActionCtx, request: Request<Bytes>, id: i64) -> …`.

use proc_macro2::{Span, TokenStream};
use syn::{
    FnArg, Ident, LitStr, Pat, PatType, ReturnType, Token, Type, ext::IdentExt, parse::Parser,
};

use super::{FunctionTokens, RouteKeys, words::ROUTE};
use crate::errors::Errors;

/// A route, as far as it could be read.
pub(crate) struct Route {
    pub(crate) method: Option<Ident>,
    pub(crate) path: Option<LitStr>,
    pub(crate) keys: RouteKeys,
    pub(crate) tokens: FunctionTokens,
    /// The type of the request.
    pub(crate) request: Option<Type>,
    /// What follows it.
    pub(crate) segments: Vec<Segment>,
    pub(crate) returns: Option<Type>,
}

/// A parameter that is a segment of the path.
pub(crate) struct Segment {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

impl Route {
    /// Reads the attribute and the function; `None` where it is none.
    pub(crate) fn parse(attr: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let (method, path, keys) = match head.parse2(attr) {
            Ok((method, path, keys)) => (Some(method), Some(path), keys),
            Err(error) => {
                errors.add(error);
                (None, None, TokenStream::new())
            }
        };
        let keys = RouteKeys::parse(keys, errors);
        let tokens = FunctionTokens::read(item, ROUTE.attribute, errors)?;
        let mut inputs = tokens.sig.inputs.iter().skip(1);
        let request = inputs.next().and_then(|input| match input {
            FnArg::Typed(typed) => Some((*typed.ty).clone()),
            FnArg::Receiver(_) => None,
        });
        let segments = inputs.filter_map(|input| segment(input, errors)).collect();
        let returns = match &tokens.sig.output {
            ReturnType::Type(_, ty) => Some((**ty).clone()),
            ReturnType::Default => None,
        };
        Some(Self {
            method,
            path,
            keys,
            request,
            segments,
            returns,
            tokens,
        })
    }

    /// The names in the path, in their order.
    pub(crate) fn named(&self) -> Vec<String> {
        let path = self.path.as_ref().map(LitStr::value).unwrap_or_default();
        let named = path
            .split('/')
            .filter_map(|segment| segment.strip_prefix(':'));
        let named = named.filter(|name| !name.is_empty());
        named.map(str::to_owned).collect()
    }
}

/// `POST, "/hooks/github"`, and the keys that follow.
fn head(input: syn::parse::ParseStream<'_>) -> syn::Result<(Ident, LitStr, TokenStream)> {
    let form = |span: Span| {
        syn::Error::new(
            span,
            "a route has a method and a path: `#[edgepod::route(POST, \"/hooks/github\")]`",
        )
    };
    if input.is_empty() {
        return Err(form(Span::call_site()));
    }
    let method: Ident = input
        .call(Ident::parse_any)
        .map_err(|error| form(error.span()))?;
    input
        .parse::<Token![,]>()
        .map_err(|error| form(error.span()))?;
    let path: LitStr = input.parse().map_err(|error| form(error.span()))?;
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok((method, path, input.parse()?))
}

fn segment(input: &FnArg, errors: &mut Errors) -> Option<Segment> {
    let FnArg::Typed(PatType { pat, ty, .. }) = input else {
        return None;
    };
    match &**pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(Segment {
            name: pat.ident.clone(),
            ty: (**ty).clone(),
        }),
        other => {
            errors.at(
                other,
                "a segment of the path is one name, the one that the path has after its colon",
            );
            None
        }
    }
}
