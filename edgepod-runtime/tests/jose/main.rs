//! What others say of JOSE: the examples of the standards, and the signatures of Project Wycheproof.

mod adversary;
mod rfc;
mod rfc_vectors;
mod vectors;
mod verify;
mod wycheproof;
mod wycheproof_jws;
