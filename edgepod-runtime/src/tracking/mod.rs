//! Which tables a statement reads and writes: SQLite's own answer.
//!
//! `EXPLAIN` lists the program that SQLite would run. The instructions that open a b-tree name its root page, and
//! `sqlite_schema` says whose page that is. So the answer covers views, common table expressions, triggers and the
//! actions of foreign keys, for both hosts, without parsing any SQL.
//!
//! - `explain`: reads the program.
//! - `catalog`: pages and virtual tables of the schema.
//! - `tracker`: brings them together, and remembers.

mod cascade;
mod catalog;
mod explain;
mod footprint;
mod tables;
mod topic;
mod tracker;

pub use footprint::{Extent, Footprint, LIMIT_VALUES, MAX_VALUES};
pub use tables::{TableName, TableSet};
pub use topic::{ColumnId, Topic, TopicKey, ValueDigest};
pub use tracker::{Plan, Tracker};
