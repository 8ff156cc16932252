//! What can go wrong, and under which HTTP status.

use std::fmt;

/// Declares EdgePod's own codes: the variants, their names on the wire and their statuses.
macro_rules! codes {
    ($($(#[doc = $docs:literal])* $variant:ident = $status:literal $name:literal;)*) => {
        /// The kinds of error that a client can meet, each with its HTTP status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $docs])* $variant,)*
            /// A code of the app's own: a variant of an `#[edgepod::error]` enum.
            App {
                /// The name on the wire.
                name: &'static str,
                /// The HTTP status.
                status: u16,
            },
        }

        impl Code {
            /// Those that a server gives whatever the app.
            pub const SYSTEM: &'static [Self] = &[$(Self::$variant),*];

            /// The HTTP status.
            ///
            /// ```
            /// assert_eq!(edgepod_manifest::Code::Conflict.status(), 409);
            /// ```
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$variant => $status,)*
                    Self::App { status, .. } => status,
                }
            }

            /// The name on the wire, for example `NOT_FOUND`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::App { name, .. } => name,
                }
            }
        }
    };
}

codes! {
    /// 400: the request cannot be understood, or its arguments do not fit.
    BadRequest = 400 "BAD_REQUEST";
    /// 401: no key or token, or a wrong one.
    Unauthorized = 401 "UNAUTHORIZED";
    /// 403: known, and not allowed.
    Forbidden = 403 "FORBIDDEN";
    /// 404: no such function, or no such thing.
    NotFound = 404 "NOT_FOUND";
    /// 405: the function or route exists, and not for this method.
    MethodNotAllowed = 405 "METHOD_NOT_ALLOWED";
    /// 409: it contradicts what is stored, for example a unique value that is taken.
    Conflict = 409 "CONFLICT";
    /// 413: the body is larger than the gateway accepts.
    PayloadTooLarge = 413 "PAYLOAD_TOO_LARGE";
    /// 426: `/ws` without an upgrade to a WebSocket.
    UpgradeRequired = 426 "UPGRADE_REQUIRED";
    /// 429: too many calls.
    TooManyRequests = 429 "TOO_MANY_REQUESTS";
    /// 500: a failure that the client can do nothing about. What happened is in the log, under the trace id.
    Internal = 500 "INTERNAL";
    /// 503: something that the server needs is away for a while; try again.
    Unavailable = 503 "UNAVAILABLE";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Codes that no server gives: the client says them of a call that got no reply of EdgePod's. Each with what it means.
pub const CLIENT_CODES: [(&str, &str); 2] = [
    (
        "NETWORK",
        "No reply came: the server is down, the network is, or the browser blocked the request.",
    ),
    (
        "INVALID_REPLY",
        "A reply came that EdgePod did not write, for example a proxy's error page.",
    ),
];

/// Codes that nothing gives today and no app may take.
pub const KEPT_CODES: [&str; 1] = ["TIMEOUT"];

/// All codes that are not an app's: a client must be able to tell them from the app's.
///
/// ```
/// assert!(edgepod_manifest::reserved_codes().any(|code| code == "NOT_FOUND"));
/// ```
pub fn reserved_codes() -> impl Iterator<Item = &'static str> {
    let system = Code::SYSTEM.iter().map(|code| code.as_str());
    let client = CLIENT_CODES.into_iter().map(|(code, _)| code);
    system.chain(client).chain(KEPT_CODES)
}

/// The statuses that an app's own error may have by name: `#[error(not_found, "…")]`.
pub const STATUSES: [(&str, u16); 13] = [
    ("bad_request", Code::BadRequest.status()),
    ("unauthorized", Code::Unauthorized.status()),
    ("payment_required", 402),
    ("forbidden", Code::Forbidden.status()),
    ("not_found", Code::NotFound.status()),
    ("conflict", Code::Conflict.status()),
    ("gone", 410),
    ("unprocessable", 422),
    ("locked", 423),
    ("too_many_requests", Code::TooManyRequests.status()),
    ("internal", Code::Internal.status()),
    ("bad_gateway", 502),
    ("unavailable", Code::Unavailable.status()),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_there_once_and_is_named_as_its_status_is() {
        let mut codes: Vec<&str> = reserved_codes().collect();
        assert_eq!(codes.len(), 14);
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 14);
        for (name, status) in STATUSES {
            let code = Code::SYSTEM
                .iter()
                .find(|code| code.as_str().eq_ignore_ascii_case(name));
            assert!(code.is_none_or(|code| code.status() == status), "{name}");
        }
    }
}
