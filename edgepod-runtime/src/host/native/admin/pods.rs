//! Pods: which there are, how each is, and the migrations of one that sleeps.

use edgepod_manifest::{PodEntry, PodPage, PodStatus};

use super::Asked;
use crate::{
    Error,
    engine::{Outcome, PodName},
    gateway::ADMIN_PAGE,
};

/// The names in the order of their bytes, those after `after`, at most `limit`.
pub(super) fn list(asked: &Asked<'_>) -> Result<PodPage, Error> {
    let after = asked.parameter("after").unwrap_or_default();
    let limit = match asked.parameter("limit") {
        Some(limit) => limit
            .parse()
            .ok()
            .filter(|limit| (1..=ADMIN_PAGE).contains(limit))
            .ok_or_else(|| {
                Error::bad_request(format!("`limit` is a number from 1 to {ADMIN_PAGE}."))
            })?,
        None => ADMIN_PAGE,
    };
    let mut names: Vec<PodName> = match asked.shared.registry().pod() {
        Some(_) => asked.shared.pods.all(),
        None => vec![PodName::global()],
    };
    names.retain(|name| name.as_str() > after.as_str());
    names.sort_unstable();
    let is_all = names.len() <= limit;
    names.truncate(limit);
    let next = names.last().filter(|_| !is_all).map(ToString::to_string);
    let pods = names.iter().map(|name| PodEntry {
        pod: name.to_string(),
    });
    Ok(PodPage {
        pods: pods.collect(),
        next,
    })
}

/// What a pod is. It is not opened for that.
pub(super) async fn status(asked: &Asked<'_>) -> Result<PodStatus, Error> {
    asked.shared.pods.status(&asked.pod()?).await
}

/// Opens a pod, so that it has its migrations; what it is then. That it cannot be opened is no error of the request.
pub(super) async fn migrate(asked: &Asked<'_>) -> Result<PodStatus, Error> {
    let pod = asked.pod()?;
    let opened = asked.shared.pods.get(Some(&pod)).await;
    let status = asked.shared.pods.status(&pod).await?;
    if let Ok(opened) = &opened {
        opened.written().await?;
    }
    match opened {
        // There is no room for it now, which says nothing of the pod.
        Err(error) if status.failure.is_none() => Err(error),
        _ => Ok(status),
    }
}

/// What the jobs of a pod are, or what becomes of one.
pub(super) async fn jobs(
    asked: &Asked<'_>,
    what: &'static str,
    parameter: &str,
) -> Result<Outcome, Error> {
    let pod = asked.shared.pods.get(Some(&asked.pod()?)).await?;
    let of = asked.parameter(parameter).unwrap_or_default();
    let trace_id = asked.trace_id.to_owned();
    let engine = pod.engine.clone();
    let answered =
        tokio::task::spawn_blocking(move || engine.administer_jobs(what, &of, &trace_id));
    let answer = answered
        .await
        .map_err(|_| Error::internal("looking at the jobs panicked"))?;
    pod.written().await?;
    Ok(answer)
}
