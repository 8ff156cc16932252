//! Tokens outside a context: for whatever has an environment.

use std::time::Duration;

use serde::Serialize;

use super::Env;
use crate::{Result, auth::Claims};

/// Signs a token with the app's key: [`QueryCtx::sign_jwt`](super::QueryCtx::sign_jwt) for code that only has `ctx.env`.
///
/// # Errors
/// `INTERNAL` where there is no key, or the claims are no object.
pub fn sign_jwt(claims: impl Serialize, expires_in: Duration, env: &Env) -> Result<String> {
    env.sign_jwt(claims, expires_in)
}

/// Verifies a token that this app has signed, wherever it came from: an argument, a link in a mail, a header of another name.
/// The token of the call itself needs this not: `ctx.user()` has its claims.
///
/// ```
/// # use edgepod_runtime::{Result, engine::{Ctx, verify_jwt}};
/// fn confirmed_address(ctx: &Ctx, link: &str) -> Result<Option<String>> {
///     Ok(verify_jwt(link, &ctx.env)?.get("confirms"))
/// }
/// ```
///
/// # Errors
/// `UNAUTHORIZED` for a token that is refused, and `data.reason` says why; `INTERNAL` where `EDGEPOD_JWT_PRIVATE_KEY` is not
/// set. The keys of another issuer are fetched by the gateway only.
pub fn verify_jwt(token: &str, env: &Env) -> Result<Claims> {
    env.verify_jwt(token)
}
