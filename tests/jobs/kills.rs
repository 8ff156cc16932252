//! The server is killed at random moments and started again: what was asked for is done once, and nothing else is.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{cases, server::unique};
use serde_json::{Value, json};

cases![nothing_is_lost_or_doubled_when_the_server_is_killed];

/// What a variable says, or this.
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Asks for jobs, from several threads, until told to stop. Gives what was promised.
fn ask(budget: &AtomicUsize, stop: &AtomicBool, seed: u64) -> Vec<String> {
    let promised = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for thread in 0..4 {
            let promised = &promised;
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed + thread);
                while !stop.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(random.u64(..30)));
                    let left = budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                        left.checked_sub(1)
                    });
                    if left.is_err() {
                        return;
                    }
                    let (name, kind) = match random.u8(..4) {
                        0 => ("addSlowlyLater", "action"),
                        1 => ("addAndLingerLater", "action"),
                        _ => ("addLater", "function"),
                    };
                    let key = unique(&format!("ledger-{kind}"));
                    let args = json!({ "key": key, "millis": random.u32(..1_500) });
                    let reply = edgepod_tests::server().call(name).args(args).try_send();
                    if reply.is_ok_and(|reply| reply.status == 200) {
                        promised.lock().unwrap().push(key);
                    }
                }
            });
        }
    });
    promised.into_inner().unwrap()
}

fn nothing_is_lost_or_doubled_when_the_server_is_killed() {
    let server = edgepod_tests::server();
    let jobs = number("EDGEPOD_JOBS", 400);
    let kills = number("EDGEPOD_JOBS_KILLS", 3);
    let seed = number("EDGEPOD_JOBS_SEED", fastrand::usize(..)) as u64;
    println!("seed {seed}, {jobs} jobs, {kills} kills");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut promised = Vec::new();
    let mut waited = 0;
    for kill in 0..kills {
        // Its share, so that no kill finds a server that has nothing to do.
        let budget = AtomicUsize::new(jobs * (kill + 1) / (kills + 1) - jobs * kill / (kills + 1));
        let seed = seed.wrapping_add(10 * (kill as u64 + 1));
        let stop = AtomicBool::new(false);
        let wait = Duration::from_millis(random.u64(100..2_500));
        thread::scope(|scope| {
            let asked = scope.spawn(|| ask(&budget, &stop, seed));
            thread::sleep(wait);
            server.kill().unwrap();
            stop.store(true, Ordering::Relaxed);
            promised.extend(asked.join().unwrap());
        });
        server.start_again().unwrap();
        let audit = server.call("audit").ok();
        waited += audit["missing"].as_array().unwrap().len();
    }
    let budget = AtomicUsize::new(jobs / (kills + 1));
    promised.extend(ask(&budget, &AtomicBool::new(false), seed));
    let mine = |audit: &Value, name: &str, kind: &str| -> Vec<String> {
        let keys = audit[name].as_array().unwrap().iter();
        keys.map(|key| key.as_str().unwrap().to_owned())
            .filter(|key| key.contains(kind))
            .collect()
    };
    let began = Instant::now();
    loop {
        let audit = server.call("audit").ok();
        let missing = mine(&audit, "missing", "ledger");
        if missing.is_empty() {
            break;
        }
        assert!(
            began.elapsed() < Duration::from_secs(180),
            "seed {seed}: {missing:?} are not done\n{}",
            server.log()
        );
        thread::sleep(Duration::from_millis(100));
    }
    // Time for what would be done again.
    thread::sleep(Duration::from_secs(2));
    let audit = server.call("audit").ok();
    let none: [String; 0] = [];
    assert_eq!(
        mine(&audit, "again", "ledger-function"),
        none,
        "seed {seed}: done twice"
    );
    assert_eq!(
        mine(&audit, "keys", "ledger"),
        none,
        "seed {seed}: under other keys"
    );
    assert_eq!(
        mine(&audit, "unasked", "ledger"),
        none,
        "seed {seed}: nobody asked for them"
    );
    let done: std::collections::HashSet<String> = server
        .call("getEntries")
        .ok()
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["key"].as_str().unwrap().to_owned())
        .collect();
    let lost: Vec<&String> = promised.iter().filter(|key| !done.contains(*key)).collect();
    assert!(lost.is_empty(), "seed {seed}: lost {lost:?}");
    println!(
        "{} were promised, {} asked for, {} entries, {waited} waited through a kill, {} actions done again",
        promised.len(),
        audit["requests"],
        audit["entries"],
        mine(&audit, "again", "ledger").len()
    );
}
