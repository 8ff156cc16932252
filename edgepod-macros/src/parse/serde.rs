//! What the attributes of serde and of ts-rs say of an item's JSON.

use syn::{Attribute, LitStr, Token, meta::ParseNestedMeta};

use super::{Rule, skip_value};

/// Of one item's `#[serde(…)]`, what concerns its JSON.
#[derive(Default)]
pub(crate) struct Serde {
    /// The name that it is serialized under, and whether ts-rs reads the way it is given in.
    pub(crate) rename: Option<(String, bool)>,
    /// The rule for the names of its fields, or of its variants where it is an enum.
    pub(crate) rename_all: Option<Rule>,
    /// The rule for the names of its variants' fields.
    pub(crate) rename_all_fields: Option<Rule>,
    pub(crate) tag: Option<String>,
    pub(crate) content: Option<String>,
    /// It may be missing.
    pub(crate) omitted: bool,
    /// It is missing altogether.
    pub(crate) skipped: bool,
    pub(crate) flattened: bool,
    /// A function of the app's writes it.
    pub(crate) by_function: bool,
    /// It is written as its only field is.
    pub(crate) transparent: bool,
    /// It is written as another type is.
    pub(crate) into: Option<String>,
}

impl Serde {
    pub(crate) fn of(attrs: &[Attribute]) -> Self {
        let mut serde = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
            // What this reader does not understand, serde speaks about.
            let _ = attr.parse_nested_meta(|meta| {
                let path = &meta.path;
                if path.is_ident("rename") {
                    let is_seen = meta.input.peek(Token![=]);
                    serde.rename = serialized(&meta)?.map(|name| (name, is_seen));
                } else if path.is_ident("rename_all") {
                    serde.rename_all = serialized(&meta)?.and_then(|name| Rule::named(&name));
                } else if path.is_ident("rename_all_fields") {
                    serde.rename_all_fields =
                        serialized(&meta)?.and_then(|name| Rule::named(&name));
                } else if path.is_ident("tag") {
                    serde.tag = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if path.is_ident("content") {
                    serde.content = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if path.is_ident("into") {
                    serde.into = Some(meta.value()?.parse::<LitStr>()?.value());
                } else {
                    serde.by_function |= path.is_ident("serialize_with");
                    serde.transparent |= path.is_ident("transparent");
                    serde.omitted |=
                        path.is_ident("skip_serializing_if") || path.is_ident("skip_serializing");
                    serde.skipped |= path.is_ident("skip");
                    serde.flattened |= path.is_ident("flatten");
                    skip_value(&meta)?;
                }
                Ok(())
            });
        }
        serde
    }
}

/// What a key says of what is serialized: `key = "…"`, or `key(serialize = "…")`.
fn serialized(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<String>> {
    if meta.input.peek(Token![=]) {
        return Ok(Some(meta.value()?.parse::<LitStr>()?.value()));
    }
    let mut found = None;
    meta.parse_nested_meta(|side| {
        let text: LitStr = side.value()?.parse()?;
        if side.path.is_ident("serialize") {
            found = Some(text.value());
        }
        Ok(())
    })?;
    Ok(found)
}

/// Whether `#[ts(…)]` says something already.
pub(crate) fn says(attrs: &[Attribute], what: &str) -> bool {
    let mut found = false;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("ts")) {
        let _ = attr.parse_nested_meta(|meta| {
            found |= meta.path.is_ident(what);
            skip_value(&meta)
        });
    }
    found
}
