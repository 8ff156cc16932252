//! A span of time as attributes have it: `"10m"`.

use std::time::Duration;

use edgepod_manifest::read_duration;
use syn::LitStr;

use crate::errors::Errors;

/// Reads a whole number of `s`, `m`, `h` or `d` above 0, at most a year.
pub(super) fn duration(text: &LitStr, errors: &mut Errors) -> Option<Duration> {
    read_duration(&text.value())
        .map_err(|error| errors.at(text, error))
        .ok()
}
