//! `#[edgepod::test]`: async, with the app as its only parameter.

use super::signature;
use crate::{errors::Errors, parse::Test};

const FORM: &str = "`async fn name(app: TestApp) { … }`";

/// Checks a test.
pub(crate) fn test(test: &Test, errors: &mut Errors) {
    let sig = &test.item.sig;
    signature::qualifiers("a test", sig, errors);
    if sig.asyncness.is_none() {
        errors.at(
            sig.fn_token,
            format!("a test awaits the functions that it calls, so it is async: {FORM}"),
        );
    }
    if sig.inputs.len() > 1 || (sig.inputs.len() == 1 && test.app().is_none()) {
        errors.at(
            &sig.inputs,
            format!("a test takes the app and nothing else: {FORM}"),
        );
    }
    if let Some(second) = test.second() {
        errors.at(
            second,
            "it is a test already: without this attribute it runs once, and not twice",
        );
    }
}
