//! The `edgepod` command, and the parts of it that tests and benchmarks use.
//!
//! | module | what it does |
//! |---|---|
//! | [`app`] | finds the app: its crate, artifact, front end and settings, from `cargo metadata` |
//! | [`build`] | builds it: for this machine, and as a Worker (WebAssembly and JavaScript) |
//! | [`workerd`] | runs a Worker on workerd, Cloudflare's runtime, without an account |
//! | [`native`] | runs it as a native program |
//! | [`process`] | child processes that never outlive the command |
//! | [`tools`] | finds external programs, or installs them once |
//! | [`args`] | what may be typed |
//! | [`admin`] | asks the admin address of an app that runs |
//! | [`wrangler`] | reads what the wrangler configuration binds |
//! | [`diff`] | the statements that lead from one schema to the next |
//! | [`commands`] | what is done about it |

pub mod admin;
pub mod app;
pub mod args;
pub mod build;
pub mod commands;
pub mod diff;
pub mod env;
pub mod http;
pub mod native;
mod packages;
pub mod process;
mod progress;
mod residency;
pub mod term;
pub mod tools;
pub mod workerd;
pub mod wrangler;
