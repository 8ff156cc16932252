//! What stands in an attribute's brackets: `name = "…", middleware = [a, b]`.

use std::time::Duration;

use edgepod_manifest::{hides_a_function, reserved_prefix};
use proc_macro2::{Span, TokenStream};
use syn::{
    Expr, ExprAssign, ExprLit, ExprPath, Ident, Lit, LitBool, LitStr, Path, Token, bracketed,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    parse_quote,
    punctuated::Punctuated,
    spanned::Spanned,
};

use super::{
    ReadyMade,
    duration::duration,
    words::{
        APP, AppKey, DATA, FunctionKey, GATEWAY, Keys, PRESENCE, PresenceKey, ROUTE, RouteKey,
        TABLE, TableKey,
    },
};
use crate::errors::Errors;

/// The keys of `#[edgepod::query]`, `#[edgepod::function]` and `#[edgepod::action]`.
pub(crate) struct FunctionKeys {
    pub(crate) name: Option<String>,
    /// Whether only the app itself calls it.
    pub(crate) internal: bool,
    /// Whether the app may call it as a job, besides.
    pub(crate) job: bool,
    /// Whether answers of a query may be kept.
    pub(crate) keep: bool,
    pub(crate) middleware: Vec<Listed>,
}

impl FunctionKeys {
    pub(crate) fn parse(attr: TokenStream, known: &Keys<FunctionKey>, errors: &mut Errors) -> Self {
        let mut keys = Self {
            name: None,
            internal: false,
            job: false,
            keep: true,
            middleware: Vec::new(),
        };
        each(attr, known, errors, |key, word, input, errors| {
            match key {
                FunctionKey::Name => {
                    let name = text(input)?;
                    if is_javascript_name(&name.value()) {
                        keys.name = Some(name.value());
                    } else {
                        errors.at(
                            &name,
                            "a public name is letters, digits and `_`, and does not begin with a digit, such as \"getUsers\"",
                        );
                    }
                }
                FunctionKey::Middleware => keys.middleware = middleware(input)?,
                FunctionKey::Keep => keys.keep = yes_or_no(input)?,
                FunctionKey::Internal => {
                    keys.internal = alone(
                        word,
                        input,
                        "`internal` stands alone: a function is internal, or it is not",
                        errors,
                    );
                }
                FunctionKey::Job => {
                    keys.job = alone(
                        word,
                        input,
                        "`job` stands alone: a function may be a job, or it may not",
                        errors,
                    );
                }
            }
            Ok(())
        });
        keys
    }
}

/// The keys of `#[edgepod::table]`.
pub(crate) struct TableKeys {
    /// `None` after a mistake.
    pub(crate) name: Option<String>,
    /// Whether it is a full-text index.
    pub(crate) full_text: bool,
}

impl TableKeys {
    pub(crate) fn parse(attr: TokenStream, item: &Ident, errors: &mut Errors) -> Self {
        let mut keys = Self {
            name: None,
            full_text: false,
        };
        let mut is_named = false;
        each(attr, &TABLE, errors, |key, _, input, errors| {
            match key {
                TableKey::Name => {
                    is_named = true;
                    keys.name = table_name(&text(input)?, errors);
                }
                TableKey::Fts5 => keys.full_text = true,
            }
            Ok(())
        });
        if !is_named {
            let plural = heck::AsSnakeCase(item.to_string());
            errors.add(syn::Error::new(
                Span::call_site(),
                format!(
                    "the table needs a name in the database: `#[edgepod::table(name = \"{plural}s\")]`"
                ),
            ));
        }
        keys
    }
}

fn table_name(literal: &LitStr, errors: &mut Errors) -> Option<String> {
    let name = literal.value();
    if name.is_empty() {
        errors.at(literal, "the table's name in the database is empty");
    } else if let Some(prefix) = reserved_prefix(&name) {
        errors.at(
            literal,
            format!("names that begin with `{prefix}` belong to the database: choose another"),
        );
    } else if hides_a_function(&name) {
        errors.at(
            literal,
            format!(
                "a table named `{name}` would hide SQLite's function of that name: choose another"
            ),
        );
    } else if name.contains('\0') {
        errors.at(literal, "a table's name has no NUL character");
    } else {
        return Some(name);
    }
    None
}

/// The keys of `edgepod::app!`.
pub(crate) struct AppKeys {
    pub(crate) middleware: Vec<Listed>,
    pub(crate) pod: Option<ReadyMade>,
}

impl AppKeys {
    pub(crate) fn parse(input: TokenStream, errors: &mut Errors) -> Self {
        let mut keys = Self {
            middleware: Vec::new(),
            pod: None,
        };
        each(input, &APP, errors, |key, _, input, _| {
            match key {
                AppKey::Middleware => keys.middleware = middleware(input)?,
                AppKey::Pod => keys.pod = Some(ReadyMade::parse(input)?),
            }
            Ok(())
        });
        keys
    }
}

/// The keys of `#[edgepod::route]`, after the method and the path.
#[derive(Default)]
pub(crate) struct RouteKeys {
    pub(crate) middleware: Vec<Listed>,
    /// Whether it runs without the database.
    pub(crate) at_gateway: bool,
}

impl RouteKeys {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut keys = Self::default();
        let mut of_middleware = None;
        each(tokens, &ROUTE, errors, |key, word, input, errors| {
            match key {
                RouteKey::Middleware => {
                    of_middleware = Some(word.clone());
                    keys.middleware = middleware(input)?;
                }
                RouteKey::At => {
                    input.parse::<Token![=]>()?;
                    let place: Expr = input.parse()?;
                    keys.at_gateway = true;
                    let is_known = matches!(
                        &place,
                        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value() == GATEWAY
                    );
                    if !is_known {
                        errors.at(
                            &place,
                            format!(
                                "a route is at \"{GATEWAY}\", where there is no database, or says nothing and has one: write \
                                 `at = \"{GATEWAY}\"`, or remove `at`"
                            ),
                        );
                    }
                }
            }
            Ok(())
        });
        if let Some(word) = of_middleware.filter(|_| keys.at_gateway) {
            errors.at(
                &word,
                "a route at the gateway has no middleware, which may read the database: check in the route itself, or remove `at`",
            );
        }
        keys
    }
}

/// The keys of `#[edgepod::presence]`.
pub(crate) struct PresenceKeys {
    /// The field that is the key; `None` after a mistake.
    pub(crate) key: Option<Ident>,
    /// How long a presence lasts, unless it is said again.
    pub(crate) at_most: Option<Duration>,
}

impl PresenceKeys {
    pub(crate) fn parse(attr: TokenStream, errors: &mut Errors) -> Self {
        let mut keys = Self {
            key: None,
            at_most: None,
        };
        let mut has_key = false;
        each(attr, &PRESENCE, errors, |key, _, input, errors| {
            match key {
                PresenceKey::Key => {
                    has_key = true;
                    input.parse::<Token![=]>()?;
                    let field = input.call(Ident::parse_any).map_err(|error| {
                        syn::Error::new(
                            error.span(),
                            "expected a field of the struct, such as `key = room_id`",
                        )
                    })?;
                    keys.key = Some(field);
                }
                PresenceKey::AtMost => {
                    let time = text(input)?;
                    keys.at_most = duration(&time, errors);
                }
            }
            Ok(())
        });
        if !has_key {
            errors.add(syn::Error::new(
                Span::call_site(),
                "a presence is asked for by one of its fields: `#[edgepod::presence(key = room_id)]`",
            ));
        }
        keys
    }
}

/// Whether `#[edgepod::data(reply)]` says that the type is only returned.
pub(crate) fn data_keys(attr: TokenStream, errors: &mut Errors) -> bool {
    let mut reply = false;
    each(attr, &DATA, errors, |(), _, _, _| {
        reply = true;
        Ok(())
    });
    reply
}

/// Refuses anything in the brackets.
pub(crate) fn no_keys(attr: &TokenStream, attribute: &str, errors: &mut Errors) {
    if !attr.is_empty() {
        errors.at(attr, format!("`{attribute}` stands alone: it has no keys"));
    }
}

/// Reads `key …, key …`, and notes the keys that are not known or there twice. What follows the key is for `read`.
fn each<K: Copy>(
    tokens: TokenStream,
    known: &Keys<K>,
    errors: &mut Errors,
    mut read: impl FnMut(K, &Ident, ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    let mut seen = Vec::new();
    let result = (|input: ParseStream<'_>| {
        while !input.is_empty() {
            let word = input
                .call(Ident::parse_any)
                .map_err(|error| syn::Error::new(error.span(), "expected a key, such as `name`"))?;
            match known.find(&word, &mut seen) {
                Ok(key) => read(key, &word, input, errors)?,
                Err(error) => {
                    errors.add(error);
                    skip(input);
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    })
    .parse2(tokens);
    errors.ok(result);
}

impl<K: Copy> Keys<K> {
    fn find(&self, word: &Ident, seen: &mut Vec<Ident>) -> syn::Result<K> {
        let wrong = |message| Err(syn::Error::new(word.span(), message));
        if seen.contains(word) {
            return wrong(format!("`{word}` is there twice"));
        }
        seen.push(word.clone());
        if let Some((key, _)) = self.words.iter().find(|(_, known)| word == known.name) {
            return Ok(*key);
        }
        if let Some((_, why)) = self.of_others.iter().find(|(other, _)| word == other) {
            return wrong((*why).to_owned());
        }
        wrong(format!(
            "`{}` has no key `{word}`; it has {self}",
            self.attribute
        ))
    }
}

/// Whether nothing follows the word, as it is to be.
fn alone(word: &Ident, input: ParseStream<'_>, message: &str, errors: &mut Errors) -> bool {
    let alone = input.is_empty() || input.peek(Token![,]);
    if !alone {
        errors.at(word, message);
        skip(input);
    }
    alone
}

fn yes_or_no(input: ParseStream<'_>) -> syn::Result<bool> {
    input.parse::<Token![=]>()?;
    let expected = |error: syn::Error| syn::Error::new(error.span(), "expected `true` or `false`");
    Ok(input.parse::<LitBool>().map_err(expected)?.value)
}

fn text(input: ParseStream<'_>) -> syn::Result<LitStr> {
    input.parse::<Token![=]>()?;
    input.parse::<LitStr>().map_err(|error| {
        syn::Error::new(error.span(), "expected a text in quotes, such as \"users\"")
    })
}

/// What stands in a list of middleware.
pub(crate) enum Listed {
    /// The name of a function with `#[edgepod::middleware]`.
    Named(Path),
    /// A value, such as `require_role("role", "admin")`.
    Value(Expr),
}

impl Listed {
    /// A path is a function's name, unless it is written like a constant, or a type without fields.
    fn new(expr: Expr) -> Self {
        match expr {
            Expr::Path(ExprPath {
                attrs,
                qself: None,
                path,
            }) if attrs.is_empty()
                && path.segments.last().is_some_and(|last| {
                    last.arguments.is_none()
                        && last
                            .ident
                            .unraw()
                            .to_string()
                            .starts_with(|c: char| !c.is_uppercase())
                }) =>
            {
                Self::Named(path)
            }
            expr => Self::Value(expr),
        }
    }
}

fn middleware(input: ParseStream<'_>) -> syn::Result<Vec<Listed>> {
    input.parse::<Token![=]>()?;
    let list;
    if !input.peek(syn::token::Bracket) {
        return Err(syn::Error::new(
            input.span(),
            "expected a list of middleware, such as `[with_auth]`",
        ));
    }
    bracketed!(list in input);
    let listed = Punctuated::<Listed, Token![,]>::parse_terminated_with(&list, |input| {
        let expr = input.parse::<Expr>().map_err(|error| {
            syn::Error::new(
                error.span(),
                "expected a middleware: the name of a function, such as `with_auth`, or a value, such as \
                 `require_role(\"role\", \"admin\")`",
            )
        })?;
        match expr {
            Expr::Lit(_) | Expr::Assign(_) | Expr::Array(_) | Expr::Tuple(_) => {
                Err(syn::Error::new_spanned(
                    expr,
                    "this is no middleware: name a function, such as `with_auth`, or give a value, such as \
                     `require_role(\"role\", \"admin\")`",
                ))
            }
            expr => Ok(Listed::new(with_named_arguments(expr)?)),
        }
    })?;
    Ok(listed.into_iter().collect())
}

/// `rate_limit(10, Per::Minute, by = "email")` as the methods that it stands for: `.by_argument("email")`, and `.by(…)` of what
/// is no text.
fn with_named_arguments(expr: Expr) -> syn::Result<Expr> {
    let mut call = match expr {
        Expr::Call(call) if call.args.iter().any(|arg| matches!(arg, Expr::Assign(_))) => call,
        expr => return Ok(expr),
    };
    let (named, plain): (Vec<Expr>, Vec<Expr>) = std::mem::take(&mut call.args)
        .into_iter()
        .partition(|arg| matches!(arg, Expr::Assign(_)));
    call.args = plain.into_iter().collect();
    named.into_iter().try_fold(Expr::Call(call), |made, arg| {
        let Expr::Assign(ExprAssign { left, right, .. }) = arg else {
            return Ok(made);
        };
        match &*left {
            Expr::Path(path) if path.path.is_ident("by") => {}
            _ => {
                return Err(syn::Error::new_spanned(
                    left,
                    "the one argument with a name is that of `rate_limit`: `by = \"email\"` counts for an argument, too",
                ));
            }
        }
        let method = match &*right {
            Expr::Lit(ExprLit {
                lit: Lit::Str(_), ..
            }) => "by_argument",
            _ => "by",
        };
        let method = Ident::new(method, left.span());
        Ok(parse_quote!(#made.#method(#right)))
    })
}

/// Passes over a value that nobody knows, up to the next comma.
fn skip(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        // A token tree is always there.
        let _ = input.parse::<proc_macro2::TokenTree>();
    }
}

fn is_javascript_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '$';
    name.chars().next().is_some_and(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;
    use crate::parse::words::{ACTION, FUNCTION, QUERY};

    fn messages(errors: &Errors) -> String {
        errors.to_compile_errors().to_string()
    }

    #[test]
    fn both_keys_of_a_function_are_read() {
        let mut errors = Errors::default();
        let keys = FunctionKeys::parse(
            quote!(middleware = [a, b::c], name = "listUsers",),
            &QUERY,
            &mut errors,
        );
        assert!(errors.is_empty(), "{}", messages(&errors));
        assert_eq!(keys.name.as_deref(), Some("listUsers"));
        assert_eq!(keys.middleware.len(), 2);
    }

    #[test]
    fn an_argument_with_a_name_is_a_method() {
        let listed = |middleware: TokenStream| {
            let mut errors = Errors::default();
            let keys =
                FunctionKeys::parse(quote!(middleware = [#middleware]), &FUNCTION, &mut errors);
            match keys.middleware.first() {
                Some(Listed::Value(expr)) if errors.is_empty() => quote!(#expr).to_string(),
                _ => messages(&errors),
            }
        };
        assert_eq!(
            listed(quote!(rate_limit(by = "email", 10, Per::Minute))),
            quote!(rate_limit(10, Per::Minute).by_argument("email")).to_string()
        );
        assert_eq!(
            listed(quote!(rate_limit(10, Per::Minute, by = |ctx| key(ctx)))),
            quote!(rate_limit(10, Per::Minute).by(|ctx| key(ctx))).to_string()
        );
        let refused = listed(quote!(rate_limit(10, Per::Minute, per = "email")));
        assert!(refused.contains("by = "), "{refused}");
    }

    #[test]
    fn an_unknown_key_does_not_hide_the_next() {
        let mut errors = Errors::default();
        let keys = FunctionKeys::parse(
            quote!(nam(1, 2) = [3], name = "a", cache),
            &QUERY,
            &mut errors,
        );
        assert_eq!(keys.name.as_deref(), Some("a"));
        let messages = messages(&errors);
        assert!(
            messages.contains("no key `nam`") && messages.contains("no key `cache`"),
            "{messages}"
        );
    }

    #[test]
    fn keep_is_a_querys_and_yes_or_no() {
        let mut errors = Errors::default();
        let keys = FunctionKeys::parse(quote!(keep = false), &QUERY, &mut errors);
        assert!(errors.is_empty() && !keys.keep, "{}", messages(&errors));
        let keys = FunctionKeys::parse(quote!(keep = true), &QUERY, &mut errors);
        assert!(errors.is_empty() && keys.keep, "{}", messages(&errors));
        for (attribute, keys) in [
            (&QUERY, quote!(keep)),
            (&QUERY, quote!(keep = "no")),
            (&FUNCTION, quote!(keep = false)),
            (&ACTION, quote!(keep = true)),
        ] {
            let mut errors = Errors::default();
            FunctionKeys::parse(keys.clone(), attribute, &mut errors);
            assert!(!errors.is_empty(), "{} {keys}", attribute.attribute);
        }
    }

    #[test]
    fn a_public_name_is_one_word() {
        for name in ["", "get users", "1st", "get-users", "größe"] {
            let mut errors = Errors::default();
            FunctionKeys::parse(quote!(name = #name), &QUERY, &mut errors);
            assert!(!errors.is_empty(), "{name}");
        }
    }
}
