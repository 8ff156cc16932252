//! Errors: `enum TransferError { #[error(not_found, "There is no account {id}.")] NoAccount { id: i64 }, … }`.

use edgepod_manifest::STATUSES;
use heck::ToShoutySnakeCase;
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident};
use syn::{
    Attribute, Fields, Ident, Item, ItemEnum, LitInt, LitStr, Token, Type, Variant,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    spanned::Spanned,
};

use super::{no_keys, words::TRANSPARENT};
use crate::errors::Errors;

/// The enum of an app's errors.
pub(crate) struct ErrorEnum {
    /// The enum without this attribute's own attributes.
    pub(crate) item: ItemEnum,
    /// Those that could be read.
    pub(crate) variants: Vec<ErrorVariant>,
    /// The variant that holds EdgePod's own errors, where the enum has one.
    pub(crate) system: Option<Ident>,
}

/// A variant, and what a client is told of it.
pub(crate) struct ErrorVariant {
    pub(crate) ident: Ident,
    pub(crate) fields: Fields,
    /// What the fields are bound to.
    pub(crate) bindings: Vec<Ident>,
    pub(crate) told: Told,
    /// The field that another error becomes.
    pub(crate) from: Option<usize>,
}

pub(crate) enum Told {
    /// A status, a code and a message.
    Message {
        status: u16,
        code: String,
        message: LitStr,
    },
    /// What the error within tells.
    Transparent,
}

/// What only this attribute knows within its item.
pub(crate) const ERROR_ATTRIBUTES: [&str; 2] = ["error", "from"];

impl ErrorEnum {
    /// Reads the enum; `None` where it is none.
    pub(crate) fn parse(attr: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        const ATTRIBUTE: &str = "#[edgepod::error]";
        no_keys(&attr, ATTRIBUTE, errors);
        let mut item = match errors.ok(syn::parse2::<Item>(item))? {
            Item::Enum(item) => item,
            other => {
                errors.at(
                    other,
                    format!(
                        "`{ATTRIBUTE}` goes on an enum: each variant is something that can be wrong"
                    ),
                );
                return None;
            }
        };
        let variants: Vec<_> = item
            .variants
            .iter_mut()
            .filter_map(|variant| read_variant(variant, errors))
            .collect();
        let system = variants
            .iter()
            .find(|variant| {
                matches!(variant.told, Told::Transparent)
                    && variant.source().is_some_and(|ty| is_type(ty, "Error"))
            })
            .map(|variant| variant.ident.clone());
        Some(Self {
            item,
            variants,
            system,
        })
    }
}

impl ErrorVariant {
    pub(crate) fn source(&self) -> Option<&Type> {
        self.fields.iter().nth(self.from?).map(|field| &field.ty)
    }
}

/// Whether a type is `edgepod::<name>` or `serde_json::<name>` as people write it.
pub(crate) fn is_type(ty: &Type, name: &str) -> bool {
    let text = ty.to_token_stream().to_string().replace(' ', "");
    let text = text.strip_prefix("::").unwrap_or(&text);
    text == name || name == "Error" && text == "edgepod::Error"
}

fn read_variant(variant: &mut Variant, errors: &mut Errors) -> Option<ErrorVariant> {
    const FORM: &str = "`#[error(not_found, \"There is no account {id}.\")]`";
    let told: Vec<Attribute> = take(&mut variant.attrs, "error");
    let mut from = None;
    for (index, field) in variant.fields.iter_mut().enumerate() {
        for attr in take(&mut field.attrs, "from") {
            if from.replace(index).is_some() {
                errors.at(&attr, "one field is made `#[from]` another error, not two");
            }
            if let Err(error) = attr.meta.require_path_only() {
                errors.add(error);
            }
        }
    }
    if from.is_some() && variant.fields.len() != 1 {
        errors.at(
            &variant.fields,
            "a variant that is made `#[from]` another error has that one field",
        );
        return None;
    }
    let [attr] = told.as_slice() else {
        errors.at(
            &variant.ident,
            if told.is_empty() {
                format!("a client must be told what is wrong: {FORM}")
            } else {
                format!("`{}` has two messages: keep one", variant.ident)
            },
        );
        return None;
    };
    let code = variant.ident.unraw().to_string().to_shouty_snake_case();
    let list = match attr.meta.require_list() {
        Ok(list) => list,
        Err(_) => {
            errors.at(attr, format!("expected a status and a message: {FORM}"));
            return None;
        }
    };
    let told = errors.ok(
        (|input: ParseStream<'_>| told_of(input, code, &variant.fields))
            .parse2(list.tokens.clone()),
    )?;
    if matches!(told, Told::Transparent) && variant.fields.len() != 1 {
        errors.at(
            &variant.ident,
            "a transparent variant tells what the error in its one field tells: `Other(#[from] OtherError)`",
        );
        return None;
    }
    // The message names a place, so its name means what it means there; mistakes are shown at the field.
    let means = match &told {
        Told::Message { message, .. } => message.span(),
        Told::Transparent => variant.ident.span(),
    };
    let bindings = variant
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| match &field.ident {
            Some(ident) => ident.clone(),
            None => {
                let span = means.located_at(field.ty.span());
                format_ident!("_{index}", span = span)
            }
        })
        .collect();
    Some(ErrorVariant {
        ident: variant.ident.clone(),
        fields: variant.fields.clone(),
        bindings,
        told,
        from,
    })
}

fn take(attrs: &mut Vec<Attribute>, name: &str) -> Vec<Attribute> {
    let (taken, kept) = std::mem::take(attrs)
        .into_iter()
        .partition(|attr| attr.path().is_ident(name));
    *attrs = kept;
    taken
}

fn told_of(input: ParseStream<'_>, code: String, fields: &Fields) -> syn::Result<Told> {
    let start = input.span();
    let status = if input.peek(LitInt) {
        let number: LitInt = input.parse()?;
        match number.base10_parse::<u16>() {
            Ok(status @ 400..=599) => status,
            _ => {
                return Err(syn::Error::new(
                    number.span(),
                    "the status of an error is between 400 and 599",
                ));
            }
        }
    } else if input.peek(LitStr) {
        return Err(input.error(
            "the status comes first: `#[error(not_found, \"…\")]` or `#[error(404, \"…\")]`",
        ));
    } else {
        let name = input.call(Ident::parse_any)?;
        if name == TRANSPARENT.name {
            if !input.is_empty() {
                return Err(input.error(
                    "`transparent` stands alone: the error within has the status and the message",
                ));
            }
            return Ok(Told::Transparent);
        }
        match STATUSES.iter().find(|(known, _)| name == *known) {
            Some((_, status)) => *status,
            None => {
                let known: Vec<_> = STATUSES.iter().map(|(name, _)| *name).collect();
                return Err(syn::Error::new(
                    name.span(),
                    format!(
                        "`{name}` is no status: write its number, `transparent`, or one of {}",
                        known.join(", ")
                    ),
                ));
            }
        }
    };
    if input.is_empty() {
        return Err(syn::Error::new(
            start,
            "a message for the client is missing: `#[error(not_found, \"There is no account {id}.\")]`",
        ));
    }
    input.parse::<Token![,]>()?;
    let message: LitStr = input.parse().map_err(|error| {
        syn::Error::new(
            error.span(),
            "expected the message for the client, in quotes",
        )
    })?;
    let _: Option<Token![,]> = input.parse()?;
    if !input.is_empty() {
        let rest: TokenStream = input.parse()?;
        return Err(syn::Error::new_spanned(
            rest,
            "the message names the fields within its braces: `\"There is no account {id}.\"`",
        ));
    }
    let message = match fields {
        Fields::Unnamed(_) => LitStr::new(&positions_as_names(&message.value()), message.span()),
        _ => message,
    };
    Ok(Told::Message {
        status,
        code,
        message,
    })
}

/// `{0}` as `{_0}`: a name that the variant's first field is bound to.
fn positions_as_names(message: &str) -> String {
    let mut text = String::with_capacity(message.len() + 4);
    let mut chars = message.chars().peekable();
    while let Some(c) = chars.next() {
        text.push(c);
        if c == '{' {
            match chars.peek() {
                Some('{') => text.extend(chars.next()),
                Some(digit) if digit.is_ascii_digit() => text.push('_'),
                _ => {}
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_become_names_and_braces_stay() {
        assert_eq!(
            positions_as_names("{0} of {1:>5}, {{0}} and {name}"),
            "{_0} of {_1:>5}, {{0}} and {name}"
        );
    }
}
