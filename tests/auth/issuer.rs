//! An issuer of tokens on this machine: it publishes keys, rotates them, fails, and is slow.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
        RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair,
    },
};
use serde_json::{Value, json};

/// What the issuer answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mood {
    Well,
    Broken,
    Slow,
}

/// The issuer.
pub(crate) struct Issuer {
    pub(crate) url: String,
}

static KEYS: Mutex<Vec<Value>> = Mutex::new(Vec::new());
static MOOD: Mutex<Mood> = Mutex::new(Mood::Well);
static ASKED: AtomicUsize = AtomicUsize::new(0);

impl Issuer {
    /// Begins to answer.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || answer(stream));
            }
        });
        Self {
            url: format!("http://127.0.0.1:{port}/jwks.json"),
        }
    }
}

fn answer(mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().expect("one more handle")).lines();
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    ASKED.fetch_add(1, Ordering::SeqCst);
    let mood = *MOOD.lock().expect("no panic");
    let (status, body) = match mood {
        Mood::Broken => ("500 Out of order", "no keys today".to_owned()),
        _ => (
            "200 OK",
            json!({ "keys": *KEYS.lock().expect("no panic") }).to_string(),
        ),
    };
    if mood == Mood::Slow {
        thread::sleep(Duration::from_millis(700));
    }
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}

/// How often the keys were asked for.
pub(crate) fn asked() -> usize {
    ASKED.load(Ordering::SeqCst)
}

/// Says how the issuer answers from now on.
pub(crate) fn is(mood: Mood) {
    *MOOD.lock().expect("no panic") = mood;
}

/// Publishes these keys and the lasting one, and no others.
pub(crate) fn publish(keys: &[&Key]) {
    let keys = keys.iter().copied().chain([Key::lasting()]);
    *KEYS.lock().expect("no panic") = keys.map(|key| key.jwk.clone()).collect();
}

/// A key of the issuer.
pub(crate) struct Key {
    kid: String,
    jwk: Value,
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

impl Key {
    /// The key that is always published: once the host has asked for keys it knows this one.
    pub(crate) fn lasting() -> &'static Self {
        static LASTING: LazyLock<Key> = LazyLock::new(|| Key::ec("lasting", "P-256"));
        &LASTING
    }

    /// A new key on P-256 or P-384.
    pub(crate) fn ec(kid: &str, crv: &str) -> Self {
        let (algorithm, half): (&'static EcdsaSigningAlgorithm, usize) = match crv {
            "P-256" => (&ECDSA_P256_SHA256_FIXED_SIGNING, 32),
            _ => (&ECDSA_P384_SHA384_FIXED_SIGNING, 48),
        };
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a key");
        let point = pair.public_key().as_ref()[1..].to_vec();
        Self {
            kid: kid.to_owned(),
            jwk: json!({"kty": "EC", "crv": crv, "kid": kid, "use": "sig", "x": encode(&point[..half]), "y": encode(&point[half..])}),
            pair: Pair::Ec(pair),
        }
    }

    /// A new key of Ed25519.
    pub(crate) fn ed(kid: &str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key");
        Self {
            kid: kid.to_owned(),
            jwk: json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": encode(pair.public_key())}),
            pair: Pair::Ed(pair),
        }
    }

    /// A new RSA key of 2048 bits, by OpenSSL: ring makes none.
    pub(crate) fn rsa(kid: &str) -> Self {
        let made = Command::new("openssl")
            .args(["genpkey", "-algorithm", "RSA", "-outform", "DER"])
            .args(["-pkeyopt", "rsa_keygen_bits:2048"])
            .stderr(Stdio::null())
            .output()
            .expect("the tests need the command `openssl`");
        // Which of the two forms it writes depends on its version.
        let pair = RsaKeyPair::from_der(&made.stdout)
            .or_else(|_| RsaKeyPair::from_pkcs8(&made.stdout))
            .expect("a key");
        let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
        Self {
            kid: kid.to_owned(),
            jwk: json!({
                "kty": "RSA", "kid": kid, "use": "sig",
                "n": encode(public.n),
                "e": encode(public.e),
            }),
            pair: Pair::Rsa(Box::new(pair)),
        }
    }

    /// A token with this algorithm and these claims.
    pub(crate) fn sign(&self, algorithm: &str, claims: &Value) -> String {
        self.sign_with(
            &json!({"alg": algorithm, "typ": "JWT", "kid": self.kid}),
            claims,
        )
    }

    /// A token with this header; its algorithm is what decides.
    pub(crate) fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let signed = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(claims.to_string())
        );
        let random = SystemRandom::new();
        let bytes = signed.as_bytes();
        let signature = match &self.pair {
            Pair::Ec(pair) => pair
                .sign(&random, bytes)
                .expect("a signature")
                .as_ref()
                .to_vec(),
            Pair::Ed(pair) => pair.sign(bytes).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let padding: &dyn ring::signature::RsaEncoding = match header["alg"].as_str() {
                    Some("RS384") => &RSA_PKCS1_SHA384,
                    Some("RS512") => &RSA_PKCS1_SHA512,
                    Some("PS256") => &RSA_PSS_SHA256,
                    Some("PS384") => &RSA_PSS_SHA384,
                    Some("PS512") => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &random, bytes, &mut signature)
                    .expect("a signature");
                signature
            }
        };
        format!("{signed}.{}", encode(signature))
    }
}

/// Seconds since 1970, and so many more or fewer.
pub(crate) fn at(seconds: i64) -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or_default() + seconds
}
