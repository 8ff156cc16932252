//! The signatures of Project Wycheproof by the native host's verifier. By that of Workers: edgepod-cli/tests/jose.rs.

use edgepod_runtime::{
    auth::{PublicKey, Verification},
    host::native::is_right,
};

use super::vectors::{self, Vector, Vectors};

fn right(vector: &Vector) -> bool {
    PublicKey::from_json(&vector.jwk).is_some_and(|key| {
        is_right(&Verification {
            algorithm: vector.algorithm,
            key,
            signed: vector.signed.clone(),
            signature: vector.signature.clone(),
            version: 0,
        })
    })
}

#[track_caller]
fn check(vectors: &Vectors, valid: usize, invalid: usize) {
    let answers: Vec<bool> = vectors.0.iter().map(right).collect();
    vectors.compare(&answers, valid, invalid);
}

#[test]
fn ecdsa_as_two_numbers_side_by_side() {
    check(&vectors::ecdsa(), 200, 120);
}

#[test]
fn ed25519() {
    check(&vectors::ed25519(), 20, 30);
}

#[test]
fn rsa_pkcs1() {
    check(&vectors::rsa_pkcs1(), 30, 600);
}

#[test]
fn rsa_pss_with_a_salt_as_long_as_its_hash() {
    check(&vectors::rsa_pss(), 40, 160);
}
