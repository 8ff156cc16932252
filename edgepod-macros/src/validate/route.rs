//! A route: a method, a path that no other has a claim on, and the parameters that the path names.

use syn::{FnArg, LitStr, Type, ext::IdentExt};

use super::signature;
use crate::{
    errors::Errors,
    parse::{
        Route,
        words::{METHODS, knows},
    },
};

/// Paths that are EdgePod's own, with whatever is below them.
const TAKEN: [&str; 3] = ["/rpc", "/ws", "/_edgepod"];

/// The keys of tokens.
const KEYS: &str = "/.well-known/jwks.json";

/// Checks a route.
pub(crate) fn route(route: &Route, errors: &mut Errors) {
    let sig = &route.tokens.sig;
    signature::qualifiers("a route", sig, errors);
    if let Some(method) = &route.method
        && !knows(&METHODS, method.unraw())
    {
        errors.at(
            method,
            format!(
                "`{method}` is no method of a route; those are {}",
                METHODS.map(|method| method.name).join(", ")
            ),
        );
    }
    if let Some(literal) = &route.path {
        path(literal, errors);
    }
    parameters(route, errors);
    if route.returns.is_none() {
        errors.at(
            &sig.ident,
            "a route returns its response: write `-> Result<Response<Bytes>>`",
        );
    }
}

fn path(literal: &LitStr, errors: &mut Errors) {
    let path = literal.value();
    let wrong = if !path.starts_with('/') {
        "a path begins with `/`, such as \"/hooks/github\"".to_owned()
    } else if let Some(own) = TAKEN.iter().find(|own| {
        path.strip_prefix(**own)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }) {
        format!("`{own}` and what is below it is EdgePod's own: choose another path")
    } else if path == KEYS {
        format!("`{KEYS}` is where EdgePod publishes the keys of tokens: choose another path")
    } else if path.contains(['?', '#']) {
        "a path has no query: read it from `request.uri().query()`".to_owned()
    } else if path.contains('*') {
        "a path has no `*`: a segment of any text has a name, such as `:file`".to_owned()
    } else if path.contains(['{', '}']) {
        "a segment with a name is written with a colon, such as \"/rooms/:id\"".to_owned()
    } else if path.len() > 1 && path[1..].split('/').any(str::is_empty) {
        "a segment of the path is empty: remove the `/` that is too many".to_owned()
    } else if !path.bytes().all(is_of_a_path) {
        "a path is written as a browser sends it: letters, digits and `-._~!$&'()+,;=:@%`"
            .to_owned()
    } else if let Some(segment) = path.split('/').find(|segment| {
        segment
            .strip_prefix(':')
            .is_some_and(|name| syn::parse_str::<syn::Ident>(name).is_err())
    }) {
        format!("`{segment}` has no name that a parameter could have: write `:id`, for example")
    } else {
        return;
    };
    errors.at(literal, wrong);
}

fn is_of_a_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()+,;=:@%".contains(&byte)
}

fn parameters(route: &Route, errors: &mut Errors) {
    let sig = &route.tokens.sig;
    let at_gateway = route.keys.at_gateway;
    let context = match at_gateway {
        true => "GatewayCtx",
        false => "ActionCtx",
    };
    let form = format!("`ctx: &{context}, request: Request<Bytes>`");
    match sig.inputs.first() {
        None => return errors.at(&sig.ident, format!("a route takes {form}")),
        Some(FnArg::Receiver(receiver)) => {
            return errors.at(
                receiver,
                "a route is a free function, not a method: move it out of the `impl`",
            );
        }
        Some(FnArg::Typed(typed)) => match &*typed.ty {
            Type::Reference(reference)
                if at_gateway
                    && is_named(&reference.elem, &["QueryCtx", "Ctx", "ActionCtx"]) =>
            {
                errors.at(
                    &typed.ty,
                    "a route at the gateway takes `&GatewayCtx`, which has no database: write that, or remove `at = \"gateway\"` \
                     where the route needs one",
                );
            }
            Type::Reference(reference)
                if !at_gateway && is_named(&reference.elem, &["GatewayCtx"]) =>
            {
                errors.at(
                    &typed.ty,
                    "`&GatewayCtx` is of a route at the gateway: add `at = \"gateway\"` after its path, or take `&ActionCtx`",
                );
            }
            Type::Reference(reference) if is_named(&reference.elem, &["QueryCtx", "Ctx"]) => errors
                .at(
                    &typed.ty,
                    "a route takes `&ActionCtx`: it reads with `ctx.db`, and writes in `ctx.transaction(|tx| …)`",
                ),
            Type::Reference(reference) if reference.mutability.is_none() => {}
            ty => errors.at(ty, format!("a route takes its context first: `ctx: &{context}`")),
        },
    }
    if route.request.is_none() {
        errors.at(&sig.ident, format!("a route takes {form}"));
    }
    let named = route.named();
    let has = |name: &String| {
        let mut segments = route.segments.iter();
        segments.any(|segment| segment.name.unraw() == *name)
    };
    for (i, name) in named.iter().enumerate() {
        if named[..i].contains(name) {
            errors.at(&route.path, format!("`:{name}` is there twice"));
        } else if !has(name) {
            errors.at(
                &route.path,
                format!("`:{name}` is a parameter of the function: add `{name}: String`, after the request"),
            );
        }
    }
    for segment in &route.segments {
        let name = segment.name.unraw().to_string();
        if route.path.is_some() && !named.contains(&name) {
            errors.at(
                &segment.name,
                format!("the path has no segment `:{name}`, and a route has no other arguments: read them from the request"),
            );
        }
    }
}

fn is_named(ty: &Type, names: &[&str]) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name)))
}
