//! Builds of the app.
//!
//! - [`cargo`] calls cargo and finds what it made
//! - [`native`](fn@native) makes a library or program for this machine
//! - [`Worker`] is the app as WebAssembly with its JavaScript around it, ready for [`crate::workerd`] or an upload

pub mod cargo;
mod config;
mod made;

mod bindgen;
mod bundle;
mod optimize;
mod size;
mod worker;

pub(crate) use bindgen::MISSING as NO_WORKERS;
pub use bindgen::VERSION as WASM_BINDGEN_VERSION;
pub(crate) use cargo::WASM;
pub use cargo::{Profile, native, program};
pub use size::Size;
pub use worker::Worker;
