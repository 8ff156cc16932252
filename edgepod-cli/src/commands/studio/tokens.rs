//! Tokens of users, for calls as one of them: signed with the key that the app itself signs with in development.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use edgepod_runtime::auth::LocalKeys;
use p256::{
    SecretKey,
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    pkcs8::DecodePrivateKey as _,
};
use serde_json::{Map, Value, json};

use crate::env::Vars;

/// For how many seconds a token holds.
const LIFETIME: u64 = 10 * 60;

/// Whether the app of these variables issues its tokens itself.
pub(super) fn signs(vars: &Vars) -> bool {
    vars.contains_key(KEY)
}

const KEY: &str = "EDGEPOD_JWT_PRIVATE_KEY";

/// A token of whoever has these claims, as the app of these variables would sign it.
///
/// # Errors
/// Where the app has no key, or one that is none.
pub(super) fn sign(vars: &Vars, claims: &Map<String, Value>) -> Result<String> {
    let text = vars.get(KEY).context("the app signs no tokens")?;
    let keys = LocalKeys::parse(text)?;
    let published: Value = serde_json::from_str(keys.published())?;
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": published["keys"][0]["kid"]});
    let mut claims = claims.clone();
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    claims.insert("iat".to_owned(), now.into());
    claims.insert("exp".to_owned(), (now + LIFETIME).into());
    for (claim, name) in [
        ("iss", "EDGEPOD_JWT_ISSUER"),
        ("aud", "EDGEPOD_JWT_AUDIENCE"),
    ] {
        let first = vars.get(name).and_then(|all| all.split(',').next());
        if let Some(value) = first.map(str::trim).filter(|value| !value.is_empty()) {
            claims.entry(claim).or_insert_with(|| value.into());
        }
    }
    let part = |json: &[u8]| Base64UrlUnpadded::encode_string(json);
    let signed = format!(
        "{}.{}",
        part(&serde_json::to_vec(&header)?),
        part(&serde_json::to_vec(&claims)?)
    );
    let signature: Signature = SigningKey::from(secret(text)?).sign(signed.as_bytes());
    Ok(format!("{signed}.{}", part(&signature.to_bytes())))
}

/// The first of the keys in a text that [`LocalKeys`] has read: that is the one that signs.
fn secret(text: &str) -> Result<SecretKey> {
    const END: &str = "-----END PRIVATE KEY-----";
    let text = text.trim();
    if text.starts_with('{') {
        let json: Value = serde_json::from_str(text)?;
        let key = json.get("keys").map_or(&json, |keys| &keys[0]);
        let half = key["d"].as_str().context("the key has no private half")?;
        let half = Base64UrlUnpadded::decode_vec(half)?;
        return Ok(SecretKey::from_slice(&half)?);
    }
    let text = text.replace("\\n", "\n").replace('\r', "");
    let begin = text.find("-----BEGIN ").unwrap_or(0);
    let end = text.find(END).map_or(text.len(), |at| at + END.len());
    Ok(SecretKey::from_pkcs8_pem(&text[begin..end])?)
}

#[cfg(test)]
mod tests {
    use edgepod_runtime::auth::LocalKeys;
    use p256::{
        ecdsa::{VerifyingKey, signature::Verifier as _},
        pkcs8::EncodePrivateKey as _,
    };

    use super::*;
    use crate::commands::init::secrets;

    fn part(text: &str) -> Value {
        serde_json::from_slice(&Base64UrlUnpadded::decode_vec(text).unwrap()).unwrap()
    }

    #[test]
    fn a_token_is_signed_with_the_first_key_under_its_name() {
        let (first, second) = (
            secrets::private_key().unwrap(),
            secrets::private_key().unwrap(),
        );
        let key = SecretKey::from_pkcs8_pem(&first).unwrap();
        let as_jwk = format!(
            r#"{{"kty":"EC","crv":"P-256","d":"{}",{}"#,
            Base64UrlUnpadded::encode_string(&key.to_bytes()),
            {
                let published = LocalKeys::parse(&first).unwrap().published().to_owned();
                let all: Value = serde_json::from_str(&published).unwrap();
                let text = |name: &str| all["keys"][0][name].as_str().unwrap().to_owned();
                format!(r#""x":"{}","y":"{}"}}"#, text("x"), text("y"))
            }
        );
        let again = key.to_pkcs8_pem(p256::pkcs8::LineEnding::LF).unwrap();
        for text in [
            first.clone(),
            format!("{first}\n{second}"),
            again.replace('\n', "\\n"),
            as_jwk,
        ] {
            let vars = Vars::from([
                (KEY.to_owned(), text),
                ("EDGEPOD_JWT_ISSUER".to_owned(), "me".to_owned()),
            ]);
            let claims = json!({"sub": "ada", "exp": 1});
            let token = sign(&vars, claims.as_object().unwrap()).unwrap();
            let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else {
                panic!("{token}");
            };
            let kids: Value =
                serde_json::from_str(LocalKeys::parse(&first).unwrap().published()).unwrap();
            assert_eq!(part(header)["kid"], kids["keys"][0]["kid"]);
            let all = part(claims);
            assert_eq!((&all["sub"], &all["iss"]), (&json!("ada"), &json!("me")));
            assert_eq!(
                all["exp"].as_u64(),
                all["iat"].as_u64().map(|at| at + LIFETIME)
            );
            let signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
            let signature = Signature::from_slice(&signature).unwrap();
            let signed = token.rsplit_once('.').unwrap().0;
            let public = VerifyingKey::from(key.public_key());
            assert!(public.verify(signed.as_bytes(), &signature).is_ok());
        }
        assert!(sign(&Vars::new(), &Map::new()).is_err());
    }
}
