//! Project Wycheproof's JSON Web Signatures and Keys. No package carries these files, so they are read from a checkout of
//! C2SP/wycheproof where there is one:
//!
//! ```sh
//! WYCHEPROOF=path/to/wycheproof/testvectors_v1 cargo test -p edgepod-runtime --features native --test jose -- --ignored
//! ```

use std::{fs, path::PathBuf};

use edgepod_runtime::{
    auth::{Authenticator, Check, KeySet, Verification},
    host::native::is_right,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::verify::{encode, with_keys};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    /// A key, or a set of keys; there is none where the keys are secret.
    public: Option<Value>,
    private: Option<Value>,
    tests: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    tc_id: usize,
    jws: Value,
    result: String,
}

const NOW: i64 = 1_700_000_000_000;

fn read(name: &str) -> File {
    let folder = std::env::var_os("WYCHEPROOF")
        .expect("WYCHEPROOF names the folder testvectors_v1 of a checkout of C2SP/wycheproof");
    let text = fs::read_to_string(PathBuf::from(folder).join(name)).expect("the file is there");
    serde_json::from_str(&text).expect("the file is Wycheproof's")
}

/// An authenticator with the keys of a group, or none where it takes none of them.
fn authenticator(group: &Group) -> Option<Authenticator> {
    let keys = group.public.as_ref().or(group.private.as_ref())?;
    let keys = match keys.get("keys") {
        Some(_) => keys.clone(),
        None => json!({ "keys": [keys] }),
    };
    let keys = keys.to_string();
    KeySet::parse(&keys).ok().filter(|keys| !keys.is_empty())?;
    Some(with_keys(&keys, NOW))
}

/// Whether a signature is accepted. What Wycheproof signs is no claims, so header and signature go through the authenticator
/// with claims of ours, and the signature is verified over what was signed.
fn accepts(auth: &Authenticator, jws: &Value) -> bool {
    let Some(jws) = jws.as_str() else {
        return false;
    };
    let parts: Vec<&str> = jws.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return false;
    };
    let claims = encode(json!({"sub": "x", "exp": NOW / 1000 + 60}).to_string());
    match auth.check(&format!("{header}.{claims}.{signature}"), NOW) {
        Check::Verify(verification) => is_right(&Verification {
            signed: format!("{header}.{payload}"),
            ..verification
        }),
        _ => false,
    }
}

/// Runs the cases of a file. Those whose outcome is not Wycheproof's: what is valid and refused, what is invalid and accepted.
fn run(name: &str, cases: usize) -> [Vec<usize>; 2] {
    let (mut refused, mut accepted) = (Vec::new(), Vec::new());
    let mut count = 0;
    for group in read(name).test_groups {
        let auth = authenticator(&group);
        for case in &group.tests {
            count += 1;
            let is_accepted = auth.as_ref().is_some_and(|auth| accepts(auth, &case.jws));
            match (case.result.as_str(), is_accepted) {
                ("valid", false) => refused.push(case.tc_id),
                ("valid", true) | (_, false) => {}
                (_, true) => accepted.push(case.tc_id),
            }
        }
    }
    assert!(count >= cases, "{count} cases");
    [refused, accepted]
}

#[test]
#[ignore = "needs a checkout of C2SP/wycheproof: see the top of this file"]
fn signatures() {
    let [refused, accepted] = run("json_web_signature_test.json", 400);
    // With HMAC: 1, 348, 352 and 357 to 377. With P-521: 347 and 351. PS384 by a key that is for PS256: 346 and 350.
    let others = [
        1, 346, 347, 348, 350, 351, 352, 357, 358, 359, 372, 373, 376, 377,
    ];
    assert_eq!(refused, others);
    assert!(accepted.is_empty(), "forged: {accepted:?}");
}

#[test]
#[ignore = "needs a checkout of C2SP/wycheproof: see the top of this file"]
fn keys() {
    let [refused, accepted] = run("json_web_key_test.json", 26);
    // With HMAC, all of them.
    assert_eq!(refused, [2, 13, 14, 15]);
    // A key with the weakness of ROCA looks like any other, and its issuer publishes it: we believe the issuer.
    assert_eq!(accepted, [7]);
}
