//! What is fuzzed. Each target is a function that takes any bytes and panics where EdgePod breaks a promise; the same
//! function runs the kept corpus as an ordinary test.

mod app;
mod columns;
mod request;
#[path = "../../edgepod-runtime/tests/jose/rfc_vectors.rs"]
#[allow(dead_code)]
mod rfc_vectors;
mod token;

pub use columns::columns;
pub use request::request;
pub use token::token;
