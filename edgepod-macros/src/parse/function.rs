//! Functions: `async fn name(ctx: &QueryCtx, id: i64) -> Result<…> { … }`.

use heck::ToLowerCamelCase;
use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Expr, FnArg, Ident, Lit, Meta, Pat, ReturnType, Signature, Type, Visibility,
    ext::IdentExt,
    parse::{Parse, ParseStream},
};

use crate::errors::Errors;

/// The three kinds of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Query,
    Function,
    Action,
}

impl Kind {
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Kind::Query => "#[edgepod::query]",
            Kind::Function => "#[edgepod::function]",
            Kind::Action => "#[edgepod::action]",
        }
    }

    /// The kind in a sentence.
    fn noun(self) -> &'static str {
        match self {
            Kind::Query => "a query",
            Kind::Function => "a function",
            Kind::Action => "an action",
        }
    }

    /// The type of its context.
    pub(crate) fn context(self) -> &'static str {
        match self {
            Kind::Query => "QueryCtx",
            Kind::Function => "Ctx",
            Kind::Action => "ActionCtx",
        }
    }

    /// What to say where it takes another kind's context.
    fn other_context(self, found: &str) -> String {
        match (self, found) {
            (Kind::Query, "Ctx") => {
                "a query reads, so it takes `&QueryCtx`; to write, make it an `#[edgepod::function]`".into()
            }
            (Kind::Query, _) => {
                "a query reads, so it takes `&QueryCtx`; to await the outside world, make it an `#[edgepod::action]`".into()
            }
            (Kind::Function, "QueryCtx") => {
                "a function writes, so it takes `&Ctx`; if it only reads, make it an `#[edgepod::query]`".into()
            }
            (Kind::Function, _) => {
                "a function takes `&Ctx`; to await the outside world, make it an `#[edgepod::action]`".into()
            }
            (Kind::Action, "Ctx") => {
                "an action takes `&ActionCtx`, and writes in `ctx.transaction(|tx| …)`; for one transaction around all \
                 of it, make it an `#[edgepod::function]`".into()
            }
            (Kind::Action, _) => "an action takes `&ActionCtx`".into(),
        }
    }
}

/// A function, of which the body is of no interest: it may be anything, and comes out as it came in.
pub(crate) struct FunctionTokens {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    body: TokenStream,
}

impl Parse for FunctionTokens {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            sig: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl ToTokens for FunctionTokens {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attrs,
            vis,
            sig,
            body,
        } = self;
        tokens.extend(quote!(#(#attrs)* #vis #sig #body));
    }
}

impl FunctionTokens {
    /// Reads a function; says so where it is something else.
    pub(crate) fn read(item: TokenStream, attribute: &str, errors: &mut Errors) -> Option<Self> {
        let is_function = item
            .clone()
            .into_iter()
            .any(|token| matches!(&token, TokenTree::Ident(word) if word == "fn"));
        let first = item.clone().into_iter().next();
        match syn::parse2(item) {
            Ok(function) => return Some(function),
            Err(error) if is_function => errors.add(error),
            Err(_) => errors.at(first, format!("`{attribute}` goes on a function")),
        }
        None
    }

    /// The attributes that decide whether the function is there at all.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        self.attrs.iter().filter(|attr| attr.path().is_ident("cfg"))
    }

    /// The doc comment as the value of one constant: a text, or a `concat!` where a line is itself a macro.
    pub(crate) fn docs(&self) -> TokenStream {
        let lines: Vec<&Expr> = self
            .attrs
            .iter()
            .filter_map(|attr| match &attr.meta {
                Meta::NameValue(meta) if meta.path.is_ident("doc") => Some(&meta.value),
                _ => None,
            })
            .collect();
        let texts: Option<Vec<String>> = lines.iter().map(|line| literal(line)).collect();
        match texts {
            Some(texts) => {
                let text = texts
                    .iter()
                    .map(|line| line.strip_prefix(' ').unwrap_or(line))
                    .collect::<Vec<_>>()
                    .join("\n");
                let text = text.trim();
                quote!(#text)
            }
            None => quote!(::core::concat!(#(#lines, "\n"),*)),
        }
    }
}

fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// One parameter: an argument that the client sends by name.
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) ty: Type,
}

/// A function's signature as the dispatch needs it.
pub(crate) struct Function {
    /// In camelCase.
    pub(crate) public_name: String,
    /// The type of the first parameter, for its place.
    pub(crate) context: Type,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) returns: Type,
}

impl Function {
    /// Reads the signature; `None` when it has mistakes.
    pub(crate) fn read(kind: Kind, sig: &Signature, errors: &mut Errors) -> Option<Self> {
        let mut found = Errors::default();
        check_qualifiers(kind.noun(), sig, &mut found);
        let mut inputs = sig.inputs.iter();
        check_context(kind, sig, inputs.next(), &mut found);
        if sig.receiver().is_some() {
            // One message is enough: the context is not where it is looked for.
            errors.extend(found);
            return None;
        }
        let parameters = inputs
            .filter_map(|input| parameter(input, &mut found))
            .collect();
        let returns = match &sig.output {
            ReturnType::Type(_, ty) => {
                if let Some(token) = find(ty, &|token| is_word(token, "impl")) {
                    found.at(
                        token,
                        "a result needs a name in TypeScript: return a type, not `impl …`",
                    );
                }
                Some((**ty).clone())
            }
            ReturnType::Default => {
                found.at(
                    &sig.ident,
                    format!(
                        "{} returns a `Result`: write `-> Result<()>` and end with `Ok(())`",
                        kind.noun()
                    ),
                );
                None
            }
        };
        let context = match sig.inputs.first() {
            Some(FnArg::Typed(typed)) => Some((*typed.ty).clone()),
            _ => None,
        };
        let fine = found.is_empty();
        errors.extend(found);
        fine.then_some(Self {
            context: context?,
            public_name: public_name(&sig.ident),
            parameters,
            returns: returns?,
        })
    }
}

/// The name that clients use.
fn public_name(ident: &Ident) -> String {
    ident.unraw().to_string().to_lower_camel_case()
}

/// Refuses what a registered function cannot be.
pub(crate) fn check_qualifiers(noun: &str, sig: &Signature, errors: &mut Errors) {
    if let Some(token) = &sig.constness {
        errors.at(token, format!("{noun} is not `const`"));
    }
    if let Some(token) = &sig.unsafety {
        errors.at(
            token,
            format!("{noun} is not `unsafe`: clients call it as they like"),
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(abi, format!("{noun} is a Rust function: remove `extern`"));
    }
    if let Some(param) = sig.generics.params.first() {
        errors.at(
            param,
            format!("{noun} has no generic parameters: write the types out"),
        );
    }
    if let Some(clause) = &sig.generics.where_clause {
        errors.at(clause, format!("{noun} has no `where` clause"));
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(
            variadic,
            format!("{noun} takes a fixed number of arguments"),
        );
    }
}

fn check_context(kind: Kind, sig: &Signature, first: Option<&FnArg>, errors: &mut Errors) {
    let (noun, context) = (kind.noun(), kind.context());
    let missing = format!("{noun} takes its context first: `ctx: &{context}`");
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
        _ if known && found != context => errors.at(ty, kind.other_context(&found)),
        None if known => errors.at(ty, format!("the context is borrowed: `&{context}`")),
        None => errors.at(ty, missing),
        Some(reference) => {
            if let Some(token) = &reference.mutability {
                errors.at(token, format!("the context is shared: `&{context}`"));
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

fn parameter(input: &FnArg, errors: &mut Errors) -> Option<Parameter> {
    let FnArg::Typed(typed) = input else {
        // The compiler has a message for a `self` that is not first.
        return None;
    };
    let name = match &*typed.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => {
            pat.ident.unraw().to_string()
        }
        Pat::Wild(wild) => {
            errors.at(
                wild,
                "an argument needs a name, because clients send it by name",
            );
            return None;
        }
        other => {
            errors.at(
                other,
                "an argument is one name, because clients send it by name: take the value apart in the body",
            );
            return None;
        }
    };
    let mut ty = &*typed.ty;
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
        return None;
    }
    if let Some(token) = find(ty, &|token| is_word(token, "impl")) {
        errors.at(
            token,
            "an argument needs a type that clients know: write it out in place of `impl …`",
        );
        return None;
    }
    if let Some(token) = find(
        ty,
        &|token| matches!(token, TokenTree::Punct(p) if p.as_char() == '&' || p.as_char() == '\'' && p.spacing() == Spacing::Joint),
    ) {
        errors.at(
            token,
            "an argument is owned, because it comes out of the request: it holds no references",
        );
        return None;
    }
    Some(Parameter {
        name,
        ty: (*typed.ty).clone(),
    })
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
    use quote::format_ident;

    use super::*;

    #[test]
    fn public_names_are_in_camel_case() {
        for (rust, public) in [
            ("get_users", "getUsers"),
            ("ping", "ping"),
            ("get_user_by_id", "getUserById"),
            ("r#type", "type"),
            ("get_2fa_code", "get2faCode"),
            ("getUsers", "getUsers"),
        ] {
            let ident = match rust.strip_prefix("r#") {
                Some(raw) => Ident::new_raw(raw, proc_macro2::Span::call_site()),
                None => format_ident!("{rust}"),
            };
            assert_eq!(public_name(&ident), public, "{rust}");
        }
    }

    #[test]
    fn a_body_that_is_no_rust_comes_out_as_it_came_in() {
        let item = quote!(
            async fn f(ctx: &QueryCtx) -> Result<()> {
                let x = ;
            }
        );
        let mut errors = Errors::default();
        let function =
            FunctionTokens::read(item.clone(), "#[edgepod::query]", &mut errors).unwrap();
        assert!(errors.is_empty());
        assert_eq!(function.to_token_stream().to_string(), item.to_string());
    }

    #[test]
    fn docs_are_joined_without_their_indentation() {
        let mut errors = Errors::default();
        let item = quote!(
            #[doc = " One."]
            #[doc = ""]
            #[doc = "   - two"]
            fn f() {}
        );
        let function = FunctionTokens::read(item, "", &mut errors).unwrap();
        assert_eq!(
            function.docs().to_string(),
            quote!("One.\n\n  - two").to_string()
        );
    }

    #[test]
    fn every_mistake_of_a_signature_is_said() {
        let sig: Signature = syn::parse_quote! {
            unsafe fn f<T>(ctx: &Ctx, _: i64, name: &str, (a, b): (i64, i64), x: impl Into<i64>, ids: Vec<&'static str>)
        };
        let mut errors = Errors::default();
        assert!(Function::read(Kind::Query, &sig, &mut errors).is_none());
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
