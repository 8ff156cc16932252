//! What the tracker says of statements, against a corpus written by hand and against SQLite's own authorizer.
//!
//! The corpus is data: `corpus.toml`. The differential test makes schemas and statements from a seed;
//! `EDGEPOD_TRACKING_STATEMENTS=100000` asks for more of them, `EDGEPOD_TRACKING_SEED=7` for others.

mod changes;
mod corpus;
mod differential;
mod schema_changes;

use edgepod_samples::{generator, sqlite};
