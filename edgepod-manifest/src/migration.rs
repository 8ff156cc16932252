//! Migrations as the app's program tells the command of them.

/// What became of a migration in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "lowercase")
)]
pub enum MigrationState {
    /// It is applied.
    Applied,
    /// It is applied at the next start.
    Pending,
}

impl MigrationState {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
        }
    }
}

/// A migration of a build, and what became of it in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MigrationStatus {
    /// The migration's name.
    pub name: String,
    /// What became of it.
    pub state: MigrationState,
}
