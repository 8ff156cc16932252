//! The Durable Object host: the core inside the JavaScript modules of [`ENTRY`].
//!
//! The entry module owns requests, replies, sockets and the object's class. It calls the core once for each request and the
//! core calls it once for each statement, in strings: that crossing was measured to be the cheapest
//! (`docs/decisions/0001-boundary.md`). A panic ends the wasm instance; the entry module answers the request and starts a
//! new one.

mod bindings;
mod env;
mod exports;
mod host;

pub use env::WorkerEnv;

/// The Worker's main module, around `core.js` and `core_bg.wasm`.
pub const ENTRY: &str = include_str!("entry.mjs");
