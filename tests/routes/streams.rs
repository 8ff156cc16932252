//! Bodies that are streams: as much is made as is read, and who goes away ends them.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{PATIENCE, cases, server};
use serde_json::json;

cases![
    a_hundred_megabytes_arrive_whole_and_are_never_all_in_memory,
    no_more_is_made_than_is_read_and_who_goes_away_ends_it,
    an_event_arrives_before_the_next_and_who_goes_away_ends_the_waiting,
    head_makes_nothing,
    a_status_without_a_body_makes_nothing,
    what_breaks_off_is_not_taken_for_the_end,
    rows_are_read_and_written_while_the_client_reads,
    many_streams_at_once_are_each_their_own,
];

const CHUNK: usize = 64 * 1024;

/// A hundred megabytes.
const CHUNKS: usize = 1600;

const PLACES: [&str; 2] = ["object", "gateway"];

/// How many chunks were made, and how many streams are gone.
fn state() -> (usize, usize) {
    let state = server().request("GET", "/streams/state").without_key();
    let state = state.send().text();
    let (made, gone) = state.split_once(' ').expect("two numbers");
    (made.parse().unwrap(), gone.parse().unwrap())
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The body of a GET, as it comes.
fn reader(path: &str) -> impl Read + use<> {
    let url = format!("http://{}{path}", server().authority());
    let reply = ureq::get(url)
        .call()
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    reply
        .into_body()
        .into_with_config()
        .limit(u64::MAX)
        .reader()
}

/// A connection that has asked, and reads what it wants.
fn asked(path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server().authority()).expect("the server listens");
    let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("it is sent");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn a_hundred_megabytes_arrive_whole_and_are_never_all_in_memory() {
    for place in PLACES {
        // What this takes once, it takes before.
        std::io::copy(
            &mut reader(&format!("/streams/{place}/100")),
            &mut std::io::sink(),
        )
        .unwrap();
        let before = server().resident_memory();
        let is_over = AtomicBool::new(false);
        let most = thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut most = 0;
                while !is_over.load(Ordering::Relaxed) {
                    most = most.max(server().resident_memory().unwrap_or(0));
                    thread::sleep(Duration::from_millis(20));
                }
                most
            });
            let mut body = reader(&format!("/streams/{place}/{CHUNKS}"));
            let mut chunk = vec![0; CHUNK];
            for at in 0..CHUNKS {
                body.read_exact(&mut chunk).expect("a chunk");
                assert!(chunk.iter().all(|byte| *byte == at as u8), "chunk {at}");
            }
            assert_eq!(body.read(&mut chunk).expect("the end"), 0);
            is_over.store(true, Ordering::Relaxed);
            watch.join().expect("no panic")
        });
        if let Some(before) = before {
            let more = most.saturating_sub(before) >> 20;
            println!("{place}: {more} MB more than {} MB", before >> 20);
            // Chunks that were sent are garbage until V8 collects it.
            assert!(more < 64, "{place}: {more} MB more");
        }
    }
}

fn no_more_is_made_than_is_read_and_who_goes_away_ends_it() {
    for place in PLACES {
        let (before, gone) = state();
        let mut stream = asked(&format!("/streams/{place}/{CHUNKS}"));
        let mut some = vec![0; 10 * CHUNK];
        stream.read_exact(&mut some).expect("the first chunks");
        thread::sleep(Duration::from_millis(1500));
        let (made, still) = state();
        let made = made - before;
        // What the sockets of both ends hold is a few megabytes.
        assert!((10..400).contains(&made), "{place}: {made} chunks");
        assert_eq!(still, gone, "{place}");
        drop(stream);
        until(&format!("{place}: the stream goes on"), || {
            state().1 == gone + 1
        });
        let (later, _) = state();
        assert!(later - before < 400, "{place}: {} chunks", later - before);
    }
}

fn an_event_arrives_before_the_next_and_who_goes_away_ends_the_waiting() {
    for place in PLACES {
        let (_, gone) = state();
        let mut stream = asked(&format!("/streams/{place}/silent"));
        let mut text = String::new();
        let mut some = [0; 1024];
        while !text.contains("data: hello\n\n") {
            let read = stream.read(&mut some).expect("an event");
            assert!(read > 0, "{place}: {text}");
            text.push_str(&String::from_utf8_lossy(&some[..read]));
        }
        assert!(text.contains("text/event-stream"), "{text}");
        assert_eq!(state().1, gone, "{place}");
        drop(stream);
        until(&format!("{place}: the stream waits"), || {
            state().1 == gone + 1
        });
    }
}

fn head_makes_nothing() {
    for place in PLACES {
        let (made, gone) = state();
        let path = format!("/streams/{place}/{CHUNKS}");
        let reply = server().request("HEAD", &path).without_key().send();
        assert_eq!((reply.status, reply.body.len()), (200, 0));
        assert_eq!(reply.header("content-type"), Some("application/x-chunks"));
        until("it is gone", || state() == (made, gone + 1));
    }
}

fn a_status_without_a_body_makes_nothing() {
    for place in PLACES {
        for status in [204, 205, 304] {
            let (made, gone) = state();
            let path = format!("/streams/{place}/status/{status}");
            let reply = server().request("GET", &path).without_key().send();
            assert_eq!((reply.status, reply.body.len()), (status, 0), "{path}");
            until("it is gone", || state() == (made, gone + 1));
        }
    }
}

fn what_breaks_off_is_not_taken_for_the_end() {
    for place in PLACES {
        for how in ["error", "panic"] {
            let path = format!("/streams/{place}/breaks/{how}");
            let mut stream = asked(&path);
            let mut bytes = Vec::new();
            // It may be cut off before its head is sent.
            let _ = stream.read_to_end(&mut bytes);
            let text = String::from_utf8_lossy(&bytes);
            // How a body in chunks ends.
            assert!(!text.ends_with("0\r\n\r\n"), "{path}: {text}");
            assert!(!text.contains("secret"), "{text}");
            server().log_line(&[
                &format!("GET /streams/{place}/breaks/:how"),
                &format!("the secret in the stream's {how}"),
            ]);
            // And the next is served.
            let mut next = Vec::new();
            let path = format!("/streams/{place}/2");
            reader(&path).read_to_end(&mut next).expect("a whole one");
            assert_eq!(next.len(), 2 * CHUNK);
        }
    }
}

fn rows_are_read_and_written_while_the_client_reads() {
    let from = server::unique("exporter");
    server()
        .call("deliver")
        .args(json!({ "from": from, "count": 250 }))
        .ok();
    let mut text = String::new();
    let mut body = reader(&format!("/streams/deliveries/{from}"));
    body.read_to_string(&mut text).expect("all rows");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 251, "{text}");
    assert!(lines[249].ends_with(",body 249"), "{}", lines[249]);
    assert_eq!(lines[250], "end");
    let all = server().call("getDeliveries").ok();
    let exported = format!("{from} exported");
    let mut all = all.as_array().expect("rows").iter();
    assert!(all.any(|one| one["from"] == exported.as_str()));
}

fn many_streams_at_once_are_each_their_own() {
    thread::scope(|scope| {
        let all = (0..16).map(|at| {
            scope.spawn(move || {
                let chunks = 3 + at;
                let path = format!("/streams/{}/{chunks}", PLACES[at % 2]);
                let mut all = Vec::new();
                reader(&path).read_to_end(&mut all).expect("a whole one");
                assert_eq!(all.len(), chunks * CHUNK, "{path}");
                assert!(
                    all.chunks(CHUNK)
                        .enumerate()
                        .all(|(at, chunk)| { chunk.iter().all(|byte| *byte == at as u8) })
                );
            })
        });
        for one in all.collect::<Vec<_>>() {
            one.join().expect("no panic");
        }
    });
}
