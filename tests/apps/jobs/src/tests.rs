//! Jobs in a test's own process.

use std::time::Duration;

use edgepod::{JobState, testing::TestApp};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The app's crons.
const CRONS: usize = 3;

async fn entries(app: &TestApp, key: &str) -> u64 {
    app.call(count::call(key)).await.unwrap()
}

fn state(app: &TestApp, job: JobId) -> JobState {
    app.job(job).unwrap().state
}

#[edgepod::test]
async fn a_job_is_done_at_its_time_and_not_before(app: TestApp) {
    let job = app.call(add_later::call("a", 5_000_u32)).await?;
    app.advance(Duration::from_millis(4_999));
    assert_eq!(entries(&app, "a").await, 0);
    assert_eq!(state(&app, job), JobState::Waiting);
    app.advance(Duration::from_millis(1));
    assert_eq!(entries(&app, "a").await, 1);
    let done = app.job(job).unwrap();
    assert_eq!((done.state, done.attempts), (JobState::Done, 1));
    assert_eq!(done.at, app.now());
    app.advance(HOUR);
    assert_eq!(entries(&app, "a").await, 1);
}

#[edgepod::test]
async fn a_function_that_fails_asked_for_nothing(app: TestApp) {
    let refused = app.call(add_later_and_fail::call("a")).await.unwrap_err();
    assert_eq!(refused.code(), "CONFLICT");
    app.advance(SECOND);
    assert_eq!(entries(&app, "a").await, 0);
    assert_eq!(app.jobs().len(), CRONS);
}

#[edgepod::test]
async fn what_is_due_now_is_done_after_the_call(app: TestApp) {
    app.call(add_from_an_action::call("a")).await?;
    assert_eq!(entries(&app, "a").await, 2);
}

#[edgepod::test]
async fn windows_are_told_of_what_a_job_does_and_of_what_becomes_of_it(app: TestApp) {
    let job = app.call(add_later::call("a", 1_000_u32)).await?;
    let other = app.call(add_later::call("b", 5_000_u32)).await?;
    let shown = app.watch(get_entries::call());
    let status = app.watch(get_job::call(job));
    let untouched = app.watch(get_job::call(other));
    app.advance(SECOND);
    assert_eq!(shown.data()?.len(), 1);
    assert_eq!(shown.refetches(), 1);
    assert_eq!(status.data()?.unwrap().state, JobState::Done);
    assert!(status.refetches() > 0);
    assert_eq!(untouched.refetches(), 0);
}

#[edgepod::test]
async fn a_job_that_was_called_off_is_not_done(app: TestApp) {
    let job = app.call(add_later::call("a", 1_000_u32)).await?;
    assert!(app.call(cancel::call(job)).await?);
    app.advance(10 * SECOND);
    assert_eq!(entries(&app, "a").await, 0);
    assert_eq!(state(&app, job), JobState::Cancelled);
    assert!(!app.call(cancel::call(job)).await?);
}

#[edgepod::test]
async fn what_fails_leaves_nothing_and_is_tried_again(app: TestApp) {
    let job = app.call(add_wrongly::call("a", "waits", false)).await?;
    assert_eq!(entries(&app, "a").await, 0);
    let waiting = app.job(job).unwrap();
    assert_eq!((waiting.state, waiting.attempts), (JobState::Waiting, 1));
    assert_eq!(waiting.error.as_deref(), Some("Not yet."));
    app.advance(SECOND);
    assert_eq!(app.job(job).unwrap().attempts, 2);
    app.transaction(|ctx| {
        let new = NewEntry {
            key: "a may".to_owned(),
            job: None,
        };
        ctx.db.insert(new).exec()
    })?;
    app.advance(4 * SECOND);
    let done = app.job(job).unwrap();
    assert_eq!((done.state, done.attempts), (JobState::Done, 3));
    assert_eq!(done.error, None);
    assert_eq!(entries(&app, "a").await, 1);
}

#[edgepod::test]
async fn after_eight_tries_it_is_parked_until_somebody_tries_it(app: TestApp) {
    let job = app.call(add_wrongly::call("a", "waits", false)).await?;
    let parked = app.watch(get_failed::call());
    app.advance(2 * HOUR);
    let failed = app.job(job).unwrap();
    assert_eq!((failed.state, failed.attempts), (JobState::Failed, 8));
    assert_eq!(parked.data()?, [failed]);
    let log = app.log();
    assert!(
        log.iter()
            .any(|line| line.contains("try 2 of 8") && line.contains("tried again in 4 seconds")),
        "{log:?}"
    );
    assert!(log.iter().any(|line| line.contains("parked")), "{log:?}");
    app.transaction(|ctx| {
        let new = NewEntry {
            key: "a may".to_owned(),
            job: None,
        };
        ctx.db.insert(new).exec()
    })?;
    app.advance(2 * HOUR);
    assert_eq!(entries(&app, "a").await, 0);
    assert!(app.call(retry::call(job)).await?);
    assert_eq!(entries(&app, "a").await, 1);
    assert_eq!(parked.data()?, []);
}

#[edgepod::test]
async fn once_is_once(app: TestApp) {
    let job = app.call(add_wrongly::call("a", "panics", true)).await?;
    let failed = app.job(job).unwrap();
    assert_eq!((failed.state, failed.attempts), (JobState::Failed, 1));
    assert!(!failed.error.unwrap().contains("secret"));
    app.advance(HOUR);
    assert_eq!(app.job(job).unwrap().attempts, 1);
    assert_eq!(entries(&app, "a").await, 0);
}

#[edgepod::test]
async fn an_action_is_done_while_the_test_awaits(app: TestApp) {
    let job = app.call(add_slowly_later::call("a", 1_000_u32)).await?;
    app.advance(SECOND);
    assert_eq!(state(&app, job), JobState::Running);
    app.jobs_ended().await;
    assert_eq!(state(&app, job), JobState::Done);
    assert_eq!(entries(&app, "a").await, 1);
}

#[edgepod::test]
async fn what_a_crash_interrupts_is_tried_again_under_the_same_key(app: TestApp) {
    let job = app.call(add_slowly_later::call("a", 1_000_u32)).await?;
    app.advance(SECOND);
    app.crash();
    assert_eq!(state(&app, job), JobState::Waiting);
    app.advance(SECOND);
    app.jobs_ended().await;
    let done = app.job(job).unwrap();
    assert_eq!((done.state, done.attempts), (JobState::Done, 2));
    let entries = app.call(get_entries::call()).await?;
    let due = "2026-01-01T00:00:01Z".parse::<Timestamp>()?.as_micros();
    assert_eq!(entries[0].job, Some(format!("edgepod-job-{job}-{due}")));
}

#[edgepod::test]
async fn what_ends_the_process_at_each_try_is_parked_and_others_are_not(app: TestApp) {
    let job = app.call(add_slowly_later::call("a", 1_000_u32)).await?;
    let later = app.call(add_later::call("b", 86_400_000_u32)).await?;
    for attempt in 1..=8 {
        // Its next try has begun, and has not ended.
        app.advance(HOUR);
        assert_eq!(app.job(job).unwrap().attempts, attempt);
        assert_eq!(state(&app, job), JobState::Running);
        app.crash();
    }
    assert_eq!(state(&app, job), JobState::Failed);
    let waiting = app.job(later).unwrap();
    assert_eq!((waiting.state, waiting.attempts), (JobState::Waiting, 0));
    app.crash();
    app.advance(HOUR);
    assert_eq!(app.job(job).unwrap().attempts, 8);
    assert_eq!(entries(&app, "a").await, 0);
}

#[edgepod::test]
async fn a_crash_loses_nothing_that_waits(app: TestApp) {
    app.call(add_later::call("a", 60_000_u32)).await?;
    app.crash();
    app.advance(60 * SECOND);
    assert_eq!(entries(&app, "a").await, 1);
    app.crash();
    app.advance(60 * SECOND);
    assert_eq!(entries(&app, "a").await, 1);
}

#[edgepod::test]
async fn a_clock_that_jumps_loses_and_doubles_nothing(app: TestApp) {
    app.call(add_later::call("a", 60_000_u32)).await?;
    let began = app.now();
    app.set_now(began - HOUR);
    assert_eq!(entries(&app, "a").await, 0);
    app.set_now(began + 24 * HOUR);
    assert_eq!(entries(&app, "a").await, 1);
    app.set_now(began);
    app.advance(2 * HOUR);
    assert_eq!(entries(&app, "a").await, 1);
}

#[edgepod::test]
async fn a_job_is_nobodys_and_may_do_what_users_may(app: TestApp) {
    let refused = app.call(add_signed_in::call("a")).await.unwrap_err();
    assert_eq!(refused.code(), "UNAUTHORIZED");
    app.call(add_signed_in_later::call("a")).await?;
    assert_eq!(entries(&app, "a").await, 1);
}

#[edgepod::test]
async fn a_call_asks_for_a_thousand_jobs(app: TestApp) {
    app.call(add_many::call("a", 1_000_u32)).await?;
    assert_eq!(entries(&app, "a").await, 1_000);
    let refused = app.call(add_many::call("b", 1_001_u32)).await.unwrap_err();
    assert_eq!(refused.code(), "BAD_REQUEST");
    assert_eq!(entries(&app, "b").await, 0);
    let large = "x".repeat(1024 * 1024);
    let refused = app.call(add_many::call(large, 1_u32)).await.unwrap_err();
    assert!(refused.message().contains("arguments"), "{refused}");
}

#[edgepod::test]
async fn an_integer_that_no_function_takes_is_refused_at_once(app: TestApp) {
    let refused = app.call(add_numbers_later::call(true)).await.unwrap_err();
    assert_eq!(refused.code(), "BAD_REQUEST");
    let message = refused.message();
    assert!(
        message.contains("9007199254740993") && message.contains("Int64"),
        "{message}"
    );
    assert_eq!(app.jobs().len(), CRONS);
    app.call(add_numbers_later::call(false)).await?;
    assert_eq!(entries(&app, "7 9007199254740993").await, 1);
}

#[edgepod::test]
async fn history_is_seven_days(app: TestApp) {
    let job = app.call(add_later::call("a", 0_u32)).await?;
    app.set_now(app.now() + 6 * 24 * HOUR);
    app.call(add_later::call("b", 0_u32)).await?;
    assert!(app.job(job).is_some());
    app.set_now(app.now() + 2 * 24 * HOUR);
    let newest = app.call(add_later::call("c", 0_u32)).await?;
    assert!(app.job(job).is_none());
    assert!(newest > job);
    assert_eq!(app.jobs().len(), CRONS + 2);
}

#[edgepod::test]
async fn a_job_of_another_build_is_parked_and_says_why(app: TestApp) {
    let job = app.call(add_later::call("a", 1_000_u32)).await?;
    app.transaction(|ctx| {
        ctx.unsafe_raw_db.run(
            "UPDATE _edgepod_jobs SET function = 'gone' WHERE cron IS NULL",
            &[],
        )
    })?;
    app.advance(SECOND);
    let failed = app.job(job).unwrap();
    assert_eq!((failed.state, failed.attempts), (JobState::Failed, 0));
    assert_eq!(
        failed.error.as_deref(),
        Some("There is no function `gone`.")
    );
}

fn cron(app: &TestApp, function: &str) -> JobStatus {
    let mut jobs = app.jobs().into_iter();
    jobs.find(|job| job.function == function).unwrap()
}

#[edgepod::test]
async fn a_cron_comes_at_its_times(app: TestApp) {
    app.advance(Duration::from_millis(9_999));
    assert_eq!(entries(&app, "tick").await, 0);
    app.advance(Duration::from_millis(1));
    assert_eq!(entries(&app, "tick").await, 1);
    app.advance(60 * SECOND);
    assert_eq!(entries(&app, "tick").await, 7);
    let entries = app.call(get_entries::call()).await?;
    let keys: std::collections::BTreeSet<_> = entries.iter().map(|entry| &entry.job).collect();
    assert_eq!(keys.len(), 7, "each time has a key of its own");
    let times = entries
        .windows(2)
        .map(|pair| pair[1].at.duration_since(pair[0].at));
    assert!(times.into_iter().all(|time| time == Some(10 * SECOND)));
}

#[edgepod::test]
async fn times_that_were_missed_are_one(app: TestApp) {
    // A Thursday.
    assert_eq!(app.now().to_string(), "2026-01-01T00:00:00.000000Z");
    app.set_now("2026-01-10T07:00:00Z".parse()?);
    app.jobs_ended().await;
    for (key, count) in [("tick", 1), ("sweep", 1)] {
        assert_eq!(entries(&app, key).await, count, "{key}");
    }
    assert_eq!(
        cron(&app, "tick").at.to_string(),
        "2026-01-10T07:00:10.000000Z"
    );
    // After the weekend.
    assert_eq!(
        cron(&app, "sweep").at.to_string(),
        "2026-01-12T03:00:00.000000Z"
    );
}

#[edgepod::test]
async fn asleep_for_a_week_each_cron_comes_once(app: TestApp) {
    app.advance(10 * SECOND);
    // Nobody rings a process that is not there.
    app.sleep_until("2026-01-08T00:00:05Z".parse()?);
    app.jobs_ended().await;
    assert_eq!(entries(&app, "tick").await, 2);
    assert_eq!(entries(&app, "sweep").await, 1);
}

#[edgepod::test]
async fn a_cron_that_still_runs_is_not_begun_again(app: TestApp) {
    app.set_now("2026-01-02T02:59:59Z".parse()?);
    app.advance(SECOND);
    assert_eq!(cron(&app, "sweep").state, JobState::Running);
    app.set_now("2026-01-06T12:00:00Z".parse()?);
    assert_eq!(entries(&app, "sweep").await, 0);
    app.jobs_ended().await;
    assert_eq!(entries(&app, "sweep").await, 1);
    assert_eq!(
        cron(&app, "sweep").at.to_string(),
        "2026-01-07T03:00:00.000000Z"
    );
}

#[edgepod::test]
async fn a_cron_that_fails_is_tried_again_and_never_parked(app: TestApp) {
    app.set_now("2026-01-01T12:30:00Z".parse()?);
    let failed = cron(&app, "sometimes");
    assert_eq!((failed.state, failed.attempts), (JobState::Waiting, 1));
    app.advance(3 * HOUR);
    let later = cron(&app, "sometimes");
    assert_eq!(later.at.to_string(), "2026-01-02T12:30:00.000000Z");
    assert_eq!(later.error.as_deref(), Some("Not yet."));
    app.transaction(|ctx| {
        let new = NewEntry {
            key: "they may".to_owned(),
            job: None,
        };
        ctx.db.insert(new).exec()
    })?;
    app.set_now("2026-01-02T12:30:00Z".parse()?);
    assert_eq!(entries(&app, "sometimes").await, 1);
    assert_eq!(cron(&app, "sometimes").error, None);
}

#[edgepod::test]
async fn crons_are_neither_called_off_nor_doubled_by_a_restart(app: TestApp) {
    let tick = cron(&app, "tick");
    assert!(!app.call(cancel::call(tick.id)).await?);
    app.advance(5 * SECOND);
    app.crash();
    assert_eq!(cron(&app, "tick"), tick);
    assert_eq!(app.jobs().len(), CRONS);
}

#[edgepod::test]
async fn a_schedule_of_another_build_is_replaced(app: TestApp) {
    app.transaction(|ctx| {
        let sql = "UPDATE _edgepod_jobs SET cron = 'every 1d', at = 0 WHERE function = 'tick'";
        ctx.unsafe_raw_db.run(sql, &[])?;
        let sql = "UPDATE _edgepod_jobs SET function = 'gone', at = 0 WHERE function = 'sweep'";
        ctx.unsafe_raw_db.run(sql, &[])
    })?;
    app.crash();
    assert_eq!(cron(&app, "tick").at, app.now() + 10 * SECOND);
    assert_eq!(app.jobs().len(), CRONS);
}

#[edgepod::test]
async fn what_the_clock_changes_is_read_again(app: TestApp) {
    app.call(add_now::call("ada")).await?;
    app.advance(Duration::from_secs(2));
    app.call(add_now::call("bob")).await?;
    let shown = app.watch(get_recent::call());
    let other = app.watch(count::call("nobody"));
    assert_eq!(shown.data()?, ["ada", "bob"]);
    app.advance(Duration::from_millis(2_999));
    assert_eq!(shown.refetches(), 0);
    app.advance(Duration::from_millis(1));
    assert_eq!(
        (shown.data()?, shown.refetches()),
        (vec!["bob".to_owned()], 1)
    );
    app.advance(2 * SECOND);
    assert_eq!((shown.data()?, shown.refetches()), (vec![], 2));
    assert_eq!(shown.reasons()[0], "the clock changed _edgepod_clock");
    assert_eq!(other.refetches(), 0);
}

#[edgepod::test]
async fn a_kept_answer_ends_at_its_time(app: TestApp) {
    let at = app.now() + 5 * SECOND;
    let shown = app.watch(look_again::call("a", at));
    let same = app.watch(look_again::call("a", at));
    app.advance(5 * SECOND);
    assert_eq!((shown.refetches(), same.refetches()), (1, 1));
    app.advance(5 * SECOND);
    assert_eq!((shown.refetches(), same.refetches()), (1, 1));
}

#[edgepod::test]
async fn after_a_restart_windows_say_again_until_when_they_hold(app: TestApp) {
    app.call(add_now::call("ada")).await?;
    let shown = app.watch(get_recent::call());
    app.crash();
    assert_eq!(shown.data()?, ["ada"]);
    app.advance(5 * SECOND);
    assert_eq!(shown.data()?, [] as [&str; 0]);
}

#[edgepod::test]
async fn a_query_that_reads_the_clock_and_says_nothing_is_warned_of(app: TestApp) {
    for _ in 0..2 {
        app.call(is_late::call(app.now())).await?;
        app.call(count_late::call()).await?;
    }
    app.call(count_by_day::call()).await?;
    app.call(get_recent::call()).await?;
    let warned: Vec<String> = app
        .log()
        .into_iter()
        .filter(|line| line.contains("WARN") && line.contains("refresh_at"))
        .collect();
    assert_eq!(warned.len(), 2, "{warned:?}");
    assert!(warned[0].contains("isLate"), "{warned:?}");
    assert!(warned[1].contains("countLate"), "{warned:?}");
}
