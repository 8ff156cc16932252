//! How a pod is, whether it is open or not.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use edgepod_manifest::PodStatus;

use super::{database::Location, migrate::migration_statuses, pods::Pod};
use crate::engine::PodName;

/// Notes that a database is opened now: as the time of its file, which SQLite has no use for. By its path alone: a second
/// descriptor of it, closed again, would end the locks that SQLite has on the first. Where it cannot be set it stays unknown.
pub(super) fn note_opening(location: &Location) {
    #[cfg(unix)]
    if let Location::File(path) = location {
        use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        };
        let times = Timestamps {
            last_access: now,
            last_modification: now,
        };
        let _ = utimensat(CWD, path, &times, AtFlags::empty());
    }
    #[cfg(not(unix))]
    let _ = location;
}

/// How an open pod is, or a closed one.
pub(super) fn status(
    name: &PodName,
    location: &Location,
    open: Option<&Pod>,
    failure: Option<String>,
) -> PodStatus {
    let file = match location {
        Location::File(path) => Some(path.as_path()),
        Location::Memory => None,
    };
    // Before it is looked at, which may change the file.
    let (bytes, modified) = file.map_or((0, None), |file| (size(file), modified(file)));
    let migrations = match open {
        Some(pod) => pod.engine.migrations().map_err(|error| error.to_string()),
        None => migration_statuses(location).map_err(|error| error.to_string()),
    };
    PodStatus {
        bytes,
        opened_at: open.map_or(modified, |pod| Some(pod.opened)).map(millis),
        life: open.map(|pod| pod.engine.life().to_string()),
        ..PodStatus::new(name.to_string(), migrations, failure)
    }
}

/// What a database takes on disk, with the log beside it.
fn size(file: &Path) -> u64 {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let of = |file: &Path| fs::metadata(file).map_or(0, |file| file.len());
    of(file) + of(&PathBuf::from(log))
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|file| file.modified()).ok()
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis().try_into().unwrap_or(i64::MAX)
}
