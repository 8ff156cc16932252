//! Middleware: three parameters, all borrowed but the last, and a reply.

use syn::{FnArg, ReturnType, Type};

use super::signature;
use crate::{errors::Errors, parse::Middleware};

const FORM: &str = "`async fn(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply>`";

/// Checks a middleware.
pub(crate) fn middleware(middleware: &Middleware, errors: &mut Errors) {
    let sig = &middleware.tokens.sig;
    signature::qualifiers("a middleware", sig, errors);
    if sig.asyncness.is_none() {
        errors.at(
            sig.fn_token,
            format!("a middleware awaits the rest of the chain, so it is async: {FORM}"),
        );
    }
    if sig.inputs.len() != 3 {
        errors.at(
            &sig.ident,
            format!("a middleware takes three parameters: {FORM}"),
        );
    }
    if let Some(FnArg::Typed(args)) = sig.inputs.iter().nth(1)
        && sig.inputs.len() == 3
        && !matches!(&*args.ty, Type::Reference(reference) if reference.mutability.is_none())
    {
        errors.at(&args.ty, "the arguments are borrowed: `&Args`");
    }
    if matches!(sig.output, ReturnType::Default) {
        errors.at(
            &sig.ident,
            format!("a middleware returns the reply, changed or not: {FORM}"),
        );
    }
    match sig.inputs.first() {
        Some(FnArg::Typed(typed)) if middleware.context.is_none() => errors.at(
            &typed.ty,
            "the context is borrowed: `&QueryCtx`, `&Ctx` or `&ActionCtx`",
        ),
        Some(FnArg::Receiver(receiver)) => {
            errors.at(receiver, format!("a middleware is a free function: {FORM}"));
        }
        _ => {}
    }
}
