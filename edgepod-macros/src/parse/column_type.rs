//! What `#[derive(ColumnType)]` reads: an enum of words, or a struct around one column type.

use proc_macro2::TokenStream;
use syn::{
    Attribute, Data, DeriveInput, Fields, Ident, LitStr, Token, Type, Variant, ext::IdentExt,
};

use super::{Rule, skip_value};
use crate::errors::Errors;

/// A type that a column can have.
pub(crate) struct ColumnType {
    pub(crate) ident: Ident,
    pub(crate) shape: Shape,
}

/// What the column's values are.
pub(crate) enum Shape {
    /// A word for each variant.
    Words(Vec<Word>),
    /// The values of the only field.
    Around { ty: Box<Type> },
}

/// A variant.
pub(crate) struct Word {
    pub(crate) variant: Ident,
    /// What is stored, and what JSON has.
    pub(crate) text: String,
    /// What is read as well.
    pub(crate) aliases: Vec<String>,
}

impl ColumnType {
    /// Reads the type; `None` where no column can have it.
    pub(crate) fn parse(item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let input: DeriveInput = errors.ok(syn::parse2(item))?;
        if !input.generics.params.is_empty() {
            errors.at(
                &input.generics,
                "a column's type is one type: it has no generic parameters and no lifetimes",
            );
            return None;
        }
        let ident = input.ident;
        let shape = match input.data {
            Data::Enum(data) if data.variants.is_empty() => {
                errors.at(&ident, "an enum without variants has no value to store");
                return None;
            }
            Data::Enum(data) => {
                Shape::Words(words(&ident, &input.attrs, data.variants.iter(), errors)?)
            }
            Data::Struct(data) => around(&ident, &data.fields, errors)?,
            Data::Union(_) => {
                errors.at(
                    &ident,
                    "`ColumnType` is for an enum without data, and for a struct around one column type",
                );
                return None;
            }
        };
        Some(Self { ident, shape })
    }
}

fn around(ident: &Ident, fields: &Fields, errors: &mut Errors) -> Option<Shape> {
    let mut all = fields.iter();
    if let (Fields::Unnamed(_), Some(field), None) = (fields, all.next(), all.next()) {
        return Some(Shape::Around {
            ty: Box::new(field.ty.clone()),
        });
    }
    errors.at(
        ident,
        format!(
            "a column holds one value: write `struct {ident}(i64);` around one column type; for a struct of several fields \
             make the column a `Json<{ident}>`"
        ),
    );
    None
}

fn words<'a>(
    ident: &Ident,
    attrs: &[Attribute],
    variants: impl Iterator<Item = &'a Variant>,
    errors: &mut Errors,
) -> Option<Vec<Word>> {
    let rule = Names::read(attrs, errors)
        .rename_all
        .and_then(|name| rule(&name, errors));
    let mut words: Vec<Word> = Vec::new();
    let mut fits = true;
    for variant in variants {
        if !matches!(variant.fields, Fields::Unit) {
            errors.at(
                variant,
                format!(
                    "a variant with data does not fit a column of one word: make the column a `Json<{ident}>`, which needs no \
                     `ColumnType`"
                ),
            );
            fits = false;
            continue;
        }
        let names = Names::read(&variant.attrs, errors);
        let plain = variant.ident.unraw().to_string();
        let text = names.rename.unwrap_or_else(|| match rule {
            Some(rule) => rule.variant(&plain),
            None => plain,
        });
        let known = words
            .iter()
            .find(|word| word.text == text || word.aliases.contains(&text));
        if let Some(known) = known {
            errors.at(
                variant,
                format!("`{}` is `\"{text}\"` in the database, too", known.variant),
            );
            fits = false;
        }
        words.push(Word {
            variant: variant.ident.clone(),
            text,
            aliases: names.aliases,
        });
    }
    fits.then_some(words)
}

/// What serde's attributes say about names.
#[derive(Default)]
struct Names {
    rename: Option<String>,
    rename_all: Option<LitStr>,
    aliases: Vec<String>,
}

impl Names {
    fn read(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut names = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
            let read = attr.parse_nested_meta(|meta| {
                let rename = meta.path.is_ident("rename");
                let rename_all = meta.path.is_ident("rename_all");
                if rename || rename_all || meta.path.is_ident("alias") {
                    if !meta.input.peek(Token![=]) {
                        return Err(meta.error(
                            "a column has one text for reading and writing: write the name after `=`",
                        ));
                    }
                    let text: LitStr = meta.value()?.parse()?;
                    if rename {
                        names.rename = Some(text.value());
                    } else if rename_all {
                        names.rename_all = Some(text);
                    } else {
                        names.aliases.push(text.value());
                    }
                } else {
                    skip_value(&meta)?;
                }
                Ok(())
            });
            errors.ok(read);
        }
        names
    }
}

/// The rule of an attribute.
fn rule(name: &LitStr, errors: &mut Errors) -> Option<Rule> {
    let rule = Rule::named(&name.value());
    if rule.is_none() {
        errors.at(name, "serde has no such rule for names");
    }
    rule
}
