//! Bodies that are streams: long ones, silent ones and some that break off, with and without the database.

use std::sync::atomic::{AtomicUsize, Ordering};

use edgepod::{
    http::{Body, Bytes, Request, Response, header},
    prelude::*,
};
use futures_util::{Stream, stream};

use crate::{Delivery, NewDelivery};

/// The bytes of a chunk.
const CHUNK: usize = 64 * 1024;

/// Chunks that were made.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// Streams that are gone.
static GONE: AtomicUsize = AtomicUsize::new(0);

/// Counts its stream as gone when it is.
struct Alive;

impl Drop for Alive {
    fn drop(&mut self) {
        GONE.fetch_add(1, Ordering::Relaxed);
    }
}

/// How many chunks were made, and how many streams are gone.
#[edgepod::route(GET, "/streams/state", at = "gateway")]
async fn state(_: &GatewayCtx, _: Request<Bytes>) -> Result<Response<String>> {
    let [made, gone] = [&MADE, &GONE].map(|count| count.load(Ordering::Relaxed));
    Ok(Response::new(format!("{made} {gone}")))
}

/// So many chunks: each is full of the lowest byte of its number.
fn numbered(chunks: usize) -> impl Stream<Item = Result<Bytes>> {
    stream::unfold((0, Alive), move |(at, alive)| async move {
        (at < chunks).then(|| {
            MADE.fetch_add(1, Ordering::Relaxed);
            (Ok(vec![at as u8; CHUNK].into()), (at + 1, alive))
        })
    })
}

/// So many chunks, from the object.
#[edgepod::route(GET, "/streams/object/:chunks")]
async fn of_object(_: &ActionCtx, _: Request<Bytes>, chunks: usize) -> Result<Response<Body>> {
    let response = Response::builder().header(header::CONTENT_TYPE, "application/x-chunks");
    Ok(response.body(Body::from_stream(numbered(chunks)))?)
}

/// So many chunks, without an object.
#[edgepod::route(GET, "/streams/gateway/:chunks", at = "gateway")]
async fn of_gateway(_: &GatewayCtx, _: Request<Bytes>, chunks: usize) -> Result<Response<Body>> {
    let response = Response::builder().header(header::CONTENT_TYPE, "application/x-chunks");
    Ok(response.body(Body::from_stream(numbered(chunks)))?)
}

/// Waits for longer than any test; on a Worker, which hears that its client is gone when it says something, for a second.
async fn long() {
    #[cfg(target_arch = "wasm32")]
    edgepod::worker::Delay::from(std::time::Duration::from_secs(1)).await;
    #[cfg(not(target_arch = "wasm32"))]
    std::future::pending::<()>().await;
}

/// One event, and then comments.
fn silent() -> impl Stream<Item = Result<&'static str>> {
    stream::unfold((false, Alive), |(said, alive)| async move {
        if said {
            long().await;
        }
        let event = if said { ":\n\n" } else { "data: hello\n\n" };
        Some((Ok(event), (true, alive)))
    })
}

fn events() -> Result<Response<Body>> {
    let response = Response::builder().header(header::CONTENT_TYPE, "text/event-stream");
    Ok(response.body(Body::from_stream(silent()))?)
}

/// An event from the object.
#[edgepod::route(GET, "/streams/object/silent")]
async fn silent_object(_: &ActionCtx, _: Request<Bytes>) -> Result<Response<Body>> {
    events()
}

/// An event without an object.
#[edgepod::route(GET, "/streams/gateway/silent", at = "gateway")]
async fn silent_gateway(_: &GatewayCtx, _: Request<Bytes>) -> Result<Response<Body>> {
    events()
}

/// A chunk, then what breaks it off: an error, or a panic.
fn broken(how: String) -> Body {
    Body::from_stream(stream::unfold(0, move |at| {
        let panics = how == "panic";
        async move {
            let chunk = match at {
                0 => Ok("begun,"),
                1 => Ok(""),
                _ if panics => panic!("the secret in the stream's panic"),
                _ => Err(Error::internal("the secret in the stream's error")),
            };
            Some((chunk, at + 1))
        }
    }))
}

/// One that breaks off, from the object.
#[edgepod::route(GET, "/streams/object/breaks/:how")]
async fn broken_object(_: &ActionCtx, _: Request<Bytes>, how: String) -> Result<Response<Body>> {
    Ok(Response::new(broken(how)))
}

/// One that breaks off, without an object.
#[edgepod::route(GET, "/streams/gateway/breaks/:how", at = "gateway")]
async fn broken_gateway(_: &GatewayCtx, _: Request<Bytes>, how: String) -> Result<Response<Body>> {
    Ok(Response::new(broken(how)))
}

/// A stream under this status, which may have no body: from the object.
#[edgepod::route(GET, "/streams/object/status/:status")]
async fn status_object(_: &ActionCtx, _: Request<Bytes>, status: u16) -> Result<Response<Body>> {
    let response = Response::builder().status(status);
    Ok(response.body(Body::from_stream(numbered(1)))?)
}

/// The same without an object.
#[edgepod::route(GET, "/streams/gateway/status/:status", at = "gateway")]
async fn status_gateway(_: &GatewayCtx, _: Request<Bytes>, status: u16) -> Result<Response<Body>> {
    let response = Response::builder().status(status);
    Ok(response.body(Body::from_stream(numbered(1)))?)
}

/// All deliveries of a sender as CSV, read in pages while the client reads; at the end it keeps that it was done.
#[edgepod::route(GET, "/streams/deliveries/:from")]
async fn csv(ctx: &ActionCtx, _: Request<Bytes>, from: String) -> Result<Response<Body>> {
    let begin = (ctx.clone(), Some(0));
    let pages = stream::try_unfold(begin, move |(ctx, after)| {
        let from = from.clone();
        async move {
            let Some(after) = after else { return Ok(None) };
            let page = ctx
                .db
                .select::<Delivery>()
                .filter(Delivery::from.eq(from.as_str()).and(Delivery::id.gt(after)))
                .order_by(Delivery::id.asc())
                .limit(100)
                .all()?;
            let Some(last) = page.last().map(|last| last.id) else {
                let (from, body) = (format!("{from} exported"), String::new());
                ctx.transaction(|tx| tx.db.insert(NewDelivery { from, body }).exec())?;
                return Ok::<_, Error>(Some(("end\n".to_owned(), (ctx, None))));
            };
            let lines = page.iter().map(|one| format!("{},{}\n", one.id, one.body));
            Ok(Some((lines.collect(), (ctx, Some(last)))))
        }
    });
    let response = Response::builder().header(header::CONTENT_TYPE, "text/csv");
    Ok(response.body(Body::from_stream(pages))?)
}

/// Adds deliveries.
#[edgepod::function]
pub async fn deliver(ctx: &Ctx, from: String, count: usize) -> Result<()> {
    for at in 0..count {
        let (from, body) = (from.clone(), format!("body {at}"));
        ctx.db.insert(NewDelivery { from, body }).exec()?;
    }
    Ok(())
}
