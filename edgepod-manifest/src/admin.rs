//! What the admin address tells the command of pods.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{MigrationState, MigrationStatus};

/// Notes in a database that is brought which push that was, so that one whose answer is lost is known again. Its name is the
/// parameter.
pub const NOTE_PUSH: &str =
    "INSERT OR REPLACE INTO _edgepod_settings (name, value) VALUES ('push', ?)";

/// Which push it was: a row, or none.
pub const READ_PUSH: &str = "SELECT value FROM _edgepod_settings WHERE name = 'push'";

/// The table of jobs, which is EdgePod's own.
pub const JOBS_TABLE: &str = "_edgepod_jobs";

/// The tables of a database whose rows are counted when its data is taken away or brought: all but SQLite's own and virtual ones, a
/// row each with the name. Whoever sends data and whoever gets it count the same.
pub const DATA_TABLES: &str = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
     AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

/// Whether a pod serves what the build has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PodState {
    /// It has all migrations of the build.
    Ready,
    /// It has yet to apply some: it does when it is opened, before any call.
    Pending,
    /// It cannot be opened, and its calls are told 503.
    Failed,
}

impl PodState {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Pending => "pending",
            Self::Failed => "failed",
        }
    }
}

/// What a pod is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodStatus {
    /// Its name.
    pub pod: String,
    /// Whether it serves what the build has.
    pub state: PodState,
    /// Why it cannot be opened, where that is known.
    pub failure: Option<String>,
    /// How many migrations it has applied.
    pub applied: usize,
    /// The migrations of the build that it has not, by name.
    pub pending: Vec<String>,
    /// Its size.
    pub bytes: u64,
    /// When it was opened last, in milliseconds since 1970: on Workers by the day, natively its last write may count.
    pub opened_at: Option<i64>,
    /// The name of its engine's life, where it is open now.
    pub life: Option<String>,
}

impl PodStatus {
    /// What a pod is of which this is known: the build's migrations, or why its database does not fit them; and why it could not
    /// be opened last.
    pub fn new(
        pod: String,
        migrations: Result<Vec<MigrationStatus>, String>,
        failure: Option<String>,
    ) -> Self {
        let (migrations, failure) = match migrations {
            Ok(migrations) => (migrations, failure),
            Err(why) => (Vec::new(), failure.or(Some(why))),
        };
        let all = migrations.len();
        let mut pending = Vec::new();
        for migration in migrations {
            if migration.state == MigrationState::Pending {
                pending.push(migration.name);
            }
        }
        Self {
            pod,
            state: match failure {
                Some(_) => PodState::Failed,
                None if pending.is_empty() => PodState::Ready,
                None => PodState::Pending,
            },
            failure,
            applied: all - pending.len(),
            pending,
            bytes: 0,
            opened_at: None,
            life: None,
        }
    }
}

/// Some of the pods, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodPage {
    /// They.
    pub pods: Vec<PodEntry>,
    /// What to ask for those that come after, where there are more: the last name.
    pub next: Option<String>,
}

/// A pod of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodEntry {
    /// Its name.
    pub pod: String,
}

/// How the data of a pod goes and comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataFormat {
    /// As the file of a SQLite database.
    Sqlite,
    /// As lines of SQL that the command asks for and sends: an object has no file.
    Lines,
}

/// The bytes of a piece of data that goes or comes as a file; the last one may be shorter.
pub const DATA_PIECE: u64 = 1 << 20;

/// How the data of the pods of a server goes and comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataWay {
    /// How.
    pub format: DataFormat,
}

/// A copy of a pod's data, of one version, which can be taken in pieces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataCopy {
    /// Its name.
    pub id: String,
    /// How many pieces it has.
    pub pieces: u64,
    /// The rows of each table.
    pub rows: BTreeMap<String, u64>,
}

/// A place for data that is about to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataPush {
    /// Its name.
    pub id: String,
}

/// The copies that a native server keeps of a pod, to go back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCopies {
    /// How many it keeps and how far apart they are, as it is set; None where it makes none.
    pub keeps: Option<String>,
    /// Those that there are, the oldest first.
    pub copies: Vec<KeptCopy>,
}

/// A copy that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCopy {
    /// Its name: when it was begun, in RFC 3339 with six digits of a second.
    pub at: String,
    /// Its size.
    pub bytes: u64,
    /// Whether it is what a rewind or a push took the place of.
    pub replaced: bool,
}

/// A pod has the data of a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewound {
    /// The copy of what it had before; None where that was damaged.
    pub back: Option<String>,
}
