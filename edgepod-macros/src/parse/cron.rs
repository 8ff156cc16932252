//! Crons: `async fn sweep(ctx: &Ctx) -> Result<()> { … }` under `#[edgepod::cron("0 3 * * *")]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    FnArg, Ident, LitStr, Token, Type,
    parse::{ParseStream, Parser},
};

use super::{Function, FunctionTokens, Kind, schedule::Schedule, words::EVERY};
use crate::errors::Errors;

/// A function that the clock calls.
pub(crate) struct Cron {
    pub(crate) function: Function,
    /// `None` after a mistake.
    pub(crate) schedule: Option<Schedule>,
    /// The schedule as it is written.
    pub(crate) text: String,
}

impl Cron {
    pub(crate) const ATTRIBUTE: &str = "#[edgepod::cron]";

    /// Reads the attribute and the function; `None` where it is none.
    pub(crate) fn parse(attr: TokenStream, item: TokenStream, errors: &mut Errors) -> Option<Self> {
        let (schedule, text) = match schedule.parse2(attr) {
            Ok((None, text)) => (Schedule::fields(&text, errors), text.value()),
            Ok((Some(_), text)) => (
                Schedule::every(&text, errors),
                format!("every {}", text.value()),
            ),
            Err(error) => {
                errors.add(error);
                (None, String::new())
            }
        };
        let tokens = FunctionTokens::read(item.clone(), Self::ATTRIBUTE, errors)?;
        let kind = kind(&tokens);
        let function = Function::parse(kind, quote!(internal), item, errors)?;
        Some(Self {
            function,
            schedule,
            text,
        })
    }
}

/// `"0 3 * * *"`, or `every = "10m"`.
fn schedule(input: ParseStream<'_>) -> syn::Result<(Option<Ident>, LitStr)> {
    const FORM: &str = "a cron says when it comes: `#[edgepod::cron(\"0 3 * * *\")]` in five fields (minute, hour, day of the month, \
                        month, weekday; UTC), or `#[edgepod::cron(every = \"10m\")]`";
    let wrong = |error: syn::Error| syn::Error::new(error.span(), FORM);
    let mut key = None;
    if input.peek(syn::Ident) {
        let every: Ident = input.parse()?;
        if every != EVERY.name {
            return Err(syn::Error::new(every.span(), FORM));
        }
        input.parse::<Token![=]>().map_err(wrong)?;
        key = Some(every);
    }
    let text = input.parse().map_err(wrong)?;
    match input.is_empty() {
        true => Ok((key, text)),
        false => Err(input.error(FORM)),
    }
}

/// Which kind of function it is: its context says so.
fn kind(tokens: &FunctionTokens) -> Kind {
    let Some(FnArg::Typed(context)) = tokens.sig.inputs.first() else {
        return Kind::Function;
    };
    let mut ty = &*context.ty;
    while let Type::Reference(reference) = ty {
        ty = &reference.elem;
    }
    match ty {
        Type::Path(path) => match path.path.segments.last() {
            Some(last) if last.ident == "ActionCtx" => Kind::Action,
            _ => Kind::Function,
        },
        _ => Kind::Function,
    }
}
