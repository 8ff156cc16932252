//! Keeps copies of pods while they serve, as many and as often as `EDGEPOD_KEEP_COPIES` says, of those that have changed since their
//! last one.

use std::{
    collections::HashMap,
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use edgepod_manifest::{DurationError, read_duration};
use tokio::{
    sync::watch,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use super::{database::Location, kept_copies::KeptCopies, pods::Pods};
use crate::engine::{Level, PodName, Record};

/// The setting.
pub(super) const KEEP_COPIES: &str = "EDGEPOD_KEEP_COPIES";

/// The fewest copies of a pod: what a rewind replaced, and what came in its place.
const FEWEST: usize = 2;

/// The most copies of a pod.
const MOST: usize = 10_000;

/// How late the time of a file may be: some systems know it to two seconds.
const LATE: Duration = Duration::from_secs(2);

/// How many copies of each pod are kept, and how far apart they are: `EDGEPOD_KEEP_COPIES=24x1h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeepCopies {
    pub(super) count: usize,
    pub(super) every: Duration,
}

/// `EDGEPOD_KEEP_COPIES` is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeepCopiesError {
    /// It is no number, `x` and a time: what it is.
    NoNumber(String),
    /// What stands behind the `x` is no time: what it is, and why.
    NoTime(String, DurationError),
    /// There is no file to copy.
    InMemory,
}

impl fmt::Display for KeepCopiesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MEANS: &str = "it is how many copies of each pod are kept, and how far apart they are, such as 24x1h: 24 of them, \
             one an hour";
        match self {
            Self::NoNumber(text) => write!(
                f,
                "{KEEP_COPIES} is `{text}`; {MEANS}. There are from {FEWEST} to {MOST}."
            ),
            Self::NoTime(text, error) => {
                write!(f, "{KEEP_COPIES} is `{text}`; {MEANS}. {error}.")
            }
            Self::InMemory => write!(
                f,
                "{KEEP_COPIES} is set, and the database is in memory: there is no file to copy. Take one away, or name a file with \
                 EDGEPOD_DATABASE."
            ),
        }
    }
}

impl std::error::Error for KeepCopiesError {}

impl KeepCopies {
    /// Reads it from the environment; None where it is not set.
    ///
    /// # Errors
    /// See [`KeepCopiesError`].
    pub(super) fn of(
        set: Option<&str>,
        location: &Location,
    ) -> Result<Option<Self>, KeepCopiesError> {
        let Some(text) = set.map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        match location {
            Location::Memory => Err(KeepCopiesError::InMemory),
            Location::File(_) => text.parse().map(Some),
        }
    }
}

impl FromStr for KeepCopies {
    type Err = KeepCopiesError;

    fn from_str(text: &str) -> Result<Self, KeepCopiesError> {
        let no_number = || KeepCopiesError::NoNumber(text.to_owned());
        let (count, every) = text.split_once('x').ok_or_else(no_number)?;
        let count = count
            .parse()
            .ok()
            .filter(|count| (FEWEST..=MOST).contains(count));
        Ok(Self {
            count: count.ok_or_else(no_number)?,
            every: read_duration(every)
                .map_err(|error| KeepCopiesError::NoTime(text.to_owned(), error))?,
        })
    }
}

impl fmt::Display for KeepCopies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.every.as_secs();
        let units = [(86_400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')];
        let largest = units
            .into_iter()
            .find(|(unit, _)| seconds.is_multiple_of(*unit));
        let (unit, letter) = largest.unwrap_or((1, 's'));
        write!(f, "{}x{}{letter}", self.count, seconds / unit)
    }
}

/// Makes copies until the server is told to stop.
pub(super) async fn keep_copies(
    pods: Arc<Pods>,
    keep: KeepCopies,
    mut stopped: watch::Receiver<bool>,
) {
    let copier = Arc::new(Copier {
        pods,
        keep,
        stop: Arc::default(),
    });
    let mut ticks = interval(keep.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looked = HashMap::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = ticks.tick() => {}
            // Of what a pod has now there is no copy, and of what it had there is a newer one.
            () = copier.pods.replaced.notified() => {}
        }
        let mut round = Box::pin(copier.round(&mut looked));
        tokio::select! {
            // What is being copied ends with the next of SQLite's steps.
            _ = stopped.changed() => copier.stop.store(true, Ordering::Relaxed),
            () = &mut round => continue,
        }
        round.await;
        return;
    }
}

struct Copier {
    pods: Arc<Pods>,
    keep: KeepCopies,
    /// Whether the server is about to end.
    stop: Arc<AtomicBool>,
}

/// The bytes of a database and of the log beside it, and when they were written.
type Files = [Option<(u64, SystemTime)>; 2];

/// How the files of a database were when it was looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    files: Files,
    /// They may have been written again since without a trace.
    is_fresh: bool,
}

impl Copier {
    /// Looks at each pod once.
    async fn round(self: &Arc<Self>, looked: &mut HashMap<PodName, Look>) {
        let pods = self.pods.clone();
        let names = spawn_blocking(move || pods.all()).await.unwrap_or_default();
        for pod in [PodName::global()].into_iter().chain(names) {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let (Ok(file), Some(copies)) = (self.pods.place(&pod), self.pods.kept_copies(&pod))
            else {
                continue;
            };
            let before = looked.get(&pod).copied();
            let (copier, kept, place) = (self.clone(), copies.clone(), file.clone());
            let is_due = spawn_blocking(move || copier.is_due(&place, &kept, before));
            let Ok(Some(look)) = is_due.await else {
                continue;
            };
            match self.copy(&pod, file, copies).await {
                // Where it was opened for this, its file was written, and what it has is the same: that is no change.
                Ok(files) => drop(looked.insert(pod, Look { files, ..look })),
                Err(_) if self.stop.load(Ordering::Relaxed) => return,
                Err(why) => {
                    let message = format!("No copy of the pod `{pod}` could be kept: {why}");
                    Record::new(Level::Error, &message).write();
                }
            }
        }
    }

    /// How the files are of a pod that has changed since, and whose last copy was made long enough ago.
    fn is_due(&self, file: &Path, copies: &KeptCopies, before: Option<Look>) -> Option<Look> {
        let look = Look::at(file);
        let all = copies.all().ok()?;
        let newest = all.iter().rfind(|copy| copy.before.is_none());
        let newest = newest.map(|copy| {
            let since = Duration::from_micros(copy.at.as_micros().try_into().unwrap_or(0));
            UNIX_EPOCH + since
        });
        let has_changed = match (before, newest) {
            (Some(before), Some(_)) => before.is_fresh || before.files != look.files,
            // Of a life of the server before.
            (None, Some(newest)) => look.written().is_some_and(|at| at + LATE >= newest),
            (_, None) => true,
        };
        let is_replaced = all.last().is_some_and(|newest| newest.before.is_some());
        // A round may come to this one a little sooner than the last did.
        let is_early = !is_replaced
            && newest.is_some_and(|at| at.elapsed().is_ok_and(|it| it < self.keep.every / 2));
        (has_changed && !is_early).then_some(look)
    }

    /// Makes a copy. How the files were when it was begun.
    async fn copy(
        &self,
        pod: &PodName,
        file: PathBuf,
        copies: KeptCopies,
    ) -> Result<Files, String> {
        // Nobody replaces it meanwhile.
        let _one = self.pods.replacing.lock().await;
        let held = self.pods.held_asleep(pod).await;
        let held = held.map_err(|error| error.message().to_owned())?;
        let (stop, count) = (self.stop.clone(), self.keep.count);
        let copied = spawn_blocking(move || {
            let _held = held;
            copies.settle(&file)?;
            let files = Look::at(&file).files;
            copies.add(&file, &stop)?;
            copies.forget(count).map(|()| files)
        });
        let copied = copied.await;
        self.pods.tidy(pod);
        let copied = copied.map_err(|_| "a panic".to_owned())?;
        copied.map_err(|error| error.to_string())
    }
}

impl Look {
    fn at(file: &Path) -> Self {
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        let of = |file: &Path| {
            let file = fs::metadata(file).ok()?;
            Some((file.len(), file.modified().ok()?))
        };
        let mut look = Self {
            files: [of(file), of(&PathBuf::from(log))],
            is_fresh: false,
        };
        let now = SystemTime::now();
        look.is_fresh = look.written().is_some_and(|at| at + LATE >= now);
        look
    }

    /// When the later of the two was.
    fn written(&self) -> Option<SystemTime> {
        let times = self.files.iter().flatten().map(|(_, at)| *at);
        times.max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_and_how_often_is_one_word() {
        for (text, count, seconds, written) in [
            ("24x1h", 24, 3600, "24x1h"),
            ("2x90s", 2, 90, "2x90s"),
            ("7x24h", 7, 86_400, "7x1d"),
        ] {
            let keep: KeepCopies = text.parse().unwrap();
            let every = Duration::from_secs(seconds);
            assert_eq!(keep, KeepCopies { count, every });
            assert_eq!(keep.to_string(), written);
        }
        for (text, words) in [
            ("24", "such as 24x1h"),
            ("1x1h", "from 2 to 10000"),
            ("10001x1h", "from 2 to 10000"),
            ("1h", "such as 24x1h"),
            ("24x60", "write a whole number and s, m, h or d"),
            ("true", "such as 24x1h"),
        ] {
            let error = text.parse::<KeepCopies>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains(words), "{error}");
        }
        let none = KeepCopies::of(Some(" "), &Location::Memory);
        assert_eq!(none, Ok(None), "what is empty is not set");
        let error = KeepCopies::of(Some("24x1h"), &Location::Memory).unwrap_err();
        assert!(error.to_string().contains("in memory"), "{error}");
    }
}
