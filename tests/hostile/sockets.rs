//! WebSockets that do not read, are many, or name what there is not.

use std::time::Duration;

use edgepod_tests::{cases, server};

use crate::{native::Native, raw::Raw};

cases![
    a_socket_that_does_not_read_is_closed_with_a_reason,
    sockets_that_do_not_read_take_little_memory,
    an_idle_socket_is_cheap,
    a_session_has_so_many_sockets,
    an_address_has_so_many_sockets,
    a_client_that_is_gone_is_noticed,
];

fn watch(native: &Native, session: &str) -> Raw {
    let raw = native.socket(session);
    native.call("watchLong").session(session).ok();
    raw
}

fn a_socket_that_does_not_read_is_closed_with_a_reason() {
    // The queue is full long before a client has had its time to read.
    let native = Native::start(&[
        ("EDGEPOD_MAX_SOCKET_QUEUE", "4"),
        ("EDGEPOD_WRITE_TIMEOUT", "300"),
    ]);
    let mut deaf = watch(&native, "deaf");
    let mut reader = watch(&native, "reader");
    // More than the system keeps for a connection, and not so many that the server's goodbye is over before it is heard.
    for _ in 0..800 {
        native.call("touchLong").ok();
        assert!(reader.frame().is_some());
    }
    assert_eq!(deaf.close_code(), 1013);
    // It comes again and is told what it missed.
    let mut again = native.raw();
    let target = format!(
        "/ws?key={}&sessionId=deaf&since=0.0&table=notes",
        server().key
    );
    assert_eq!(again.upgrade(&target), 101);
    let (_, hello) = again.frame().expect("a greeting");
    let hello = String::from_utf8_lossy(&hello).into_owned();
    assert!(
        hello.contains("\"hello\"") && hello.contains("notes"),
        "{hello}"
    );
}

fn sockets_that_do_not_read_take_little_memory() {
    let native = Native::start(&[("EDGEPOD_MAX_SOCKET_QUEUE", "4")]);
    let deaf: Vec<Raw> = (0..1000)
        .map(|i| watch(&native, &format!("deaf-{i}")))
        .collect();
    let touch = |times: usize| {
        for _ in 0..times {
            native.call("touchLong").ok();
        }
        native.memory()
    };
    // What the system takes for each of them, then what the queues do, and they are full; and then 1 MB more.
    let full = touch(250);
    let after = touch(100);
    assert!(
        after < full + 20_000 && after < 500_000,
        "{full} kB, then {after} kB for 1000 sockets"
    );
    drop(deaf);
    native.call("getNotes").ok();
}

fn an_idle_socket_is_cheap() {
    let native = Native::start(&[]);
    let first: Vec<Raw> = (0..100).map(|i| native.socket(&format!("a{i}"))).collect();
    let before = native.memory();
    let sockets: Vec<Raw> = (0..500).map(|i| native.socket(&format!("b{i}"))).collect();
    std::thread::sleep(Duration::from_millis(200));
    let each = (native.memory() - before) as f64 / 500.0;
    eprintln!("an idle socket takes {each:.1} kB");
    assert!(each < 20.0, "an idle socket takes {each:.1} kB");
    drop((first, sockets));
}

fn a_session_has_so_many_sockets() {
    let native = Native::start(&[("EDGEPOD_MAX_SOCKETS_PER_SESSION", "2")]);
    let target = |session: &str| format!("/ws?key={}&sessionId={session}", server().key);
    let sockets = [native.socket("one"), native.socket("one")];
    assert_eq!(native.raw().upgrade(&target("one")), 429);
    assert_eq!(native.raw().upgrade(&target("two")), 101);
    drop(sockets);
    opens_soon(&native, &target("one"));
}

fn opens_soon(native: &Native, target: &str) {
    let began = std::time::Instant::now();
    while native.raw().upgrade(target) != 101 {
        assert!(began.elapsed() < crate::raw::PATIENCE, "{target}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn an_address_has_so_many_sockets() {
    let native = Native::start(&[("EDGEPOD_MAX_SOCKETS_PER_ADDRESS", "3")]);
    let sockets: Vec<Raw> = (0..3).map(|i| native.socket(&format!("s{i}"))).collect();
    let target = format!("/ws?key={}&sessionId=s4", server().key);
    assert_eq!(native.raw().upgrade(&target), 429);
    // Calls are another matter.
    native.call("getNotes").ok();
    drop(sockets);
    opens_soon(&native, &target);
}

fn a_client_that_is_gone_is_noticed() {
    let native = Native::start(&[("EDGEPOD_IDLE_TIMEOUT", "0.3")]);
    let mut silent = native.socket("silent");
    // It is asked whether it is there, says nothing, and is given up.
    let (first, _) = silent.frame().expect("a ping");
    assert_eq!(first, 0x89);
    silent.closed();
}
