//! The attributes of a field: what kind of column it is.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Expr, ExprLit, ExprUnary, Field, Ident, Lit, LitByteStr, Meta, Path, Token, Type,
    UnOp, Visibility,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    parse_quote,
};

use super::words::{COLUMN, NOW, ON_DELETE, knows};
use crate::errors::Errors;

/// A column, and the field that it is made of.
pub(crate) struct Column {
    pub(crate) ident: Ident,
    /// The name in the database.
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) vis: Visibility,
    /// The user's attributes without ours.
    pub(crate) attrs: Vec<Attribute>,
    /// Ours, for their places.
    pub(crate) ours: Vec<Attribute>,
    pub(crate) primary_key: bool,
    pub(crate) auto_increment: bool,
    pub(crate) unique: bool,
    pub(crate) index: bool,
    pub(crate) default: Option<Default>,
    pub(crate) references: Option<References>,
    /// The name that it had before.
    pub(crate) renamed_from: Option<String>,
    /// Whether clients never see it.
    pub(crate) private: bool,
}

/// What a new row has where nothing is given.
pub(crate) enum Default {
    Now,
    /// With its place, for the message when the column's type does not hold it.
    Integer(i64, Span),
    Float(f64),
    Bool(bool),
    /// With its place, for the message when the column's type has no such text.
    Text(String, Span),
    Bytes(LitByteStr),
}

/// A foreign key.
pub(crate) struct References {
    /// The column as the user wrote it: `User::id`.
    pub(crate) column: Path,
    /// The table's struct: `User`.
    pub(crate) table: Path,
    pub(crate) on_delete: OnDelete,
}

/// What deleting the referenced row does.
pub(crate) enum OnDelete {
    Restrict,
    Cascade,
    SetNull,
    /// With its place, for the message when there is no default.
    SetDefault(Ident),
}

/// Whether the attribute is one of a column's.
fn is_ours(attr: &Attribute) -> bool {
    attr.path()
        .get_ident()
        .is_some_and(|name| knows(&COLUMN, name))
}

/// The name in `#[renamed_from = "mail"]`.
pub(crate) fn renamed_from(attr: &Attribute) -> syn::Result<String> {
    if let Meta::NameValue(pair) = &attr.meta
        && let Expr::Lit(ExprLit {
            lit: Lit::Str(name),
            ..
        }) = &pair.value
        && !name.value().is_empty()
    {
        return Ok(name.value());
    }
    Err(syn::Error::new_spanned(
        attr,
        "the name that it had, in quotes: `#[renamed_from = \"mail\"]`",
    ))
}

/// What keeps a field off the wire.
fn never_sent() -> [Attribute; 2] {
    [
        parse_quote!(#[serde(skip_serializing)]),
        parse_quote!(#[ts(skip)]),
    ]
}

impl Column {
    /// Reads a named field; mistakes are noted, and the column is the best that can be made of it.
    pub(crate) fn parse(field: &Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.clone()?;
        let mut column = Column {
            name: ident.unraw().to_string(),
            ident,
            ty: field.ty.clone(),
            vis: field.vis.clone(),
            attrs: Vec::new(),
            ours: Vec::new(),
            primary_key: false,
            auto_increment: false,
            unique: false,
            index: false,
            default: None,
            references: None,
            renamed_from: None,
            private: false,
        };
        let mut seen: Vec<&Ident> = Vec::new();
        for attr in &field.attrs {
            let Some(name) = attr.path().get_ident().filter(|_| is_ours(attr)) else {
                column.attrs.push(attr.clone());
                continue;
            };
            if seen.contains(&name) {
                errors.at(attr, format!("`#[{name}]` is there twice"));
                continue;
            }
            seen.push(name);
            column.ours.push(attr.clone());
            column.apply(name, attr, errors);
        }
        if column.private {
            column.attrs.extend(never_sent());
        }
        Some(column)
    }

    fn apply(&mut self, name: &Ident, attr: &Attribute, errors: &mut Errors) {
        match name.to_string().as_str() {
            "default" => {
                let default = attr.parse_args::<Default>().map_err(|error| {
                    // `#[default]` without brackets has no place of its own to point at.
                    match attr.meta {
                        Meta::List(_) => error,
                        _ => syn::Error::new_spanned(attr, DEFAULT_FORM),
                    }
                });
                self.default = errors.ok(default);
            }
            "renamed_from" => self.renamed_from = errors.ok(renamed_from(attr)),
            "references" => {
                let references = attr
                    .parse_args::<References>()
                    .map_err(|error| match attr.meta {
                        Meta::List(_) => error,
                        _ => syn::Error::new_spanned(attr, REFERENCES_FORM),
                    });
                self.references = errors.ok(references);
            }
            flag => {
                if !matches!(attr.meta, Meta::Path(_)) {
                    errors.at(
                        attr,
                        match flag {
                            "unique" | "index" => format!(
                                "`#[{flag}]` stands alone on a field; for several columns together there is \
                                 `#[{flag}(first, second)]` on the struct"
                            ),
                            _ => format!("`#[{flag}]` stands alone"),
                        },
                    );
                }
                match flag {
                    "primary_key" => self.primary_key = true,
                    "auto_inc" => self.auto_increment = true,
                    "unique" => self.unique = true,
                    "private" => self.private = true,
                    _ => self.index = true,
                }
            }
        }
    }

    /// The attribute of ours that has this name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.ours.iter().find(|attr| attr.path().is_ident(name))
    }

    /// Whether its type is written as an `Option`.
    pub(crate) fn is_optional(&self) -> bool {
        matches!(&self.ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
    }

    /// Whether a new row leaves the column to the database.
    pub(crate) fn is_filled_in(&self) -> bool {
        self.auto_increment || self.default.is_some()
    }
}

const DEFAULT_FORM: &str =
    "a default is `now`, a number, `true`, `false`, a text in quotes or `b\"bytes\"`";

impl Parse for Default {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let expr: Expr = input
            .parse()
            .map_err(|error| syn::Error::new(error.span(), DEFAULT_FORM))?;
        if !input.is_empty() {
            return Err(input.error("expected one value only"));
        }
        let tokens = expr.to_token_stream();
        let (negative, lit) = match &expr {
            Expr::Path(path) if path.path.is_ident(NOW.name) => {
                return Ok(Default::Now);
            }
            Expr::Lit(ExprLit { lit, .. }) => (false, lit),
            Expr::Unary(ExprUnary {
                op: UnOp::Neg(_),
                expr,
                ..
            }) => match &**expr {
                Expr::Lit(ExprLit { lit, .. }) => (true, lit),
                _ => return Err(syn::Error::new_spanned(tokens, DEFAULT_FORM)),
            },
            other => {
                let message = match called(other).as_deref() {
                    Some("now" | "current_timestamp" | "now_utc") => {
                        "the time when the row is inserted is `#[default(now)]`"
                    }
                    Some("autoincrement" | "auto_increment") => {
                        "the database counts a primary key up by `#[auto_inc]`, without a default"
                    }
                    Some("uuid" | "new_v4" | "cuid" | "gen_random_uuid" | "randomuuid") => {
                        "a default is a constant, and an id that nobody guesses is made in the function: give it to the new row"
                    }
                    _ => DEFAULT_FORM,
                };
                return Err(syn::Error::new_spanned(tokens, message));
            }
        };
        match lit {
            Lit::Int(int) => {
                let digits: i128 = int.base10_parse()?;
                let value = if negative { -digits } else { digits };
                i64::try_from(value)
                    .map(|value| Default::Integer(value, lit.span()))
                    .map_err(|_| syn::Error::new_spanned(tokens, "an integer has 64 bits"))
            }
            Lit::Float(float) => {
                let value: f64 = float.base10_parse()?;
                if !value.is_finite() {
                    return Err(syn::Error::new_spanned(
                        tokens,
                        "this number is too large for an `f64`",
                    ));
                }
                Ok(Default::Float(if negative { -value } else { value }))
            }
            Lit::Bool(bool) if !negative => Ok(Default::Bool(bool.value)),
            Lit::Str(text) if text.value().contains('\0') => Err(syn::Error::new_spanned(
                tokens,
                "SQL ends at a NUL, so that no default has one",
            )),
            Lit::Str(text) if !negative => Ok(Default::Text(text.value(), text.span())),
            Lit::ByteStr(bytes) if !negative => Ok(Default::Bytes(bytes.clone())),
            _ => Err(syn::Error::new_spanned(tokens, DEFAULT_FORM)),
        }
    }
}

/// The last word of a path, or of what is called, in lower case.
fn called(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Call(call) => called(&call.func),
        Expr::MethodCall(call) => Some(call.method.to_string().to_lowercase()),
        Expr::Path(path) => Some(path.path.segments.last()?.ident.to_string().to_lowercase()),
        _ => None,
    }
}

const REFERENCES_FORM: &str =
    "a reference names a column of another table: `#[references(User::id, on_delete = cascade)]`";

impl Parse for References {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let column: Path = input
            .parse()
            .map_err(|error| syn::Error::new(error.span(), REFERENCES_FORM))?;
        let mut table = column.clone();
        if table.segments.len() < 2 {
            return Err(syn::Error::new_spanned(&column, REFERENCES_FORM));
        }
        table.segments.pop();
        // What is left ends in `::`.
        table.segments.pop_punct();
        let mut on_delete = None;
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key = input.call(Ident::parse_any)?;
            if key != ON_DELETE.name {
                return Err(syn::Error::new_spanned(
                    &key,
                    format!(
                        "a reference has no key `{key}`; it has `on_delete = restrict`, `cascade`, `set_null` or `set_default`"
                    ),
                ));
            }
            if on_delete.is_some() {
                return Err(syn::Error::new_spanned(key, "`on_delete` is there twice"));
            }
            input.parse::<Token![=]>()?;
            on_delete = Some(input.parse()?);
        }
        Ok(Self {
            column,
            table,
            on_delete: on_delete.unwrap_or(OnDelete::Restrict),
        })
    }
}

impl Parse for OnDelete {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        const FORM: &str = "`on_delete` is `restrict`, `cascade`, `set_null` or `set_default`";
        let word = input
            .call(Ident::parse_any)
            .map_err(|error| syn::Error::new(error.span(), FORM))?;
        match word.to_string().as_str() {
            "restrict" => Ok(OnDelete::Restrict),
            "cascade" => Ok(OnDelete::Cascade),
            "set_null" => Ok(OnDelete::SetNull),
            "set_default" => Ok(OnDelete::SetDefault(word)),
            _ => Err(syn::Error::new_spanned(word, FORM)),
        }
    }
}

impl OnDelete {
    /// The variant of the schema's type.
    pub(crate) fn variant(&self) -> TokenStream {
        match self {
            OnDelete::Restrict => quote!(Restrict),
            OnDelete::Cascade => quote!(Cascade),
            OnDelete::SetNull => quote!(SetNull),
            OnDelete::SetDefault(_) => quote!(SetDefault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: Field) -> (Column, String) {
        let mut errors = Errors::default();
        let column = Column::parse(&field, &mut errors).unwrap();
        (column, errors.to_compile_errors().to_string())
    }

    #[test]
    fn the_users_attributes_stay_and_ours_go() {
        let (column, errors) = read(parse_quote!(
            #[primary_key]
            #[serde(rename = "key")]
            #[auto_inc]
            /// The id.
            pub r#type: i64
        ));
        assert_eq!(errors, "");
        assert_eq!(column.name, "type");
        assert!(column.primary_key && column.auto_increment && column.is_filled_in());
        assert_eq!(column.attrs.len(), 2);
    }

    #[test]
    fn defaults_are_read_with_their_sign() {
        for (attribute, fits) in [
            (parse_quote!(#[default(now)]), true),
            (parse_quote!(#[default(-9223372036854775808)]), true),
            (parse_quote!(#[default(-1.5e3)]), true),
            (parse_quote!(#[default(false)]), true),
            (parse_quote!(#[default("it's")]), true),
            (parse_quote!(#[default(b"\x00")]), true),
            (parse_quote!(#[default(9223372036854775808)]), false),
            (parse_quote!(#[default(1e999)]), false),
            (parse_quote!(#[default(-true)]), false),
            (parse_quote!(#[default(later)]), false),
            (parse_quote!(#[default('a')]), false),
            (parse_quote!(#[default(1, 2)]), false),
            (parse_quote!(#[default()]), false),
            (parse_quote!(#[default]), false),
            (parse_quote!(#[default = 1]), false),
        ] {
            let attribute: Attribute = attribute;
            let (column, errors) = read(parse_quote!(#attribute pub x: i64));
            assert_eq!(column.default.is_some(), fits, "{}", quote!(#attribute));
            assert_eq!(errors.is_empty(), fits, "{}", quote!(#attribute));
        }
    }

    #[test]
    fn a_reference_is_a_path_to_a_column() {
        let (column, errors) = read(
            parse_quote!(#[references(crate::model::User::id, on_delete = set_null)] pub x: i64),
        );
        assert_eq!(errors, "");
        let references = column.references.unwrap();
        let table = references.table;
        assert_eq!(
            quote!(#table).to_string(),
            quote!(crate::model::User).to_string()
        );
        for attribute in [
            parse_quote!(#[references]),
            parse_quote!(#[references()]),
            parse_quote!(#[references(User)]),
            parse_quote!(#[references("users.id")]),
            parse_quote!(#[references(User::id, on_delete)]),
            parse_quote!(#[references(User::id, on_delete = nothing)]),
            parse_quote!(#[references(User::id, on_update = cascade)]),
            parse_quote!(#[references(User::id, on_delete = cascade, on_delete = cascade)]),
        ] {
            let attribute: Attribute = attribute;
            let (_, errors) = read(parse_quote!(#attribute pub x: i64));
            assert_ne!(errors, "", "{}", quote!(#attribute));
        }
    }
}
