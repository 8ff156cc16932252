//! The tables.

use edgepod::prelude::*;

/// Something to do.
#[edgepod::table(name = "tasks")]
pub struct Task {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What is to be done.
    pub title: String,
    /// When it was added.
    #[default(now)]
    pub created_at: Timestamp,
}
