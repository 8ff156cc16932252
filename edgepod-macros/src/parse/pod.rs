//! Which pod a request is for: `app!(pod = by_claim("org"))`, and `fn pod(request: &PodRequest) -> Result<PodName> { … }`.

use proc_macro2::{Ident, TokenStream};
use syn::{LitStr, Token, ext::IdentExt, parenthesized, parse::ParseStream};

use super::{FunctionTokens, no_keys};
use crate::errors::Errors;

/// What is ready-made, as it is written.
const READY_MADE: &str = "`by_claim(\"org\")`, `by_header(\"X-Tenant\")`, `by_host`, `by_host(\"example.com\")` or `asked`; \
                          for anything else write a function with `#[edgepod::pod]`";

/// A ready-made rule.
pub(crate) struct ReadyMade {
    pub(crate) name: Ident,
    pub(crate) argument: Option<LitStr>,
}

impl ReadyMade {
    /// Reads `= by_claim("org")`.
    pub(super) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<Token![=]>()?;
        let expected = |span| syn::Error::new(span, format!("expected {READY_MADE}"));
        let name = input
            .call(Ident::parse_any)
            .map_err(|error| expected(error.span()))?;
        let argument = if input.peek(syn::token::Paren) {
            let arguments;
            parenthesized!(arguments in input);
            let argument = match arguments.is_empty() {
                true => None,
                false => Some(arguments.parse::<LitStr>().map_err(|error| {
                    syn::Error::new(error.span(), "expected a text in quotes, such as \"org\"")
                })?),
            };
            if !arguments.is_empty() {
                return Err(arguments.error("expected nothing after the text"));
            }
            argument
        } else {
            None
        };
        let is_known = match name.to_string().as_str() {
            "by_claim" | "by_header" if argument.is_none() => {
                return Err(syn::Error::new(
                    name.span(),
                    format!("`{name}` needs a name: `{name}(\"…\")`"),
                ));
            }
            "asked" => argument.is_none(),
            "by_claim" | "by_header" | "by_host" => true,
            _ => false,
        };
        if let Some(empty) = argument
            .as_ref()
            .filter(|text| text.value().trim().is_empty())
        {
            return Err(syn::Error::new(empty.span(), "the name is empty"));
        }
        match is_known {
            true => Ok(Self { name, argument }),
            false => Err(expected(name.span())),
        }
    }
}

/// A function that says which pod a request is for.
pub(crate) struct Pod {
    pub(crate) tokens: FunctionTokens,
}

impl Pod {
    /// Reads the attribute and the function; `None` where it is none.
    pub(crate) fn parse(attr: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        const ATTRIBUTE: &str = "#[edgepod::pod]";
        no_keys(&attr, ATTRIBUTE, errors);
        let tokens = FunctionTokens::read(item, ATTRIBUTE, errors)?;
        Some(Self { tokens })
    }
}
