//! Jobs, for whoever runs the app: what waits and what is parked, to be tried again or taken away. It is reached through the
//! [`Runner`](super::Runner), so that only apps with jobs carry it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Call, Engine, Headers, JobState, JobStatus, Kind, Level, Outcome,
    call::CallState,
    engine::in_transaction,
    log,
    system::jobs::{self, Row},
};
use crate::{Error, Result};

/// The most jobs of a page.
const PAGE: i64 = 1_000;

/// Jobs as the admin address lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobPage {
    /// The parked ones first, then those that run, then those that wait, by their times; last what has ended, the newest first.
    pub jobs: Vec<JobStatus>,
    /// Whether there are others.
    pub more: bool,
}

impl Engine {
    /// Answers what the admin address is asked of jobs: `list` those `of` a state, or (nothing) all that are parked or still to be
    /// done; `retry` and `cancel` the one `of` this name. The same on every host.
    pub fn administer_jobs(self: &Arc<Self>, what: &str, of: &str, trace_id: &str) -> Outcome {
        let answered = match self.registry().runner() {
            Some(runner) => (runner.administer)(self, what, of, trace_id),
            None if what == "list" => Ok(r#"{"jobs":[],"more":false}"#.to_owned()),
            None => Err(Error::not_found("This app has no jobs.")),
        };
        match answered {
            Ok(data) => Outcome {
                status: 200,
                body: format!("{{\"data\":{data}}}"),
                retry_after: None,
                raw: None,
            },
            Err(error) => Outcome::error(&error, trace_id),
        }
    }

    pub(super) fn administer(
        self: &Arc<Self>,
        what: &str,
        of: &str,
        trace_id: &str,
    ) -> Result<String> {
        let data = match what {
            "list" => serde_json::to_string(&self.page(of)?),
            _ => {
                let id = of
                    .parse()
                    .map_err(|_| Error::bad_request("`id` is the number of a job."))?;
                serde_json::to_string(&self.change(what, id, trace_id)?)
            }
        };
        Ok(data?)
    }

    fn page(&self, state: &str) -> Result<JobPage> {
        let state = match state {
            "" => None,
            name => Some(JobState::parse(name).ok_or_else(|| {
                let names = JobState::ALL.map(JobState::as_str).join(", ");
                Error::bad_request(format!("`state` is one of {names}."))
            })?),
        };
        let mut rows = Ok(Vec::new());
        self.host()
            .exclusive(&mut || rows = jobs::page(&**self.host(), state, PAGE + 1));
        let mut rows = rows?;
        let more = rows.len() as i64 > PAGE;
        rows.truncate(PAGE as usize);
        let jobs = rows.into_iter().filter_map(JobStatus::of).collect();
        Ok(JobPage { jobs, more })
    }

    fn change(self: &Arc<Self>, what: &str, id: i64, trace_id: &str) -> Result<JobStatus> {
        let call = Call {
            args: "",
            session: None,
            user: None,
            headers: Headers::from_json("{}"),
            trace_id,
            origin: None,
        };
        let state = CallState::new(self.clone(), "admin", Kind::Function, call);
        let _entered = log::enter(&state.log);
        let (row, is_changed) = in_transaction(&state, |_| {
            let host = &**self.host();
            let found = jobs::find(host, id)?;
            let row = found.ok_or_else(|| {
                Error::not_found(format!(
                    "There is no job {id}. What has ended is forgotten after seven days."
                ))
            })?;
            let now = host.now_micros();
            let changed = match what {
                "retry" => retried(&row, now)?,
                "cancel" => cancelled(&row, now)?,
                // A Worker of another build asks for it.
                _ => {
                    return Err(Error::unavailable(
                        "This build does not know what is asked of the job. Another one is being deployed: try again.",
                    ));
                }
            };
            match changed {
                Some(changed) => {
                    let is_stored = state.store_job(&changed, row.state)?;
                    Ok((changed, is_stored))
                }
                None => Ok((row, false)),
            }
        })?;
        if is_changed {
            self.tell_job(&row);
            let (id, function) = (row.id, &row.function);
            let message = format!("The job {id} (`{function}`): {what}, said the admin.");
            state.log.write(Level::Info, message);
        }
        JobStatus::of(row).ok_or_else(|| Error::internal("a job's time is none"))
    }
}

/// The job as it is tried again, now and as often as a new one; `None` where that is so already: the request may come twice.
fn retried(row: &Row, now: i64) -> Result<Option<Row>> {
    match row.state {
        JobState::Failed => {}
        JobState::Waiting if row.at <= now => return Ok(None),
        JobState::Waiting if row.error.is_some() => {}
        JobState::Waiting => return Err(not(row, "it has not failed, and waits for its time")),
        JobState::Running => return Err(not(row, "it is running")),
        JobState::Done => return Err(not(row, "it is done")),
        JobState::Cancelled => return Err(not(row, "it was cancelled")),
    }
    let mut again = row.clone();
    again.try_again(now);
    Ok(Some(again))
}

/// The job as it is taken away; `None` where it is already.
fn cancelled(row: &Row, now: i64) -> Result<Option<Row>> {
    match row.state {
        JobState::Cancelled => return Ok(None),
        _ if row.cron.is_some() => {
            return Err(not(
                row,
                "it is a cron, which comes again until its attribute is gone",
            ));
        }
        JobState::Waiting | JobState::Failed => {}
        JobState::Running => {
            return Err(not(row, "it is running, and what has begun is not stopped"));
        }
        JobState::Done => return Err(not(row, "it is done")),
    }
    let mut off = row.clone();
    off.call_off(now);
    Ok(Some(off))
}

fn not(row: &Row, why: &str) -> Error {
    let (id, function) = (row.id, &row.function);
    Error::conflict(format!(
        "The job {id} (`{function}`) stays as it is: {why}."
    ))
}
