//! Pods that are held as they are: nobody opens or closes them, while their files are copied or replaced.

use std::{
    fs, io,
    mem::take,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use edgepod_manifest::{DATA_TABLES, NOTE_PUSH, READ_PUSH};
use rusqlite::{Connection, OpenFlags};
use tokio::{sync::OwnedMutexGuard, task::spawn_blocking, time::sleep};

use super::{
    database::{Location, check_log},
    kept_copies::{KeptCopies, Linked},
    pods::{Pod, Pods, State, World},
    ports::NativeHost,
    sockets::REPLACED,
};
use crate::{
    Error,
    engine::{Engine, PodName},
    host::wal,
};

/// How long calls of a pod may go on before its data is replaced.
const UNDER_WAY: Duration = Duration::from_secs(15);

/// A closed pod of so many bytes is copied sooner than it is opened.
const SMALL: u64 = 32 << 20;

/// What a file's name ends with to which no piece is added any more.
const WHOLE: &str = "whole";

/// How often it is looked whether they have ended.
const LOOK: Duration = Duration::from_millis(10);

/// A pod that stays as it is for as long as this lives.
pub(super) enum Held {
    /// Open, and serving.
    #[expect(dead_code, reason = "who has it keeps it open")]
    Open(Arc<Pod>),
    /// Closed, and nobody opens it: who would waits.
    #[expect(dead_code, reason = "who has it keeps it closed")]
    Closed(OwnedMutexGuard<State>),
}

/// What is to come in the place of a pod's data.
#[derive(Clone, Debug)]
pub(super) struct Replacement {
    /// The file, in the folder of the one that it replaces or below.
    pub(super) file: PathBuf,
    /// How many bytes were to come. It has more once an engine has opened on it, so one that is asked for again is not incomplete.
    pub(super) bytes: u64,
    /// Its name, by which it is known again.
    pub(super) id: String,
    /// Whether the pod may have data.
    pub(super) over: bool,
    /// Where what it had is kept, where it is.
    pub(super) keep: Option<KeptCopies>,
}

impl Pods {
    /// The file of a pod, whether it is there or not.
    ///
    /// # Errors
    /// In memory there is none.
    pub(super) fn place(&self, name: &PodName) -> Result<PathBuf, Error> {
        match self.location(name) {
            Location::File(place) => Ok(place),
            Location::Memory => Err(in_memory()),
        }
    }

    /// Holds a pod which is there: open, where it can be opened.
    ///
    /// # Errors
    /// A write-ahead log that is damaged: who opened the file would lose what is left of it.
    pub(super) async fn held(&self, name: &PodName) -> Result<Held, Error> {
        if let Ok(pod) = self.get(Some(name)).await {
            return Ok(Held::Open(pod));
        }
        self.as_it_is(name).await
    }

    /// The same as [`held`](Self::held), without opening it.
    async fn as_it_is(&self, name: &PodName) -> Result<Held, Error> {
        let state = self.hold(name).await;
        if let State::Open(pod) = &*state {
            return Ok(Held::Open(pod.clone()));
        }
        if let Location::File(file) = self.location(name) {
            check_log(&file).map_err(|error| Error::conflict(error.message))?;
        }
        Ok(Held::Closed(state))
    }

    /// The same, but one that sleeps goes on to, unless it is large: who calls it waits, for what takes no time.
    ///
    /// # Errors
    /// As [`held`](Self::held).
    pub(super) async fn held_asleep(&self, name: &PodName) -> Result<Held, Error> {
        let is_small = |file: &Path| fs::metadata(file).is_ok_and(|file| file.len() <= SMALL);
        match self.location(name) {
            Location::File(file) if !name.is_global() && is_small(&file) => {
                self.as_it_is(name).await
            }
            _ => self.held(name).await,
        }
    }

    /// Gives a file another name, by which no piece of it is written any more: one whose client has left could come after all
    /// others. Its new name, also where it has that already.
    pub(super) async fn whole(&self, file: PathBuf) -> Result<PathBuf, Error> {
        let alone = self.pieces.clone().write_owned().await;
        blocking(move || {
            let _alone = alone;
            let whole = file.with_extension(WHOLE);
            match fs::rename(&file, &whole) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
                _ => Ok(whole),
            }
        })
        .await
    }

    /// Puts a file in the place of a pod's data, all of it or nothing: once an engine of this build opens on it, which applies
    /// the migrations that it has not. Sockets of the pod end, and who comes again finds another life. Whether it did: the pod has
    /// data otherwise, which stays.
    ///
    /// # Errors
    /// What is wrong with the file; calls of the pod that do not end. Nothing was changed then.
    pub(super) async fn replace(
        self: &Arc<Self>,
        name: &PodName,
        with: Replacement,
    ) -> Result<bool, Error> {
        let (pods, name) = (self.clone(), name.clone());
        let replaced = async move { pods.replace_now(&name, with).await };
        self.one(replaced).await
    }

    /// Does this while no other is done, and to its end, whether who asked for it stays or not.
    pub(super) async fn one<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let pods = self.clone();
        let done = tokio::spawn(async move {
            let _one = pods.replacing.lock().await;
            work.await
        });
        let lost = |_| Error::internal("replacing the data of a pod panicked");
        done.await.map_err(lost)?
    }

    /// The same as [`replace`](Self::replace), within [`one`](Self::one).
    pub(super) async fn replace_now(
        &self,
        name: &PodName,
        with: Replacement,
    ) -> Result<bool, Error> {
        let place = self.place(name)?;
        let Ok(come) = fs::metadata(&with.file) else {
            // The answer to the one before was lost.
            return match self.was_replaced(name, with).await? {
                true => Ok(true),
                false => Err(gone()),
            };
        };
        if come.len() < with.bytes {
            return Err(Error::conflict(
                "A part of the data is missing: begin anew.",
            ));
        }
        let (world, pod, new) = (self.world.clone(), name.clone(), with.clone());
        blocking(move || prepare(&world, &pod, &new)).await?;
        let mut state = self.hold(name).await;
        if let State::Open(pod) = take(&mut *state)
            && let Err((pod, error)) = self.alone(name, pod, UNDER_WAY).await
        {
            *state = State::Open(pod);
            return Err(error);
        }
        let swapped = blocking(move || swap(&place, &with)).await;
        drop(state);
        // Where it cannot be opened now, its next call does it.
        let _ = self.get(Some(name)).await;
        self.tidy(name);
        self.replaced.notify_one();
        swapped
    }

    /// Whether this was put in the place of a pod's data: also where who did it was killed.
    pub(super) async fn was_replaced(
        &self,
        name: &PodName,
        with: Replacement,
    ) -> Result<bool, Error> {
        let place = self.place(name)?;
        if !self.has(name) {
            return Ok(false);
        }
        let Ok(held) = self.held(name).await else {
            // Its log is damaged, and what was put there has none.
            self.tidy(name);
            return Ok(false);
        };
        let was = blocking(move || {
            let _held = held;
            let was = was_pushed(&place, &with.id);
            if let (true, Some(keep)) = (was, with.keep) {
                keep.settle(&place).map_err(failed)?;
            }
            Ok(was)
        });
        let was = was.await;
        self.tidy(name);
        was
    }

    /// Ends what uses a pod, and the pod.
    ///
    /// # Errors
    /// Calls that do not end in this time, and the pod that they have.
    pub(super) async fn alone(
        &self,
        name: &PodName,
        mut pod: Arc<Pod>,
        patience: Duration,
    ) -> Result<(), (Arc<Pod>, Error)> {
        let began = Instant::now();
        loop {
            // Each time: a call that was under way may have begun one meanwhile.
            self.world.sockets.end_of(name, REPLACED);
            pod.wanted.notify_waiters();
            match Arc::try_unwrap(pod) {
                Ok(pod) => {
                    let ended = spawn_blocking(move || drop(pod)).await;
                    debug_assert!(ended.is_ok(), "a pod panics when it ends");
                    return Ok(());
                }
                Err(used) if began.elapsed() > patience => {
                    let error = Error::unavailable(
                        "Calls of this pod do not come to an end, and its data stays as it is: try again later.",
                    );
                    return Err((used, error));
                }
                Err(used) => pod = used,
            }
            sleep(LOOK).await;
        }
    }
}

/// Makes the file one that this build opens.
fn prepare(world: &World, name: &PodName, new: &Replacement) -> Result<(), Error> {
    let unfit = |why: String| Error::conflict(format!("Nothing was changed: {why}"));
    let damaged = |error: rusqlite::Error| unfit(format!("the file is no database: {error}"));
    let check = |connection: &Connection| {
        connection.query_row("PRAGMA integrity_check(1)", (), |row| {
            row.get::<_, String>(0)
        })
    };
    let found = Connection::open(&new.file).and_then(|connection| check(&connection));
    match found.map_err(damaged)? {
        ok if ok == "ok" => {}
        found => return Err(unfit(format!("the file is damaged: {found}"))),
    }
    let host = NativeHost::open(
        &Location::File(new.file.clone()),
        world.vars.clone(),
        world.sockets.clone(),
        world.pods.clone(),
        name.clone(),
    );
    let host = host.map_err(|error| unfit(error.message))?;
    let engine = Engine::start(Arc::new(host));
    drop(engine.map_err(|error| unfit(format!("the file does not fit this build: {error}")))?);
    let connection = Connection::open(&new.file).map_err(failed)?;
    connection.execute(NOTE_PUSH, [&new.id]).map_err(failed)?;
    // Without a log beside it.
    connection
        .pragma_update(None, "journal_mode", "DELETE")
        .map_err(failed)?;
    drop(connection);
    let synced = fs::File::open(&new.file).and_then(|file| file.sync_all());
    synced.map_err(failed)
}

/// Puts it in its place, which nobody has open. Whether it did: there are rows otherwise.
fn swap(place: &Path, new: &Replacement) -> Result<bool, Error> {
    if place.is_file() {
        let linked = match fold(place, new.over) {
            Ok(true) => Linked::Whole,
            Ok(false) => return Ok(false),
            // One that is damaged is replaced for that reason.
            Err(_) if new.over && is_damaged(place) => Linked::Damaged,
            Err(error) => return Err(error),
        };
        if let Some(keep) = &new.keep {
            keep.link(place, &new.id, linked).map_err(failed)?;
        }
    }
    remove_beside(place).map_err(failed)?;
    fs::rename(&new.file, place).map_err(failed)?;
    let folder = place.parent().unwrap_or(Path::new("."));
    // So that a power cut does not take it back.
    let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
    if let Some(keep) = &new.keep {
        keep.settle(place).map_err(failed)?;
    }
    Ok(true)
}

/// Removes what SQLite had beside a database: a log of another's.
pub(super) fn remove_beside(place: &Path) -> io::Result<()> {
    for end in ["-wal", "-shm", "-journal"] {
        let mut beside = place.as_os_str().to_owned();
        beside.push(end);
        match fs::remove_file(beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Takes what is in a log beside a database into it, so that the log is none of the other's. Not where it has rows that are to stay.
fn fold(place: &Path, over: bool) -> Result<bool, Error> {
    check_log(place).map_err(|error| Error::conflict(error.message))?;
    let connection = Connection::open(place).map_err(failed)?;
    if !over && has_rows(&connection).map_err(failed)? {
        return Ok(false);
    }
    connection
        .pragma_update(None, "journal_mode", "DELETE")
        .map_err(failed)?;
    Ok(true)
}

/// Whether a file, or the log beside it, is no database any more.
fn is_damaged(place: &Path) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let read = || Connection::open(place)?.query_row("PRAGMA schema_version", (), |_| Ok(()));
    let code = |error: rusqlite::Error| error.sqlite_error_code();
    // One that cannot be read may be whole.
    matches!(wal::damage(place), Ok(Some(_)))
        || matches!(
            read().err().and_then(code),
            Some(DatabaseCorrupt | NotADatabase)
        )
}

fn was_pushed(place: &Path, id: &str) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let known = Connection::open_with_flags(place, flags)
        .and_then(|connection| connection.query_row(READ_PUSH, (), |row| row.get::<_, String>(0)));
    known.is_ok_and(|known| known == id)
}

/// Whether a table of the app has a row.
pub(super) fn has_rows(connection: &Connection) -> rusqlite::Result<bool> {
    let mut tables = connection.prepare(&format!(
        "SELECT name FROM ({DATA_TABLES}) WHERE name NOT LIKE '\\_edgepod\\_%' ESCAPE '\\'"
    ))?;
    let names = tables.query_map((), |row| row.get::<_, String>(0))?;
    for name in names {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {})",
            edgepod_sql::quote(&name?)
        );
        if connection.query_row(&sql, (), |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn in_memory() -> Error {
    Error::bad_request("This server keeps its data in memory: there is no file to copy or replace.")
}

pub(super) fn gone() -> Error {
    Error::not_found("There is nothing of this name any more: begin anew.")
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("the data of a pod: {error}"))
}

/// Does something that waits for disks.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let lost = |_| Error::internal("working on the data of a pod panicked");
    spawn_blocking(work).await.map_err(lost)?
}
