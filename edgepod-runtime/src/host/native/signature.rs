//! Signatures of tokens, verified by ring.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

use crate::auth::{Algorithm, Material, Verification};

/// Whether the signature of [`Check::Verify`](crate::auth::Check::Verify) is by the key.
pub fn is_right(verification: &Verification) -> bool {
    let Verification {
        algorithm,
        key,
        signed,
        signature,
        ..
    } = verification;
    let point = |algorithm: &'static dyn VerificationAlgorithm, coordinates: [&[u8]; 2]| {
        let mut uncompressed = vec![4];
        uncompressed.extend(coordinates.concat());
        UnparsedPublicKey::new(algorithm, uncompressed).verify(signed.as_bytes(), signature)
    };
    match (key.material(), algorithm) {
        (Material::Rsa { n, e }, algorithm) => match rsa(*algorithm) {
            Some(algorithm) => {
                RsaPublicKeyComponents { n, e }.verify(algorithm, signed.as_bytes(), signature)
            }
            None => return false,
        },
        (Material::P256 { x, y }, Algorithm::Es256) => point(&ECDSA_P256_SHA256_FIXED, [x, y]),
        (Material::P384 { x, y }, Algorithm::Es384) => point(&ECDSA_P384_SHA384_FIXED, [x, y]),
        (Material::Ed25519 { x }, Algorithm::EdDsa) => {
            UnparsedPublicKey::new(&ED25519, x).verify(signed.as_bytes(), signature)
        }
        _ => return false,
    }
    .is_ok()
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}
