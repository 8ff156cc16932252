//! Addresses of whom a secret is told, or who is believed: they must be who they say they are.

use std::fmt;

use http::Uri;

/// What is wrong with an address. It is not repeated: it may have a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// It cannot be read.
    NoUrl,
    /// It names no host.
    NoHost,
    /// A user's name stands before the host, which a hurried reader takes for the host.
    User,
    /// The host is none.
    Host,
    /// It is not of `https`, nor of `http` on this machine.
    Scheme,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoUrl => "is no URL",
            Self::NoHost => "has no host: it is a whole URL, such as https://example.com/path",
            Self::User => "has a user's name before its host, and must not",
            Self::Host => "has a host that is none",
            Self::Scheme => "must begin with `https://`; `http://` is for this machine only",
        })
    }
}

impl std::error::Error for AddressError {}

/// Whether an address is of `https`, or of this machine, and nothing in it looks like another host than is meant.
///
/// ```
/// use edgepod_runtime::auth::{AddressError, check_address};
/// assert_eq!(check_address("https://issuer.example/jwks.json"), Ok(()));
/// assert_eq!(check_address("http://[::1]:9000/jwks"), Ok(()));
/// assert_eq!(check_address("http://issuer.example/jwks.json"), Err(AddressError::Scheme));
/// ```
///
/// # Errors
/// What is wrong with it.
pub fn check_address(url: &str) -> Result<(), AddressError> {
    let uri: Uri = url.parse().map_err(|_| AddressError::NoUrl)?;
    let authority = uri.authority().ok_or(AddressError::NoHost)?;
    if authority.as_str().contains('@') {
        return Err(AddressError::User);
    }
    // The library finds a host in brackets, and does not mind what follows it.
    let is_port = |rest: &str| {
        let digits = rest.strip_prefix(':').unwrap_or("x");
        rest.is_empty() || digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let rest = authority.as_str().strip_prefix(authority.host());
    if !rest.is_some_and(is_port) {
        return Err(AddressError::Host);
    }
    let is_here = ["localhost", "127.0.0.1", "[::1]"].contains(&authority.host());
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_here => Ok(()),
        _ => Err(AddressError::Scheme),
    }
}
