//! A function: its context, arguments that a client can send, and a result that it can receive.

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{FnArg, Signature, Type};

use super::signature;
use crate::{
    errors::Errors,
    parse::{Function, Kind, KindWords, Parameter},
};

/// Checks a function.
pub(crate) fn function(function: &Function, errors: &mut Errors) {
    let (kind, sig) = (function.kind, &function.tokens.sig);
    signature::qualifiers(kind.noun(), sig, errors);
    context(kind, sig, sig.inputs.first(), errors);
    if sig.receiver().is_some() {
        // One message is enough: the context is not where it is looked for.
        return;
    }
    for parameter in &function.parameters {
        argument(parameter, errors);
    }
    match &function.returns {
        Some(ty) => {
            if let Some(token) = find(ty, &|token| is_word(token, "impl")) {
                errors.at(
                    token,
                    "a result needs a name in TypeScript: return a type, not `impl …`",
                );
            }
        }
        None => errors.at(
            &sig.ident,
            format!(
                "{} returns a `Result`: write `-> Result<()>` and end with `Ok(())`",
                kind.noun()
            ),
        ),
    }
}

fn context(kind: Kind, sig: &Signature, first: Option<&FnArg>, errors: &mut Errors) {
    let (noun, expected) = (kind.noun(), kind.context());
    let missing = format!("{noun} takes its context first: `ctx: &{expected}`");
    let ty = match first {
        None => return errors.at(&sig.ident, missing),
        Some(FnArg::Receiver(receiver)) => return errors.at(receiver, method(noun)),
        Some(FnArg::Typed(typed)) => &*typed.ty,
    };
    let (inner, reference) = match ty {
        Type::Reference(reference) => (&*reference.elem, Some(reference)),
        other => (other, None),
    };
    let found = match inner {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
    .unwrap_or_default();
    let known = ["QueryCtx", "Ctx", "ActionCtx"].contains(&found.as_str());
    match reference {
        _ if known && found != expected => errors.at(ty, other_context(kind, &found)),
        None if known => errors.at(ty, format!("the context is borrowed: `&{expected}`")),
        None => errors.at(ty, missing),
        Some(reference) => {
            if let Some(token) = &reference.mutability {
                errors.at(token, format!("the context is shared: `&{expected}`"));
            }
            if let Some(lifetime) = &reference.lifetime {
                errors.at(lifetime, "the context needs no lifetime: remove it");
            }
            // A type of another name may be an alias; the compiler will see.
        }
    }
}

fn method(noun: &str) -> String {
    format!(
        "{noun} is a free function, not a method: move it out of the `impl` and take the context first"
    )
}

/// What to say where a function takes another kind's context.
fn other_context(kind: Kind, found: &str) -> &'static str {
    match (kind, found) {
        (Kind::Query, "Ctx") => {
            "a query reads, so it takes `&QueryCtx`; to write, make it an `#[edgepod::function]`"
        }
        (Kind::Query, _) => {
            "a query reads, so it takes `&QueryCtx`; to await the outside world, make it an `#[edgepod::action]`"
        }
        (Kind::Function, "QueryCtx") => {
            "a function writes, so it takes `&Ctx`; if it only reads, make it an `#[edgepod::query]`"
        }
        (Kind::Function, _) => {
            "a function takes `&Ctx`; to await the outside world, make it an `#[edgepod::action]`"
        }
        (Kind::Action, "Ctx") => {
            "an action takes `&ActionCtx`, and writes in `ctx.transaction(|tx| …)`; for one transaction around all \
             of it, make it an `#[edgepod::function]`"
        }
        (Kind::Action, _) => "an action takes `&ActionCtx`",
    }
}

/// Refuses what borrows, and what has no name.
fn argument(parameter: &Parameter, errors: &mut Errors) {
    let mut ty = &parameter.ty;
    while let Type::Paren(syn::TypeParen { elem, .. }) | Type::Group(syn::TypeGroup { elem, .. }) =
        ty
    {
        ty = elem;
    }
    if let Type::Reference(reference) = ty {
        let instead = match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
            Type::Slice(slice) => {
                let elem = &slice.elem;
                format!("Vec<{}>", quote!(#elem))
            }
            other => quote!(#other).to_string(),
        };
        errors.at(
            ty,
            format!("an argument is owned, because it comes out of the request: take `{instead}`"),
        );
        return;
    }
    if let Some(token) = find(ty, &|token| is_word(token, "impl")) {
        errors.at(
            token,
            "an argument needs a type that clients know: write it out in place of `impl …`",
        );
        return;
    }
    if let Some(token) = find(
        ty,
        &|token| matches!(token, TokenTree::Punct(p) if p.as_char() == '&' || p.as_char() == '\'' && p.spacing() == Spacing::Joint),
    ) {
        errors.at(
            token,
            "an argument is owned, because it comes out of the request: it holds no references",
        );
    }
}

/// The first token, at any depth, for which `wanted` holds.
fn find(tokens: &impl ToTokens, wanted: &dyn Fn(&TokenTree) -> bool) -> Option<TokenTree> {
    fn within(tokens: TokenStream, wanted: &dyn Fn(&TokenTree) -> bool) -> Option<TokenTree> {
        tokens.into_iter().find_map(|token| match token {
            TokenTree::Group(group) => within(group.stream(), wanted),
            token if wanted(&token) => Some(token),
            _ => None,
        })
    }
    within(tokens.to_token_stream(), wanted)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_of_a_signature_is_said() {
        let item = quote! {
            unsafe fn f<T>(ctx: &Ctx, _: i64, name: &str, (a, b): (i64, i64), x: impl Into<i64>, ids: Vec<&'static str>) {}
        };
        let mut errors = Errors::default();
        let read = Function::parse(Kind::Query, TokenStream::new(), item, &mut errors).unwrap();
        function(&read, &mut errors);
        assert_eq!(
            errors
                .to_compile_errors()
                .to_string()
                .matches("compile_error")
                .count(),
            9,
            "{}",
            errors.to_compile_errors()
        );
    }
}
