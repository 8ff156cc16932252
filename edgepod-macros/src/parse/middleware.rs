//! Middleware: `async fn name(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> { … }`.

use syn::{FnArg, ReturnType, Signature, Type};

use super::function::check_qualifiers;
use crate::errors::Errors;

const FORM: &str = "`async fn(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply>`";

/// Checks the signature and returns the context's type.
pub(crate) fn check_middleware(sig: &Signature, errors: &mut Errors) -> Option<Type> {
    let mut found = Errors::default();
    check_qualifiers("a middleware", sig, &mut found);
    if sig.asyncness.is_none() {
        found.at(
            sig.fn_token,
            format!("a middleware awaits the rest of the chain, so it is async: {FORM}"),
        );
    }
    if sig.inputs.len() != 3 {
        found.at(
            &sig.ident,
            format!("a middleware takes three parameters: {FORM}"),
        );
    }
    if let Some(FnArg::Typed(args)) = sig.inputs.iter().nth(1)
        && sig.inputs.len() == 3
        && !matches!(&*args.ty, Type::Reference(reference) if reference.mutability.is_none())
    {
        found.at(&args.ty, "the arguments are borrowed: `&Args`");
    }
    if matches!(sig.output, ReturnType::Default) {
        found.at(
            &sig.ident,
            format!("a middleware returns the reply, changed or not: {FORM}"),
        );
    }
    let context = match sig.inputs.first() {
        Some(FnArg::Typed(typed)) => match &*typed.ty {
            Type::Reference(reference) if reference.mutability.is_none() => {
                Some((*reference.elem).clone())
            }
            other => {
                found.at(
                    other,
                    "the context is borrowed: `&QueryCtx`, `&Ctx` or `&ActionCtx`",
                );
                None
            }
        },
        Some(FnArg::Receiver(receiver)) => {
            found.at(receiver, format!("a middleware is a free function: {FORM}"));
            None
        }
        None => None,
    };
    let fine = found.is_empty();
    errors.extend(found);
    if fine { context } else { None }
}
