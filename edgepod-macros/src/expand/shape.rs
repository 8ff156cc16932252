//! What ts-rs does not read of serde's attributes: it is told in attributes of its own, so that TypeScript says what JSON does.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Fields, Item, ItemStruct, LitStr, ext::IdentExt, parse_quote};

use crate::parse::{Rule, Serde, says};

/// Completes the attributes of a struct or an enum.
pub(crate) fn tell_typescript(item: &mut Item) {
    match item {
        Item::Struct(item) => tell_typescript_of(item),
        Item::Enum(item) => {
            stands_for(&mut item.attrs, None);
            tag(&mut item.attrs);
            let all = Serde::of(&item.attrs);
            let rule = all.rename_all.filter(|_| !says(&item.attrs, "rename_all"));
            let of_fields = all
                .rename_all_fields
                .filter(|_| !says(&item.attrs, "rename_all_fields"));
            for variant in &mut item.variants {
                let serde = Serde::of(&variant.attrs);
                let name = rule.map(|rule| rule.variant(&variant.ident.unraw().to_string()));
                rename(&mut variant.attrs, &serde, name);
                let rule = serde.rename_all.or(of_fields);
                let rule = rule.filter(|_| !says(&variant.attrs, "rename_all"));
                fields(&mut variant.fields, rule);
            }
        }
        _ => {}
    }
}

/// Completes the attributes of a struct.
pub(crate) fn tell_typescript_of(item: &mut ItemStruct) {
    let mut written = item
        .fields
        .iter()
        .filter(|field| !Serde::of(&field.attrs).skipped);
    // What is transparent has one such field, or serde says so.
    let only = written.next().map(|field| field.ty.to_token_stream());
    stands_for(&mut item.attrs, only);
    tag(&mut item.attrs);
    let rule = Serde::of(&item.attrs).rename_all;
    let rule = rule.filter(|_| !says(&item.attrs, "rename_all"));
    fields(&mut item.fields, rule);
}

fn fields(fields: &mut Fields, rule: Option<Rule>) {
    let Fields::Named(named) = fields else { return };
    for field in &mut named.named {
        let serde = Serde::of(&field.attrs);
        // What is flattened has no name of its own.
        if serde.skipped || serde.flattened {
            continue;
        }
        let name = rule
            .zip(field.ident.as_ref())
            .map(|(rule, ident)| rule.field(&ident.unraw().to_string()));
        rename(&mut field.attrs, &serde, name);
        if serde.omitted && !says(&field.attrs, "optional") {
            field.attrs.push(parse_quote!(#[ts(optional = nullable)]));
        }
    }
}

/// Gives the name in JSON to ts-rs where it does not see it, would not escape it, or has another rule than serde:
/// `by_rule` is what serde's makes of the name.
fn rename(attrs: &mut Vec<Attribute>, serde: &Serde, by_rule: Option<String>) {
    let name = match &serde.rename {
        Some((name, is_seen)) if !is_seen || needs_escape(name) => escaped(name),
        Some(_) => return,
        None => match by_rule {
            Some(name) => escaped(&name),
            None => return,
        },
    };
    if !says(attrs, "rename") {
        attrs.push(parse_quote!(#[ts(rename = #name)]));
    }
}

/// The type that is written in the place of one: that of its only field, or the one that it is converted into.
fn stands_for(attrs: &mut Vec<Attribute>, only: Option<TokenStream>) {
    let serde = Serde::of(attrs);
    let only = only.filter(|_| serde.transparent).map(|ty| ty.to_string());
    if let Some(ty) = serde.into.or(only)
        && !["as", "type"].iter().any(|word| says(attrs, word))
    {
        attrs.push(parse_quote!(#[ts(as = #ty)]));
    }
}

/// Tags, likewise.
fn tag(attrs: &mut Vec<Attribute>) {
    let serde = Serde::of(attrs);
    if let Some(tag) = serde.tag.filter(|tag| needs_escape(tag)) {
        let tag = escaped(&tag);
        attrs.push(parse_quote!(#[ts(tag = #tag)]));
    }
    if let Some(content) = serde.content.filter(|content| needs_escape(content)) {
        let content = escaped(&content);
        attrs.push(parse_quote!(#[ts(content = #content)]));
    }
}

fn needs_escape(text: &str) -> bool {
    text.contains(['"', '\\', '\n', '\r'])
}

/// A text as it is between quotes in TypeScript.
fn escaped(text: &str) -> LitStr {
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
        .replace('\r', "\\r");
    LitStr::new(&text, Span::call_site())
}
