//! What others say of JOSE: the examples of the standards, and the signatures of Project Wycheproof.

mod adversary;
mod rfc;
mod verify;
mod wycheproof;
mod wycheproof_jws;

use edgepod_samples::{rfc_vectors, vectors};
