//! What stands around every expansion: whatever goes wrong in it, the user's item comes out.
//!
//! A compile error alone would take the item away, and with it all that an editor knows of it: while somebody types an
//! attribute's argument, every use of the function would be underlined, too.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::quote;

use crate::{completions::Grammar, errors::Errors};

/// Runs an expansion, and adds the messages of what it noted to its tokens, and what editors complete by.
///
/// Where it gives none, or panics, the item itself comes out, without the attributes that only this macro knows, and that the
/// compiler would call unknown.
pub(crate) fn handle_errors(
    grammar: Grammar,
    attr: TokenStream,
    item: TokenStream,
    expand: impl FnOnce(TokenStream, TokenStream, &mut Errors) -> Option<TokenStream>,
) -> TokenStream {
    let completions = grammar.completions(&attr, &item);
    let (tokens, messages) = caught(|errors| expand(attr, item.clone(), errors));
    let tokens = tokens.unwrap_or_else(|| strip(item, &grammar.attributes()));
    quote!(#completions #tokens #messages)
}

/// The same where an expression is to come out: the messages stand before it.
pub(crate) fn handle_errors_in_expression(
    expand: impl FnOnce(&mut Errors) -> Option<TokenStream>,
) -> TokenStream {
    let (tokens, messages) = caught(expand);
    let tokens = tokens.unwrap_or_else(does_not_compile);
    quote!({ #messages #tokens })
}

/// An expression of any type, for what stands beside a message.
pub(crate) fn does_not_compile() -> TokenStream {
    quote!(::edgepod::__private::does_not_compile())
}

/// What an expansion gives, and the messages of what it noted, a panic among them.
fn caught(
    expand: impl FnOnce(&mut Errors) -> Option<TokenStream>,
) -> (Option<TokenStream>, TokenStream) {
    let mut errors = Errors::default();
    let expanded = catch_unwind(AssertUnwindSafe(|| expand(&mut errors)));
    let tokens = expanded.unwrap_or_else(|panic| {
        errors.add(panicked(&*panic));
        None
    });
    (tokens, errors.to_compile_errors())
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> syn::Error {
    let why = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it does not say why");
    syn::Error::new(
        Span::call_site(),
        format!(
            "this attribute of EdgePod panicked: {why}. That is a mistake in EdgePod: please report it with the item that it \
             stands on"
        ),
    )
}

/// The tokens without `#[name…]` for each of the names, at any depth. For tokens, because the item may be no Rust.
fn strip(tokens: TokenStream, names: &[&str]) -> TokenStream {
    let mut stripped = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                if let Some(TokenTree::Group(group)) = tokens.peek()
                    && is_one_of(group, names)
                {
                    tokens.next();
                    continue;
                }
                stripped.extend([token]);
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), strip(group.stream(), names));
                inner.set_span(group.span());
                stripped.extend([TokenTree::Group(inner)]);
            }
            _ => stripped.extend([token]),
        }
    }
    stripped
}

fn is_one_of(attr: &Group, names: &[&str]) -> bool {
    let first = attr.stream().into_iter().next();
    attr.delimiter() == Delimiter::Bracket
        && matches!(first, Some(TokenTree::Ident(word)) if names.iter().any(|name| word == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> TokenStream {
        quote! {
            #[derive(Debug)]
            struct User { #[primary_key] #[serde(default)] id: i64, #[default(7)] age: fn([#[index] u8; 1]) }
        }
    }

    fn without() -> String {
        quote! {
            #[derive(Debug)]
            struct User { #[serde(default)] id: i64, age: fn([u8; 1]) }
        }
        .to_string()
    }

    #[test]
    fn what_cannot_be_expanded_comes_out_without_our_attributes() {
        let tokens = handle_errors(
            Grammar::Table,
            TokenStream::new(),
            item(),
            |_, _, errors| {
                errors.add(syn::Error::new(Span::call_site(), "no"));
                None
            },
        );
        let expected = format!("{} {}", without(), quote!(::core::compile_error! { "no" }));
        assert_eq!(tokens.to_string(), expected);
    }

    #[test]
    fn a_panic_is_a_message_beside_the_item() {
        let tokens = handle_errors(Grammar::Table, TokenStream::new(), item(), |_, _, _| {
            panic!("the {} broke", "lamp")
        })
        .to_string();
        assert!(tokens.starts_with(&without()), "{tokens}");
        assert!(tokens.contains("the lamp broke"), "{tokens}");
        assert_eq!(tokens.matches("compile_error").count(), 1, "{tokens}");
    }

    #[test]
    fn in_an_expression_what_was_noted_before_a_panic_is_said_too() {
        let tokens = handle_errors_in_expression(|errors| {
            errors.add(syn::Error::new(Span::call_site(), "noted"));
            panic!("lost")
        });
        let block: syn::ExprBlock = syn::parse2(tokens).unwrap();
        assert_eq!(block.block.stmts.len(), 3);
        let tokens = quote!(#block).to_string();
        assert!(
            tokens.contains("noted") && tokens.contains("lost"),
            "{tokens}"
        );
    }

    #[test]
    fn what_was_noted_before_a_panic_is_said_too() {
        let tokens = handle_errors(
            Grammar::Plain,
            TokenStream::new(),
            quote!(
                struct S;
            ),
            |_, _, errors| {
                errors.add(syn::Error::new(Span::call_site(), "noted"));
                panic!("lost")
            },
        )
        .to_string();
        assert!(
            tokens.contains("noted") && tokens.contains("lost"),
            "{tokens}"
        );
    }
}
