//! How much a statement may return.

use super::SqlError;

/// The variable that sets the most bytes of a result.
pub(crate) const RESULT_LIMIT: &str = "EDGEPOD_RESULT_LIMIT";

/// A reply between a Worker and its object ends at 32 MiB, where a character may have two bytes.
const DEFAULT: usize = 16 * 1024 * 1024;

/// The most bytes of a statement's result and of a reply, by what the variable says.
pub(crate) fn result_limit(set: Option<&str>) -> usize {
    set.and_then(|text| text.trim().parse().ok())
        .filter(|bytes| *bytes > 0)
        .unwrap_or(DEFAULT)
}

/// What a host says of a result that is larger, with the limit after it.
pub(crate) const TOO_LARGE: &str = "the result has more bytes than ";

/// The error of a result beyond the limit, as every host words it.
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub(crate) fn result_too_large(limit: usize) -> SqlError {
    SqlError {
        message: format!("{TOO_LARGE}{limit}"),
    }
}

/// The limit, where `error` is of a result beyond it.
pub(crate) fn exceeded(error: &SqlError) -> Option<&str> {
    let (_, rest) = error.message.split_once(TOO_LARGE)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_of_bytes() {
        for (set, limit) in [
            (None, DEFAULT),
            (Some("1000"), 1000),
            (Some(" 7 "), 7),
            (Some("0"), DEFAULT),
            (Some("much"), DEFAULT),
        ] {
            assert_eq!(result_limit(set), limit);
        }
        let message = format!("{TOO_LARGE}1000: SQLITE_ERROR");
        assert_eq!(exceeded(&SqlError { message }), Some("1000"));
    }
}
