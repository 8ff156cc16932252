//! Signatures as Workers verify them: the JavaScript that does it there, on workerd, with those of the standards and of Project
//! Wycheproof.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use edgepod_cli::workerd::Workerd;
use edgepod_runtime::auth::{Algorithm, PublicKey};
use serde_json::{Value, json};

use edgepod_samples::{
    rfc_vectors::*,
    vectors::{self, Vector, Vectors},
};

const VERIFIER: &str = include_str!("../../edgepod-runtime/src/host/durable_object/signature.mjs");

/// A Worker that verifies what it is sent.
const ENTRY: &str = r#"
import { DurableObject } from "cloudflare:workers";
import { isRight } from "./signature.mjs";
export class EdgePodEngine extends DurableObject {}
export default {
  async fetch(request) {
    const right = [];
    for (const verification of await request.json()) right.push(await isRight(verification));
    return Response.json(right);
  },
};
"#;

/// What a Worker verifies with, behind an address.
fn start() -> (tempfile::TempDir, Workerd) {
    let folder = tempfile::tempdir().unwrap();
    for (name, module) in [("entry.mjs", ENTRY), ("signature.mjs", VERIFIER)] {
        std::fs::write(folder.path().join(name), module).unwrap();
    }
    let server = Workerd::of_modules(folder.path()).start().unwrap();
    (folder, server)
}

/// What becomes of each signature. Whether a key is taken at all the core says, in Rust.
fn verify(server: &Workerd, vectors: &Vectors) -> Vec<bool> {
    let keys: Vec<Option<String>> = (vectors.0.iter())
        .map(|vector| Some(PublicKey::from_json(&vector.jwk)?.material().to_jwk()))
        .collect();
    let asked: Vec<Value> = (vectors.0.iter().zip(&keys))
        .filter_map(|(vector, key)| {
            Some(json!({
                "algorithm": vector.algorithm.as_str(),
                "jwk": key.as_ref()?,
                "signed": vector.signed,
                "signature": Base64::encode_string(&vector.signature),
            }))
        })
        .collect();
    let text = ureq::post(format!("http://{}/", server.address()))
        .send(json!(asked).to_string())
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    let mut answers = serde_json::from_str::<Vec<bool>>(&text)
        .unwrap()
        .into_iter();
    keys.iter()
        .map(|key| key.is_some() && answers.next().expect("an answer for each"))
        .collect()
}

/// RFC 7515, A.2 and A.3, and RFC 8037, A.4; and each with another payload, and with the key of another.
#[test]
fn the_standards_signatures_on_workerd() {
    let (_folder, server) = start();
    let tokens = [
        (Algorithm::Rs256, A2_KEY, A2_TOKEN),
        (Algorithm::Es256, A3_KEY, A3_TOKEN),
        (Algorithm::EdDsa, ED25519_KEY, ED25519_TOKEN),
    ];
    let mut vectors = Vectors::default();
    for (id, (algorithm, jwk, token)) in tokens.into_iter().enumerate() {
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut add = |jwk: &str, signed: String, is_valid| {
            vectors.0.push(Vector {
                algorithm,
                jwk: jwk.to_owned(),
                signed,
                signature: Base64UrlUnpadded::decode_vec(signature).unwrap(),
                id,
                is_valid,
            });
        };
        add(jwk, signed.to_owned(), true);
        add(jwk, format!("{signed}A"), false);
        for (_, other, _) in tokens.iter().filter(|(_, other, _)| *other != jwk) {
            add(other, signed.to_owned(), false);
        }
    }
    vectors.compare(&verify(&server, &vectors), 3, 9);
}

#[test]
fn wycheproofs_signatures_on_workerd() {
    let (_folder, server) = start();
    for (vectors, valid, invalid) in [
        (vectors::ecdsa(), 200, 120),
        (vectors::ed25519(), 20, 30),
        (vectors::rsa_pkcs1(), 30, 600),
        (vectors::rsa_pss(), 40, 160),
    ] {
        vectors.compare(&verify(&server, &vectors), valid, invalid);
    }
}
