//! Tokens: whatever bytes come, only a token that its issuer has really signed is accepted.

use std::sync::OnceLock;

use base64ct::{Base64UrlUnpadded, Encoding};
use edgepod_runtime::{
    auth::{Authenticator, Check, KeySet, LocalKeys, Mode, Policy},
    host::native::is_right,
};
use p256::{
    SecretKey,
    ecdsa::{Signature, SigningKey, signature::Signer},
};

use edgepod_samples::rfc_vectors::{
    A2_KEY, A2_TOKEN, A3_KEY, A3_TOKEN, ED25519_KEY, ED25519_TOKEN,
};

/// When the keys were fetched, in milliseconds since 1970: less than a day before they are asked for, so that they are believed.
const FETCHED: i64 = 1_300_800_000_000;

/// Moments around the ends of the genuine tokens, in the same measure.
const TIMES: [i64; 5] = [
    0,
    999_999_999_000,
    1_300_819_379_999,
    1_300_819_380_000,
    1_300_819_384_999,
];

/// The private half of the key of RFC 7515, A.3: published, so good for fuzzing only.
const D: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";

fn encode(text: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(text.as_ref())
}

/// Every token that was ever signed by the keys below.
fn genuine() -> &'static [String] {
    static GENUINE: OnceLock<Vec<String>> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let d = Base64UrlUnpadded::decode_vec(D).expect("base64url");
        let key = SigningKey::from(&SecretKey::from_slice(&d).expect("a P-256 key"));
        let mut tokens: Vec<String> = [A2_TOKEN, A3_TOKEN, ED25519_TOKEN]
            .map(str::to_owned)
            .into();
        for (header, claims) in [
            (
                r#"{"alg":"ES256","kid":"a3","typ":"JWT"}"#,
                r#"{"sub":"u1","exp":1300819380,"iss":"joe","aud":["web"]}"#,
            ),
            (
                r#"{"alg":"ES256","typ":"at+jwt"}"#,
                r#"{"sub":"u2","exp":1.3e9,"nbf":1000000000,"iss":"joe","aud":"web"}"#,
            ),
        ] {
            let signed = format!("{}.{}", encode(header), encode(claims));
            let signature: Signature = key.sign(signed.as_bytes());
            tokens.push(format!("{signed}.{}", encode(signature.to_bytes())));
        }
        tokens
    })
}

/// A private key as a JWK.
pub(crate) fn private_key() -> String {
    A3_KEY.replacen('{', &format!(r#"{{"kid":"a3","d":"{D}","#), 1)
}

fn authenticators() -> &'static [Authenticator] {
    static ALL: OnceLock<Vec<Authenticator>> = OnceLock::new();
    ALL.get_or_init(|| {
        let remote = |policy| {
            Authenticator::new(Mode::Remote {
                url: "https://issuer.example".to_owned(),
                policy,
            })
        };
        let named = A3_KEY.replacen('{', r#"{"kid":"a3","#, 1);
        let jwks = format!(r#"{{"keys":[{A2_KEY},{named},{ED25519_KEY}]}}"#);
        let strict = Policy {
            issuer: Some("joe".to_owned()),
            audiences: vec!["web".to_owned()],
            leeway: 5_000,
        };
        let all = vec![
            remote(Policy::default()),
            remote(strict),
            Authenticator::new(Mode::Local {
                keys: LocalKeys::parse(&private_key()).expect("a private key"),
                policy: Policy::default(),
            }),
        ];
        for auth in &all[..2] {
            auth.keys_loaded(&jwks, FETCHED).expect("a key set");
        }
        all
    })
}

/// Three readings of the bytes: as a token; as the header, the claims and the number of a genuine signature, one a line; and
/// as a set of keys, public and private.
///
/// # Panics
/// When a token is accepted that nobody signed.
pub fn token(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let made;
    let token = match text.split_once('\n') {
        Some((header, rest)) => {
            let (claims, signature) = rest.split_once('\n').unwrap_or((rest, "0"));
            let signature = match signature.trim().parse::<usize>() {
                Ok(number) => {
                    let genuine = &genuine()[number % genuine().len()];
                    genuine.rsplit_once('.').expect("three parts").1.to_owned()
                }
                Err(_) => encode(signature),
            };
            made = format!("{}.{}.{signature}", encode(header), encode(claims));
            &made
        }
        None => text,
    };
    for auth in authenticators() {
        for now in TIMES {
            let accepted = match auth.check(token, now) {
                Check::Known(_) => true,
                Check::Verify(verification) => {
                    let right = is_right(&verification);
                    auth.verified(token, verification.version, right, now)
                        .is_ok()
                }
                Check::Fetch(_) => {
                    auth.keys_failed(now);
                    false
                }
                Check::Refused(_) | Check::Wait | Check::Unavailable => false,
            };
            assert!(
                !accepted || genuine().iter().any(|genuine| genuine == token),
                "accepted at {now}, and nobody signed it: {token}"
            );
        }
    }
    let _ = KeySet::parse(text);
    let _ = LocalKeys::parse(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without this the target could accept nothing at all and never be found out.
    #[test]
    fn genuine_tokens_are_accepted() {
        for (token, accepted) in genuine().iter().zip([true, true, false, true, true]) {
            let auth = &authenticators()[0];
            let now = 1_200_000_000_000;
            let outcome = match auth.check(token, now) {
                Check::Known(_) => true,
                Check::Verify(verification) => {
                    let right = is_right(&verification);
                    auth.verified(token, verification.version, right, now)
                        .is_ok()
                }
                _ => false,
            };
            assert_eq!(outcome, accepted, "{token}");
        }
    }
}
