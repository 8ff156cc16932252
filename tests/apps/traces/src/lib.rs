//! An app whose calls are parts of traces: they run statements, ask others, and ask for jobs.
//!
//! The tests in `tests/traces` call it on both hosts.

use std::time::Duration;

use edgepod::{
    http::{Bytes, Request, Response},
    prelude::*,
};

/// A note.
#[edgepod::table(name = "notes")]
pub struct Note {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What it says, once.
    #[unique]
    pub text: String,
}

/// All notes.
#[edgepod::query]
pub async fn get_notes(ctx: &QueryCtx) -> Result<Vec<Note>> {
    ctx.db.select::<Note>().order_by(Note::id.asc()).all()
}

/// Adds a note by two statements; how many have its text.
#[edgepod::function(job)]
pub async fn add_note(ctx: &Ctx, text: String) -> Result<u64> {
    ctx.db.insert(NewNote { text: text.clone() }).exec()?;
    ctx.db.select::<Note>().filter(Note::text.eq(text)).count()
}

/// Runs a statement with a value written into it.
#[edgepod::function]
pub async fn look_up(ctx: &Ctx) -> Result<i64> {
    ctx.unsafe_raw_db
        .run("SELECT 1 FROM notes WHERE text = 'a secret'", &[])?;
    Ok(1)
}

/// Adds a note later.
#[edgepod::function]
pub async fn add_later(ctx: &Ctx, text: String) -> Result<JobId> {
    ctx.jobs().after(Duration::ZERO, add_note::call(text))
}

/// Asks another server later.
#[edgepod::function]
pub async fn ask_later(ctx: &Ctx, url: String) -> Result<JobId> {
    ctx.jobs().after(Duration::ZERO, ask::call(url, None))
}

/// Asks another server, with a trace of its own if need be; the status of its answer.
#[edgepod::action(job)]
pub async fn ask(ctx: &ActionCtx, url: String, own: Option<String>) -> Result<u16> {
    let mut request = Request::get(url);
    if let Some(own) = own {
        request = request.header("traceparent", own);
    }
    Ok(ctx.fetch(request.body("")?).await?.status().as_u16())
}

/// Fails.
#[edgepod::query]
pub async fn fail(_ctx: &QueryCtx) -> Result<i64> {
    Err(Error::internal("as it is meant to"))
}

/// A route with a name in its path.
#[edgepod::route(GET, "/notes/:id")]
async fn get_note(ctx: &ActionCtx, _request: Request<Bytes>, id: i64) -> Result<Response<Bytes>> {
    let note = ctx.db.select::<Note>().filter(Note::id.eq(id)).first()?;
    let text = note.map(|note| note.text);
    Ok(Response::new(text.unwrap_or_default().into()))
}

edgepod::app!();
