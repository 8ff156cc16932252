//! Public keys: JSON Web Keys, of jose-jwk's parts, and which algorithms each is for.
//!
//! `jose_jwk::Jwk` itself tries the types of keys one after the other on a copy of the JSON, which weighs more in a Worker than
//! all that a request needs. Here `kty` says first which of its types the rest is read as.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use jose_jwk::{Class, Ec, EcCurves, Okp, OkpCurves, jose_b64::serde::Bytes};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json, value::RawValue};

use super::Algorithm;

/// The smallest and the largest modulus of an RSA key, in bytes: 2048 and 8192 bits.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// The most keys that a set may have.
const KEYS: usize = 100;

/// What a public key is made of, as big-endian bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Material {
    /// Modulus and exponent, without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The public exponent.
        e: Vec<u8>,
    },
    /// A point of P-256.
    P256 {
        /// 32 bytes.
        x: Vec<u8>,
        /// 32 bytes.
        y: Vec<u8>,
    },
    /// A point of P-384.
    P384 {
        /// 48 bytes.
        x: Vec<u8>,
        /// 48 bytes.
        y: Vec<u8>,
    },
    /// A point of Ed25519.
    Ed25519 {
        /// 32 bytes.
        x: Vec<u8>,
    },
}

/// A public key that may have signed tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) kid: Option<String>,
    /// What the key says that it is for; where it says nothing, whatever its type can do.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) material: Material,
}

impl PublicKey {
    /// A key from the text of a JWK; `None` for a key that cannot verify tokens: of another type, for another use, or not
    /// well-formed.
    pub fn from_json(json: &str) -> Option<Self> {
        let mut jwk: Map<String, Json> = serde_json::from_str(json).ok()?;
        // The private half, should somebody publish theirs, is none of our business.
        jwk.remove("d");
        // An algorithm that is not a signature's makes the key one for another purpose.
        let algorithm = match read::<Option<String>>(&jwk, "alg")? {
            None => None,
            Some(name) => Some(Algorithm::from_name(&name)?),
        };
        if read::<Option<Class>>(&jwk, "use")?.is_some_and(|class| class != Class::Signing)
            || read::<Option<Vec<String>>>(&jwk, "key_ops")?
                .is_some_and(|operations| !operations.iter().any(|it| it == "verify"))
        {
            return None;
        }
        let key = Self {
            kid: read(&jwk, "kid")?,
            algorithm,
            material: Material::from_jwk(&jwk)?,
        };
        key.algorithm
            .is_none_or(|algorithm| key.material.can(algorithm))
            .then_some(key)
    }

    /// Whether signatures of this algorithm may be by this key.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        self.material.can(algorithm) && self.algorithm.is_none_or(|its| its == algorithm)
    }

    /// What the key is made of.
    pub fn material(&self) -> &Material {
        &self.material
    }
}

impl Material {
    /// Reads only what the key is made of: a certificate's thumbprint of the wrong length, as one large provider sends it,
    /// must not cost its key.
    fn from_jwk(jwk: &Map<String, Json>) -> Option<Self> {
        let kty: String = read(jwk, "kty")?;
        let material = match kty.as_str() {
            // `jose_jwk::Rsa` reads the private half, too.
            "RSA" => Self::Rsa {
                n: trimmed(&read::<Bytes>(jwk, "n")?),
                e: trimmed(&read::<Bytes>(jwk, "e")?),
            },
            "EC" => {
                let Ec { crv, x, y, .. } = Ec::deserialize(jwk).ok()?;
                let (x, y) = (x.to_vec(), y.to_vec());
                match crv {
                    EcCurves::P256 => Self::P256 { x, y },
                    EcCurves::P384 => Self::P384 { x, y },
                    _ => return None,
                }
            }
            "OKP" => {
                let Okp { crv, x, .. } = Okp::deserialize(jwk).ok()?;
                match crv {
                    OkpCurves::Ed25519 => Self::Ed25519 { x: x.to_vec() },
                    _ => return None,
                }
            }
            _ => return None,
        };
        let sound = match &material {
            Self::Rsa { n, e } => {
                // An even exponent, and 1, are no keys; one beyond 33 bits is only slow.
                RSA_MODULUS.contains(&n.len())
                    && (1..=5).contains(&e.len())
                    && e.last().is_some_and(|last| last % 2 == 1)
                    && **e != [1]
            }
            Self::P256 { x, y } => x.len() == 32 && y.len() == 32,
            Self::P384 { x, y } => x.len() == 48 && y.len() == 48,
            Self::Ed25519 { x } => x.len() == 32,
        };
        sound.then_some(material)
    }

    fn can(&self, algorithm: Algorithm) -> bool {
        use Algorithm as A;
        match self {
            Self::Rsa { .. } => matches!(
                algorithm,
                A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512
            ),
            Self::P256 { .. } => algorithm == A::Es256,
            Self::P384 { .. } => algorithm == A::Es384,
            Self::Ed25519 { .. } => algorithm == A::EdDsa,
        }
    }

    /// The key as a JWK of its necessary members alone, in the order that RFC 7638 hashes.
    pub fn to_jwk(&self) -> String {
        let encode = Base64UrlUnpadded::encode_string;
        match self {
            Self::Rsa { n, e } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(e), encode(n))
            }
            Self::P256 { x, y } => format!(
                r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
                encode(x),
                encode(y)
            ),
            Self::P384 { x, y } => format!(
                r#"{{"crv":"P-384","kty":"EC","x":"{}","y":"{}"}}"#,
                encode(x),
                encode(y)
            ),
            Self::Ed25519 { x } => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(x))
            }
        }
    }
}

/// A member, of which an `Option` may be missing; `None` where it is something else.
fn read<T: DeserializeOwned>(jwk: &Map<String, Json>, member: &str) -> Option<T> {
    T::deserialize(jwk.get(member).unwrap_or(&Json::Null)).ok()
}

fn trimmed(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes[zeros..].to_vec()
}

/// The public keys of whoever issues tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<PublicKey>,
}

/// What a set says of the key of a token.
pub(super) enum Found<'a> {
    Key(&'a PublicKey),
    /// There is no key of this name.
    Unknown,
    /// The key of this name is for other algorithms.
    Mismatch,
    /// The token names no key, and several fit.
    Ambiguous,
}

/// A text is no key set that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySetError {
    /// It is no JSON Web Key Set: why.
    Json(String),
    /// It has more keys than are kept.
    TooMany,
    /// None of its keys signs tokens.
    Unusable,
}

impl fmt::Display for KeySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "it is no key set: {error}"),
            Self::TooMany => write!(f, "it has more than {KEYS} keys"),
            Self::Unusable => f.write_str("it has no key that signs tokens"),
        }
    }
}

impl std::error::Error for KeySetError {}

impl KeySet {
    /// Reads a JSON Web Key Set. Keys of unknown types and for other uses are left out, as RFC 7517 asks.
    ///
    /// # Errors
    /// A text that is no key set: what it is instead.
    pub fn parse(json: &str) -> Result<Self, KeySetError> {
        #[derive(Deserialize)]
        struct Set<'a> {
            #[serde(borrow)]
            keys: Vec<&'a RawValue>,
        }
        let set: Set<'_> =
            serde_json::from_str(json).map_err(|error| KeySetError::Json(error.to_string()))?;
        if set.keys.len() > KEYS {
            return Err(KeySetError::TooMany);
        }
        Ok(Self {
            keys: set
                .keys
                .iter()
                .filter_map(|key| PublicKey::from_json(key.get()))
                .collect(),
        })
    }

    pub(super) fn from_keys(keys: Vec<PublicKey>) -> Self {
        Self { keys }
    }

    /// Whether it has no key that can verify a token.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key of a token. Several may have its name; `nth` says which of those that fit, from 0.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm, nth: usize) -> Found<'_> {
        let Some(kid) = kid else {
            let mut fitting = self.keys.iter().filter(|key| key.fits(algorithm));
            return match (fitting.next(), fitting.next()) {
                (None, _) => Found::Unknown,
                (Some(key), None) => Found::Key(key),
                (Some(_), Some(_)) => Found::Ambiguous,
            };
        };
        let mut named = self
            .keys
            .iter()
            .filter(|key| key.kid.as_deref() == Some(kid))
            .peekable();
        if named.peek().is_none() {
            return Found::Unknown;
        }
        match named.filter(|key| key.fits(algorithm)).nth(nth) {
            Some(key) => Found::Key(key),
            None => Found::Mismatch,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P256: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;

    fn set(keys: &[String]) -> KeySet {
        KeySet::parse(&format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap()
    }

    #[test]
    fn a_key_is_found_by_its_name_and_must_fit_the_algorithm() {
        let set = set(&[
            format!(r#"{{{P256},"kid":"a"}}"#),
            format!(r#"{{{P256},"kid":"b","alg":"ES256","use":"sig"}}"#),
        ]);
        assert!(matches!(
            set.find(Some("b"), Algorithm::Es256, 0),
            Found::Key(_)
        ));
        assert!(matches!(
            set.find(Some("b"), Algorithm::Rs256, 0),
            Found::Mismatch
        ));
        assert!(matches!(
            set.find(Some("c"), Algorithm::Es256, 0),
            Found::Unknown
        ));
        assert!(matches!(
            set.find(None, Algorithm::Es256, 0),
            Found::Ambiguous
        ));
        assert!(matches!(
            set.find(None, Algorithm::EdDsa, 0),
            Found::Unknown
        ));
    }

    #[test]
    fn several_keys_of_one_name_are_found_one_after_the_other() {
        let set = set(&[
            format!(r#"{{{P256},"kid":"a"}}"#),
            format!(r#"{{{P256},"kid":"a","alg":"ES256"}}"#),
        ]);
        let find = |nth| set.find(Some("a"), Algorithm::Es256, nth);
        let (Found::Key(first), Found::Key(second)) = (find(0), find(1)) else {
            panic!("there are two")
        };
        assert_eq!(
            (first.algorithm, second.algorithm),
            (None, Some(Algorithm::Es256))
        );
        assert!(matches!(find(2), Found::Mismatch));
    }

    #[test]
    fn a_key_may_name_ed25519_either_way() {
        let key = |alg| {
            format!(
                r#"{{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"a","alg":"{alg}"}}"#
            )
        };
        for alg in ["EdDSA", "Ed25519"] {
            assert!(
                matches!(
                    set(&[key(alg)]).find(Some("a"), Algorithm::EdDsa, 0),
                    Found::Key(_)
                ),
                "{alg}"
            );
        }
    }

    #[test]
    fn keys_for_other_purposes_are_left_out() {
        for key in [
            format!(r#"{{{P256},"use":"enc"}}"#),
            format!(r#"{{{P256},"use":7}}"#),
            format!(r#"{{{P256},"key_ops":["deriveBits"]}}"#),
            format!(r#"{{{P256},"key_ops":"verify"}}"#),
            format!(r#"{{{P256},"kid":7}}"#),
            P256.replacen("\"x\":\"f83O", "\"x\":\"f83+", 1)
                .replace("\"kty\"", "{\"kty\"")
                + "}",
            format!(r#"{{{P256},"alg":"ECDH-ES"}}"#),
            format!(r#"{{{P256},"alg":"RS256"}}"#),
            r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}"#.to_owned(),
            r#"{"kty":"future","x":1}"#.to_owned(),
            r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.to_owned(),
            r#"{"kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB"}"#.to_owned(),
            "7".to_owned(),
        ] {
            assert!(set(std::slice::from_ref(&key)).is_empty(), "{key}");
        }
    }

    #[test]
    fn a_thumbprint_of_the_wrong_length_does_not_cost_the_key() {
        assert!(!set(&[format!(r#"{{{P256},"kid":"a","x5t":"bm90IHR3ZW50eQ"}}"#)]).is_empty());
    }

    #[test]
    fn a_key_for_several_operations_is_for_verifying() {
        for members in [
            r#""key_ops":["sign","verify","of the future"]"#,
            r#""use":null,"key_ops":null,"alg":null,"kid":null"#,
        ] {
            assert!(
                !set(&[format!("{{{P256},{members}}}")]).is_empty(),
                "{members}"
            );
        }
    }

    #[test]
    fn a_text_that_is_no_key_set_is_refused() {
        for text in ["", "[]", "{}", r#"{"keys":7}"#, "<html>"] {
            assert!(KeySet::parse(text).is_err(), "{text}");
        }
    }
}
