//! `edgepod jobs`: what an app that runs is to do later, and what it could not do.

use std::{
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use edgepod_runtime::engine::{JobPage, JobState, JobStatus};

use super::pods::{admin, in_words};
use crate::{
    args::{ChangeJobs, Jobs, JobsCommand, ListJobs},
    term,
};

pub(super) fn run(args: &Jobs) -> Result<ExitCode> {
    match &args.command {
        JobsCommand::List(args) => list(args),
        JobsCommand::Retry(args) => change(args, "/jobs/retry", "Retrying"),
        JobsCommand::Cancel(args) => change(args, "/jobs/cancel", "Cancelled"),
    }
}

fn list(args: &ListJobs) -> Result<ExitCode> {
    let state = args.state.as_deref().unwrap_or_default();
    let query = [("state", state)].into_iter().chain(pod(&args.pod));
    let query: Vec<_> = query.collect();
    let page: JobPage = admin(&args.address)?.get("/jobs", &query)?;
    for job in &page.jobs {
        match args.json {
            true => anstream::println!("{}", serde_json::to_string(job)?),
            false => anstream::println!("{}", line(job, now())),
        }
    }
    if page.more {
        let shown = page.jobs.len();
        term::warning(format!(
            "there are more than these {shown}: `--state` picks those of a state"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks for each: what is refused is told, and stops no other.
fn change(args: &ChangeJobs, path: &str, verb: &str) -> Result<ExitCode> {
    let admin = admin(&args.address)?;
    let mut code = ExitCode::SUCCESS;
    for id in &args.ids {
        let id = id.to_string();
        let query: Vec<_> = [("id", &*id)].into_iter().chain(pod(&args.pod)).collect();
        match admin.post::<JobStatus>(path, &query) {
            Ok(job) => term::status(verb, format!("{} (job {id})", job.function)),
            Err(error) => {
                term::error(&error);
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

fn pod(pod: &Option<String>) -> Option<(&'static str, &str)> {
    pod.as_deref().map(|pod| ("pod", pod))
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as i64)
}

/// `waiting   3 tries   in 16 s          7  sendMail`, and why it failed last.
fn line(job: &JobStatus, now: i64) -> String {
    let seconds = (job.at.as_micros() - now) / 1_000_000;
    let at = match (job.state, seconds) {
        (JobState::Waiting, ..=0) => "due now".to_owned(),
        (JobState::Waiting, seconds) => format!("in {}", in_words(seconds)),
        (JobState::Running, _) => "now".to_owned(),
        (_, seconds) => format!("{} ago", in_words(-seconds.min(0))),
    };
    let tries = match job.attempts {
        1 => "1 try".to_owned(),
        tries => format!("{tries} tries"),
    };
    let mut line = format!(
        "{:<9} {tries:<8} {at:<12} {:>6}  {}",
        job.state.as_str(),
        job.id.as_i64(),
        job.function
    );
    if let Some(error) = &job.error {
        line.push_str(&format!("\n          {error}"));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_a_line_and_why_it_failed_another() {
        let job = |state: &str, at: &str, error: Option<&str>| -> JobStatus {
            let job = serde_json::json!({
                "id": 7, "function": "sendMail", "state": state, "at": at, "attempts": 2, "error": error,
            });
            serde_json::from_value(job).unwrap()
        };
        let now = job("waiting", "2026-11-27T12:00:00Z", None).at.as_micros();
        let words = |job: &JobStatus| {
            let line = line(job, now);
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let parked = job("failed", "2026-11-27T10:00:00Z", Some("No answer."));
        assert_eq!(
            words(&parked),
            "failed 2 tries 2 h ago 7 sendMail No answer."
        );
        assert_eq!(line(&parked, now).lines().count(), 2);
        let waiting = job("waiting", "2026-11-27T12:00:16Z", None);
        assert_eq!(words(&waiting), "waiting 2 tries in 16 s 7 sendMail");
        let due = job("waiting", "2026-11-27T12:00:00Z", None);
        assert_eq!(words(&due), "waiting 2 tries due now 7 sendMail");
    }
}
