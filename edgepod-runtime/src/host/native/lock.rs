//! One server for a database: the clients of another would not be told of what this one's write.

use std::{
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

/// How long one that is about to end may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// A database's lock, held until it is dropped or the process dies, however it does.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "the lock is the open file's")] File);

/// A database's lock cannot be taken.
#[derive(Debug)]
pub enum LockError {
    /// Another server has it: of which database.
    Taken(PathBuf),
    /// Its file cannot be used.
    Failed {
        /// The file.
        lock: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(database) => write!(
                f,
                "Another server serves the database {} already, and only one may: its clients would not be told of this one's \
                 writes. Stop it, or choose another file with EDGEPOD_DATABASE.",
                database.display()
            ),
            Self::Failed { lock, error } => write!(
                f,
                "The lock {} of the database cannot be taken: {error}",
                lock.display()
            ),
        }
    }
}

impl std::error::Error for LockError {}

impl Lock {
    /// Takes the lock of a database: that of a file beside it, which stays.
    ///
    /// # Errors
    /// What stands in the way, for whoever starts the server.
    pub(super) fn take(database: &Path) -> Result<Self, LockError> {
        let path = path(database);
        let failed = |error| LockError::Failed {
            lock: path.clone(),
            error,
        };
        let file = private(OpenOptions::new().write(true).create(true).truncate(false))
            .open(&path)
            .map_err(failed)?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                    sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Taken(database.to_owned()));
                }
            }
        }
    }
}

fn path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// A file that only its owner may read, where it is made.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_has_one_server() {
        let folder = std::env::temp_dir().join(format!("edgepod-lock-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let database = folder.join("data.sqlite");
        let first = Lock::take(&database).unwrap();
        let refused = Lock::take(&database).unwrap_err();
        assert!(
            matches!(&refused, LockError::Taken(at) if *at == database),
            "{refused}"
        );
        drop(first);
        Lock::take(&database).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
