//! What an app says about itself: declared in `edgepod-manifest`, which the runtime writes it from.

pub use edgepod_manifest::{Argument, Function, Kind, Manifest, NamedType, Source};
