//! `edgepod data copies` and `edgepod data rewind`.

use std::{
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Result, anyhow, bail};
use edgepod_manifest::{DataFormat, KeptCopies, KeptCopy, Rewound, read_duration};
use edgepod_runtime::db::Timestamp;

use super::{
    super::pods::{admin, ago, size},
    format,
    object::{self, HISTORY, Moment, Object},
    pull::parameters,
};
use crate::{
    admin::{Admin, new_id},
    args::{CopiesOfData, RewindData},
    term,
};

/// How a server is told to keep copies.
const KEEP: &str = "EDGEPOD_KEEP_COPIES=24x1h";

pub(super) fn copies(args: &CopiesOfData) -> Result<ExitCode> {
    let admin = admin(&args.address)?;
    let pod = args.pod.as_deref();
    if format(&admin)? == DataFormat::Lines {
        object::has_history(Object { admin: &admin, pod })?;
        term::status(
            "Kept",
            "the history of 30 days, by Cloudflare: `edgepod data rewind --at TIME` goes back to any time of it",
        );
        return Ok(ExitCode::SUCCESS);
    }
    let kept = kept(&admin, pod)?;
    for copy in &kept.copies {
        match args.json {
            true => anstream::println!("{}", serde_json::to_string(copy)?),
            false => anstream::println!("{}", line(copy)),
        }
    }
    if kept.copies.is_empty() {
        term::warning(none(&kept));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn rewind(args: &RewindData) -> Result<ExitCode> {
    let now = now()?;
    let at = args.at.as_deref().map(|at| time(at, now)).transpose()?;
    let admin = admin(&args.address)?;
    let pod = args.pod.as_deref();
    let name = term::word(pod.unwrap_or("global"));
    match format(&admin)? {
        DataFormat::Sqlite => {
            let kept = kept(&admin, pod)?;
            let copy = choose(&kept, at, args.to.as_deref())?;
            let back = take(&admin, pod, &copy.at)?;
            term::status("Rewound", format!("{name} to {}", taken(copy, at)));
            match back {
                Some(back) => say_back(args, &back),
                None => term::warning(
                    "there is no way back: what the pod had was damaged. The server has set it aside, beside its copies",
                ),
            }
        }
        DataFormat::Lines => {
            let moment = match (at, &args.to) {
                (Some(at), _) => {
                    let oldest = now.checked_sub(HISTORY);
                    if oldest.is_some_and(|oldest| at < oldest) {
                        bail!(
                            "{} is longer ago than the 30 days of which Cloudflare keeps the history",
                            short(at)
                        );
                    }
                    Moment::At(at)
                }
                (None, to) => Moment::Bookmark(to.as_deref().unwrap_or_default()),
            };
            let object = Object { admin: &admin, pod };
            object::rewind(object, moment, |back| say_back(args, back))?;
            let to = at.map_or_else(|| "the bookmark".to_owned(), short);
            term::status("Rewound", format!("{name} to {to}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn kept(admin: &Admin, pod: Option<&str>) -> Result<KeptCopies> {
    let pod: Vec<_> = pod.map(|pod| ("pod", pod)).into_iter().collect();
    admin.get("/data/copies", &pod)
}

/// The copy to go back to: of this name, or the newest one that is not after this time. Not one of what the pod had before it was
/// replaced, which it had no more at any later time.
fn choose<'a>(
    kept: &'a KeptCopies,
    at: Option<Timestamp>,
    to: Option<&str>,
) -> Result<&'a KeptCopy> {
    let Some(oldest) = kept.copies.first() else {
        bail!("{}", none(kept));
    };
    let Some(at) = at else {
        let to = to.unwrap_or_default();
        return kept.copies.iter().find(|copy| copy.at == to).ok_or_else(|| {
            anyhow!(
                "there is no copy `{to}`: `edgepod data copies` lists those that there are, and the oldest goes when there are more \
                 than are kept"
            )
        });
    };
    let not_after = |copy: &&KeptCopy| time_of(copy).is_some_and(|time| time <= at);
    let newest = kept.copies.iter().rfind(not_after);
    if let Some(replaced) = newest.filter(|newest| newest.replaced) {
        bail!(
            "a rewind or a push took the place of what the pod had, before {}, and there is no copy of what it had then: `--to {}` \
             takes what it had before that, and `edgepod data copies` lists all",
            short(at),
            replaced.at
        );
    }
    newest.ok_or_else(|| {
        anyhow!(
            "{} is before the oldest copy, which is of {}: `--to {}` takes that one",
            short(at),
            time_of(oldest).map_or_else(|| oldest.at.clone(), short),
            oldest.at
        )
    })
}

/// Why there is none.
fn none(kept: &KeptCopies) -> String {
    match &kept.keeps {
        Some(keeps) => format!(
            "there is no copy of this pod yet: the server keeps them (EDGEPOD_KEEP_COPIES={keeps}), and makes the first soon after it was started"
        ),
        None => format!(
            "the server keeps no copies to go back to. Start it with {KEEP} in its environment: then it keeps 24 of each pod, one an hour \
             where something has changed"
        ),
    }
}

/// Has the server take it; the copy of what there was before.
fn take(admin: &Admin, pod: Option<&str>, copy: &str) -> Result<Option<String>> {
    let id = new_id();
    let query = [&parameters(pod, &id)[..], &[("to", copy)]].concat();
    admin
        .post::<Rewound>("/data/rewind", &query)
        .map(|rewound| rewound.back)
}

/// What was gone back to, of what was wanted.
fn taken(copy: &KeptCopy, at: Option<Timestamp>) -> String {
    let time = time_of(copy).map_or_else(|| copy.at.clone(), short);
    match at {
        Some(at) => format!(
            "what it was at {time}, the newest copy not after {}",
            short(at)
        ),
        None => format!("what it was at {time}"),
    }
}

fn say_back(args: &RewindData, back: &str) {
    term::status("Way back", way_back(args, back));
}

/// The command that undoes it. The key is in nobody's terminal.
fn way_back(args: &RewindData, back: &str) -> String {
    let mut command = format!("edgepod data rewind --to {}", term::word(back));
    let app = args.address.app.to_string_lossy();
    let options = [
        ("--pod", args.pod.as_deref()),
        ("--url", args.address.url.as_deref()),
        ("--app", Some(&*app).filter(|app| *app != ".")),
    ];
    for (name, value) in options {
        if let Some(value) = value {
            command.push_str(&format!(" {name} {}", term::word(value)));
        }
    }
    command
}

/// `2026-11-27T12:00:00.000000Z   12.0 KiB  2 h ago`.
fn line(copy: &KeptCopy) -> String {
    let age = time_of(copy).map_or_else(String::new, |time| ago(time.as_micros() / 1000));
    let mut line = format!("{}  {:>10}  {age}", copy.at, size(copy.bytes));
    if copy.replaced {
        line.push_str(", before it was replaced");
    }
    line
}

fn time_of(copy: &KeptCopy) -> Option<Timestamp> {
    copy.at.parse().ok()
}

fn now() -> Result<Timestamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Timestamp::from_micros(since.as_micros().try_into()?)
        .ok_or_else(|| anyhow!("the clock of this machine is wrong"))
}

/// A time that is over: in RFC 3339, or how long ago it was.
fn time(text: &str, now: Timestamp) -> Result<Timestamp> {
    let no_time = || {
        anyhow!(
            "`{text}` is no time to go back to: write one with its offset, as 2026-11-27T12:07:00Z, or how long ago it was, as 10m, 2h or 3d"
        )
    };
    let time = match read_duration(text) {
        Ok(ago) => now.checked_sub(ago).ok_or_else(no_time)?,
        Err(_) => text.parse().map_err(|_| no_time())?,
    };
    if time > now {
        bail!("{} is yet to come: it is {} now", short(time), short(now));
    }
    Ok(time)
}

/// Without the digits that say nothing.
fn short(time: Timestamp) -> String {
    let text = time.to_string();
    text.strip_suffix(".000000Z")
        .map_or(text.clone(), |text| format!("{text}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn kept(times: &[&str]) -> KeptCopies {
        let copies = times.iter().map(|time| KeptCopy {
            at: at(time).to_string(),
            bytes: 4096,
            replaced: false,
        });
        KeptCopies {
            keeps: None,
            copies: copies.collect(),
        }
    }

    #[test]
    fn a_time_is_one_with_its_offset_or_how_long_ago_it_was() {
        let now = at("2026-11-27T12:07:00Z");
        assert_eq!(time("7m", now).unwrap(), at("2026-11-27T12:00:00Z"));
        assert_eq!(
            time("2026-11-27T14:00:00+02:00", now).unwrap(),
            at("2026-11-27T12:00:00Z")
        );
        for (text, words) in [
            ("yesterday", "no time to go back to"),
            ("2026-11-27T12:00:00", "with its offset"),
            ("-10m", "no time to go back to"),
            (
                "2026-11-27T12:07:01Z",
                "is yet to come: it is 2026-11-27T12:07:00Z now",
            ),
        ] {
            let error = time(text, now).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn the_newest_copy_that_is_not_after_the_time_is_taken() {
        let kept = kept(&[
            "2026-11-27T11:00:00Z",
            "2026-11-27T12:00:00Z",
            "2026-11-27T13:00:00Z",
        ]);
        for (time, chosen) in [
            ("2026-11-27T12:07:00Z", 1),
            ("2026-11-27T12:00:00Z", 1),
            ("2026-11-28T00:00:00Z", 2),
        ] {
            assert_eq!(
                choose(&kept, Some(at(time)), None).unwrap(),
                &kept.copies[chosen],
                "{time}"
            );
        }
        let error = choose(&kept, Some(at("2026-11-27T10:59:59Z")), None)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("the oldest copy, which is of 2026-11-27T11:00:00Z"),
            "{error}"
        );
        let mut replaced = kept.clone();
        replaced.copies[1].replaced = true;
        assert_eq!(
            choose(&replaced, Some(at("2026-11-27T13:00:00Z")), None).unwrap(),
            &kept.copies[2]
        );
        assert_eq!(
            choose(&replaced, Some(at("2026-11-27T11:59:59Z")), None).unwrap(),
            &kept.copies[0]
        );
        let error = choose(&replaced, Some(at("2026-11-27T12:07:00Z")), None)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`--to 2026-11-27T12:00:00.000000Z`"),
            "{error}"
        );
        let name = "2026-11-27T12:00:00.000000Z";
        assert_eq!(choose(&kept, None, Some(name)).unwrap().at, name);
        let error = choose(&kept, None, Some("other")).unwrap_err().to_string();
        assert!(error.contains("there is no copy `other`"), "{error}");
    }

    #[test]
    fn where_none_are_kept_it_is_said_how_they_would_be() {
        let mut none = kept(&[]);
        let error = choose(&none, None, None).unwrap_err().to_string();
        assert!(
            error.contains("Start it with EDGEPOD_KEEP_COPIES=24x1h"),
            "{error}"
        );
        none.keeps = Some("3x2h".to_owned());
        let error = choose(&none, None, None).unwrap_err().to_string();
        assert!(error.contains("EDGEPOD_KEEP_COPIES=3x2h"), "{error}");
    }
}
