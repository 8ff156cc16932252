//! Middleware: `async fn name(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> { … }`.

use proc_macro2::TokenStream;
use syn::{FnArg, Type};

use super::{FunctionTokens, no_keys};
use crate::errors::Errors;

/// A function that runs around others.
pub(crate) struct Middleware {
    pub(crate) tokens: FunctionTokens,
    /// The type that its context borrows, where the first parameter is such a borrow.
    pub(crate) context: Option<Type>,
}

impl Middleware {
    /// Reads the attribute and the function; `None` where it is none.
    pub(crate) fn parse(attr: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        const ATTRIBUTE: &str = "#[edgepod::middleware]";
        no_keys(&attr, ATTRIBUTE, errors);
        let tokens = FunctionTokens::read(item, ATTRIBUTE, errors)?;
        let context = match tokens.sig.inputs.first() {
            Some(FnArg::Typed(typed)) => match &*typed.ty {
                Type::Reference(reference) if reference.mutability.is_none() => {
                    Some((*reference.elem).clone())
                }
                _ => None,
            },
            _ => None,
        };
        Some(Self { tokens, context })
    }
}
