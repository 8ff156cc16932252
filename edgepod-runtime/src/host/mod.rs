//! Who runs the engine: a Durable Object on Cloudflare, or this process.

#[cfg(any(target_arch = "wasm32", test, feature = "fuzzing"))]
pub mod durable_object;
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub mod native;
#[cfg(not(target_arch = "wasm32"))]
pub mod wal;
