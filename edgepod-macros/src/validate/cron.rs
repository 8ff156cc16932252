//! A cron: nobody gives it arguments, and nobody hears what it says.

use crate::{errors::Errors, parse::Cron};

/// Checks a cron.
pub(crate) fn cron(cron: &Cron, errors: &mut Errors) {
    super::function(&cron.function, errors);
    if let Some(parameter) = cron.function.parameters.first() {
        errors.at(
            &parameter.ident,
            "a cron takes its context and nothing else: the clock calls it, and has no arguments",
        );
    }
}
