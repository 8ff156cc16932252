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

/// Whom a token is for that came as an argument.
#[edgepod::query]
pub async fn subject_of(ctx: &QueryCtx, token: String) -> Result<Option<String>> {
    Ok(edgepod::verify_jwt(&token, &ctx.env)?
        .subject()
        .map(str::to_owned))
}

edgepod::app!();
