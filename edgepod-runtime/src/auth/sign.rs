//! Tokens that the app issues itself.

use std::{cell::RefCell, time::Duration};

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::{Claims, LocalKeys, Policy, Rejection, Settings, key::Found, token::Token};
use crate::{Error, Result};

thread_local! {
    /// The keys of the last text: reading them costs as much as signing.
    static KEYS: RefCell<Option<(String, LocalKeys)>> = const { RefCell::new(None) };
}

fn with_keys<T>(settings: &Settings, body: impl FnOnce(&LocalKeys) -> Result<T>) -> Result<T> {
    let Some(text) = &settings.private_key else {
        return Err(Error::internal(
            "EDGEPOD_JWT_PRIVATE_KEY is not set, so this app cannot sign and verify tokens itself: set it to a private key",
        ));
    };
    KEYS.with_borrow_mut(|known| {
        if known.as_ref().is_none_or(|(of, _)| of != text) {
            let keys =
                LocalKeys::parse(text).map_err(|error| Error::internal(error.to_string()))?;
            *known = Some((text.clone(), keys));
        }
        let (_, keys) = known.as_ref().expect("set above");
        body(keys)
    })
}

/// Signs claims with the app's key; `now` in milliseconds since 1970.
pub(crate) fn sign_jwt(
    settings: &Settings,
    claims: &impl Serialize,
    expires_in: Duration,
    now: i64,
) -> Result<String> {
    let Json::Object(mut claims) = serde_json::to_value(claims)? else {
        return Err(Error::internal(
            "the claims of a token are a JSON object: sign a struct or a map",
        ));
    };
    let seconds = now.div_euclid(1000);
    let lifetime = i64::try_from(expires_in.as_millis().div_ceil(1000)).unwrap_or(i64::MAX);
    claims.insert("iat".to_owned(), seconds.into());
    claims.insert("exp".to_owned(), seconds.saturating_add(lifetime).into());
    if let Some(issuer) = &settings.policy.issuer {
        claims
            .entry("iss")
            .or_insert_with(|| Json::from(issuer.as_str()));
    }
    if let Some(audience) = settings.policy.audiences.first() {
        claims
            .entry("aud")
            .or_insert_with(|| Json::from(audience.as_str()));
    }
    with_keys(settings, |keys| Ok(keys.sign(&claims)?))
}

/// Verifies a token that the app has signed; `now` in milliseconds since 1970.
pub(crate) fn verify_jwt(settings: &Settings, text: &str, now: i64) -> Result<Claims> {
    with_keys(settings, |keys| {
        verify(keys, &settings.policy, text, now)
            .map(Claims::from)
            .map_err(Error::from)
    })
}

fn verify(
    keys: &LocalKeys,
    policy: &Policy,
    text: &str,
    now: i64,
) -> Result<Map<String, Json>, Rejection> {
    let token = Token::parse(text)?;
    policy.check(&token.claims, now)?;
    let public = keys.public();
    match public.find(token.kid.as_deref(), token.algorithm, 0) {
        Found::Key(key) if keys.verify(key, token.signed, &token.signature) => Ok(token.claims),
        Found::Key(_) => Err(Rejection::Signature),
        Found::Unknown => Err(Rejection::UnknownKey),
        Found::Mismatch => Err(Rejection::KeyMismatch),
        Found::Ambiguous => Err(Rejection::AmbiguousKey),
    }
}
