//! An app that says who calls it, and issues tokens.

use std::time::Duration;

use edgepod::prelude::*;

/// Who calls, in this app's words.
#[derive(serde::Deserialize)]
struct Member {
    sub: String,
    role: String,
}

/// Lets only those in who have signed in.
#[edgepod::middleware]
pub async fn with_user(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
    if ctx.user().is_none() {
        return Err(Error::unauthorized("Bearer token required"));
    }
    next.run(ctx, args).await
}

/// The claims of the caller, or `null`.
#[edgepod::query]
pub async fn who_am_i(ctx: &QueryCtx) -> Result<Option<Claims>> {
    Ok(ctx.user().cloned())
}

/// The same, of those who have signed in.
#[edgepod::query(middleware = [with_user])]
pub async fn details(ctx: &QueryCtx) -> Result<Option<Claims>> {
    Ok(ctx.user().cloned())
}

/// Name and role of the caller.
#[edgepod::query]
pub async fn role(ctx: &QueryCtx) -> Result<String> {
    let Member { sub, role } = ctx.user_as()?;
    Ok(format!("{sub}: {role}"))
}

/// The same, of an action.
#[edgepod::action]
pub async fn who_waits(ctx: &ActionCtx) -> Result<Option<Claims>> {
    Ok(ctx.user().cloned())
}

/// Who is greeted: the caller, or nobody.
#[edgepod::function]
pub async fn greet(ctx: &Ctx) -> Result<String> {
    let subject = ctx.user().and_then(Claims::subject);
    Ok(subject.unwrap_or("nobody").to_owned())
}

/// A token for somebody.
#[edgepod::function]
pub async fn issue(ctx: &Ctx, sub: String, seconds: u32) -> Result<String> {
    ctx.sign_jwt(
        serde_json::json!({ "sub": sub }),
        Duration::from_secs(seconds.into()),
    )
}

/// For those who are signed in.
#[edgepod::query(middleware = [require_user, require_user()])]
pub async fn for_users(_ctx: &QueryCtx) -> Result<String> {
    Ok("in".to_owned())
}

/// For administrators.
#[edgepod::function(middleware = [require_role("role", "admin")])]
pub async fn for_admins(_ctx: &Ctx) -> Result<String> {
    Ok("in".to_owned())
}

/// Thrice at once, then every ten seconds.
#[edgepod::query(middleware = [rate_limit(3, std::time::Duration::from_secs(30))])]
pub async fn seldom(_ctx: &QueryCtx) -> Result<String> {
    Ok("in".to_owned())
}

/// How long the functions within took, in microseconds, around what they return.
#[edgepod::middleware]
pub async fn timing(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
    let began = ctx.now();
    let reply = next.run(ctx, args).await?;
    let took = ctx.now().as_micros() - began.as_micros();
    let data: serde_json::Value = reply.parse()?;
    Reply::new(&serde_json::json!({ "data": data, "took": took }))
}

/// Answers in place of the function, where its argument says so.
pub struct Instead(pub &'static str);

impl Middleware for Instead {
    type Ctx = QueryCtx;

    async fn call(&self, ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
        ctx.set(Greeting(self.0));
        match args.get::<bool>("instead")? {
            Some(true) => Reply::new(self.0),
            _ => next.run(ctx, args).await,
        }
    }
}

/// What middleware hands to the function.
struct Greeting(&'static str);

/// What the middleware said.
#[edgepod::action(middleware = [timing, Instead("hello")])]
pub async fn greeting(ctx: &ActionCtx, instead: Option<bool>) -> Result<String> {
    let _ = instead;
    Ok(format!(
        "{} from within",
        ctx.get::<Greeting>()
            .map_or("nothing", |greeting| greeting.0)
    ))
}

/// What can be wrong with a seat.
#[edgepod::error]
pub enum SeatError {
    #[error(conflict, "Seat {seat} is {by}'s.")]
    SeatTaken {
        /// Which seat.
        seat: u8,
        /// Who has it.
        by: String,
    },
    #[error(unavailable, "The box office is closed.")]
    Closed(#[from] std::num::ParseIntError),
}

/// Fails, in the way that is asked for.
#[edgepod::function]
pub async fn book(_ctx: &Ctx, seat: String) -> Result<u8, SeatError> {
    if seat == "none" {
        Err(Error::not_found("There is no such seat."))?;
    }
    let seat = seat.parse()?;
    match seat {
        1 => Err(SeatError::SeatTaken {
            seat,
            by: "Ada".to_owned(),
        }),
        seat => Ok(seat),
    }
}

/// Somebody who was here.
#[edgepod::table(name = "visits")]
pub struct Visit {
    /// Which one.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// Who it was.
    pub name: String,
}

/// Writes two visits and reads them, and says so in the log, in each way and at each level.
#[edgepod::function]
pub async fn visit(ctx: &Ctx, name: String) -> Result<i64> {
    tracing::trace!("a trace of {name}");
    tracing::debug!(name, times = 3, "a debug event");
    tracing::info!(forged = "one\ntwo", "an info event of {name}");
    ctx.log.debug(format_args!("a debug line of {name}"));
    ctx.log.trace(format_args!("a trace line of {name}"));
    ctx.db.insert(NewVisit { name: name.clone() }).exec()?;
    ctx.db.insert(NewVisit { name }).exec()?;
    let last = ctx.db.select::<Visit>().order_by(Visit::id.desc()).limit(2);
    Ok(last.all()?[0].id)
}

/// How many visits there were.
#[edgepod::query]
pub async fn count_visits(ctx: &QueryCtx) -> Result<u64> {
    ctx.db.select::<Visit>().count()
}

/// What the bindings say: a text, a number within JSON, and how many visits the app itself counts when it is asked over HTTP.
#[cfg(target_arch = "wasm32")]
#[edgepod::action]
pub async fn ask_bindings(ctx: &ActionCtx) -> Result<(String, u32, u64)> {
    #[derive(serde::Deserialize)]
    struct Limits {
        notes: u32,
    }
    #[derive(serde::Deserialize)]
    struct Counted {
        data: u64,
    }
    let worker = ctx.env.worker();
    let greeting = worker.var("GREETING")?.to_string();
    let Limits { notes } = worker.object_var("LIMITS")?;
    let keys = ctx.env.var("EDGEPOD_API_KEY").unwrap_or_default();
    let key = keys.split(',').next().unwrap_or_default();
    let mut reply = worker
        .service("SELF")?
        .fetch(format!("http://tokens/rpc/countVisits?key={key}"), None)
        .await?;
    let Counted { data } = reply.json().await?;
    Ok((greeting, notes, data))
}

/// Keeps a text in KV and in R2, reads it from both, and sends it to a queue.
#[cfg(target_arch = "wasm32")]
#[edgepod::action]
pub async fn keep(ctx: &ActionCtx, text: String) -> Result<(Option<String>, Option<String>)> {
    let worker = ctx.env.worker();
    let cache = worker.kv("CACHE")?;
    cache.put("text", &text)?.execute().await?;
    let of_kv = cache.get("text").text().await?;
    let files = worker.bucket("FILES")?;
    files.put("text", text.clone()).execute().await?;
    let file = files.get("text").execute().await?;
    let of_r2 = match file.as_ref().and_then(|file| file.body()) {
        Some(body) => Some(body.text().await?),
        None => None,
    };
    worker.queue("JOBS")?.send(text).await?;
    Ok((of_kv, of_r2))
}

/// There are none natively.
#[cfg(not(target_arch = "wasm32"))]
#[edgepod::action]
pub async fn ask_bindings(ctx: &ActionCtx) -> Result<(String, u32, u64)> {
    Err(Error::unavailable(format!(
        "{}, but there are no other bindings here.",
        ctx.env.var("GREETING").unwrap_or_default()
    )))
}

/// There are none natively.
#[cfg(not(target_arch = "wasm32"))]
#[edgepod::action]
pub async fn keep(_ctx: &ActionCtx, text: String) -> Result<(Option<String>, Option<String>)> {
    Err(Error::unavailable(format!("Nothing keeps `{text}` here.")))
}

/// Says something to the log before and after it waited.
#[edgepod::action]
pub async fn linger(_ctx: &ActionCtx, name: String) -> Result<()> {
    tracing::info!("{name} comes");
    let mut waited = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
    tracing::info!("{name} leaves");
    Ok(())
}

/// Whom a token is for that came as an argument.
#[edgepod::query]
pub async fn subject_of(ctx: &QueryCtx, token: String) -> Result<Option<String>> {
    Ok(edgepod::verify_jwt(&token, &ctx.env)?
        .subject()
        .map(str::to_owned))
}

edgepod::app!();
