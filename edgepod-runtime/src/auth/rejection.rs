//! Why a token is refused.

use std::fmt;

use crate::{Code, Error};

/// Why a token is refused: one variant for each situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// The header is not `Bearer <token>`.
    NotBearer,
    /// The token is longer than any that is accepted.
    TooLong,
    /// It is no signed token: not three parts of base64url, or no JSON in them.
    Malformed,
    /// Its algorithm is not accepted.
    Algorithm,
    /// Its header demands an extension.
    Critical,
    /// It is a token for another purpose.
    Type,
    /// No key of its issuer has that name.
    UnknownKey,
    /// The key is for other algorithms.
    KeyMismatch,
    /// It names no key, and several fit.
    AmbiguousKey,
    /// The signature is not by that key.
    Signature,
    /// It has no `exp`.
    NoExpiry,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// Somebody else issued it.
    Issuer,
    /// It was issued for somebody else.
    Audience,
}

impl Rejection {
    /// A name for programs, for example `expired`: `error.data.reason` of the reply.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotBearer => "not_bearer",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::Critical => "critical",
            Self::Type => "type",
            Self::UnknownKey => "unknown_key",
            Self::KeyMismatch => "key_mismatch",
            Self::AmbiguousKey => "ambiguous_key",
            Self::Signature => "signature",
            Self::NoExpiry => "no_expiry",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
        }
    }

    /// What is wrong, as a sentence for whoever sent the token.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NotBearer => "The header Authorization is not `Bearer <token>`.",
            Self::TooLong => "The token is longer than 8192 bytes.",
            Self::Malformed => "The token is not a signed JSON Web Token.",
            Self::Algorithm => "The token's algorithm is not one that is accepted.",
            Self::Critical => "The token demands an extension that is not known here.",
            Self::Type => "The token is of a type that is not for access.",
            Self::UnknownKey => "The token is signed with a key that its issuer does not have.",
            Self::KeyMismatch => "The token's algorithm is not that of its key.",
            Self::AmbiguousKey => "The token does not say which of the issuer's keys signed it.",
            Self::Signature => "The token's signature is wrong.",
            Self::NoExpiry => "The token does not say when it expires.",
            Self::Expired => "The token has expired: sign in again, or refresh it.",
            Self::NotYetValid => "The token is not valid yet.",
            Self::Issuer => "The token is not from the issuer that this app trusts.",
            Self::Audience => "The token is meant for another audience.",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Rejection {}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Error::new(Code::Unauthorized, rejection.message())
            .with_data(serde_json::json!({ "reason": rejection.as_str() }))
    }
}
