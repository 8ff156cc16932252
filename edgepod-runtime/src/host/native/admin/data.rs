//! Copies of a pod's database, of one version, to be taken away in pieces while the pod serves. A copy is a file beside the
//! database, so that whoever takes it goes on after either end was killed.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use edgepod_manifest::{DATA_PIECE, DATA_TABLES, DataCopy};
use hyper::header;
use rusqlite::{Connection, OpenFlags};

use super::{
    super::{
        database::make_private,
        held::{self, gone},
        http::{Reply, bytes_reply},
    },
    Asked, own,
};
use crate::{Error, engine::PodName};

/// After this time a copy that nobody has said to be done with is removed when another is made.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

const END: &str = "sqlite";

/// Makes a copy.
pub(super) async fn copy(asked: &Asked<'_>) -> Result<DataCopy, Error> {
    let pod = asked.pod()?;
    let database = asked.shared.pods.place(&pod)?;
    let folder = copies(asked)?;
    let held = asked.shared.pods.held(&pod).await?;
    let copied = blocking(move || {
        let _held = held;
        fs::create_dir_all(&folder)?;
        forget_old(&folder)?;
        let id = format!("{:032x}", fastrand::u128(..));
        let file = folder.join(&id).with_extension(END);
        make_private(&file).map_err(|error| io::Error::other(error.message))?;
        let rows = copy_into(&database, &file).inspect_err(|_| {
            let _ = fs::remove_file(&file);
        });
        let rows = rows.map_err(io::Error::other)?;
        Ok(DataCopy {
            id,
            pieces: fs::metadata(&file)?.len().div_ceil(DATA_PIECE),
            rows,
        })
    })
    .await;
    asked.shared.pods.tidy(&pod);
    copied
}

/// A piece of a copy, by its number.
pub(super) async fn piece(asked: &Asked<'_>) -> Result<Reply, Error> {
    let file = of_id(asked)?;
    let at = at(asked)?;
    let bytes = blocking(move || {
        let mut file = File::open(file)?;
        file.seek(SeekFrom::Start(at * DATA_PIECE))?;
        let mut bytes = Vec::new();
        file.take(DATA_PIECE).read_to_end(&mut bytes)?;
        Ok(bytes)
    })
    .await?;
    let mut reply = own(bytes_reply(bytes));
    let kind = header::HeaderValue::from_static("application/octet-stream");
    reply.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(reply)
}

/// Removes a copy.
pub(super) async fn done(asked: &Asked<'_>) -> Result<(), Error> {
    let file = of_id(asked)?;
    blocking(move || fs::remove_file(file)).await
}

/// Where copies are: one folder for all pods of the server.
fn copies(asked: &Asked<'_>) -> Result<PathBuf, Error> {
    let database = asked.shared.pods.place(&PodName::global())?;
    Ok(database.with_extension("copies"))
}

/// The copy that `id` names.
fn of_id(asked: &Asked<'_>) -> Result<PathBuf, Error> {
    asked.pod()?;
    let id = id(asked)?;
    let file = copies(asked)?.join(id).with_extension(END);
    if file.is_file() {
        Ok(file)
    } else {
        Err(gone())
    }
}

/// The number of a piece.
pub(super) fn at(asked: &Asked<'_>) -> Result<u64, Error> {
    let at = asked.parameter("at").and_then(|at| at.parse::<u64>().ok());
    let at = at.filter(|at| *at < u64::MAX / DATA_PIECE / 2);
    at.ok_or_else(|| Error::bad_request("`at` is the number of a piece, from 0."))
}

/// The name of a copy, or of data that comes.
pub(super) fn id(asked: &Asked<'_>) -> Result<String, Error> {
    let id = asked.parameter("id").unwrap_or_default();
    if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(id);
    }
    Err(gone())
}

/// Copies what the database has now. Others go on writing: it reads one version. Returns the rows of each table.
fn copy_into(database: &Path, file: &Path) -> rusqlite::Result<BTreeMap<String, u64>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute("VACUUM INTO ?", [file.to_string_lossy()])?;
    drop(connection);
    rows(&Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_ONLY,
    )?)
}

fn rows(connection: &Connection) -> rusqlite::Result<BTreeMap<String, u64>> {
    let mut tables = connection.prepare(DATA_TABLES)?;
    let names = tables.query_map((), |row| row.get::<_, String>(0))?;
    names
        .map(|name| {
            let name = name?;
            let sql = format!("SELECT count(*) FROM {}", edgepod_sql::quote(&name));
            let count: i64 = connection.query_row(&sql, (), |row| row.get(0))?;
            Ok((name, count.unsigned_abs()))
        })
        .collect()
}

/// Removes what nobody has come back for.
pub(super) fn forget_old(folder: &Path) -> io::Result<()> {
    let before = SystemTime::now() - FORGOTTEN;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let forgotten = entry
            .metadata()
            .and_then(|it| it.modified())
            .and_then(|at| {
                if at < before {
                    fs::remove_file(entry.path())?;
                }
                Ok(())
            });
        match forgotten {
            // Another request was done with it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    held::blocking(move || {
        work().map_err(|error| Error::internal(format!("a copy of the data: {error}")))
    })
    .await
}
