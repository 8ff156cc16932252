//! An app with a database for each organisation, and for whoever names one that is open.

use std::time::Duration;

use edgepod::{
    http::{Bytes, Request, Response},
    middleware::{Per, rate_limit, require_user},
    pods::{asked, by_claim, by_header, by_host},
    prelude::*,
};

/// Whoever has a token is in the pod of their organisation. Others have those whose name begins with `open`; who asks for it has them made
/// near. A request may also ask for one of the ready-made rules: so one server has them all.
#[edgepod::pod]
fn pod(request: &PodRequest) -> Result<PodName> {
    if request.header("x-test-panics").is_some() {
        panic!("the rule panics");
    }
    match request.header("x-test-rule") {
        Some("by_claim") => return by_claim(request, "org"),
        Some("by_header") => return by_header(request, "X-Tenant"),
        Some("by_host") => return by_host(request, None),
        Some("by_host of a domain") => return by_host(request, Some("pods.example")),
        Some("asked") => return asked(request),
        _ => {}
    }
    if request.user().is_some() {
        return by_claim(request, "org");
    }
    match request.asked() {
        Some(name) if name.starts_with("open") => {
            let pod = PodName::new(name)?;
            Ok(match request.header("x-test-near") {
                Some(_) => pod.near(LocationHint::Weur),
                None => pod,
            })
        }
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

/// Twice an hour, in each pod.
#[edgepod::query(middleware = [rate_limit(2, Per::Hour)])]
pub async fn get_rarely(_ctx: &QueryCtx) -> Result<bool> {
    Ok(true)
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

/// Why a note is not taken.
#[edgepod::error]
pub enum NoteError {
    /// It says nothing.
    #[error(409, "A note of {of} says something.")]
    Empty {
        /// Whose it would be.
        of: String,
    },
}

/// Only for other pods.
#[edgepod::function(internal)]
pub async fn take_note(ctx: &Ctx, text: String) -> Result<String, NoteError> {
    if text.is_empty() {
        let of = ctx.pod().to_owned();
        return Err(NoteError::Empty { of });
    }
    if text == "panic" {
        panic!("on purpose");
    }
    let sub = ctx
        .user()
        .and_then(|user| user.subject())
        .unwrap_or("nobody");
    ctx.db
        .insert(NewNote {
            text: format!("{text} by {sub}"),
        })
        .exec()?;
    Ok(ctx.pod().to_owned())
}

/// Leaves a note in another pod.
#[edgepod::action]
pub async fn note_there(ctx: &ActionCtx, pod: String, text: String) -> Result<String> {
    ctx.pods().get(&pod)?.call(take_note::call(text)).await
}

/// The same, in a pod that is best made near.
#[edgepod::action]
pub async fn note_near(ctx: &ActionCtx, pod: String, text: String) -> Result<String> {
    let there = ctx.pods().get(&pod)?.near(LocationHint::Oc);
    there.call(take_note::call(text)).await
}

/// The same, for whoever is signed in there.
#[edgepod::function(internal, middleware = [require_user])]
pub async fn take_note_of_a_user(ctx: &Ctx, text: String) -> Result<()> {
    ctx.db.insert(NewNote { text }).exec().map(drop)
}

/// Leaves notes in another pod: the same one twice, so many others, and one by an action there. It is a job, and fails at its first
/// tries when all is done.
#[edgepod::action(internal)]
pub async fn deliver(
    ctx: &ActionCtx,
    pod: String,
    text: String,
    notes: u32,
    failures: u32,
) -> Result<()> {
    let there = ctx.pods().get(&pod)?;
    for _ in 0..2 {
        there.call(take_note::call(format!("{text} twice"))).await?;
    }
    for i in 0..notes {
        let note = format!("{text} {i}");
        there.call(take_note_of_a_user::call(note)).await?;
    }
    there.call(pass_on::call(&*text)).await?;
    if ctx.job().is_some_and(|job| job.attempt() <= failures) {
        return Err(Error::unavailable("Not yet."));
    }
    let text = format!("{text} delivered");
    ctx.transaction(|tx| tx.db.insert(NewNote { text }).exec().map(drop))
}

/// An action that leaves a note in its own pod.
#[edgepod::action(internal)]
pub async fn pass_on(ctx: &ActionCtx, text: String) -> Result<()> {
    let here = ctx.pods().get(ctx.pod())?;
    here.call(take_note::call(format!("{text} passed on")))
        .await?;
    Ok(())
}

/// Has notes delivered by a job.
#[edgepod::function]
pub async fn deliver_later(
    ctx: &Ctx,
    pod: String,
    text: String,
    notes: u32,
    failures: u32,
) -> Result<JobId> {
    let call = deliver::call(pod, text, notes, failures);
    ctx.jobs().after(Duration::ZERO, call)
}

/// Goes from pod to pod so often, and says how often it went.
#[edgepod::action]
pub async fn around(ctx: &ActionCtx, pods: Vec<String>, times: u32) -> Result<u32> {
    if times == 0 {
        return Ok(0);
    }
    let next = &pods[times as usize % pods.len()];
    let next = ctx.pods().get(next)?;
    Ok(next.call(around::call(&*pods, times - 1)).await? + 1)
}

/// The name of another pod, by an action there, and how many notes it has.
#[edgepod::action]
pub async fn look_there(ctx: &ActionCtx, pod: String) -> Result<(String, usize)> {
    let there = ctx.pods().get(&pod)?;
    let name = there.call(where_it_waits::call()).await?;
    Ok((name, there.call(get_notes::call()).await?.len()))
}

/// A note by whoever knows the address, such as a webhook: no key, and the pod is in the address.
#[edgepod::route(POST, "/hooks/notes")]
pub async fn note_by_hook(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    let text = String::from_utf8_lossy(request.body()).into_owned();
    ctx.transaction(|tx| tx.db.insert(NewNote { text }).exec())?;
    Ok(Response::new(Bytes::from(ctx.pod().to_owned())))
}

/// Leaves a note in the pod that the address names.
#[edgepod::route(POST, "/hooks/notes/:there")]
pub async fn note_there_by_hook(
    ctx: &ActionCtx,
    request: Request<Bytes>,
    there: String,
) -> Result<Response<Bytes>> {
    let text = String::from_utf8_lossy(request.body()).into_owned();
    let there = ctx.pods().get(there)?;
    Ok(Response::new(
        there.call(take_note::call(text)).await?.into(),
    ))
}

/// Whether the server is there. It needs no pod.
#[edgepod::route(GET, "/health", at = "gateway")]
pub async fn health(_: &GatewayCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    Ok(Response::new(request.uri().to_string().into()))
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

/// Runs a statement.
#[edgepod::function]
pub async fn run(ctx: &Ctx, sql: String) -> Result<()> {
    ctx.unsafe_raw_db.run(&sql, &[]).map(drop)
}

/// Runs statements, all or none.
#[edgepod::function]
pub async fn run_all(ctx: &Ctx, statements: Vec<String>) -> Result<()> {
    for sql in statements {
        ctx.unsafe_raw_db.run(&sql, &[])?;
    }
    Ok(())
}

/// What a statement says.
#[edgepod::function]
pub async fn ask(ctx: &Ctx, sql: String) -> Result<String> {
    let rows = ctx.unsafe_raw_db.run(&sql, &[])?;
    Ok(format!("{rows:?}"))
}

/// Writes a number into two tables.
#[edgepod::function]
pub async fn add_pair(ctx: &Ctx, n: i64) -> Result<()> {
    let text = format!("pair {n}");
    ctx.db.insert(NewNote { text }).exec()?;
    let sql = format!("INSERT INTO pairs VALUES ({n})");
    ctx.unsafe_raw_db.run(&sql, &[]).map(drop)
}

edgepod::app!();
