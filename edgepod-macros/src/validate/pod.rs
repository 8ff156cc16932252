//! A function that says which pod a request is for.

use syn::ReturnType;

use crate::{errors::Errors, parse::Pod};

/// Checks it. What the compiler says of the types it says on the function.
pub(crate) fn pod(pod: &Pod, errors: &mut Errors) {
    let sig = &pod.tokens.sig;
    if let Some(asyncness) = sig.asyncness {
        errors.at(
            asyncness,
            "the pod is chosen before there is a database, and awaits nothing: remove `async`",
        );
    }
    if sig.inputs.len() != 1 || matches!(sig.output, ReturnType::Default) {
        errors.at(
            &sig.ident,
            "`#[edgepod::pod]` stands on `fn pod(request: &PodRequest) -> Result<PodName>`",
        );
    }
}
