//! The app's own keys: what `EDGEPOD_JWT_PRIVATE_KEY` holds.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use jose_jwk::{Ec, EcCurves};
use p256::{
    SecretKey,
    ecdsa::{
        Signature, SigningKey, VerifyingKey,
        signature::{Signer as _, Verifier as _},
    },
    elliptic_curve::sec1::ToSec1Point,
    pkcs8::DecodePrivateKey,
};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::{Algorithm, KeySet, Material, PublicKey};

/// The keys with which an app signs tokens and verifies them: the first signs, all verify. Two of them while one replaces
/// the other.
#[derive(Clone)]
pub struct LocalKeys {
    signing: Vec<Pair>,
    published: String,
}

#[derive(Clone)]
struct Pair {
    kid: String,
    secret: SigningKey,
    public: PublicKey,
}

/// `EDGEPOD_JWT_PRIVATE_KEY` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError(String);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "EDGEPOD_JWT_PRIVATE_KEY cannot be used: {}. It holds a private P-256 key as PKCS#8 (`-----BEGIN PRIVATE KEY-----`) \
             or as a JSON Web Key; `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes one. During a \
             rotation it holds two, the new one first.",
            self.0
        )
    }
}

impl std::error::Error for KeyError {}

impl From<&str> for KeyError {
    fn from(why: &str) -> Self {
        Self(why.to_owned())
    }
}

impl LocalKeys {
    /// Reads one or more private keys: PKCS#8 in PEM, one after the other, or a JSON Web Key, or a set of them.
    ///
    /// A `\n` written out, as some tools store line ends in variables, is a line end.
    ///
    /// # Errors
    /// A text that holds no private P-256 key, or one that cannot be read.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let signing = if text.starts_with('{') {
            read_jwks(text)
        } else {
            read_pem(text)
        }?;
        if signing.is_empty() {
            return Err("it is empty".into());
        }
        let keys: Vec<_> = signing
            .iter()
            .map(|pair| {
                let jwk = pair.public.material().to_jwk();
                format!(
                    r#"{{"kid":{},"alg":"ES256","use":"sig",{}"#,
                    Json::from(pair.kid.as_str()),
                    &jwk[1..]
                )
            })
            .collect();
        Ok(Self {
            published: format!(r#"{{"keys":[{}]}}"#, keys.join(",")),
            signing,
        })
    }

    /// The public halves as a JSON Web Key Set.
    pub fn published(&self) -> &str {
        &self.published
    }

    pub(super) fn public(&self) -> KeySet {
        KeySet::from_keys(
            self.signing
                .iter()
                .map(|pair| pair.public.clone())
                .collect(),
        )
    }

    /// Signs claims with the first key.
    pub(super) fn sign(&self, claims: &Map<String, Json>) -> Result<String, serde_json::Error> {
        let pair = &self.signing[0];
        let header = format!(
            r#"{{"alg":"ES256","typ":"JWT","kid":{}}}"#,
            Json::from(pair.kid.as_str())
        );
        let mut token = Base64UrlUnpadded::encode_string(header.as_bytes());
        token.push('.');
        token.push_str(&Base64UrlUnpadded::encode_string(&serde_json::to_vec(
            claims,
        )?));
        let signature: Signature = pair.secret.sign(token.as_bytes());
        token.push('.');
        token.push_str(&Base64UrlUnpadded::encode_string(&signature.to_bytes()));
        Ok(token)
    }

    /// Whether a signature is by that key of these.
    pub(super) fn verify(&self, key: &PublicKey, signed: &str, signature: &[u8]) -> bool {
        let Some(pair) = self.signing.iter().find(|pair| pair.public == *key) else {
            return false;
        };
        let key: &VerifyingKey = pair.secret.verifying_key();
        Signature::from_slice(signature)
            .is_ok_and(|signature| key.verify(signed.as_bytes(), &signature).is_ok())
    }
}

impl Pair {
    fn new(secret: &SecretKey, kid: Option<String>) -> Self {
        let point = secret.public_key().to_sec1_point(false);
        let bytes = point.as_bytes();
        let material = Material::P256 {
            x: bytes[1..33].to_vec(),
            y: bytes[33..65].to_vec(),
        };
        // The thumbprint of RFC 7638: everybody who has the key comes to the same name.
        let kid = kid.unwrap_or_else(|| {
            Base64UrlUnpadded::encode_string(&Sha256::digest(material.to_jwk().as_bytes()))
        });
        Self {
            public: PublicKey {
                kid: Some(kid.clone()),
                algorithm: Some(Algorithm::Es256),
                material,
            },
            secret: SigningKey::from(secret),
            kid,
        }
    }
}

fn read_pem(text: &str) -> Result<Vec<Pair>, KeyError> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END PRIVATE KEY-----";
    let text = text.replace("\\n", "\n").replace('\r', "");
    if text.contains("-----BEGIN EC PRIVATE KEY-----") {
        return Err(
            "it is a key in SEC1 form (`BEGIN EC PRIVATE KEY`); `openssl pkcs8 -topk8 -nocrypt` makes PKCS#8 of it"
                .into(),
        );
    }
    let mut pairs = Vec::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find(BEGIN) {
        let end = rest[start..]
            .find(END)
            .map(|end| start + end + END.len())
            .ok_or("a key has no end (`-----END PRIVATE KEY-----`)")?;
        let secret = SecretKey::from_pkcs8_pem(&rest[start..end])
            // Its own words are an offset, and the code for them weighs more than the whole of what reads PEM.
            .map_err(|_| KeyError("a key is no P-256 key in PKCS#8".to_owned()))?;
        pairs.push(Pair::new(&secret, None));
        rest = &rest[end..];
    }
    if pairs.is_empty() {
        return Err("it is neither PEM nor JSON".into());
    }
    Ok(pairs)
}

fn read_jwks(text: &str) -> Result<Vec<Pair>, KeyError> {
    let json: Map<String, Json> =
        serde_json::from_str(text).map_err(|error| KeyError(format!("it is no JSON: {error}")))?;
    let keys = match json.get("keys") {
        Some(Json::Array(keys)) => keys.clone(),
        _ => vec![Json::Object(json)],
    };
    keys.into_iter().map(read_jwk).collect()
}

fn read_jwk(json: Json) -> Result<Pair, KeyError> {
    let text = |member| json.get(member).and_then(Json::as_str);
    if text("kty") != Some("EC") {
        return Err("a key is not of the type EC".into());
    }
    let ec =
        Ec::deserialize(&json).map_err(|error| KeyError(format!("a key is no JWK: {error}")))?;
    if ec.crv != EcCurves::P256 {
        return Err("a key is not on the curve P-256".into());
    }
    let secret = ec.d.as_ref().ok_or("a key has no private half (`d`)")?;
    let secret = SecretKey::from_slice(secret).map_err(|_| "a private half is not of P-256")?;
    let pair = Pair::new(&secret, text("kid").map(str::to_owned));
    let Material::P256 { x, y } = pair.public.material() else {
        return Err("a key is not on the curve P-256".into());
    };
    if x[..] != ec.x[..] || y[..] != ec.y[..] {
        return Err("the public half of a key does not belong to its private half".into());
    }
    Ok(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The keys of RFC 7515, appendix A.3, and of RFC 7517, appendix A.2: published, so good for tests only.
    const A3: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;
    const A2: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE","use":"enc","kid":"1"}"#;

    #[test]
    fn the_first_of_two_keys_signs_and_both_are_published() {
        let keys = LocalKeys::parse(&format!(r#"{{"keys":[{A3},{A2}]}}"#)).unwrap();
        let token = keys.sign(&Map::new()).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
        let [first, second] = &keys.signing[..] else {
            panic!("two keys")
        };
        assert!(keys.verify(&first.public, signed, &signature));
        assert!(!keys.verify(&second.public, signed, &signature));
        assert!(!keys.verify(&first.public, &signed[1..], &signature));
        assert_eq!(second.kid, "1");
        assert_eq!(KeySet::parse(keys.published()).unwrap(), keys.public());
        assert!(!keys.published().contains("\"d\""), "{}", keys.published());
    }

    #[test]
    fn pkcs8_is_read_with_line_ends_however_they_are_stored() {
        use p256::pkcs8::{EncodePrivateKey, LineEnding};
        let jwk = LocalKeys::parse(A3).unwrap();
        let der =
            Base64UrlUnpadded::decode_vec("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI").unwrap();
        let pem = SecretKey::from_slice(&der)
            .unwrap()
            .to_pkcs8_pem(LineEnding::LF)
            .unwrap();
        for text in [
            pem.to_string(),
            pem.replace('\n', "\\n"),
            pem.replace('\n', "\r\n"),
            format!("  {}  ", pem.trim()),
        ] {
            assert_eq!(
                LocalKeys::parse(&text).unwrap().published(),
                jwk.published()
            );
        }
        let two = format!("{}{}", &*pem, &*pem);
        assert_eq!(LocalKeys::parse(&two).unwrap().signing.len(), 2);
    }

    #[test]
    fn what_is_no_private_key_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "neither PEM nor JSON"),
            ("secret", "neither PEM nor JSON"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA", "has no end"),
            (
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
                "no P-256 key in PKCS#8",
            ),
            ("-----BEGIN EC PRIVATE KEY-----", "SEC1"),
            ("{", "no JSON"),
            (r#"{"kty":"oct","k":"AAAA"}"#, "not of the type EC"),
            (r#"{"keys":[]}"#, "it is empty"),
            (&A3.replace(",\"d\"", ",\"x-d\""), "no private half"),
            (&A3.replace("f83O", "f84O"), "does not belong"),
            (&A3.replace("P-256", "P-384"), "not on the curve"),
            (&A3.replace("jpsQ", "jps+"), "no JWK"),
            (&A3.replace("\"jpsQ", "7,\"e\":\"jpsQ"), "no JWK"),
            (r#"{"keys":[7]}"#, "not of the type EC"),
        ] {
            let error = LocalKeys::parse(text).err().expect(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
