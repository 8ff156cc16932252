//! Tokens through the authenticator, and signatures through the native host's verifier.

use base64ct::{Base64UrlUnpadded, Encoding};
use edgepod_runtime::{
    auth::{
        Algorithm, Authenticator, Check, Claims, Mode, Policy, PublicKey, Rejection, Verification,
    },
    host::native::is_right,
};

/// Text as base64url.
pub fn encode(text: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(text.as_ref())
}

/// An authenticator that has fetched these keys.
pub fn with_keys(jwks: &str, now: i64) -> Authenticator {
    let auth = Authenticator::new(Mode::Remote {
        url: "https://issuer.example/jwks.json".to_owned(),
        policy: Policy::default(),
    });
    auth.keys_loaded(jwks, now).expect("a key set");
    auth
}

/// A key set of one key.
pub fn set_of(jwk: &str) -> String {
    format!(r#"{{"keys":[{jwk}]}}"#)
}

/// What becomes of a token. An unknown key is looked for once, and not found.
pub fn authenticate(auth: &Authenticator, token: &str, now: i64) -> Result<Claims, Rejection> {
    match auth.check(token, now) {
        Check::Known(claims) => Ok(claims),
        Check::Refused(rejection) => Err(rejection),
        Check::Verify(verification) => {
            let right = is_right(&verification);
            auth.verified(token, verification.version, right, now)
                .map_err(|refused| refused.expect("the keys stay as they are"))
        }
        Check::Fetch(_) | Check::Wait | Check::Unavailable => Err(Rejection::UnknownKey),
    }
}

/// Whether a compact serialization is signed by the key, whatever its payload says.
pub fn signed_by(token: &str, algorithm: Algorithm, jwk: &str) -> bool {
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    is_right(&Verification {
        algorithm,
        key: PublicKey::from_json(jwk).expect("a key"),
        signed: signed.to_owned(),
        signature: Base64UrlUnpadded::decode_vec(signature).expect("base64url"),
        version: 0,
    })
}
