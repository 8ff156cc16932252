//! What the studio refuses, and why.

use serde_json::{Value, json};

/// A status, a code as the app's errors have, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: u16,
    pub code: String,
    pub message: String,
}

pub(super) type Answer<T> = Result<T, Refusal>;

impl Refusal {
    fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// What was asked makes no sense.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "BAD_REQUEST", message)
    }

    /// Whoever asks is nobody.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self::new(401, "UNAUTHORIZED", message)
    }

    /// Whoever asks may not.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "FORBIDDEN", message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "NOT_FOUND", message)
    }

    /// Somebody was faster.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "CONFLICT", message)
    }

    /// What the app that is asked cannot do.
    pub fn cannot(message: impl Into<String>) -> Self {
        Self::new(501, "NOT_SUPPORTED", message)
    }

    /// What answers is no app, or one of another version.
    pub fn strange(message: impl Into<String>) -> Self {
        Self::new(502, "BAD_GATEWAY", message)
    }

    /// The app is not there now.
    pub fn away(message: impl Into<String>) -> Self {
        Self::new(503, "UNAVAILABLE", message)
    }

    /// What the app itself refuses, in its words.
    pub fn of_app(status: u16, error: &Value) -> Self {
        let text = |name: &str, other: &'static str| error[name].as_str().unwrap_or(other);
        Self::new(
            status,
            text("code", "INTERNAL"),
            text("message", "The app gives no reason."),
        )
    }

    pub fn json(&self) -> Value {
        json!({"error": {"message": self.message, "code": self.code}})
    }
}
