//! `edgepod pods`: the pods of an app that runs.

use std::{
    process::ExitCode,
    sync::Mutex,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Error, Result};
use edgepod_manifest::{PodPage, PodState, PodStatus};

use super::{call::USUAL, dev::running};
use crate::{
    admin::{self, Admin},
    args::{AdminAddress, MigratePods, PodStatuses, Pods, PodsCommand},
    term,
};

/// How many pods say how they are at one time.
const ASKED: usize = 8;

pub(super) fn run(args: &Pods) -> Result<ExitCode> {
    match &args.command {
        PodsCommand::List(args) => {
            for pod in names(&admin(&args.address)?)? {
                anstream::println!("{pod}");
            }
            Ok(ExitCode::SUCCESS)
        }
        PodsCommand::Status(args) => status(args),
        PodsCommand::Migrate(args) => migrate(args),
    }
}

/// The admin address that the options name.
pub(super) fn admin(address: &AdminAddress) -> Result<Admin> {
    let key = address.admin_key.as_deref();
    let key = admin::key(key, &address.app, address.url.is_none())?;
    let url = match &address.url {
        Some(url) => url.clone(),
        None => running::url(&address.app).unwrap_or_else(|| USUAL.to_owned()),
    };
    Admin::new(&url, key)
}

/// The names of all pods.
fn names(admin: &Admin) -> Result<Vec<String>> {
    let (mut names, mut after) = (Vec::new(), String::new());
    loop {
        let page: PodPage = admin.get("/pods", &[("after", &after)])?;
        names.extend(page.pods.into_iter().map(|entry| entry.pod));
        match page.next {
            Some(next) => after = next,
            None => return Ok(names),
        }
    }
}

/// Asks for each pod, several at one time; what came of each, in the order of the names.
fn each(
    pods: &[String],
    parallel: usize,
    ask: impl Fn(&str) -> Result<PodStatus> + Sync,
) -> Vec<Result<PodStatus>> {
    let left = Mutex::new(pods.iter().enumerate());
    let next = || left.lock().ok()?.next();
    let mut all: Vec<(usize, Result<PodStatus>)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..parallel.min(pods.len()))
            .map(|_| {
                scope.spawn(|| {
                    let mut own = Vec::new();
                    while let Some((place, pod)) = next() {
                        own.push((place, ask(pod)));
                    }
                    own
                })
            })
            .collect();
        let ended = workers.into_iter().filter_map(|worker| worker.join().ok());
        ended.flatten().collect()
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, answer)| answer).collect()
}

fn status(args: &PodStatuses) -> Result<ExitCode> {
    let admin = admin(&args.address)?;
    let pods = match &*args.pods {
        [] => names(&admin)?,
        pods => pods.to_vec(),
    };
    let answers = each(&pods, ASKED, |pod| admin.get("/status", &[("pod", pod)]));
    let mut code = ExitCode::SUCCESS;
    for (pod, answer) in pods.iter().zip(answers) {
        match answer {
            Ok(status) if args.json => anstream::println!("{}", serde_json::to_string(&status)?),
            Ok(status) => anstream::println!("{}", line(&status)),
            Err(error) => {
                unanswered(pod, error);
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

fn migrate(args: &MigratePods) -> Result<ExitCode> {
    let admin = admin(&args.address)?;
    let pods = if args.all {
        names(&admin)?
    } else {
        args.pods.clone()
    };
    let ask = |pod: &str| {
        let answer = admin.post::<PodStatus>("/migrate", &[("pod", pod)]);
        // As they come: there may be many, and whoever ends it has learned of them.
        if let Ok(PodStatus {
            failure: Some(why), ..
        }) = &answer
        {
            term::warning(format!(
                "the pod {} does not migrate: {why}",
                term::word(pod)
            ));
        }
        answer
    };
    let (mut ready, mut failed) = (0, 0);
    for (pod, answer) in pods.iter().zip(each(&pods, args.parallel.into(), ask)) {
        match answer {
            Ok(status) if status.state == PodState::Ready => ready += 1,
            Ok(_) => failed += 1,
            Err(error) => {
                unanswered(pod, error);
                failed += 1;
            }
        }
    }
    term::status("Migrated", counted(ready));
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    term::warning(format!(
        "{} could not, and answer 503 where that is their migrations' fault; the reasons are above. Correct the data or the \
         migration, and run this again: it goes on with those",
        counted(failed)
    ));
    Ok(ExitCode::FAILURE)
}

fn unanswered(pod: &str, error: Error) {
    let error = error.context(format!(
        "the pod {} does not say how it is",
        term::word(pod)
    ));
    term::error(&error);
}

fn counted(pods: usize) -> String {
    match pods {
        1 => "1 pod".to_owned(),
        _ => format!("{pods} pods"),
    }
}

/// `ready      3 migrations    12.0 KiB  2 h ago   acme`, and what is wrong.
fn line(status: &PodStatus) -> String {
    let migrations = match status.pending.len() {
        0 => format!("{} applied", status.applied),
        pending => format!("{} applied, {pending} pending", status.applied),
    };
    let opened = match (&status.life, status.opened_at) {
        (Some(_), _) => "open".to_owned(),
        (None, Some(at)) => ago(at),
        (None, None) => "-".to_owned(),
    };
    let mut line = format!(
        "{:<8} {migrations:<22} {:>10}  {opened:<10} {}",
        status.state.as_str(),
        size(status.bytes),
        status.pod
    );
    if let Some(why) = &status.failure {
        line.push_str(&format!("\n         {why}"));
    }
    line
}

pub(super) fn size(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "KiB", "MiB"] {
        if size < 1024.0 {
            return format!("{size:.1} {unit}").replace(".0 B", " B");
        }
        size /= 1024.0;
    }
    format!("{size:.1} GiB")
}

/// How long a time is over, in milliseconds since 1970.
pub(super) fn ago(at: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_millis() as i64);
    format!("{} ago", in_words((now - at).max(0) / 1000))
}

/// So many seconds: `16 s`, `2 h`.
pub(super) fn in_words(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        86_400.. => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_is_a_line_and_its_failure_another() {
        let status = PodStatus {
            pod: "acme".to_owned(),
            state: PodState::Failed,
            failure: Some("The migration 0002_x fails.".to_owned()),
            applied: 1,
            pending: vec!["0002_x".to_owned()],
            bytes: 12_288,
            opened_at: Some(0),
            life: None,
        };
        let line = line(&status);
        let (first, second) = line.split_once('\n').unwrap();
        let words: Vec<_> = first.split_whitespace().collect();
        assert_eq!(
            words[..6],
            ["failed", "1", "applied,", "1", "pending", "12.0"]
        );
        assert_eq!(words.last(), Some(&"acme"));
        assert!(second.contains("0002_x fails"));
        assert_eq!(size(999), "999 B");
        assert_eq!(size(10 << 30), "10.0 GiB");
    }
}
