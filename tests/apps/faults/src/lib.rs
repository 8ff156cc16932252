//! An app that does what a good one avoids: it panics, fails half-way, waits where it must not.
//!
//! The tests in `tests/faults` call it on both hosts, and see what is left afterwards.

mod checked;
mod columns;
mod conditions;
mod guards;
pub mod hundred;
mod internal;
mod lines;

use edgepod::prelude::*;

pub mod kinds;
mod model;
mod pairs;
pub mod traps;
pub mod values;

/// What was noted.
#[edgepod::table(name = "notes")]
pub struct Note {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// The words.
    pub text: String,
}

/// Whole numbers of any size.
#[edgepod::table(name = "numbers")]
pub struct Number {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// The number.
    pub value: Int64,
}

/// What must not reach a client.
const SECRET: &str = "the secret in the panic";

/// All notes, first to last.
#[edgepod::query]
pub async fn get_notes(ctx: &QueryCtx) -> Result<Vec<Note>> {
    ctx.db.select::<Note>().order_by(Note::id.asc()).all()
}

/// Adds a note.
#[edgepod::function]
pub async fn add_note(ctx: &Ctx, text: String) -> Result<Note> {
    ctx.db.insert(NewNote { text }).returning()
}

/// Adds a note, and fails.
#[edgepod::function]
pub async fn add_note_and_fail(ctx: &Ctx, text: String) -> Result<Note> {
    ctx.db.insert(NewNote { text }).exec()?;
    Err(Error::bad_request("It was not meant to be."))
}

/// Adds a note, and panics.
#[edgepod::function]
pub async fn add_note_and_panic(ctx: &Ctx, text: String) -> Result<Note> {
    ctx.db.insert(NewNote { text }).exec()?;
    panic!("{SECRET}")
}

/// Adds a note, and waits for what does not come.
#[edgepod::function]
pub async fn add_note_and_wait(ctx: &Ctx, text: String) -> Result<Note> {
    let note = ctx.db.insert(NewNote { text }).returning()?;
    std::future::pending::<()>().await;
    Ok(note)
}

/// Reads, and panics.
#[edgepod::query]
pub async fn get_notes_and_panic(ctx: &QueryCtx) -> Result<Vec<Note>> {
    let notes = ctx.db.select::<Note>().all()?;
    if notes.len() < usize::MAX {
        panic!("{SECRET}");
    }
    Ok(notes)
}

/// Adds a note in a transaction that commits, and fails afterwards.
#[edgepod::action]
pub async fn commit_and_fail(ctx: &ActionCtx, text: String) -> Result<Note> {
    ctx.transaction(|tx| tx.db.insert(NewNote { text }).exec())?;
    Err(Error::bad_request("It was meant to be, up to a point."))
}

/// Adds a note in a transaction that fails, and returns the error's words.
#[edgepod::action]
pub async fn roll_back(ctx: &ActionCtx, text: String) -> Result<String> {
    let failed = ctx.transaction(|tx| {
        tx.db.insert(NewNote { text }).exec()?;
        Err::<(), _>(Error::bad_request("It was not meant to be."))
    });
    match failed {
        Ok(()) => Err(Error::internal("the transaction should have failed")),
        Err(error) => Ok(error.to_string()),
    }
}

/// Panics.
#[edgepod::action]
pub async fn act_and_panic(ctx: &ActionCtx) -> Result<()> {
    let notes = ctx.db.select::<Note>().all()?;
    if notes.len() < usize::MAX {
        panic!("{SECRET}");
    }
    Ok(())
}

/// All numbers that may be read at once.
#[edgepod::query]
pub async fn get_numbers(ctx: &QueryCtx) -> Result<Vec<Number>> {
    ctx.db.select::<Number>().all()
}

/// Keeps the numbers below `count`.
#[edgepod::function]
pub async fn keep_numbers(ctx: &Ctx, count: i64) -> Result<()> {
    for value in 0..count {
        let value = Int64(value);
        ctx.db.insert(NewNumber { value }).exec()?;
    }
    Ok(())
}

/// Keeps a number, and returns what the database then holds.
#[edgepod::function]
pub async fn keep_number(ctx: &Ctx, value: Int64) -> Result<Number> {
    let kept = ctx.db.insert(NewNumber { value }).returning()?;
    ctx.db
        .select::<Number>()
        .filter(Number::id.eq(kept.id))
        .first()?
        .ok_or_else(|| Error::internal("the number is gone"))
}

/// The number as a client should not get it.
#[edgepod::query]
pub async fn get_number_plain(ctx: &QueryCtx, id: i64) -> Result<i64> {
    Ok(ctx
        .db
        .select::<Number>()
        .filter(Number::id.eq(id))
        .one()?
        .value
        .0)
}

edgepod::app!();
