//! What holds for the signature of every registered function, middleware included.

use syn::Signature;

use crate::errors::Errors;

/// Refuses what a registered function cannot be.
pub(super) fn qualifiers(noun: &str, sig: &Signature, errors: &mut Errors) {
    if let Some(token) = &sig.constness {
        errors.at(token, format!("{noun} is not `const`"));
    }
    if let Some(token) = &sig.unsafety {
        errors.at(
            token,
            format!("{noun} is not `unsafe`: clients call it as they like"),
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(abi, format!("{noun} is a Rust function: remove `extern`"));
    }
    if let Some(param) = sig.generics.params.first() {
        errors.at(
            param,
            format!("{noun} has no generic parameters: write the types out"),
        );
    }
    if let Some(clause) = &sig.generics.where_clause {
        errors.at(clause, format!("{noun} has no `where` clause"));
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(
            variadic,
            format!("{noun} takes a fixed number of arguments"),
        );
    }
}
