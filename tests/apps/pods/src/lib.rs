//! An app with a database for each organisation, and for whoever names one that is open.

use std::time::Duration;

use edgepod::{
    http::{Bytes, Request, Response},
    pods::by_claim,
    prelude::*,
};

/// Whoever has a token is in the pod of their organisation. Others have those whose name begins with `open`.
#[edgepod::pod]
fn pod(request: &PodRequest) -> Result<PodName> {
    if request.header("x-test-panics").is_some() {
        panic!("the rule panics");
    }
    if request.user().is_some() {
        return by_claim(request, "org");
    }
    match request.asked() {
        Some(name) if name.starts_with("open") => PodName::new(name),
        Some(_) => Err(Error::forbidden("Sign in first.")),
        None => Err(Error::bad_request("Name a pod.")),
    }
}

/// A note of an organisation.
#[edgepod::table(name = "notes")]
pub struct Note {
    /// Its number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What it says.
    pub text: String,
}

/// A token for a member of an organisation.
#[edgepod::function]
pub async fn sign_in(ctx: &Ctx, sub: String, org: String, seconds: u32) -> Result<String> {
    let claims = serde_json::json!({ "sub": sub, "org": org });
    ctx.sign_jwt(claims, Duration::from_secs(seconds.into()))
}

/// The name of the pod; kept, like any answer that is the same for all.
#[edgepod::query]
pub async fn where_am_i(ctx: &QueryCtx) -> Result<String> {
    Ok(ctx.pod().to_owned())
}

/// The same of a function.
#[edgepod::function]
pub async fn where_it_writes(ctx: &Ctx) -> Result<String> {
    Ok(ctx.pod().to_owned())
}

/// The same of an action.
#[edgepod::action]
pub async fn where_it_waits(ctx: &ActionCtx) -> Result<String> {
    Ok(ctx.pod().to_owned())
}

/// The texts of all notes.
#[edgepod::query]
pub async fn get_notes(ctx: &QueryCtx) -> Result<Vec<String>> {
    let notes = ctx.db.select::<Note>().order_by(Note::id.asc()).all()?;
    Ok(notes.into_iter().map(|note| note.text).collect())
}

/// Adds a note.
#[edgepod::function]
pub async fn add_note(ctx: &Ctx, text: String) -> Result<i64> {
    Ok(ctx.db.insert(NewNote { text }).returning()?.id)
}

/// A note by whoever knows the address, such as a webhook: no key, and the pod is in the address.
#[edgepod::route(POST, "/hooks/notes")]
pub async fn note_by_hook(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    let text = String::from_utf8_lossy(request.body()).into_owned();
    ctx.transaction(|tx| tx.db.insert(NewNote { text }).exec())?;
    Ok(Response::new(Bytes::from(ctx.pod().to_owned())))
}

/// Adds a note later, and with it when that was.
#[edgepod::function]
pub async fn add_note_later(ctx: &Ctx, text: String, millis: u32) -> Result<()> {
    let wait = Duration::from_millis(millis.into());
    ctx.jobs().after(wait, add_timed::call(text)).map(drop)
}

/// Adds a note, the pod, and when that was.
#[edgepod::function(internal)]
async fn add_timed(ctx: &Ctx, text: String) -> Result<()> {
    let millis = ctx.now().as_micros() / 1000;
    let text = format!("{text} {} {millis}", ctx.pod());
    ctx.db.insert(NewNote { text }).exec().map(drop)
}

/// Makes the table of notes another than the struct says, so that the pod cannot be opened again; or as it was.
#[edgepod::function]
pub async fn spoil(ctx: &Ctx) -> Result<()> {
    let sql = "ALTER TABLE notes ADD COLUMN spoiled TEXT";
    ctx.unsafe_raw_db.run(sql, &[]).map(drop)
}

edgepod::app!();
