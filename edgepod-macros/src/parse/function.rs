//! Functions: `async fn name(ctx: &QueryCtx, id: i64) -> Result<…> { … }`.

pub(crate) use edgepod_manifest::Kind;
use heck::ToLowerCamelCase;
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Expr, FnArg, Ident, Lit, Meta, Pat, ReturnType, Signature, Type, Visibility,
    ext::IdentExt,
    parse::{Parse, ParseStream},
};

use super::{
    FunctionKeys,
    words::{ACTION, FUNCTION, FunctionKey, Keys, QUERY},
};
use crate::errors::Errors;

/// What the attributes say of a kind.
pub(crate) trait KindWords: Sized {
    /// The keys of its attribute.
    fn keys(self) -> &'static Keys<FunctionKey>;

    /// Its attribute, as it is written.
    fn attribute(self) -> &'static str {
        self.keys().attribute
    }

    /// The kind in a sentence.
    fn noun(self) -> &'static str;

    /// The type of its context.
    fn context(self) -> &'static str;
}

impl KindWords for Kind {
    fn keys(self) -> &'static Keys<FunctionKey> {
        match self {
            Kind::Query => &QUERY,
            Kind::Function => &FUNCTION,
            Kind::Action => &ACTION,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Kind::Query => "a query",
            Kind::Function => "a function",
            Kind::Action => "an action",
        }
    }

    fn context(self) -> &'static str {
        match self {
            Kind::Query => "QueryCtx",
            Kind::Function => "Ctx",
            Kind::Action => "ActionCtx",
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

    /// The lines of the doc comment.
    pub(crate) fn doc_lines(&self) -> impl Iterator<Item = &Attribute> {
        self.attrs.iter().filter(|attr| attr.path().is_ident("doc"))
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
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) ty: Type,
}

/// A function of the app, as far as it could be read.
pub(crate) struct Function {
    pub(crate) kind: Kind,
    pub(crate) keys: FunctionKeys,
    pub(crate) tokens: FunctionTokens,
    /// What clients call it: what the attribute says, or its own name in camelCase.
    pub(crate) public_name: String,
    /// What follows the context and has a name.
    pub(crate) parameters: Vec<Parameter>,
    /// What it returns, where it says so.
    pub(crate) returns: Option<Type>,
}

impl Function {
    /// Reads the attribute and the function; `None` where it is none.
    pub(crate) fn parse(
        kind: Kind,
        attr: TokenStream,
        item: TokenStream,
        errors: &mut Errors,
    ) -> Option<Self> {
        let mut keys = FunctionKeys::parse(attr, kind.keys(), errors);
        let tokens = FunctionTokens::read(item, kind.attribute(), errors)?;
        let inputs = tokens.sig.inputs.iter().skip(1);
        let parameters = inputs
            .filter_map(|input| parameter(input, errors))
            .collect();
        let returns = match &tokens.sig.output {
            ReturnType::Type(_, ty) => Some((**ty).clone()),
            ReturnType::Default => None,
        };
        let name = keys.name.take();
        Some(Self {
            kind,
            public_name: name.unwrap_or_else(|| public_name(&tokens.sig.ident)),
            keys,
            tokens,
            parameters,
            returns,
        })
    }
}

impl Function {
    /// Whether it may be called later, without a user.
    pub(crate) fn may_be_a_job(&self) -> bool {
        self.kind != Kind::Query && (self.keys.internal || self.keys.job)
    }
}

/// The name that clients use.
fn public_name(ident: &Ident) -> String {
    ident.unraw().to_string().to_lower_camel_case()
}

fn parameter(input: &FnArg, errors: &mut Errors) -> Option<Parameter> {
    let FnArg::Typed(typed) = input else {
        // The compiler has a message for a `self` that is not first.
        return None;
    };
    match &*typed.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(Parameter {
            ident: pat.ident.clone(),
            name: pat.ident.unraw().to_string(),
            ty: (*typed.ty).clone(),
        }),
        Pat::Wild(wild) => {
            errors.at(
                wild,
                "an argument needs a name, because clients send it by name",
            );
            None
        }
        other => {
            errors.at(
                other,
                "an argument is one name, because clients send it by name: take the value apart in the body",
            );
            None
        }
    }
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
}
