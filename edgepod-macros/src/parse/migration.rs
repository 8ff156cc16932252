//! A migration in Rust: `#[edgepod::migration("0003_fill_slugs")] fn fill_slugs(db: &MigrationDb<'_>) -> Result<()> { … }`.

use proc_macro2::{Span, TokenStream};
use syn::LitStr;

use super::{FunctionTokens, number_of};
use crate::errors::Errors;

const FORM: &str = "a migration has a number and a name, as files have: `#[edgepod::migration(\"0003_fill_slugs\")]`";

/// A function that changes data between two versions of the schema.
pub(crate) struct Migration {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) tokens: FunctionTokens,
}

impl Migration {
    /// Reads the attribute and the function; `None` where it is none, or nobody could say when it is to run.
    pub(crate) fn parse(attr: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let name =
            syn::parse2::<LitStr>(attr).map_err(|_| syn::Error::new(Span::call_site(), FORM));
        let name = errors.ok(name);
        let tokens = FunctionTokens::read(item, "#[edgepod::migration]", errors);
        let (literal, tokens) = name.zip(tokens)?;
        let name = literal.value();
        let Some(number) = number_of(&name) else {
            errors.at(literal, FORM);
            return None;
        };
        Some(Self {
            number,
            name,
            tokens,
        })
    }
}
