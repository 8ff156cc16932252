//! What somebody wants to be reminded of: a job rings, and a cron clears away what nobody looks at any more.

use std::time::Duration;

use edgepod::prelude::*;

use crate::{Member, member};

/// What somebody wants to be reminded of. Nobody else sees it.
#[edgepod::table(name = "reminders")]
pub struct Reminder {
    /// Its number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// Whose it is.
    #[index]
    #[references(Member::id, on_delete = cascade)]
    pub member_id: i64,
    /// Of what.
    pub text: String,
    /// When it rings.
    pub at: Timestamp,
    /// Whether it has.
    pub rang: bool,
    /// What makes it ring.
    pub job: Option<JobId>,
}

/// The longest time until one rings: a year, in seconds.
const LATEST: u32 = 366 * 24 * 60 * 60;

/// The caller's reminders: those that have rung first, then those that ring next.
#[edgepod::query]
pub async fn get_reminders(ctx: &QueryCtx) -> Result<Vec<Reminder>> {
    let me = member(ctx)?;
    ctx.db
        .select::<Reminder>()
        .filter(Reminder::member_id.eq(me.id))
        .order_by(Reminder::at.asc())
        .limit(100)
        .all()
}

/// Reminds the caller in so many seconds.
#[edgepod::function(middleware = [rate_limit(60, Per::Minute)])]
pub async fn remind_me(ctx: &Ctx, text: String, seconds: u32) -> Result<Reminder> {
    let me = member(ctx)?;
    let text = crate::text(&text, "reminder", 200)?;
    if !(1..=LATEST).contains(&seconds) {
        return Err(Error::bad_request(
            "A reminder rings in a second at the earliest, and within a year.",
        ));
    }
    let wait = Duration::from_secs(seconds.into());
    let reminder = ctx
        .db
        .insert(NewReminder {
            member_id: me.id,
            text,
            at: ctx.now() + wait,
            rang: false,
            job: None,
        })
        .returning()?;
    // It is there exactly if the reminder is.
    let job = ctx.jobs().after(wait, ring::call(reminder.id))?;
    ctx.db
        .update::<Reminder>()
        .set(Reminder::job, job)
        .filter(Reminder::id.eq(reminder.id))
        .exec()?;
    Ok(reminder)
}

/// A reminder rings. No client can call this.
#[edgepod::function(internal)]
async fn ring(ctx: &Ctx, id: i64) -> Result<()> {
    ctx.db
        .update::<Reminder>()
        .set(Reminder::rang, true)
        .filter(Reminder::id.eq(id))
        .exec()?;
    Ok(())
}

/// The caller no longer wants it, or has seen it ring.
#[edgepod::function]
pub async fn dismiss(ctx: &Ctx, id: i64) -> Result<()> {
    let me = member(ctx)?;
    let mine = Reminder::id.eq(id).and(Reminder::member_id.eq(me.id));
    let reminder = ctx.db.select::<Reminder>().filter(mine).first()?;
    let reminder = reminder.ok_or_else(|| Error::not_found("You have no such reminder."))?;
    if let Some(job) = reminder.job {
        ctx.jobs().cancel(job)?;
    }
    ctx.db
        .delete::<Reminder>()
        .filter(Reminder::id.eq(id))
        .exec()?;
    Ok(())
}

/// How long one that has rung is shown where nobody dismisses it.
const SHOWN: Duration = Duration::from_secs(24 * 60 * 60);

/// Clears away what rang long ago. Once a day, as each organisation's pod wakes for it.
#[edgepod::cron("0 3 * * *")]
async fn clear_reminders(ctx: &Ctx) -> Result<()> {
    ctx.db
        .delete::<Reminder>()
        .filter(
            Reminder::rang
                .eq(true)
                .and(Reminder::at.lt(ctx.now() - SHOWN)),
        )
        .exec()?;
    Ok(())
}
