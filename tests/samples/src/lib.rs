//! What tests of several crates stand on. Of tests only: no crate ships it.

#![allow(missing_docs, reason = "their names say what they are")]

pub mod apps;
pub mod generator;
pub mod keys;
pub mod rfc_vectors;
pub mod sqlite;
pub mod vectors;
