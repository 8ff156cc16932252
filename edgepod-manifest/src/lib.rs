//! An app described as data: what the attributes, the runtime, the generated client and the command must agree on is declared
//! here, once.
//!
//! - [`Kind`]: what a function may do.
//! - [`Code`], [`STATUSES`], [`reserved_codes`]: what can go wrong, and under which HTTP status.
//! - [`reserved_prefix`], [`hides_a_function`]: names in the database that are not an app's.
//! - [`ADMIN_KEY`]: the variable that who administers an app, and the app, know.
//! - `Manifest`: what an app says of itself to tools, as JSON (with the feature `serde`).
//! - [`LocationHint`]: where Cloudflare is asked to make an object.
//! - [`MigrationState`]: what became of a migration; [`sql_checksum`] and [`READ_JOURNAL`]: how that is known.
//! - [`read_duration`]: how a span of time is written.
//! - `PodStatus`: what a pod says of itself at the admin address (with the feature `serde`).

#[cfg(feature = "serde")]
mod admin;
mod code;
mod duration;
mod kind;
mod location;
mod migration;
mod names;
#[cfg(feature = "serde")]
mod shape;

#[cfg(feature = "serde")]
pub use admin::{
    DATA_PIECE, DATA_TABLES, DataCopy, DataFormat, DataPush, DataWay, JOBS_TABLE, KeptCopies,
    KeptCopy, NOTE_PUSH, PodEntry, PodPage, PodState, PodStatus, READ_PUSH, Rewound,
};
pub use code::{CLIENT_CODES, Code, KEPT_CODES, STATUSES, reserved_codes};
pub use duration::{DurationError, read_duration};
pub use kind::Kind;
pub use location::LocationHint;
pub use migration::{
    CREATE_JOURNAL, JOURNAL_EXISTS, MigrationState, MigrationStatus, READ_JOURNAL, rust_checksum,
    sql_checksum,
};
pub use names::{ADMIN_KEY, RESERVED_PREFIXES, SYSTEM_PREFIX, hides_a_function, reserved_prefix};
#[cfg(feature = "serde")]
pub use shape::{Argument, Function, Internal, Manifest, NamedType, Route, Source};
