//! The copies of pods that a server keeps to go back to: the folder of each, what is in it, and how that comes there.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rusqlite::{Connection, OpenFlags};

use super::{database::make_private, pod_file::stem_of};
use crate::{db::Timestamp, engine::PodName};

/// After so many of SQLite's steps it is asked whether the server is about to end.
const STEPS: i32 = 10_000;

const END: &str = ".sqlite";

/// What is being made: no name of a copy.
const NEW: &str = "new";

/// Behind the name of what may yet be the database.
const LINKED: &str = ".linked";

/// What a database is that is about to be replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Linked {
    /// Whole, and without a log.
    Whole,
    Damaged,
}

/// The copies of a pod: a folder of them.
#[derive(Clone, Debug)]
pub(super) struct KeptCopies {
    folder: PathBuf,
}

/// A copy, which is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeptCopy {
    pub(super) file: PathBuf,
    /// When it was begun.
    pub(super) at: Timestamp,
    /// By which replacement it was made, of what that took away.
    pub(super) before: Option<String>,
}

impl KeptCopies {
    /// Those of a pod of the server whose database is this file.
    pub(super) fn of(database: &Path, pod: &PodName) -> Self {
        let folder = database.with_extension("kept-copies").join(stem_of(pod));
        Self { folder }
    }

    /// All, the oldest first.
    pub(super) fn all(&self) -> io::Result<Vec<KeptCopy>> {
        let names = self.names()?;
        let copies = names.into_iter().filter_map(|name| {
            let (at, before) = read_name(&name)?;
            Some(KeptCopy {
                file: self.folder.join(name),
                at,
                before,
            })
        });
        let mut all: Vec<_> = copies.collect();
        all.sort_by_key(|copy| copy.at);
        Ok(all)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let names = entries.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    /// Copies what the database has now, unless the newest copy has just that. Others go on writing: it reads one version. None of
    /// it is there under its name before all of it is on the disk. It ends early where `stop` says so.
    ///
    /// # Errors
    /// What SQLite or the disk says. No copy was made then.
    pub(super) fn add(&self, database: &Path, stop: &Arc<AtomicBool>) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let new = self.folder.join(NEW);
        remove(&new)?;
        make_private(&new).map_err(|error| io::Error::other(error.message))?;
        let at = self.copy_into(database, &new, stop).inspect_err(|_| {
            let _ = remove(&new);
        })?;
        let newest = self.all()?.pop().filter(|newest| newest.before.is_none());
        if newest.is_some_and(|newest| is_same(&newest.file, &new).unwrap_or(false)) {
            return remove(&new);
        }
        self.place(&new, &file_name(at, None))
    }

    fn copy_into(
        &self,
        database: &Path,
        new: &Path,
        stop: &Arc<AtomicBool>,
    ) -> io::Result<Timestamp> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection =
            Connection::open_with_flags(database, flags).map_err(io::Error::other)?;
        let stop = stop.clone();
        let asked = move || stop.load(Ordering::Relaxed);
        let prepared = connection
            .busy_timeout(Duration::from_secs(5))
            .and_then(|()| connection.progress_handler(STEPS, Some(asked)));
        prepared.map_err(io::Error::other)?;
        let at = self.now()?;
        connection
            .execute("VACUUM INTO ?", [new.to_string_lossy()])
            .map_err(io::Error::other)?;
        Ok(at)
    }

    /// Keeps a database that nobody has open, and that is about to be replaced by another file, under a second name of its own: nothing
    /// has to be copied. It is a copy once [`settle`](Self::settle) finds that it is the database no more.
    ///
    /// # Errors
    /// What the disk says.
    pub(super) fn link(&self, database: &Path, replacement: &str, state: Linked) -> io::Result<()> {
        self.settle(database)?;
        fs::create_dir_all(&self.folder)?;
        let mut name = file_name(self.now()?, Some(replacement));
        if state == Linked::Damaged {
            // Nobody is to go back to it.
            name.push_str(".damaged");
            let mut log = database.as_os_str().to_owned();
            log.push("-wal");
            match fs::copy(log, self.folder.join(format!("{name}-wal"))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let linked = self.folder.join(format!("{name}{LINKED}"));
        // They may be on two disks; and where nobody tells which names are of one file, it gets no second one.
        if cfg!(not(unix)) || fs::hard_link(database, &linked).is_err() {
            let new = self.folder.join(NEW);
            remove(&new)?;
            let copied = fs::copy(database, &new);
            copied.inspect_err(|_| drop(remove(&new)))?;
            return self.place(&new, &format!("{name}{LINKED}"));
        }
        sync_folder(&self.folder);
        Ok(())
    }

    /// Makes a copy of what was linked and is replaced. What is not, as the server was killed before that, is still the database, and is
    /// linked no more. Only while none is being replaced.
    ///
    /// # Errors
    /// What the disk says.
    pub(super) fn settle(&self, database: &Path) -> io::Result<()> {
        for name in self.names()? {
            if let Some(settled) = name.strip_suffix(LINKED) {
                let linked = self.folder.join(&name);
                match is_one(&linked, database) {
                    true => remove(&linked)?,
                    false => fs::rename(linked, self.folder.join(settled))?,
                }
            }
        }
        Ok(())
    }

    /// Removes the oldest ones, beyond so many.
    ///
    /// # Errors
    /// What the disk says.
    pub(super) fn forget(&self, count: usize) -> io::Result<()> {
        let all = self.all()?;
        let beyond = all.len().saturating_sub(count);
        all.iter()
            .take(beyond)
            .try_for_each(|copy| remove(&copy.file))
    }

    /// The time of a copy that is made now: later than that of all others, whatever the clock does.
    fn now(&self) -> io::Result<Timestamp> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let micros = since.unwrap_or_default().as_micros() as i64;
        let newest = self.all()?.last().map_or(0, |copy| copy.at.as_micros() + 1);
        Timestamp::from_micros(micros.max(newest)).ok_or_else(|| io::Error::other("the clock"))
    }

    fn place(&self, new: &Path, name: &str) -> io::Result<()> {
        File::open(new)?.sync_all()?;
        fs::rename(new, self.folder.join(name))?;
        sync_folder(&self.folder);
        Ok(())
    }
}

/// `2026-11-27T12-00-00.000000Z.sqlite`; a colon is in no file's name on Windows.
fn file_name(at: Timestamp, before: Option<&str>) -> String {
    let at = at.to_string().replace(':', "-");
    match before {
        Some(replacement) => format!("{at}-{replacement}{END}"),
        None => format!("{at}{END}"),
    }
}

fn read_name(name: &str) -> Option<(Timestamp, Option<String>)> {
    let written = name.strip_suffix(END)?;
    let (time, replacement) = written.split_once('Z')?;
    let (date, clock) = time.split_once('T')?;
    let at = format!("{date}T{}Z", clock.replace('-', ":"));
    let at: Timestamp = at.parse().ok()?;
    let before = replacement.strip_prefix('-').map(str::to_owned);
    // Anything else is a file of somebody else's.
    (file_name(at, before.as_deref()) == name).then_some((at, before))
}

fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    if fs::metadata(one)?.len() != fs::metadata(other)?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let (mut of_one, mut of_other) = (Vec::new(), Vec::new());
    loop {
        for (file, bytes) in [(&mut one, &mut of_one), (&mut other, &mut of_other)] {
            bytes.clear();
            file.take(1 << 20).read_to_end(bytes)?;
        }
        if of_one != of_other {
            return Ok(false);
        }
        if of_one.is_empty() {
            return Ok(true);
        }
    }
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// So that a power cut does not take it back.
fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// Whether two names are of one file.
#[cfg(unix)]
fn is_one(name: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let of = |name| fs::metadata(name).map(|file| (file.dev(), file.ino()));
    matches!((of(name), of(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(not(unix))]
fn is_one(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database with rows in memory's place: a folder, the file, its copies.
    fn database() -> (tempfile::TempDir, PathBuf, KeptCopies) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.sqlite");
        let copies = KeptCopies::of(&file, &PodName::new("acme").unwrap());
        write(
            &file,
            "PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (1)",
        );
        (folder, file, copies)
    }

    fn write(file: &Path, sql: &str) {
        Connection::open(file).unwrap().execute_batch(sql).unwrap();
    }

    fn newest(file: &Path) -> i64 {
        let connection = Connection::open(file).unwrap();
        connection
            .query_row("SELECT max(n) FROM t", (), |row| row.get(0))
            .unwrap()
    }

    fn go_on() -> Arc<AtomicBool> {
        Arc::default()
    }

    #[test]
    fn a_copy_is_made_of_what_has_changed_and_the_oldest_goes() {
        let (_folder, file, copies) = database();
        assert_eq!(copies.all().unwrap(), []);
        for n in 2..6 {
            copies.add(&file, &go_on()).unwrap();
            copies.add(&file, &go_on()).unwrap();
            write(&file, &format!("INSERT INTO t VALUES ({n})"));
        }
        let all = copies.all().unwrap();
        let held: Vec<i64> = all.iter().map(|copy| newest(&copy.file)).collect();
        assert_eq!(held, [1, 2, 3, 4], "the same data is kept once");
        assert!(all.is_sorted_by(|a, b| a.at < b.at), "{all:?}");
        copies.forget(2).unwrap();
        assert_eq!(copies.all().unwrap(), all[2..]);
    }

    #[test]
    fn half_a_copy_is_none() {
        let (_folder, file, copies) = database();
        write(
            &file,
            "INSERT INTO t SELECT value FROM json_each('[' || replace(hex(zeroblob(200000)), '00', '1,') || '1]')",
        );
        let stop = Arc::new(AtomicBool::new(true));
        let error = copies.add(&file, &stop).unwrap_err().to_string();
        assert!(error.contains("interrupted"), "{error}");
        assert_eq!(copies.names().unwrap(), Vec::<String>::new());
        // What a server that was killed has left.
        fs::write(copies.folder.join(NEW), "half").unwrap();
        fs::write(copies.folder.join("notes.sqlite"), "somebody else's").unwrap();
        assert_eq!(copies.all().unwrap(), []);
        copies.add(&file, &go_on()).unwrap();
        assert_eq!(copies.all().unwrap().len(), 1);
    }

    #[test]
    fn what_is_replaced_is_kept_and_what_is_not_is_no_copy() {
        let (_folder, file, copies) = database();
        let other = file.with_extension("other");
        for was_killed in [true, false] {
            copies.link(&file, "id", Linked::Whole).unwrap();
            assert_eq!(copies.all().unwrap(), [], "it is the database itself");
            if !was_killed {
                fs::copy(&file, &other).unwrap();
                write(&other, "INSERT INTO t VALUES (7)");
                fs::rename(&other, &file).unwrap();
            }
            copies.settle(&file).unwrap();
        }
        let all = copies.all().unwrap();
        assert_eq!(copies.names().unwrap().len(), 1);
        assert_eq!(all[0].before.as_deref(), Some("id"));
        write(&file, "INSERT INTO t VALUES (8)");
        assert_eq!((newest(&all[0].file), newest(&file)), (1, 8));
    }

    #[test]
    fn what_was_damaged_is_set_aside_with_its_log() {
        let (_folder, file, copies) = database();
        fs::write(file.with_extension("sqlite-wal"), "a log").unwrap();
        copies.link(&file, "id", Linked::Damaged).unwrap();
        fs::remove_file(&file).unwrap();
        copies.settle(&file).unwrap();
        assert_eq!(copies.all().unwrap(), []);
        let mut names = copies.names().unwrap();
        names.sort();
        assert!(names[0].ends_with("Z-id.sqlite.damaged"), "{names:?}");
        assert_eq!(names[1], format!("{}-wal", names[0]));
    }
}
