//! Replies that a power cut cannot contradict: `EDGEPOD_SYNCHRONOUS=full`.
//!
//! SQLite itself would write the disk's cache out with each commit, one after the other (`synchronous = FULL`). Here it does not, and
//! what was committed is told to nobody before the write-ahead log is on the disk: whoever is the first to wait has it written, for all
//! that committed until then; those who come meanwhile share the next time. So the more wait, the less each costs.
//! A log that is on the disk as far as a commit is one that SQLite recovers as far, since its frames are a chain
//! ([the format](https://www.sqlite.org/fileformat2.html#the_write_ahead_log)).

use std::{
    collections::HashMap,
    fmt,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::{sync::Mutex, task::spawn_blocking};

use crate::{
    Error,
    engine::{Level, Record},
};

/// The variable.
const NAME: &str = "EDGEPOD_SYNCHRONOUS";

/// When what was committed is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Synchronous {
    /// When SQLite writes it there: a power cut may lose the last commits.
    #[default]
    Normal,
    /// Before anybody is told of it.
    Full,
}

impl Synchronous {
    /// What the environment says.
    ///
    /// # Errors
    /// Where it says something else.
    pub(super) fn from_vars(vars: &HashMap<String, String>) -> Result<Self, SynchronousError> {
        match vars.get(NAME).map(|text| text.trim()) {
            None | Some("" | "normal") => Ok(Self::Normal),
            Some("full") => Ok(Self::Full),
            Some(text) => Err(SynchronousError(text.to_owned())),
        }
    }
}

/// `EDGEPOD_SYNCHRONOUS` is something else: what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynchronousError(String);

impl fmt::Display for SynchronousError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{NAME} is `{}`; it is `full`, where no reply may be lost to a power cut, or `normal`.",
            self.0
        )
    }
}

impl std::error::Error for SynchronousError {}

/// Writes what the system has of the log to the disk.
type Write = dyn Fn() -> io::Result<()> + Send + Sync;

/// What was committed to a database, and what of it is on the disk.
pub(super) struct Durable {
    commits: AtomicU64,
    written: AtomicU64,
    /// After that the system may have forgotten what it could not write, and would say of the next time that all is well.
    has_failed: AtomicBool,
    /// Whose turn it is to write.
    turn: Arc<Mutex<()>>,
    write: Box<Write>,
}

impl Durable {
    /// For the database in this file, which is open and stays so.
    pub(super) fn of(database: &Path) -> Arc<Self> {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        let log = Log {
            path: log.into(),
            file: OnceLock::new(),
        };
        Self::by(move || log.write())
    }

    fn by(write: impl Fn() -> io::Result<()> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            commits: AtomicU64::new(0),
            written: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            turn: Arc::default(),
            write: Box::new(write),
        })
    }

    /// Something was committed.
    pub(super) fn committed(&self) {
        self.commits.fetch_add(1, Ordering::AcqRel);
    }

    /// Waits until all that was committed before this is on the disk.
    ///
    /// # Errors
    /// The disk does not take it: whether it is there is not known, and no reply of the database is given any more.
    pub(super) async fn written(self: &Arc<Self>) -> Result<(), Error> {
        let commits = self.commits.load(Ordering::Acquire);
        if self.has(commits) {
            return Ok(());
        }
        let turn = self.turn.clone().lock_owned().await;
        if self.has(commits) {
            return Ok(());
        }
        let this = self.clone();
        let written = spawn_blocking(move || {
            let _turn = turn;
            this.write()
        });
        let lost = |_| Error::internal("writing the log panicked");
        written.await.map_err(lost)?
    }

    /// The same, for a thread that may be blocked.
    ///
    /// # Errors
    /// As [`written`](Self::written).
    pub(super) fn write_now(&self) -> Result<(), Error> {
        let commits = self.commits.load(Ordering::Acquire);
        if self.has(commits) {
            return Ok(());
        }
        let _turn = self.turn.blocking_lock();
        match self.has(commits) {
            true => Ok(()),
            false => self.write(),
        }
    }

    fn has(&self, commits: u64) -> bool {
        self.written.load(Ordering::Acquire) >= commits
    }

    /// To be called by whose turn it is.
    fn write(&self) -> Result<(), Error> {
        let failed = || Error::internal("what was written may not be on the disk");
        if self.has_failed.load(Ordering::Acquire) {
            return Err(failed());
        }
        // What is committed from now on may be in it, or not.
        let commits = self.commits.load(Ordering::Acquire);
        match (self.write)() {
            Ok(()) => {
                self.written.store(commits, Ordering::Release);
                Ok(())
            }
            Err(error) => {
                self.has_failed.store(true, Ordering::Release);
                let message = format!(
                    "The write-ahead log cannot be written to the disk: {error}. Calls of this database are refused until the server is \
                     started again ({NAME}=full)."
                );
                Record::new(Level::Error, &message).write();
                Err(failed())
            }
        }
    }
}

/// A write-ahead log, which SQLite makes with the first commit and has for as long as the database is open.
struct Log {
    path: PathBuf,
    file: OnceLock<File>,
}

impl Log {
    fn write(&self) -> io::Result<()> {
        let file = match self.file.get() {
            Some(file) => file,
            None => {
                // Windows writes out what may be written to.
                let file = File::options().read(true).write(true).open(&self.path)?;
                // That there is such a file is to last, too. Windows has no folders to be opened.
                if cfg!(unix) {
                    let folder = self.path.parent().filter(|folder| *folder != Path::new(""));
                    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
                }
                self.file.get_or_init(|| file)
            }
        };
        file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc::{Receiver, SyncSender, sync_channel},
        time::Duration,
    };

    use parking_lot::Mutex;
    use tokio::{task::JoinHandle, time::sleep};

    use super::*;

    /// A disk that takes what it is given when the test says so.
    fn disk() -> (Arc<Durable>, SyncSender<io::Result<()>>, Receiver<()>) {
        let (takes, taken) = sync_channel(8);
        let (asks, asked) = sync_channel(8);
        let taken = Mutex::new(taken);
        let durable = Durable::by(move || {
            asks.send(()).unwrap();
            taken.lock().recv().unwrap()
        });
        (durable, takes, asked)
    }

    fn reply(durable: &Arc<Durable>) -> JoinHandle<Result<(), Error>> {
        durable.committed();
        let durable = durable.clone();
        tokio::spawn(async move { durable.written().await })
    }

    async fn asked_for(asked: &Receiver<()>) {
        while asked.try_recv().is_err() {
            sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn a_reply_waits_for_the_disk_and_those_that_wait_share_one_write() {
        let (durable, takes, asked) = disk();
        durable.written().await.unwrap();
        assert!(asked.try_recv().is_err(), "nothing was committed");

        let first = reply(&durable);
        asked_for(&asked).await;
        // These came too late for the one that is under way.
        let others: Vec<_> = (0..20).map(|_| reply(&durable)).collect();
        for _ in 0..50 {
            sleep(Duration::from_millis(1)).await;
            assert!(!first.is_finished() && others.iter().all(|other| !other.is_finished()));
        }
        takes.send(Ok(())).unwrap();
        first.await.unwrap().unwrap();
        asked_for(&asked).await;
        assert!(others.iter().all(|other| !other.is_finished()));
        takes.send(Ok(())).unwrap();
        for other in others {
            other.await.unwrap().unwrap();
        }
        assert!(asked.try_recv().is_err(), "one write was for all of them");
        durable.written().await.unwrap();
    }

    #[tokio::test]
    async fn whoever_goes_leaves_the_write_to_the_others() {
        let (durable, takes, asked) = disk();
        let gone = reply(&durable);
        asked_for(&asked).await;
        let stays = reply(&durable);
        gone.abort();
        takes.send(Ok(())).unwrap();
        asked_for(&asked).await;
        takes.send(Ok(())).unwrap();
        stays.await.unwrap().unwrap();
        let also = durable.clone();
        let blocking = spawn_blocking(move || also.write_now());
        blocking.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn after_a_disk_that_failed_nothing_is_told_any_more() {
        let (durable, takes, asked) = disk();
        let reply = reply(&durable);
        asked_for(&asked).await;
        takes.send(Err(io::Error::other("no disk"))).unwrap();
        let error = reply.await.unwrap().unwrap_err();
        assert_eq!(error.code().status(), 500);
        for _ in 0..2 {
            durable.written().await.unwrap_err();
        }
        assert!(
            asked.try_recv().is_err(),
            "it might say that it has what it forgot"
        );
    }

    #[test]
    fn it_is_full_or_normal() {
        let of = |text: &str| Synchronous::from_vars(&HashMap::from([(NAME.into(), text.into())]));
        assert_eq!(
            Synchronous::from_vars(&HashMap::new()),
            Ok(Synchronous::Normal)
        );
        assert_eq!(of(" full "), Ok(Synchronous::Full));
        assert_eq!(of("normal"), Ok(Synchronous::Normal));
        assert_eq!(of(""), Ok(Synchronous::Normal));
        assert_eq!(
            of("off").unwrap_err().to_string(),
            "EDGEPOD_SYNCHRONOUS is `off`; it is `full`, where no reply may be lost to a power cut, or `normal`."
        );
    }
}
