//! From the manifest of an EdgePod app to its typed TypeScript client.
//!
//! An app prints its [`Manifest`] as JSON; [`Client::new`] turns it into a folder of TypeScript:
//! the client's own source, which is written, linted and tested in this crate's `client/`, and beside it
//! the types of the app's functions. [`Client::write_to`] brings a folder up to date, [`Client::diff`]
//! says what would change.
//!
//! ```
//! use edgepod_codegen::{Client, Framework, Manifest};
//!
//! let manifest: Manifest = serde_json::from_str(r#"{
//!     "edgepod": "0.1.0",
//!     "app": "hello",
//!     "functions": [{"name": "greet", "kind": "query", "docs": "Says hello.",
//!         "args": [{"name": "name", "type": "string"}], "returns": "string"}]
//! }"#)?;
//! let client = Client::new(&manifest, Framework::React);
//! # let folder = std::env::temp_dir().join(format!("edgepod-codegen-doc-{}", std::process::id()));
//! let report = client.write_to(&folder)?;
//! assert!(report.written.contains(&"client.ts".into()));
//! assert!(client.diff(&folder)?.is_empty());
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
mod docs;
mod entry;
mod error;
mod folder;
mod framework;
mod layout;
mod manifest;
mod map;
mod npm;
mod project;
mod source;
mod typescript;

pub use client::Client;
pub use error::Error;
pub use folder::{Difference, Report};
pub use framework::{Framework, UnknownFramework};
pub use manifest::{Argument, Function, Kind, Manifest, NamedType, Source};
pub use npm::NpmDependency;
