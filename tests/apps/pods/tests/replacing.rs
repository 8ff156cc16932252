//! The native host replaces the data of a pod that somebody uses for as long as they can.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use edgepod::{
    http::{Body, Bytes, Request, Response},
    native::{Location, Server},
    prelude::*,
};
use edgepod_pods_app as _;
use futures_util::stream::{self, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How many streams have ended.
static GONE: AtomicUsize = AtomicUsize::new(0);

struct Stream(#[expect(dead_code, reason = "a stream of the object has its context")] ActionCtx);

impl Drop for Stream {
    fn drop(&mut self) {
        GONE.fetch_add(1, Ordering::SeqCst);
    }
}

/// A chunk, and then nothing for ever.
#[edgepod::route(GET, "/silent")]
async fn silent(ctx: &ActionCtx, _: Request<Bytes>) -> Result<Response<Body>> {
    let first = stream::iter([Ok::<_, Error>("chunk")]);
    let stream = Stream(ctx.clone());
    let rest = stream::poll_fn(move |_| {
        let _ = &stream;
        std::task::Poll::Pending
    });
    Ok(Response::new(Body::from_stream(first.chain(rest))))
}

/// More chunks than are read.
#[edgepod::route(GET, "/endless")]
async fn endless(ctx: &ActionCtx, _: Request<Bytes>) -> Result<Response<Body>> {
    let stream = Stream(ctx.clone());
    let chunks = stream::repeat_with(move || {
        let _ = &stream;
        Ok::<_, Error>("chunk")
    });
    Ok(Response::new(Body::from_stream(chunks)))
}

/// Asks for itself again.
#[edgepod::function(job)]
async fn go_on(ctx: &Ctx) -> Result<()> {
    ctx.jobs().after(Duration::ZERO, go_on::call())?;
    Ok(())
}

fn start(folder: &TempDir) -> Server {
    let vars = [("EDGEPOD_API_KEY", "key"), ("EDGEPOD_ADMIN_KEY", ADMIN)];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Server::start(
        Location::File(folder.path().join("data.sqlite")),
        vars.into(),
    )
    .unwrap()
}

const ADMIN: &str = "an-admin-key-of-more-than-thirty-two-letters";

async fn ask(
    server: &Server,
    method: &str,
    path: &str,
    body: &str,
) -> (
    u16,
    impl http_body::Body<Data = Bytes, Error: std::fmt::Debug> + Unpin + use<>,
) {
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("x-edgepod-key", "key")
        .header("x-edgepod-pod", "open")
        .header("authorization", format!("Bearer {ADMIN}"))
        .body(Full::<Bytes>::from(body.to_owned()))
        .unwrap();
    let reply = server.answer(request).await;
    (reply.status().as_u16(), Box::pin(reply.into_body()))
}

/// What is answered.
async fn data(server: &Server, path: &str, body: &str) -> Value {
    let (status, body) = ask(server, "POST", path, body).await;
    let body = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&body);
    assert_eq!(status, 200, "{path}: {text}");
    let reply: Value = serde_json::from_str(&text).unwrap();
    reply["data"].clone()
}

/// Puts nothing in the place of what the pod has.
async fn replace(server: &Server) {
    let push = data(server, "/_edgepod/v1/data/push?pod=open&replace=1", "").await;
    let id = push["id"].as_str().unwrap_or_else(|| panic!("{push}"));
    let commit = format!("/_edgepod/v1/data/commit?pod=open&replace=1&bytes=0&id={id}");
    data(server, &commit, "").await;
    let notes = data(server, "/rpc/getNotes", "{}").await;
    assert_eq!(notes, json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_streams_of_a_pod_that_is_replaced_break_off() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder);
    data(&server, "/rpc/addNote", r#"{"text":"old"}"#).await;
    let mut bodies = Vec::new();
    for path in ["/silent", "/endless"] {
        let (status, mut body) = ask(&server, "GET", path, "").await;
        assert_eq!(status, 200);
        let first = body.frame().await.unwrap().unwrap();
        assert_eq!(first.into_data().unwrap(), "chunk");
        bodies.push(body);
    }
    replace(&server).await;
    assert_eq!(GONE.load(Ordering::SeqCst), 2);
    for body in bodies {
        assert!(body.collect().await.is_err(), "it is no end");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_whose_jobs_have_no_end_is_replaced_between_two() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder);
    data(&server, "/rpc/goOn", "{}").await;
    replace(&server).await;
}
