//! Signatures of hooks, as docs/routes.md shows them.

use edgepod::{
    http::{Bytes, Request},
    prelude::*,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Whether `hex` is the signature of these bytes. The time it takes says nothing of where it differs.
fn is_signed(secret: &str, parts: &[&[u8]], hex: &str) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    for part in parts {
        mac.update(part);
    }
    base16ct::lower::decode_vec(hex).is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
}

fn secret(ctx: &QueryCtx, name: &str) -> Result<String> {
    let secret = ctx.env.var(name).filter(|secret| !secret.is_empty());
    secret.ok_or_else(|| Error::internal(format!("{name} is not set")))
}

fn header<'a>(request: &'a Request<Bytes>, name: &str) -> &'a str {
    let value = request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

/// Refuses what GitHub has not signed.
pub fn github(ctx: &QueryCtx, request: &Request<Bytes>) -> Result<()> {
    let signature = header(request, "x-hub-signature-256");
    let signature = signature.strip_prefix("sha256=").unwrap_or_default();
    match is_signed(&secret(ctx, "GITHUB_SECRET")?, &[request.body()], signature) {
        true => Ok(()),
        false => Err(Error::unauthorized("This is not signed by GitHub.")),
    }
}

/// How old a signature of Stripe's may be, in seconds.
const TOLERANCE: i64 = 300;

/// Refuses what Stripe has not signed, and what it signed long ago.
pub fn stripe(ctx: &QueryCtx, request: &Request<Bytes>) -> Result<()> {
    let parts = || header(request, "stripe-signature").split(',');
    let of = |key: &'static str| {
        parts().filter_map(move |part| part.trim().strip_prefix(key)?.strip_prefix('='))
    };
    let time = of("t").next().unwrap_or_default();
    let age = ctx.now().as_micros() / 1_000_000 - time.parse::<i64>().unwrap_or(0);
    let secret = secret(ctx, "STRIPE_SECRET")?;
    let signed: [&[u8]; 3] = [time.as_bytes(), b".", request.body()];
    // While a secret is replaced, there are two signatures.
    match age.abs() <= TOLERANCE && of("v1").any(|hex| is_signed(&secret, &signed, hex)) {
        true => Ok(()),
        false => Err(Error::unauthorized(
            "This is not signed by Stripe, or not just now.",
        )),
    }
}
