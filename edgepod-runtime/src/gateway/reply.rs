//! Replies and the headers that they all carry.

use crate::{Error, engine::Outcome};

/// The headers of every reply to a call and of every error. Keys, not origins, say who may call: any origin is welcome.
pub const HEADERS: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("cache-control", "no-store"),
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "Retry-After"),
];

/// A reply of the gateway itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// The reply that tells of an error.
    pub fn error(error: &Error, trace_id: &str) -> Self {
        let outcome = Outcome::error(error, trace_id);
        let headers = HEADERS
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .chain(
                outcome
                    .retry_after
                    .map(|seconds| ("retry-after", seconds.to_string())),
            );
        Self {
            status: outcome.status,
            headers: headers.collect(),
            body: outcome.body,
        }
    }

    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The keys with which tokens of this app are verified.
    pub(super) fn keys(json: &str) -> Self {
        Self {
            status: 200,
            headers: vec![
                ("content-type", "application/jwk-set+json".to_owned()),
                // A key that is to sign tokens is published this long before it does.
                ("cache-control", "public, max-age=300".to_owned()),
                ("access-control-allow-origin", "*".to_owned()),
            ],
            body: json.to_owned(),
        }
    }

    /// What methods a route takes. Other origins are for the app to let in: it may have a route of OPTIONS itself.
    pub(super) fn options(methods: &[&str]) -> Self {
        Self {
            status: 204,
            headers: vec![("allow", methods.join(", "))],
            body: String::new(),
        }
    }

    /// The answer to a preflight.
    pub(super) fn preflight(request_headers: Option<&str>) -> Self {
        let allowed = request_headers
            .filter(|names| is_header_list(names))
            .unwrap_or("authorization, content-type, x-edgepod-key, x-edgepod-session-id, x-edgepod-reactive, x-edgepod-pod, x-edgepod-idempotency-key");
        Self {
            status: 204,
            headers: vec![
                ("access-control-allow-origin", "*".to_owned()),
                (
                    "access-control-allow-methods",
                    "GET, POST, OPTIONS".to_owned(),
                ),
                ("access-control-allow-headers", allowed.to_owned()),
                ("access-control-max-age", "86400".to_owned()),
                ("vary", "access-control-request-headers".to_owned()),
            ],
            body: String::new(),
        }
    }
}

/// Whether a text is a list of header names, which may be sent back.
fn is_header_list(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_, ".contains(&b))
}
