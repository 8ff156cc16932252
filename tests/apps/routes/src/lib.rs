//! An app that is asked by programs that are no clients of its own, and asks others.
//!
//! The tests in `tests/routes` ask it on both hosts.

pub mod login;
pub mod signatures;
pub mod streams;

use edgepod::{
    http::{Bytes, Request, Response, StatusCode, header},
    prelude::*,
};
use signatures::{github, stripe};

/// What a hook was sent.
#[edgepod::table(name = "deliveries")]
pub struct Delivery {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// Who sent it.
    pub from: String,
    /// The body.
    pub body: String,
}

/// All deliveries, first to last.
#[edgepod::query]
pub async fn get_deliveries(ctx: &QueryCtx) -> Result<Vec<Delivery>> {
    ctx.db
        .select::<Delivery>()
        .order_by(Delivery::id.asc())
        .all()
}

fn text(text: impl Into<String>) -> Result<Response<Bytes>> {
    let response = Response::builder().header(header::CONTENT_TYPE, "text/plain");
    Ok(response.body(text.into().into())?)
}

fn keep(ctx: &ActionCtx, from: &str, body: &Bytes) -> Result<Delivery> {
    let body = String::from_utf8_lossy(body).into_owned();
    ctx.transaction(|tx| {
        let from = from.to_owned();
        tx.db.insert(NewDelivery { from, body }).returning()
    })
}

/// A hook of GitHub's.
#[edgepod::route(POST, "/hooks/github")]
async fn of_github(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    github(ctx, &request)?;
    keep(ctx, "github", request.body())?;
    Ok(Response::builder()
        .status(StatusCode::ACCEPTED)
        .body(Bytes::new())?)
}

/// A hook of Stripe's.
#[edgepod::route(POST, "/hooks/stripe")]
async fn of_stripe(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    stripe(ctx, &request)?;
    keep(ctx, "stripe", request.body())?;
    Ok(Response::new(Bytes::new()))
}

/// Keeps a text, and fails afterwards.
#[edgepod::route(POST, "/hooks/failing")]
async fn of_nobody(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    keep(ctx, "nobody", request.body())?;
    Err(Error::conflict("It was kept, and that is all."))
}

/// Panics.
#[edgepod::route(POST, "/hooks/panicking")]
async fn of_a_liar(_ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    if request.body().len() < usize::MAX {
        panic!("the secret in the panic");
    }
    Ok(Response::new(Bytes::new()))
}

/// The body again, and how it was asked for.
async fn echoed(request: Request<Bytes>) -> Result<Response<Bytes>> {
    let (parts, body) = request.into_parts();
    let mut response = Response::builder()
        .header("x-method", parts.method.as_str())
        .header("x-target", parts.uri.to_string());
    for name in ["content-type", "x-odd", "cookie"] {
        if let Some(value) = parts.headers.get(name) {
            response = response.header(name, value);
        }
    }
    Ok(response.body(body)?)
}

/// The body again.
#[edgepod::route(POST, "/echo/:rest")]
async fn echo(_: &ActionCtx, request: Request<Bytes>, rest: String) -> Result<Response<Bytes>> {
    let mut response = echoed(request).await?;
    response
        .headers_mut()
        .insert("x-rest", rest.escape_unicode().to_string().parse().unwrap());
    Ok(response)
}

/// The body again.
#[edgepod::route(PUT, "/echo/:rest")]
async fn put(_: &ActionCtx, request: Request<Bytes>, rest: String) -> Result<Response<Bytes>> {
    let _ = rest;
    echoed(request).await
}

/// What is gone.
#[edgepod::route(DELETE, "/echo/:rest")]
async fn delete(_: &ActionCtx, _: Request<Bytes>, rest: String) -> Result<Response<Bytes>> {
    let _ = rest;
    Ok(Response::builder()
        .status(StatusCode::NO_CONTENT)
        .body(Bytes::new())?)
}

/// A delivery's body, by its number.
#[edgepod::route(GET, "/deliveries/:id/:part")]
async fn delivery(
    ctx: &ActionCtx,
    _request: Request<Bytes>,
    part: String,
    id: i64,
) -> Result<Response<Bytes>> {
    let delivery = ctx
        .db
        .select::<Delivery>()
        .filter(Delivery::id.eq(id))
        .one()?;
    text(match &*part {
        "from" => delivery.from,
        "body" => delivery.body,
        _ => return Err(Error::not_found("A delivery has no such part.")),
    })
}

/// The same path, written out.
#[edgepod::route(GET, "/deliveries/last/body")]
async fn last(ctx: &ActionCtx, _request: Request<Bytes>) -> Result<Response<String>, Error> {
    let last = ctx
        .db
        .select::<Delivery>()
        .order_by(Delivery::id.desc())
        .first()?;
    Ok(Response::new(
        last.map_or_else(String::new, |last| last.body),
    ))
}

/// Somewhere else, with two cookies.
#[edgepod::route(GET, "/away")]
async fn away(_: &ActionCtx, _: Request<Bytes>) -> Result<Response<Bytes>> {
    Ok(Response::builder()
        .status(StatusCode::FOUND)
        .header(header::LOCATION, "https://example.com/?a=b")
        .header(header::SET_COOKIE, "a=1; HttpOnly")
        .header(header::SET_COOKIE, "b=2; Secure")
        .body(Bytes::new())?)
}

/// Who calls, and what they said of themselves.
#[edgepod::route(GET, "/me")]
async fn me(ctx: &ActionCtx, request: Request<Bytes>) -> Result<Response<Bytes>> {
    let user = ctx.user().and_then(Claims::subject).unwrap_or("nobody");
    let said = request.headers().get(header::AUTHORIZATION);
    text(format!("{user} {said:?}"))
}

/// A token for Ada.
#[edgepod::function]
pub async fn issue(ctx: &Ctx) -> Result<String> {
    ctx.sign_jwt(
        serde_json::json!({ "sub": "ada" }),
        std::time::Duration::from_secs(60),
    )
}

/// Lets in who is asked for over a path with a name, and says what it saw.
#[edgepod::middleware]
async fn polite(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
    let name: String = args.get("name")?.unwrap_or_default();
    let request = ctx.get::<Request<Bytes>>();
    if request.is_none_or(|request| request.method() != "GET") || name == "mallory" {
        return Err(Error::forbidden(format!("Not you, {name}.")));
    }
    if name == "json" {
        return Reply::new("hello");
    }
    next.run(ctx, args).await
}

/// Twice for each name.
#[edgepod::route(GET, "/greet/:name", middleware = [polite, rate_limit(2, Per::Hour, by = "name")])]
async fn greet(_: &ActionCtx, _: Request<Bytes>, name: String) -> Result<Response<Bytes>> {
    text(format!("hello {name}"))
}

/// A status that is none.
#[edgepod::route(GET, "/odd/:status")]
async fn odd(_: &ActionCtx, _: Request<Bytes>, status: u16) -> Result<Response<Bytes>> {
    let response = Response::builder().status(status);
    // What a host says of the connection is not the app's to say.
    let response = response
        .header("content-length", "7")
        .header("connection", "close");
    Ok(response.body(Bytes::from_static(b"odd"))?)
}

/// What a route without a database knows.
#[edgepod::route(POST, "/edge/:name", at = "gateway")]
async fn edge(ctx: &GatewayCtx, request: Request<Bytes>, name: String) -> Result<Response<Bytes>> {
    let user = ctx.user().and_then(Claims::subject).unwrap_or("nobody");
    let secret = ctx.env.var("STRIPE_SECRET").unwrap_or_default();
    let odd = ctx.headers.get("X-Odd").unwrap_or_default();
    let year = &ctx.now().to_string()[..2];
    let length = request.body().len();
    let half = ctx.blocking(move || length / 2).await;
    let response = Response::builder().header("x-target", request.uri().to_string());
    let text = format!("{name} {user} {secret} {odd} {year} {length} {half}");
    Ok(response.body(text.into())?)
}

/// The status of another server's answer.
#[edgepod::route(POST, "/edge-ask", at = "gateway")]
async fn edge_ask(ctx: &GatewayCtx, request: Request<Bytes>) -> Result<Response<String>> {
    let url = String::from_utf8_lossy(request.body()).into_owned();
    let answer = ctx.fetch(Request::put(url).body("asked")?).await?;
    Ok(Response::new(format!(
        "{} {}",
        answer.status(),
        base16ct::lower::encode_string(answer.body())
    )))
}

/// Fails in the way that the path names.
#[edgepod::route(GET, "/edge-fails/:how", at = "gateway")]
async fn edge_fails(_: &GatewayCtx, _: Request<Bytes>, how: String) -> Result<Response<Bytes>> {
    match &*how {
        "conflict" => Err(Error::conflict("Not now.")),
        "panic" => panic!("the secret in the panic"),
        _ => Err(Error::internal("the secret in the error")),
    }
}

/// Its own words for other origins.
#[edgepod::route(OPTIONS, "/open")]
async fn open_options(_: &ActionCtx, _: Request<Bytes>) -> Result<Response<Bytes>> {
    Ok(Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "https://example.com")
        .body(Bytes::new())?)
}

/// What another server answers: its status, headers of it, and the body as hexadecimal digits; or why there is none.
#[edgepod::action]
pub async fn ask(
    ctx: &ActionCtx,
    method: String,
    url: String,
    body: String,
    timeout: Option<u64>,
    limit: Option<usize>,
) -> Result<(u16, Vec<(String, String)>, String)> {
    let request = Request::builder()
        .method(&*method)
        .uri(url)
        .header("x-asked", "a:b  c")
        .header("accept-encoding", "br")
        .body(body)?;
    let mut asking = ctx.fetch(request);
    if let Some(timeout) = timeout {
        asking = asking.timeout(std::time::Duration::from_millis(timeout));
    }
    if let Some(limit) = limit {
        asking = asking.limit(limit);
    }
    let answer = asking.await?;
    let headers = answer
        .headers()
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("x-") || *name == "location");
    let headers = headers.map(|(name, value)| {
        (
            name.to_string(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    });
    let body = base16ct::lower::encode_string(answer.body());
    Ok((answer.status().as_u16(), headers.collect(), body))
}

/// Works for some seconds, and says how many notes there were before and after.
#[edgepod::action]
pub async fn work(ctx: &ActionCtx, seconds: u64) -> Result<(u64, u64)> {
    let before = ctx.db.select::<Delivery>().count()?;
    let worked = ctx.blocking(move || {
        // A Worker's clock stands still while it works, and it has no threads.
        #[cfg(not(target_arch = "wasm32"))]
        std::thread::sleep(std::time::Duration::from_secs(seconds));
        seconds
    });
    let worked = worked.await;
    assert_eq!(worked, seconds);
    Ok((before, ctx.db.select::<Delivery>().count()?))
}

/// Panics beside.
#[edgepod::action]
pub async fn work_and_panic(ctx: &ActionCtx) -> Result<()> {
    ctx.blocking(|| panic!("the secret in the panic")).await
}

/// Asks two servers at one time, of which the first waits for the second.
#[edgepod::action]
pub async fn ask_both(ctx: &ActionCtx, first: String, second: String) -> Result<Vec<u16>> {
    let ask = |url: String| async move {
        Ok::<_, Error>(
            ctx.fetch(Request::get(url).body("")?)
                .await?
                .status()
                .as_u16(),
        )
    };
    let (mut first, mut second) = (Box::pin(ask(first)), Box::pin(ask(second)));
    let mut all = [None, None];
    std::future::poll_fn(|cx| {
        for (place, asking) in [&mut first, &mut second].into_iter().enumerate() {
            if all[place].is_none()
                && let std::task::Poll::Ready(status) = asking.as_mut().poll(cx)
            {
                all[place] = Some(status);
            }
        }
        match all.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    all.into_iter().flatten().collect()
}

edgepod::app!();
