//! The Durable Object host: the core inside the JavaScript modules of this folder, of which `entry.mjs` is the
//! Worker's main one.
//!
//! Requests, replies, sockets and the object's class are JavaScript's, what they mean is the core's. JavaScript calls the core
//! once for each request and the core calls it once for each statement, in strings: that crossing was measured to be the
//! cheapest (`docs/decisions/boundary.md`), and `crossing` alone knows how it is written. A panic, or any other exception that
//! comes out of the wasm instance, ends it; the request is answered, and another instance is started.

#[cfg(target_arch = "wasm32")]
mod bindings;
#[cfg_attr(
    not(any(target_arch = "wasm32", test)),
    expect(dead_code, reason = "the fuzzer has no use for the replies")
)]
mod crossing;
#[cfg(target_arch = "wasm32")]
mod env;
#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(target_arch = "wasm32")]
mod host;

#[cfg(target_arch = "wasm32")]
pub use env::WorkerEnv;
