//! Tests: `async fn name(app: TestApp) { … }`.

use proc_macro2::TokenStream;
use syn::{Attribute, FnArg, ItemFn};

use super::no_keys;
use crate::errors::Errors;

/// A test of the app's functions.
pub(crate) struct Test {
    pub(crate) item: ItemFn,
}

impl Test {
    pub(crate) const ATTRIBUTE: &str = "#[edgepod::test]";

    /// Reads the attribute and the function; `None` where it is none.
    pub(crate) fn parse(attr: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        no_keys(&attr, Self::ATTRIBUTE, errors);
        match syn::parse2(item) {
            Ok(item) => Some(Self { item }),
            Err(error) => {
                let message = format!("{} stands on an `async fn`: {error}", Self::ATTRIBUTE);
                errors.add(syn::Error::new(error.span(), message));
                None
            }
        }
    }

    /// What the app is called in the test, and its type, where the test asks for one.
    pub(crate) fn app(&self) -> Option<&syn::PatType> {
        match self.item.sig.inputs.first() {
            Some(FnArg::Typed(app)) => Some(app),
            _ => None,
        }
    }

    /// The attribute that makes it a test as well, where somebody wrote one.
    pub(crate) fn second(&self) -> Option<&Attribute> {
        let is_test = |attr: &&Attribute| {
            let last = attr.path().segments.last();
            last.is_some_and(|last| last.ident == "test")
        };
        self.item.attrs.iter().find(is_test)
    }
}
