//! Tokens as text: the compact form of a signed JSON Web Token.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value as Json};

use super::{Algorithm, Rejection};

/// The longest token that is looked at, in bytes.
pub const TOKEN_LIMIT: usize = 8192;

/// A token taken apart. Nothing in it is to be believed before its signature is verified.
#[derive(Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    /// What was signed: header and payload as they came.
    pub(super) signed: &'a str,
    pub(super) signature: Vec<u8>,
    pub(super) claims: Map<String, Json>,
}

/// The members of a header that matter. A key that the token brings along (`jwk`, `jku`, `x5c`, `x5u`) does not: it is the
/// issuer's keys that count. A member that comes twice is an error.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    #[serde(default, deserialize_with = "present")]
    b64: bool,
}

/// Whether a member is there, be it `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// Claims, each of which comes once: of two, others who read the token may have believed the other one.
struct Payload(Map<String, Json>);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Payload;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("claims")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Payload, A::Error> {
                let mut claims = Map::new();
                while let Some((name, value)) = members.next_entry::<String, Json>()? {
                    if claims.insert(name, value).is_some() {
                        return Err(A::Error::custom("a claim comes twice"));
                    }
                }
                Ok(Payload(claims))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl<'a> Token<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Rejection> {
        if text.len() > TOKEN_LIMIT {
            return Err(Rejection::TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Rejection::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Rejection::Malformed)?;
        let decode =
            |part: &str| Base64UrlUnpadded::decode_vec(part).map_err(|_| Rejection::Malformed);
        // As text: serde_json has all of its code a second time for bytes.
        let decode_text =
            |part: &str| String::from_utf8(decode(part)?).map_err(|_| Rejection::Malformed);
        let header = decode_text(header)?;
        // serde alone would take an array for a struct, too.
        if !header.trim_start().starts_with('{') {
            return Err(Rejection::Malformed);
        }
        let header: Header = serde_json::from_str(&header).map_err(|_| Rejection::Malformed)?;
        let algorithm = Algorithm::from_name(&header.alg).ok_or(Rejection::Algorithm)?;
        if header.crit || header.b64 {
            return Err(Rejection::Critical);
        }
        if !header.typ.as_deref().is_none_or(is_access_token) {
            return Err(Rejection::Type);
        }
        let signature = decode(signature)?;
        let Payload(claims) =
            serde_json::from_str(&decode_text(payload)?).map_err(|_| Rejection::Malformed)?;
        Ok(Self {
            algorithm,
            kid: header.kid,
            signed,
            signature,
            claims,
        })
    }
}

/// Whether a `typ` is that of a token which says who calls. Others (`logout+jwt`, `dpop+jwt`, `secevent+jwt`) are signed with
/// the same keys, and are no permission to do anything.
fn is_access_token(typ: &str) -> bool {
    let typ = typ
        .get(..12)
        .filter(|prefix| prefix.eq_ignore_ascii_case("application/"))
        .map_or(typ, |_| &typ[12..]);
    ["JWT", "at+jwt"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(typ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, payload: &str) -> String {
        format!(
            "{}.{}.c2ln",
            Base64UrlUnpadded::encode_string(header.as_bytes()),
            Base64UrlUnpadded::encode_string(payload.as_bytes())
        )
    }

    fn refused(header: &str) -> Rejection {
        Token::parse(&token(header, "{}")).unwrap_err()
    }

    #[test]
    fn headers_decide_what_is_looked_at() {
        use Rejection as R;
        for (header, expected) in [
            (r#"{"alg":"none"}"#, R::Algorithm),
            (r#"{"alg":"None"}"#, R::Algorithm),
            (r#"{"alg":""}"#, R::Algorithm),
            (r#"{"alg":"HS256"}"#, R::Algorithm),
            (r#"{"alg":"es256"}"#, R::Algorithm),
            (r#"{"alg":"ES256","crit":["exp"]}"#, R::Critical),
            (r#"{"alg":"ES256","crit":[]}"#, R::Critical),
            (r#"{"alg":"ES256","b64":false}"#, R::Critical),
            (r#"{"alg":"ES256","typ":"logout+jwt"}"#, R::Type),
            (r#"{"alg":"ES256","typ":"dpop+jwt"}"#, R::Type),
            (r#"{"alg":"ES256","alg":"none"}"#, R::Malformed),
            (r#"{"alg":"ES256","kid":7}"#, R::Malformed),
            (r#"{}"#, R::Malformed),
            (r#"["ES256"]"#, R::Malformed),
        ] {
            assert_eq!(refused(header), expected, "{header}");
        }
        for typ in ["JWT", "jwt", "at+jwt", "application/at+JWT"] {
            let header = format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#);
            assert!(Token::parse(&token(&header, "{}")).is_ok(), "{typ}");
        }
    }

    #[test]
    fn a_token_has_three_parts_of_base64url_without_padding() {
        let good = token(r#"{"alg":"ES256"}"#, "{}");
        assert!(Token::parse(&good).is_ok());
        for bad in [
            String::new(),
            "..".to_owned(),
            format!("{good}.c2ln"),
            format!("{good}="),
            format!("{good}\n"),
            format!(" {good}"),
            good.replace('.', "+"),
            token(r#"{"alg":"ES256"}"#, "[]"),
            token(r#"{"alg":"ES256"}"#, "{} {}"),
        ] {
            assert_eq!(Token::parse(&bad), Err(Rejection::Malformed), "{bad:?}");
        }
        let long = format!("{good}{}", "A".repeat(TOKEN_LIMIT));
        assert_eq!(Token::parse(&long), Err(Rejection::TooLong));
    }
}
