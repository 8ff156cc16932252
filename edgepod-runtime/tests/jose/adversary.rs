//! What somebody without the key would try: each attempt is refused for the reason it should be.

use edgepod_runtime::auth::{Algorithm, Authenticator, Check, LocalKeys, Mode, Policy, Rejection};
use p256::{
    SecretKey,
    ecdsa::{Signature, SigningKey, signature::Signer},
};

use super::verify::{authenticate, encode, set_of, signed_by, with_keys};

const NOW: i64 = 1_000_000;
const CLAIMS: &str = r#"{"sub":"u1","exp":2000}"#;
/// RFC 7515, A.3: published, so good for tests only.
const SECRET: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

fn secret() -> SigningKey {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let d = Base64UrlUnpadded::decode_vec("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI").unwrap();
    SigningKey::from(&SecretKey::from_slice(&d).unwrap())
}

/// A token that is really signed.
fn token(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature: Signature = secret().sign(signed.as_bytes());
    format!("{signed}.{}", encode(signature.to_bytes()))
}

fn auth() -> Authenticator {
    with_keys(
        &set_of(&SECRET.replace(r#"{"kty""#, r#"{"kid":"k","kty""#)),
        NOW,
    )
}

#[track_caller]
fn outcome(header: &str, claims: &str) -> Result<(), Rejection> {
    authenticate(&auth(), &token(header, claims), NOW).map(drop)
}

#[test]
fn the_algorithm_is_no_choice_of_the_token() {
    use Rejection as R;
    for (alg, expected) in [
        ("ES256", Ok(())),
        ("none", Err(R::Algorithm)),
        ("nOnE", Err(R::Algorithm)),
        ("HS256", Err(R::Algorithm)),
        ("HS512", Err(R::Algorithm)),
        ("ES256K", Err(R::Algorithm)),
        ("ES256 ", Err(R::Algorithm)),
        ("ES256\\u0000", Err(R::Algorithm)),
        ("ＥＳ256", Err(R::Algorithm)),
        // The same name, spelt with an escape: JSON says that it is the same.
        ("\\u0045S256", Ok(())),
        ("ES384", Err(R::KeyMismatch)),
        ("RS256", Err(R::KeyMismatch)),
        ("EdDSA", Err(R::KeyMismatch)),
    ] {
        let header = format!(r#"{{"alg":"{alg}","kid":"k"}}"#);
        assert_eq!(outcome(&header, CLAIMS), expected, "{alg}");
    }
}

#[test]
fn a_name_of_a_key_is_a_name_and_nothing_else() {
    for kid in [
        "",
        "K",
        "k ",
        " k",
        "k\\u0000",
        "../k",
        "k' OR '1'='1",
        "https://evil.example/jwks.json",
        "\\u212a",
    ] {
        let header = format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#);
        assert_eq!(
            outcome(&header, CLAIMS),
            Err(Rejection::UnknownKey),
            "{kid}"
        );
    }
    for kid in ["7", "[\"k\"]", "{}", "true"] {
        let header = format!(r#"{{"alg":"ES256","kid":{kid}}}"#);
        assert_eq!(outcome(&header, CLAIMS), Err(Rejection::Malformed), "{kid}");
    }
}

#[test]
fn keys_that_a_token_brings_along_do_not_count() {
    let other = with_keys(&set_of(super::rfc_vectors::ED25519_KEY), NOW);
    let public = &SECRET[..SECRET.find(",\"d\"").unwrap()];
    for extra in [
        format!(r#""jwk":{public}}}"#),
        r#""jku":"https://evil.example/jwks.json""#.to_owned(),
        r#""x5u":"https://evil.example/cert.pem""#.to_owned(),
        r#""x5c":["MIIB"]"#.to_owned(),
    ] {
        let token = token(&format!(r#"{{"alg":"ES256",{extra}}}"#), CLAIMS);
        assert_eq!(
            authenticate(&other, &token, NOW),
            Err(Rejection::UnknownKey),
            "{extra}"
        );
    }
}

#[test]
fn what_must_be_understood_is_refused_and_members_come_once() {
    use Rejection as R;
    for (extra, expected) in [
        (r#""crit":["exp"]"#, R::Critical),
        (r#""crit":[],"b64":true"#, R::Critical),
        (r#""crit":"exp""#, R::Critical),
        (r#""crit":null"#, R::Critical),
        (r#""b64":null"#, R::Critical),
        (r#""b64":false"#, R::Critical),
        (r#""alg":"ES256""#, R::Malformed),
        (r#""kid":"k""#, R::Malformed),
        (r#""typ":"JWT","typ":"logout+jwt""#, R::Malformed),
        (r#""typ":"JWE""#, R::Type),
    ] {
        let header = format!(r#"{{"alg":"ES256","kid":"k",{extra}}}"#);
        assert_eq!(outcome(&header, CLAIMS), Err(expected), "{extra}");
    }
}

#[test]
fn a_claim_that_comes_twice_is_refused() {
    for claims in [
        r#"{"sub":"u1","exp":2000,"sub":"admin"}"#,
        r#"{"exp":1,"exp":2000}"#,
        r#"{"exp":2000,"\u0065xp":1}"#,
    ] {
        assert_eq!(
            outcome(r#"{"alg":"ES256"}"#, claims),
            Err(Rejection::Malformed),
            "{claims}"
        );
    }
}

#[test]
fn times_beyond_all_numbers_neither_panic_nor_wrap_around() {
    use Rejection as R;
    for (claims, expected) in [
        (r#"{"exp":1e308}"#, Ok(())),
        (r#"{"exp":18446744073709551615}"#, Ok(())),
        (r#"{"exp":9223372036854775807}"#, Ok(())),
        (r#"{"exp":99999999999999999999999999}"#, Ok(())),
        (r#"{"exp":-1e308}"#, Err(R::Expired)),
        (r#"{"exp":-9223372036854775808}"#, Err(R::Expired)),
        (r#"{"exp":-0}"#, Err(R::Expired)),
        (r#"{"exp":1000}"#, Err(R::Expired)),
        (r#"{"exp":1000.001}"#, Ok(())),
        (r#"{"exp":1e309}"#, Err(R::Malformed)),
        (r#"{"exp":NaN}"#, Err(R::Malformed)),
        (r#"{"exp":true}"#, Err(R::Malformed)),
        (r#"{"exp":[2000]}"#, Err(R::Malformed)),
        (r#"{"exp":2000,"nbf":1e308}"#, Err(R::NotYetValid)),
        (r#"{"exp":2000,"nbf":-1e308}"#, Ok(())),
        (r#"{"exp":2000,"nbf":null}"#, Err(R::Malformed)),
    ] {
        assert_eq!(outcome(r#"{"alg":"ES256"}"#, claims), expected, "{claims}");
    }
}

#[test]
fn one_token_has_one_spelling() {
    let good = token(r#"{"alg":"ES256"}"#, CLAIMS);
    assert!(authenticate(&auth(), &good, NOW).is_ok());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    // 64 bytes are 86 characters, of which the last has four bits that say nothing.
    let mut loose = 0;
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
        let other = format!("{signed}.{}{last}", &signature[..85]);
        if authenticate(&auth(), &other, NOW).is_ok() {
            loose += 1;
        }
    }
    assert_eq!(loose, 1, "spellings of one signature");
    for other in [
        format!("{good}=="),
        format!("{signed}=.{signature}"),
        good.replace('.', ".."),
        format!("{good}\0"),
        format!("\u{feff}{good}"),
        format!("{signed}.{}", signature.replace(['-', '_'], "+")),
        format!("{signed}.\u{ff21}{}", &signature[1..]),
    ] {
        if other != good {
            assert!(authenticate(&auth(), &other, NOW).is_err(), "{other}");
        }
    }
}

#[test]
fn signatures_of_zeros_and_of_other_lengths_are_wrong() {
    let (signed, _) = {
        let good = token(r#"{"alg":"ES256"}"#, CLAIMS);
        let (signed, signature) = good.rsplit_once('.').unwrap();
        (signed.to_owned(), signature.to_owned())
    };
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> = (0..32)
        .map(|i| u8::from_str_radix(&order[2 * i..2 * i + 2], 16).unwrap())
        .collect();
    let one = [&[0; 31][..], &[1]].concat();
    let zero = vec![0; 32];
    let mut signatures = vec![vec![], vec![0; 1], vec![0; 63], vec![0; 65], vec![0; 96]];
    for r in [&zero, &one, &order] {
        for s in [&zero, &one, &order] {
            signatures.push([&r[..], s].concat());
        }
    }
    for signature in signatures {
        let forged = format!("{signed}.{}", encode(&signature));
        assert_eq!(
            authenticate(&auth(), &forged, NOW),
            Err(Rejection::Signature),
            "{signature:?}"
        );
    }
}

#[test]
fn keys_off_their_curve_verify_nothing() {
    let good = token(r#"{"alg":"ES256"}"#, CLAIMS);
    let zero = encode([0; 32]);
    for (x, y) in [(&zero, &zero), (&encode([1; 32]), &encode([1; 32]))] {
        let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#);
        assert!(!signed_by(&good, Algorithm::Es256, &jwk));
    }
}

#[test]
fn what_is_remembered_is_the_whole_token_and_only_while_it_is_good() {
    let auth = auth();
    let good = token(r#"{"alg":"ES256"}"#, r#"{"sub":"u1","exp":2000,"nbf":900}"#);
    authenticate(&auth, &good, NOW).unwrap();
    assert!(matches!(auth.check(&good, NOW), Check::Known(_)));
    // The same signed part with another signature is another token.
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let mut other: Vec<char> = signature.chars().collect();
    other[0] = if other[0] == 'A' { 'B' } else { 'A' };
    let other = format!("{signed}.{}", other.iter().collect::<String>());
    assert_eq!(authenticate(&auth, &other, NOW), Err(Rejection::Signature));
    // A clock that goes back: before `nbf` it is not good, whatever was remembered.
    assert_eq!(
        authenticate(&auth, &good, 100_000),
        Err(Rejection::NotYetValid)
    );
    assert!(authenticate(&auth, &good, NOW).is_ok());
    assert_eq!(
        authenticate(&auth, &good, 2_000_000),
        Err(Rejection::Expired)
    );
    assert!(authenticate(&auth, &good, 1_999_999).is_ok());
}

#[test]
fn tokens_of_the_app_itself_cannot_be_made_with_its_public_half() {
    let auth = Authenticator::new(Mode::Local {
        keys: LocalKeys::parse(SECRET).unwrap(),
        policy: Policy::default(),
    });
    let published = auth.published().unwrap().to_owned();
    for secret in [published.as_bytes(), SECRET.as_bytes(), b""] {
        let header = encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let signed = format!("{header}.{}", encode(CLAIMS));
        // Whatever the tag is: it is the algorithm that is refused.
        let forged = format!("{signed}.{}", encode(&secret[..secret.len().min(32)]));
        assert_eq!(authenticate(&auth, &forged, NOW), Err(Rejection::Algorithm));
    }
}
