//! What the attributes of serde and of ts-rs say of an item's JSON.

use syn::{Attribute, LitStr, Token};

use super::skip_value;

/// Of one item's `#[serde(…)]`, what concerns its JSON.
#[derive(Default)]
pub(crate) struct Serde {
    /// The name that it is serialized under, and whether ts-rs reads the way it is given in.
    pub(crate) rename: Option<(String, bool)>,
    pub(crate) tag: Option<String>,
    pub(crate) content: Option<String>,
    /// It may be missing.
    pub(crate) omitted: bool,
    /// It is missing altogether.
    pub(crate) skipped: bool,
    pub(crate) flattened: bool,
}

impl Serde {
    pub(crate) fn of(attrs: &[Attribute]) -> Self {
        let mut serde = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
            // What this reader does not understand, serde speaks about.
            let _ = attr.parse_nested_meta(|meta| {
                let path = &meta.path;
                if path.is_ident("rename") && meta.input.peek(Token![=]) {
                    serde.rename = Some((meta.value()?.parse::<LitStr>()?.value(), true));
                } else if path.is_ident("rename") {
                    meta.parse_nested_meta(|side| {
                        let name: LitStr = side.value()?.parse()?;
                        if side.path.is_ident("serialize") {
                            serde.rename = Some((name.value(), false));
                        }
                        Ok(())
                    })?;
                } else if path.is_ident("tag") {
                    serde.tag = Some(meta.value()?.parse::<LitStr>()?.value());
                } else if path.is_ident("content") {
                    serde.content = Some(meta.value()?.parse::<LitStr>()?.value());
                } else {
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
