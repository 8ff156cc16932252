//! An app that does things later: they end well, fail, panic, wait, and come again.
//!
//! Its own tests call it in their process; those in `tests/jobs` on both hosts, which they kill.

use std::{collections::BTreeMap, time::Duration};

use edgepod::{JobState, JobStatus, middleware::require_user, prelude::*};

#[cfg(test)]
mod tests;

/// What was done.
#[edgepod::table(name = "entries")]
pub struct Entry {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// Of what.
    pub key: String,
    /// When.
    #[default(now)]
    pub at: Timestamp,
    /// The key of the job, where one did it.
    pub job: Option<String>,
}

/// What is swept up within a second.
#[edgepod::table(name = "crumbs")]
pub struct Crumb {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
}

/// What was asked for.
#[edgepod::table(name = "requests")]
pub struct Request {
    /// What.
    #[primary_key]
    pub key: String,
    /// The job that does it.
    pub job: JobId,
}

/// What was done, first to last.
#[edgepod::query]
pub async fn get_entries(ctx: &QueryCtx) -> Result<Vec<Entry>> {
    all_entries(ctx)
}

fn all_entries(ctx: &QueryCtx) -> Result<Vec<Entry>> {
    let chunks = ctx
        .db
        .select::<Entry>()
        .order_by(Entry::id.asc())
        .chunks(500);
    Ok(chunks.collect::<Result<Vec<_>>>()?.concat())
}

/// How often something was done.
#[edgepod::query]
pub async fn count(ctx: &QueryCtx, key: String) -> Result<u64> {
    ctx.db.select::<Entry>().filter(Entry::key.eq(key)).count()
}

/// What became of a job.
#[edgepod::query]
pub async fn get_job(ctx: &QueryCtx, job: JobId) -> Result<Option<JobStatus>> {
    ctx.jobs().status(job)
}

/// All that has failed.
#[edgepod::query]
pub async fn get_failed(ctx: &QueryCtx) -> Result<Vec<JobStatus>> {
    ctx.jobs().list(JobState::Failed)
}

/// What was asked for, compared with what was done.
#[edgepod::data]
pub struct Audit {
    /// How much was asked for.
    pub requests: usize,
    /// How much was done, more than once included.
    pub entries: usize,
    /// Asked for and not done yet.
    pub missing: Vec<String>,
    /// Done more than once.
    pub again: Vec<String>,
    /// Done under more than one key.
    pub keys: Vec<String>,
    /// Done though nobody asked for it.
    pub unasked: Vec<String>,
}

/// Compares what was asked for with what was done.
#[edgepod::query]
pub async fn audit(ctx: &QueryCtx) -> Result<Audit> {
    let chunks = ctx.db.select::<Request>().chunks(500);
    let requests = chunks.collect::<Result<Vec<_>>>()?.concat();
    let entries = all_entries(ctx)?;
    let mut done: BTreeMap<&str, Vec<Option<&str>>> = BTreeMap::new();
    for entry in &entries {
        done.entry(&entry.key)
            .or_default()
            .push(entry.job.as_deref());
    }
    let mut audit = Audit {
        requests: requests.len(),
        entries: entries.len(),
        missing: Vec::new(),
        again: Vec::new(),
        keys: Vec::new(),
        unasked: Vec::new(),
    };
    for Request { key, .. } in requests {
        let mut jobs = done.remove(&*key).unwrap_or_default();
        if jobs.is_empty() {
            audit.missing.push(key.clone());
        }
        if jobs.len() > 1 {
            audit.again.push(key.clone());
        }
        jobs.dedup();
        if jobs.len() > 1 {
            audit.keys.push(key);
        }
    }
    audit.unasked = done.into_keys().map(str::to_owned).collect();
    Ok(audit)
}

/// Adds an entry.
#[edgepod::function(internal)]
pub async fn add(ctx: &Ctx, key: String) -> Result<()> {
    let job = ctx.job().map(|job| job.key());
    ctx.db.insert(NewEntry { key, job }).exec().map(drop)
}

/// Adds an entry, and awaits something before.
#[edgepod::action(internal)]
pub async fn add_slowly(ctx: &ActionCtx, key: String) -> Result<()> {
    // Once around whatever runs actions.
    let mut waited = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
    let job = ctx.job().map(|job| job.key());
    ctx.transaction(|tx| tx.db.insert(NewEntry { key, job }).exec().map(drop))
}

/// Adds an entry, and ends only a while after that: whoever is killed has often done it and not said so.
#[edgepod::action(internal)]
pub async fn add_and_linger(ctx: &ActionCtx, key: String) -> Result<()> {
    let job = ctx.job().map(|job| job.key());
    ctx.transaction(|tx| tx.db.insert(NewEntry { key, job }).exec().map(drop))?;
    linger(ctx, Duration::from_millis(50)).await
}

#[cfg(target_arch = "wasm32")]
async fn linger(_: &ActionCtx, time: Duration) -> Result<()> {
    edgepod::worker::Delay::from(time).await;
    Ok(())
}

#[cfg(not(target_arch = "wasm32"))]
async fn linger(ctx: &ActionCtx, time: Duration) -> Result<()> {
    ctx.blocking(move || std::thread::sleep(time)).await;
    Ok(())
}

fn wait(millis: u32) -> Duration {
    Duration::from_millis(millis.into())
}

/// Writes down which job was asked for a key.
fn remember(ctx: &Ctx, key: String, job: JobId) -> Result<JobId> {
    ctx.db.insert(NewRequest { key, job }).exec()?;
    Ok(job)
}

/// Adds an entry later: remembers which job does it.
#[edgepod::function]
pub async fn add_later(ctx: &Ctx, key: String, millis: u32) -> Result<JobId> {
    let job = ctx.jobs().after(wait(millis), add::call(&*key))?;
    remember(ctx, key, job)
}

/// Adds an entry later, by an action.
#[edgepod::function]
pub async fn add_slowly_later(ctx: &Ctx, key: String, millis: u32) -> Result<JobId> {
    let job = ctx.jobs().after(wait(millis), add_slowly::call(&*key))?;
    remember(ctx, key, job)
}

/// Adds an entry later, by an action that has not ended when it has.
#[edgepod::function]
pub async fn add_and_linger_later(ctx: &Ctx, key: String, millis: u32) -> Result<JobId> {
    let job = ctx
        .jobs()
        .after(wait(millis), add_and_linger::call(&*key))?;
    remember(ctx, key, job)
}

/// Asks for an entry, and fails.
#[edgepod::function]
pub async fn add_later_and_fail(ctx: &Ctx, key: String) -> Result<()> {
    ctx.jobs().after(Duration::ZERO, add::call(key))?;
    Err(Error::conflict("It was not meant to be."))
}

/// Asks for so many entries.
#[edgepod::function]
pub async fn add_many(ctx: &Ctx, key: String, count: u32) -> Result<()> {
    for _ in 0..count {
        ctx.jobs().after(Duration::ZERO, add::call(&*key))?;
    }
    Ok(())
}

/// Asks for an entry from an action: once alone, once within a transaction.
#[edgepod::action]
pub async fn add_from_an_action(ctx: &ActionCtx, key: String) -> Result<JobId> {
    ctx.jobs().after(Duration::ZERO, add::call(&*key))?;
    ctx.transaction(|tx| tx.jobs().after(Duration::ZERO, add::call(&*key)))
}

/// Calls a job off.
#[edgepod::function]
pub async fn cancel(ctx: &Ctx, job: JobId) -> Result<bool> {
    ctx.jobs().cancel(job)
}

/// Tries a job again.
#[edgepod::function]
pub async fn retry(ctx: &Ctx, job: JobId) -> Result<bool> {
    ctx.jobs().retry(job)
}

/// Adds an entry and fails, until there is an entry of this other key.
#[edgepod::function(internal)]
pub async fn add_if(ctx: &Ctx, key: String, other: String) -> Result<()> {
    ctx.db.insert(NewEntry { key, job: None }).exec()?;
    match ctx
        .db
        .select::<Entry>()
        .filter(Entry::key.eq(other))
        .exists()?
    {
        true => Ok(()),
        false => Err(Error::unavailable("Not yet.")),
    }
}

/// Adds an entry, and panics.
#[edgepod::function(internal)]
pub async fn add_and_panic(ctx: &Ctx, key: String) -> Result<()> {
    ctx.db.insert(NewEntry { key, job: None }).exec()?;
    panic!("the secret in the panic")
}

/// Asks for one of those that fail.
#[edgepod::function]
pub async fn add_wrongly(ctx: &Ctx, key: String, how: String, once: bool) -> Result<JobId> {
    let jobs = match once {
        true => ctx.jobs().once(),
        false => ctx.jobs(),
    };
    match &*how {
        "panics" => jobs.after(Duration::ZERO, add_and_panic::call(key)),
        "waits" => jobs.after(Duration::ZERO, add_if::call(&*key, format!("{key} may"))),
        _ => Err(Error::bad_request("There is no such mistake.")),
    }
}

/// Adds an entry for whoever is signed in; a job may do it, too.
#[edgepod::function(job, middleware = [require_user])]
pub async fn add_signed_in(ctx: &Ctx, key: String) -> Result<()> {
    let job = ctx.job().map(|job| job.key());
    ctx.db.insert(NewEntry { key, job }).exec().map(drop)
}

/// Adds an entry of a number.
#[edgepod::function(internal)]
pub async fn add_number(ctx: &Ctx, number: i64, exact: Int64) -> Result<()> {
    add(ctx, format!("{number} {exact}")).await
}

/// Adds an entry of one of these numbers later: of the second, which is beyond what JavaScript has, or of the first as well.
#[edgepod::function]
pub async fn add_numbers_later(ctx: &Ctx, both: bool) -> Result<JobId> {
    let large = (1 << 53) + 1;
    let number = if both { large } else { 7 };
    ctx.jobs()
        .after(Duration::ZERO, add_number::call(number, Int64(large)))
}

/// Has it done by a job.
#[edgepod::function]
pub async fn add_signed_in_later(ctx: &Ctx, key: String) -> Result<JobId> {
    ctx.jobs().at(ctx.now(), add_signed_in::call(key))
}

/// The entries of the last five seconds, by their keys: who is typing.
#[edgepod::query]
pub async fn get_recent(ctx: &QueryCtx) -> Result<Vec<String>> {
    let now = ctx.now();
    let last = |entry: &Entry| entry.at + Duration::from_secs(5);
    let mut entries = ctx.db.select::<Entry>().order_by(Entry::id.asc()).all()?;
    entries.retain(|entry| last(entry) > now);
    ctx.refresh_at(entries.iter().map(last).min());
    Ok(entries.into_iter().map(|entry| entry.key).collect())
}

/// Whether there is an entry of this key: asked again at a time, whatever the clock says.
#[edgepod::query]
pub async fn look_again(ctx: &QueryCtx, key: String, at: Timestamp) -> Result<bool> {
    ctx.refresh_at(at);
    ctx.db.select::<Entry>().filter(Entry::key.eq(key)).exists()
}

/// Reads the clock, and says nothing.
#[edgepod::query]
pub async fn is_late(ctx: &QueryCtx, at: Timestamp) -> Result<bool> {
    Ok(ctx.now() >= at)
}

/// The same in SQL.
#[edgepod::query]
pub async fn count_late(ctx: &QueryCtx) -> Result<i64> {
    let rows = ctx.db.query(edgepod::sql!(
        "SELECT count(*) AS n FROM entries WHERE date(at / 1000000, 'unixepoch') < date('now')"
    ))?;
    Ok(rows[0].n)
}

/// Entries by their days: no clock is read.
#[edgepod::query]
pub async fn count_by_day(ctx: &QueryCtx) -> Result<i64> {
    let rows = ctx.db.query(edgepod::sql!(
        "SELECT count(DISTINCT date(at / 1000000, 'unixepoch')) AS n FROM entries"
    ))?;
    Ok(rows[0].n)
}

/// Adds an entry now.
#[edgepod::function]
pub async fn add_now(ctx: &Ctx, key: String) -> Result<()> {
    let at = ctx.now();
    let new = NewEntry { key, job: None };
    let entry = ctx.db.insert(new).returning()?;
    ctx.db
        .update::<Entry>()
        .set(Entry::at, at)
        .filter(Entry::id.eq(entry.id))
        .exec()?;
    Ok(())
}

/// Adds an entry every ten seconds.
#[edgepod::cron(every = "10s")]
async fn tick(ctx: &Ctx) -> Result<()> {
    add(ctx, "tick".to_owned()).await
}

/// Drops crumbs.
#[edgepod::function]
pub async fn drop_crumbs(ctx: &Ctx, count: u32) -> Result<()> {
    (0..count).try_for_each(|_| ctx.db.insert(NewCrumb {}).exec().map(drop))
}

/// How many crumbs lie about.
#[edgepod::query]
pub async fn count_crumbs(ctx: &QueryCtx) -> Result<u64> {
    ctx.db.select::<Crumb>().count()
}

/// Sweeps up every second. The tests in the process move the clock by weeks: it is for those on hosts.
#[cfg(not(test))]
#[edgepod::cron(every = "1s")]
async fn sweep_up(ctx: &Ctx) -> Result<()> {
    ctx.db.delete::<Crumb>().without_where().exec()?;
    Ok(())
}

/// Adds an entry at three in the morning, from Monday to Friday.
#[edgepod::cron("0 3 * * MON-FRI")]
async fn sweep(ctx: &ActionCtx) -> Result<()> {
    add_slowly(ctx, "sweep".to_owned()).await
}

/// Adds an entry every day, where there is one of another key.
#[edgepod::cron("30 12 * * *")]
async fn sometimes(ctx: &Ctx) -> Result<()> {
    add_if(ctx, "sometimes".to_owned(), "they may".to_owned()).await
}

edgepod::app!();
