//! The examples of RFC 7515, 7517, 7518, 7519, 7638 and 8037.

use edgepod_runtime::auth::{Algorithm, KeySet, LocalKeys, PublicKey, Rejection};

use super::{
    rfc_vectors::*,
    verify::{authenticate, set_of, signed_by, with_keys},
};

/// A moment at which the tokens of RFC 7515 are good: `exp` is 1300819380.
const THEN: i64 = 1_300_819_379_999;

#[test]
fn rs256_and_es256_of_rfc_7515_are_accepted_until_they_expire() {
    for (token, key) in [(A2_TOKEN, A2_KEY), (A3_TOKEN, A3_KEY)] {
        let auth = with_keys(&set_of(key), THEN);
        let claims = authenticate(&auth, token, THEN).unwrap();
        assert_eq!(claims.get::<String>("iss").as_deref(), Some("joe"));
        assert_eq!(claims.get("http://example.com/is_root"), Some(true));
        for _ in 0..2 {
            assert_eq!(
                authenticate(&auth, token, THEN + 1),
                Err(Rejection::Expired)
            );
        }
    }
}

#[test]
fn every_changed_character_of_those_tokens_is_noticed() {
    for (token, key) in [(A2_TOKEN, A2_KEY), (A3_TOKEN, A3_KEY)] {
        let auth = with_keys(&set_of(key), THEN);
        for place in 0..token.len() {
            let mut changed = token.as_bytes().to_vec();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(authenticate(&auth, &changed, THEN).is_err(), "{place}");
        }
    }
}

#[test]
fn a_key_of_another_example_verifies_nothing() {
    let auth = with_keys(&set_of(A3_KEY), THEN);
    assert_eq!(
        authenticate(&auth, A2_TOKEN, THEN),
        Err(Rejection::UnknownKey)
    );
    let auth = with_keys(KEYS, THEN);
    assert_eq!(
        authenticate(&auth, A2_TOKEN, THEN),
        Err(Rejection::Signature)
    );
}

#[test]
fn hmac_es512_and_no_signature_are_refused_by_name() {
    let auth = with_keys(KEYS, THEN);
    for token in [A1_TOKEN, A4_TOKEN, A5_TOKEN] {
        assert_eq!(authenticate(&auth, token, THEN), Err(Rejection::Algorithm));
    }
}

#[test]
fn the_json_forms_are_no_tokens() {
    let auth = with_keys(&set_of(A3_KEY), THEN);
    assert_eq!(
        authenticate(&auth, A7_JSON, THEN),
        Err(Rejection::Malformed)
    );
}

#[test]
fn ed25519_of_rfc_8037_verifies_and_its_payload_is_no_claims() {
    assert!(signed_by(ED25519_TOKEN, Algorithm::EdDsa, ED25519_KEY));
    let changed = ED25519_TOKEN.replace(".R", ".S");
    assert!(!signed_by(&changed, Algorithm::EdDsa, ED25519_KEY));
    let auth = with_keys(&set_of(ED25519_KEY), THEN);
    assert_eq!(
        authenticate(&auth, ED25519_TOKEN, THEN),
        Err(Rejection::Malformed)
    );
}

#[test]
fn of_the_keys_of_rfc_7517_those_that_sign_are_taken() {
    let jwks: serde_json::Value = serde_json::from_str(KEYS).unwrap();
    let taken: Vec<bool> = jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| PublicKey::from_json(&key.to_string()).is_some())
        .collect();
    // The first is for encryption.
    assert_eq!(taken, [false, true]);
    assert!(KeySet::parse(SYMMETRIC_KEYS).unwrap().is_empty());
    for key in [A1_KEY, A4_KEY] {
        assert!(PublicKey::from_json(key).is_none(), "{key}");
    }
}

#[test]
fn of_a_private_key_only_the_public_half_is_read() {
    assert_eq!(
        KeySet::parse(PRIVATE_KEYS).unwrap(),
        KeySet::parse(KEYS).unwrap()
    );
    let jwks: serde_json::Value = serde_json::from_str(PRIVATE_KEYS).unwrap();
    let ec = LocalKeys::parse(&jwks["keys"][0].to_string()).unwrap();
    assert!(!ec.published().contains("\"d\""));
    let error = LocalKeys::parse(PRIVATE_KEYS).err().unwrap().to_string();
    assert!(error.contains("not of the type EC"), "{error}");
}

#[test]
fn thumbprints_are_those_of_rfc_7638_and_8037() {
    use base64ct::{Base64UrlUnpadded, Encoding};
    use sha2::{Digest, Sha256};

    let jwks: serde_json::Value = serde_json::from_str(KEYS).unwrap();
    for (key, expected) in [
        (
            jwks["keys"][1].to_string(),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        ),
        (
            ED25519_KEY.to_owned(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        ),
    ] {
        let jwk = PublicKey::from_json(&key).unwrap().material().to_jwk();
        let thumbprint = Base64UrlUnpadded::encode_string(&Sha256::digest(jwk.as_bytes()));
        assert_eq!(thumbprint, expected);
    }
}
