//! The copies of a pod that are kept, and one that comes in the place of its data.

use std::{fs, path::Path};

use edgepod_manifest::{KeptCopies, KeptCopy, Rewound};

use super::{
    super::{
        database::make_private,
        held::{Replacement, blocking, in_memory, remove_beside},
        kept_copies,
    },
    Asked,
    data::{forget_old, id},
    no_pod, push,
};
use crate::{Error, engine::PodName};

/// Those that there are.
pub(super) async fn copies(asked: &Asked<'_>) -> Result<KeptCopies, Error> {
    let (_, kept) = kept(asked)?;
    let copies = blocking(move || {
        let copies = kept.all().map_err(failed)?.into_iter().filter_map(|copy| {
            Some(KeptCopy {
                at: copy.at.to_string(),
                // Another request may have been the end of it.
                bytes: fs::metadata(copy.file).ok()?.len(),
                replaced: copy.before.is_some(),
            })
        });
        Ok(copies.collect())
    });
    Ok(KeptCopies {
        keeps: asked.shared.pods.world.keep.map(|keep| keep.to_string()),
        copies: copies.await?,
    })
}

/// Puts one in the place of the pod's data. What was there becomes a copy.
pub(super) async fn rewind(asked: &Asked<'_>) -> Result<Rewound, Error> {
    let (pod, kept) = kept(asked)?;
    let id = id(asked)?;
    let to = asked.parameter("to").unwrap_or_default();
    let with = Replacement {
        file: push::folder(asked, &pod)?.join(&id),
        bytes: 0,
        id: id.clone(),
        over: true,
        keep: Some(kept.clone()),
    };
    let (pods, from) = (asked.shared.pods.clone(), kept.clone());
    let rewound = async move {
        // The answer may have been lost.
        if pods.was_replaced(&pod, with.clone()).await? {
            return Ok(true);
        }
        let (file, taken) = (with.file.clone(), with.file.clone());
        let replaced = match blocking(move || take(&from, &to, &taken)).await {
            Ok(()) => pods.replace_now(&pod, with).await,
            Err(error) => Err(error),
        };
        if replaced.is_err() {
            // It is forgotten in a day otherwise.
            let _ = fs::remove_file(file);
        }
        replaced
    };
    asked.shared.pods.one(rewound).await?;
    let all = blocking(move || kept.all().map_err(failed)).await?;
    let back = all.iter().rfind(|copy| copy.before.as_ref() == Some(&id));
    Ok(Rewound {
        back: back.map(|copy| copy.at.to_string()),
    })
}

/// Copies a copy to where it is about to be opened: the one that is kept stays as it is.
fn take(from: &kept_copies::KeptCopies, name: &str, file: &Path) -> Result<(), Error> {
    let mut all = from.all().map_err(failed)?.into_iter();
    let copy = all.find(|copy| copy.at.to_string() == name);
    let copy = copy.ok_or_else(|| Error::not_found("There is no copy of this name any more."))?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
        forget_old(folder).map_err(failed)?;
    }
    // Of a server that was killed when it had opened it.
    remove_beside(file).map_err(failed)?;
    make_private(file).map_err(failed)?;
    fs::copy(copy.file, file).map(drop).map_err(failed)
}

/// The copies of the pod that `pod` names, which is there, or was when they were made.
fn kept(asked: &Asked<'_>) -> Result<(PodName, kept_copies::KeptCopies), Error> {
    let pod = asked.new_pod()?;
    let kept = asked.shared.pods.kept_copies(&pod).ok_or_else(in_memory)?;
    match asked.shared.pods.has(&pod) || kept.all().is_ok_and(|all| !all.is_empty()) {
        true => Ok((pod, kept)),
        false => Err(no_pod()),
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("copies that are kept: {error}"))
}
