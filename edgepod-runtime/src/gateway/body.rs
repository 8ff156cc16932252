//! The body of a call.

use crate::{Code, Error, Result};

/// The most bytes that a body may have: 4 MiB.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// How many bytes of a body are read that nobody wants, so that a client which still sends it hears the reply.
pub const UNWANTED_BODY: usize = 64 * 1024 * 1024;

/// The body's text.
///
/// # Errors
/// `PAYLOAD_TOO_LARGE`; `BAD_REQUEST` for bytes that are no UTF-8.
pub fn body(bytes: &[u8]) -> Result<&str> {
    if bytes.len() > BODY_LIMIT {
        return Err(too_large());
    }
    std::str::from_utf8(bytes).map_err(|_| not_utf8())
}

/// The error of a body that is no UTF-8.
pub fn not_utf8() -> Error {
    Error::bad_request("The arguments are not JSON: the body is not UTF-8.")
}

/// The error of a body beyond [`BODY_LIMIT`].
pub fn too_large() -> Error {
    Error::new(
        Code::PayloadTooLarge,
        format!(
            "The body is larger than {BODY_LIMIT} bytes, the most that a call may have. Send less at once."
        ),
    )
}
