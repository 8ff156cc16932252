//! Types in TypeScript: how the runtime's own are called there, and how an app's are described. Only natively: a Worker
//! carries no TypeScript.

#[cfg(not(target_arch = "wasm32"))]
mod describe;
#[cfg(not(target_arch = "wasm32"))]
mod names;
mod own;
#[cfg(not(target_arch = "wasm32"))]
mod unions;

#[cfg(not(target_arch = "wasm32"))]
pub use describe::{
    AppMiddleware, Clash, ErrorTypes, FunctionTypes, Signature, Types, error_member,
};
