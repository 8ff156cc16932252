//! Pods by the thousand, all of them with rows: what is open is bounded, and so are descriptors and memory. A program of its own, whose
//! figures are those of the server. `EDGEPOD_MANY_PODS=10000` for more of them.

#![cfg(target_os = "linux")]

use std::{
    fs,
    sync::{Arc, atomic::AtomicUsize, atomic::Ordering},
};

use edgepod::native::{Location, Server};
use edgepod_pods_app as _;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

/// Pods that may be open.
const OPEN: usize = 200;

const CLIENTS: usize = 8;

/// An open pod has three, and so many may be about to close.
const DESCRIPTORS: usize = 3 * (OPEN + CLIENTS);

/// What an open pod may take: half a MiB of SQLite's pages, one of kept answers, and half of one for all else.
const OF_A_POD: u64 = 2 << 20;

/// What may be left of all that were open once, however many: of 10,000 that is 3 KiB each, far less than one that is not closed.
const LEFT: u64 = 32 << 20;

/// Descriptors of this process, and its memory in bytes.
fn used() -> (usize, u64) {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().count();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes: u64 = kilobytes.unwrap().parse().unwrap();
    (descriptors, kilobytes << 10)
}

async fn call(server: &Server, pod: &str, name: &str, args: &Value) -> Value {
    let request = Request::post(format!("/rpc/{name}"))
        .header("x-edgepod-key", "key")
        .header("x-edgepod-pod", pod)
        .body(Full::from(args.to_string()))
        .unwrap();
    let body = server.answer(request).await.into_body();
    let body = body.collect().await.unwrap().to_bytes();
    let mut reply: Value = serde_json::from_slice(&body).unwrap();
    assert!(reply["error"].is_null(), "{pod}: {reply}");
    reply["data"].take()
}

/// Makes these pods, by several clients at a time; the most descriptors that there were.
async fn make(server: &Arc<Server>, pods: std::ops::Range<usize>) -> usize {
    let next = Arc::new(AtomicUsize::new(pods.start));
    let clients = (0..CLIENTS).map(|_| {
        let (server, next, end) = (server.clone(), next.clone(), pods.end);
        tokio::spawn(async move {
            let mut most = 0;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return most;
                }
                let pod = format!("open{number}");
                call(&server, &pod, "addNote", &json!({ "text": pod })).await;
                let notes = call(&server, &pod, "getNotes", &json!({})).await;
                assert_eq!(notes, json!([pod]));
                most = most.max(used().0);
            }
        })
    });
    let mut most = 0;
    for client in clients.collect::<Vec<_>>() {
        most = most.max(client.await.unwrap());
    }
    most
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_pods_take_no_more_descriptors_and_memory_than_those_that_are_open() {
    let all = std::env::var("EDGEPOD_MANY_PODS");
    let all = all.map_or(1000, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().unwrap();
    let open = OPEN.to_string();
    let vars = [("EDGEPOD_API_KEY", "key"), ("EDGEPOD_MAX_PODS", &*open)];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let place = Location::File(folder.path().join("data.sqlite"));
    let server = Arc::new(Server::start(place, vars.into()).unwrap());
    let (descriptors, memory) = used();
    // All places are taken, and each once more.
    let settled = 2 * OPEN;
    make(&server, 0..settled).await;
    let at_first = used().1;
    let most = make(&server, settled..all).await - descriptors;
    let at_last = used().1;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!(
        "{all} pods: {most} descriptors at most; {:.1} MiB, {:.1} with {settled}, {:.1} with none",
        mib(at_last),
        mib(at_first),
        mib(memory)
    );
    assert!(most <= DESCRIPTORS, "{most} descriptors");
    assert!(
        at_last <= memory + OPEN as u64 * OF_A_POD,
        "{} MiB, and {} before",
        mib(at_last),
        mib(memory)
    );
    assert!(
        at_last <= at_first + LEFT,
        "{} MiB, and {} with {settled} pods",
        mib(at_last),
        mib(at_first)
    );
}
