//! All of it at once, for as long as `EDGEPOD_HOSTILE_MINUTES` says, beside a friendly client.

use std::{
    io::Write as _,
    net::{Shutdown, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{cases, server};
use serde_json::json;

use crate::{
    native::Native,
    raw::{PATIENCE, Raw, call},
};

cases![a_friendly_client_is_served_throughout];

/// How long a short siege takes, in minutes.
const SHORT: f64 = 0.1;

/// How long it takes at least until the process has met each attack in all its forms.
const WARM_UP: Duration = Duration::from_secs(4);

/// The part of a long siege after which its caches (SQLite's pages, the allocator's) are as full as they become.
const WARM_UP_PART: f64 = 0.1;

/// Until the last connection of a siege has been given up.
const REST: Duration = Duration::from_secs(7);

/// On a busy machine no call is quicker than this, so a quiet one is no measure below it.
const QUICK: Duration = Duration::from_millis(10);

type Attack = fn(&str, &str, &mut fastrand::Rng);

const ATTACKS: &[Attack] = &[
    bare,
    slow_head,
    stalled_body,
    deaf,
    garbage,
    broken_frames,
    abandoned,
];

fn connect(authority: &str) -> Option<TcpStream> {
    let stream = TcpStream::connect(authority).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .ok()?;
    Some(stream)
}

fn bare(authority: &str, _: &str, _: &mut fastrand::Rng) {
    let held: Vec<_> = (0..30).map(|_| connect(authority)).collect();
    thread::sleep(Duration::from_millis(100));
    drop(held);
}

fn slow_head(authority: &str, key: &str, _: &mut fastrand::Rng) {
    let Some(mut stream) = connect(authority) else {
        return;
    };
    for byte in call("getNotes", key, "", "{}").into_iter().take(20) {
        if stream.write_all(&[byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn stalled_body(authority: &str, key: &str, random: &mut fastrand::Rng) {
    let head = format!(
        "POST /rpc/addNote HTTP/1.1\r\nhost: a\r\nx-edgepod-key: {key}\r\ncontent-length: 4000000\r\n\r\n"
    );
    let held: Vec<_> = (0..5)
        .filter_map(|_| {
            let mut stream = connect(authority)?;
            stream.write_all(head.as_bytes()).ok()?;
            stream
                .write_all(&vec![b'x'; random.usize(1..300_000)])
                .ok()?;
            Some(stream)
        })
        .collect();
    thread::sleep(Duration::from_millis(300));
    drop(held);
}

/// Sockets that never read.
fn deaf(authority: &str, key: &str, random: &mut fastrand::Rng) {
    let held: Vec<_> = (0..5)
        .filter_map(|_| {
            let mut stream = connect(authority)?;
            let session = random.u32(..);
            let target = format!("/ws?key={key}&sessionId={session}&since=&table=notes");
            let handshake = handshake(&target);
            stream.write_all(handshake.as_bytes()).ok()?;
            Some(stream)
        })
        .collect();
    thread::sleep(Duration::from_millis(300));
    drop(held);
}

fn handshake(target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

fn garbage(authority: &str, key: &str, random: &mut fastrand::Rng) {
    let Some(mut stream) = connect(authority) else {
        return;
    };
    let mut bytes = call(
        "addNote",
        key,
        "x-edgepod-session-id: g\r\n",
        "{\"text\":\"g\"}",
    );
    for _ in 0..random.usize(1..20) {
        let place = random.usize(..bytes.len());
        bytes[place] = random.u8(..);
    }
    let _ = stream.write_all(&bytes);
    let _ = std::io::Read::read(&mut stream, &mut [0; 512]);
}

fn broken_frames(authority: &str, key: &str, random: &mut fastrand::Rng) {
    let Some(mut stream) = connect(authority) else {
        return;
    };
    let _ = stream.write_all(handshake(&format!("/ws?key={key}&sessionId=f")).as_bytes());
    let frame: Vec<u8> = (0..random.usize(1..64)).map(|_| random.u8(..)).collect();
    let _ = stream.write_all(&frame);
    let _ = std::io::Read::read(&mut stream, &mut [0; 512]);
}

/// Calls whose client does not wait for the reply.
fn abandoned(authority: &str, key: &str, _: &mut fastrand::Rng) {
    for _ in 0..5 {
        if let Some(mut stream) = connect(authority) {
            let _ = stream.write_all(&call("getLarge", key, "", "{\"bytes\":100000}"));
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// The 99th of 100 of these times.
fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[(times.len() * 99 / 100).min(times.len() - 1)]
}

/// A call as the project's client makes it: one that got no reply is made again under the same key, so that it is done once.
/// What that takes counts as the call's time.
fn friendly_call(native: &Native, text: &str) -> Duration {
    let began = Instant::now();
    let key = server::unique("friendly");
    loop {
        let reply = native
            .call("addNote")
            .args(json!({"text": text}))
            .header("x-edgepod-idempotency-key", &key)
            .try_send();
        match reply {
            Ok(reply) => {
                assert_eq!(reply.status, 200, "{}", reply.text());
                return began.elapsed();
            }
            // A connection that waited for its request has given way to others, or the machine stood still for longer than
            // the server waits for a request.
            Err(error) => assert!(began.elapsed() < PATIENCE, "no reply: {error}"),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Ends the attacks, also when the friendly client fails: a scope waits for its threads.
struct EndsWith<'a>(&'a AtomicBool);

impl Drop for EndsWith<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// All attacks at once for so long, and how long each call of a friendly client took meanwhile.
fn besiege(native: &Native, seed: u64, time: Duration) -> Vec<Duration> {
    let is_over = AtomicBool::new(false);
    let mut times = Vec::new();
    thread::scope(|scope| {
        let _end = EndsWith(&is_over);
        for (place, attack) in (0..).zip(ATTACKS) {
            let is_over = &is_over;
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed ^ place);
                while !is_over.load(Ordering::Relaxed) {
                    attack(native.authority(), &server().key, &mut random);
                }
            });
        }
        let end = Instant::now() + time;
        while Instant::now() < end {
            times.push(friendly_call(native, "friendly"));
            thread::sleep(Duration::from_millis(5));
        }
    });
    times
}

fn a_friendly_client_is_served_throughout() {
    let asked: Option<f64> = std::env::var("EDGEPOD_HOSTILE_MINUTES")
        .ok()
        .and_then(|text| text.parse().ok());
    let minutes = asked.unwrap_or(SHORT);
    let native = Native::start(&[
        ("EDGEPOD_MAX_CONNECTIONS", "400"),
        ("EDGEPOD_MAX_CONNECTIONS_PER_ADDRESS", "200"),
        ("EDGEPOD_MAX_BODY_MEMORY", "4000000"),
        ("EDGEPOD_HEADER_TIMEOUT", "1"),
        ("EDGEPOD_BODY_TIMEOUT", "1"),
        ("EDGEPOD_WRITE_TIMEOUT", "1"),
        ("EDGEPOD_IDLE_TIMEOUT", "5"),
    ]);
    let quiet = p99((0..200)
        .map(|_| friendly_call(&native, "friendly"))
        .collect());
    let seed = fastrand::u64(..);
    // What an attack makes the process keep for good is no leak, however often it comes.
    let time = Duration::from_secs_f64(minutes * 60.0);
    let warm_up = WARM_UP.max(time.mul_f64(WARM_UP_PART));
    let mut written = 200 + besiege(&native, seed, warm_up).len();
    thread::sleep(REST);
    let memory = native.memory();
    let times = besiege(&native, seed + 1, time);
    written += times.len();
    let under_siege = p99(times);

    // Every write that was acknowledged is there.
    let count = native
        .call("countNotes")
        .args(json!({"text": "friendly"}))
        .ok();
    assert_eq!(count, written, "seed {seed}");
    thread::sleep(REST);
    let left = native.memory();
    eprintln!(
        "seed {seed}: {written} writes, p99 {quiet:?} before and {under_siege:?} under siege, {memory} kB before and {left} kB after"
    );
    // How long a call takes is judged in long runs on a quiet machine; a test is right on any.
    assert!(
        asked.is_none() || under_siege <= 10 * quiet.max(QUICK),
        "p99 {under_siege:?}, and {quiet:?} when all is quiet; seed {seed}"
    );
    assert!(
        left as f64 <= 1.2 * memory as f64,
        "{left} kB are left of {memory}; seed {seed}"
    );
    let mut raw: Raw = native.raw();
    raw.send(call("getNotes", &server().key, "", "{}"));
    assert_eq!(raw.status(), 200);
}
