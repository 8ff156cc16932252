//! Data that comes in the place of a pod's: in pieces, into a file beside the database; then all of it or nothing.

use std::{
    fs::{self, OpenOptions},
    io::{Seek as _, SeekFrom, Write as _},
    mem::take,
    path::{Path, PathBuf},
};

use edgepod_manifest::{DATA_PIECE, DataPush};
use rusqlite::{Connection, OpenFlags};

use super::{
    super::{
        database::make_private,
        held::{Replacement, blocking, gone, has_rows},
    },
    Asked,
    data::{at, forget_old},
};
use crate::{Error, engine::PodName};

/// Where the files are, in the folder of those that they replace.
const FOLDER: &str = ".incoming";

/// Makes place for data. None where the pod has some that may not be replaced.
pub(super) async fn begin(asked: &Asked<'_>) -> Result<Option<DataPush>, Error> {
    let pod = asked.new_pod()?;
    let folder = folder(asked, &pod)?;
    if !is_over(asked) && asked.shared.pods.has(&pod) {
        let held = asked.shared.pods.held(&pod).await?;
        let place = asked.shared.pods.place(&pod)?;
        let has_data = blocking(move || {
            let _held = held;
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(place, flags);
            let has_data = connection.and_then(|connection| has_rows(&connection));
            has_data.map_err(|error| Error::conflict(error.to_string()))
        });
        let has_data = has_data.await;
        asked.shared.pods.tidy(&pod);
        if has_data? {
            return Ok(None);
        }
    }
    blocking(move || {
        fs::create_dir_all(&folder).map_err(failed)?;
        forget_old(&folder).map_err(failed)?;
        let id = format!("{:032x}", fastrand::u128(..));
        make_private(&folder.join(&id)).map_err(failed)?;
        Ok(Some(DataPush { id }))
    })
    .await
}

/// Takes a piece. It may come twice.
pub(super) async fn put(asked: &mut Asked<'_>) -> Result<(), Error> {
    let (_, file) = file(asked)?;
    let at = at(asked)?;
    let (piece, held) = take(&mut asked.body);
    let shared = asked.shared.pods.pieces.clone().read_owned().await;
    blocking(move || {
        // It is written also where its client has left.
        let _until_written = (held, shared);
        if !file.is_file() {
            return Err(gone());
        }
        let mut file = OpenOptions::new().write(true).open(file).map_err(failed)?;
        file.seek(SeekFrom::Start(at * DATA_PIECE))
            .map_err(failed)?;
        file.write_all(&piece).map_err(failed)
    })
    .await
}

/// Puts it in the place of the pod's. Whether it may: the pod has data otherwise, which stays.
pub(super) async fn commit(asked: &Asked<'_>) -> Result<bool, Error> {
    let (pod, file) = file(asked)?;
    let bytes = asked.parameter("bytes");
    let bytes = bytes.and_then(|bytes| bytes.parse::<u64>().ok());
    let bytes = bytes.ok_or_else(|| Error::bad_request("`bytes` is how many there are."))?;
    let whole = asked.shared.pods.whole(file).await?;
    let with = Replacement {
        id: asked.parameter("id").unwrap_or_default(),
        over: is_over(asked),
        keep: asked
            .shared
            .pods
            .world
            .keep
            .and_then(|_| asked.shared.pods.kept_copies(&pod)),
        file: whole,
        bytes,
    };
    asked.shared.pods.replace(&pod, with).await
}

fn is_over(asked: &Asked<'_>) -> bool {
    asked.parameter("replace").as_deref() == Some("1")
}

/// Where the files for a pod are.
pub(super) fn folder(asked: &Asked<'_>, pod: &PodName) -> Result<PathBuf, Error> {
    let place = asked.shared.pods.place(pod)?;
    Ok(place.parent().unwrap_or(Path::new(".")).join(FOLDER))
}

/// The pod, and the file that `id` names.
fn file(asked: &Asked<'_>) -> Result<(PodName, PathBuf), Error> {
    let pod = asked.new_pod()?;
    let id = super::data::id(asked)?;
    let file = folder(asked, &pod)?.join(id);
    Ok((pod, file))
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("data that comes: {error}"))
}
