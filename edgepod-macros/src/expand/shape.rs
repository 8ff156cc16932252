//! What ts-rs does not read of serde's attributes: it is told in attributes of its own, so that TypeScript says what JSON does.

use proc_macro2::Span;
use syn::{Attribute, Fields, Item, LitStr, parse_quote};

use crate::parse::{Serde, says};

/// Completes the attributes of a struct or an enum.
pub(crate) fn tell_typescript(item: &mut Item) {
    match item {
        Item::Struct(item) => {
            tag(&mut item.attrs);
            fields(&mut item.fields);
        }
        Item::Enum(item) => {
            tag(&mut item.attrs);
            for variant in &mut item.variants {
                let serde = Serde::of(&variant.attrs);
                rename(&mut variant.attrs, &serde);
                fields(&mut variant.fields);
            }
        }
        _ => {}
    }
}

fn fields(fields: &mut Fields) {
    let Fields::Named(named) = fields else { return };
    for field in &mut named.named {
        let serde = Serde::of(&field.attrs);
        // What is flattened has no name of its own.
        if serde.skipped || serde.flattened {
            continue;
        }
        rename(&mut field.attrs, &serde);
        if serde.omitted && !says(&field.attrs, "optional") {
            field.attrs.push(parse_quote!(#[ts(optional = nullable)]));
        }
    }
}

/// Gives the name in JSON to ts-rs where it does not see it, or would not escape it.
fn rename(attrs: &mut Vec<Attribute>, serde: &Serde) {
    let Some((name, is_seen)) = &serde.rename else {
        return;
    };
    if (*is_seen && !needs_escape(name)) || says(attrs, "rename") {
        return;
    }
    let name = escaped(name);
    attrs.push(parse_quote!(#[ts(rename = #name)]));
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
