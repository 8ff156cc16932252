//! Data of an object as it was: Cloudflare keeps a history of 30 days, in which a bookmark names a moment. workerd on a machine of
//! one's own has none.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use edgepod_manifest::PodStatus;
use edgepod_runtime::db::Timestamp;
use serde_json::{Value, json};

use super::{Object, strange};

/// How far the history goes back.
pub(in super::super) const HISTORY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What workerd says where it has none.
const NONE: &str = "does not implement point-in-time recovery";

/// The moment to go back to.
#[derive(Clone, Copy)]
pub(in super::super) enum Moment<'a> {
    At(Timestamp),
    Bookmark(&'a str),
}

/// Fails, with the reason, where the platform keeps no history of the pod.
pub(in super::super) fn has_history(object: Object<'_>) -> Result<()> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    ask(object, json!(now.as_millis() as u64)).map(drop)
}

/// Takes the pod back. `say` is told the bookmark of what it had before that, before anything is changed.
pub(in super::super) fn rewind(
    object: Object<'_>,
    to: Moment<'_>,
    say: impl FnOnce(&str),
) -> Result<()> {
    let to = match to {
        Moment::At(time) => ask(object, json!(time.as_micros().div_euclid(1000)))?,
        Moment::Bookmark(bookmark) => bookmark.to_owned(),
    };
    say(&ask(object, json!(to))?);
    // The object ends before it has answered. The next one begins with what there was.
    let _ = object.asked(&json!({ "steps": [], "end": true }), &[]);
    let pod: Vec<_> = object.pod.map(|pod| ("pod", pod)).into_iter().collect();
    let status: PodStatus = object
        .admin
        .post("/migrate", &pod)
        .context("the pod goes back when its object next begins; it does not say how it is now")?;
    if let Some(why) = status.failure {
        bail!(
            "the pod has gone back, and cannot be opened with the build that runs: {why}. Undo it, or deploy the build of that time"
        );
    }
    Ok(())
}

/// The bookmark of a time, in milliseconds since 1970; or, of a bookmark that the next object goes back to, the one of before.
fn ask(object: Object<'_>, bookmark: Value) -> Result<String> {
    let body = json!({ "steps": [], "bookmark": bookmark });
    match object.asked(&body, &[]) {
        Ok(said) => match said.first().and_then(Value::as_str) {
            Some(bookmark) => Ok(bookmark.to_owned()),
            None => Err(strange()),
        },
        Err(error) if error.to_string().contains(NONE) => bail!(
            "this host keeps no history of a pod's data: Cloudflare does, of 30 days, and workerd on a machine of your own does not. \
             Nothing was changed"
        ),
        Err(error) => Err(error),
    }
}
