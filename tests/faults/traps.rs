//! A trap that is no panic costs one call, too: a full stack, `unreachable`, an address behind the end of the memory, an
//! allocation that fails. On a Durable Object only: the native host's process ends with them, and is started again.

use std::{thread, time::Duration};

use edgepod_tests::{Call, cases, server};
use serde_json::json;

use crate::{notes, reader};

cases![
    a_trap_in_a_query_is_an_internal_error,
    a_trap_in_a_function_rolls_back,
    a_trap_in_an_action_is_an_internal_error,
    a_trap_in_a_transaction_of_an_action_rolls_back,
    a_trap_answers_the_actions_that_it_takes_along,
    a_trap_in_a_batch_fails_its_item_only,
    sockets_and_subscriptions_outlive_a_trap,
    many_traps_leave_the_server_serving,
    an_instance_that_ended_gives_its_memory_back,
];

const HOWS: [&str; 4] = ["stack", "unreachable", "bounds", "memory"];

/// All that a Worker answers without a function is answered, and so are functions of each kind.
#[track_caller]
fn assert_serving() {
    let preflight = server().request("OPTIONS", "/rpc/getNotes").send();
    assert_eq!(preflight.status, 204, "{}", preflight.text());
    let keys = server().request("GET", "/.well-known/jwks.json").send();
    assert!(matches!(keys.status, 200 | 404), "{}", keys.text());
    assert!(keys.json().is_object(), "{}", keys.text());
    let text = server::unique("after");
    server().call("addNote").args(json!({"text": text})).ok();
    server()
        .call("commitAndFail")
        .args(json!({"text": text}))
        .error(400);
    assert_eq!(notes(&text), 2);
}

#[track_caller]
fn assert_internal(call: Call<'_>, name: &str) {
    let error = call.error(500);
    assert_eq!(error["code"], "INTERNAL", "{error}");
    assert!(!error.to_string().contains("wasm"), "{error}");
    let trace = error["trace_id"].as_str().expect("a trace id");
    server().log_line(&[r#""level":"error""#, trace, name]);
    assert_serving();
}

fn a_trap_in_a_query_is_an_internal_error() {
    for how in HOWS {
        let args = json!({"how": how});
        assert_internal(
            server().call("getNotesAndTrap").args(args.clone()),
            "getNotesAndTrap",
        );
        assert_internal(server().get("getNotesAndTrap", &args), "getNotesAndTrap");
    }
}

fn a_trap_in_a_function_rolls_back() {
    for how in HOWS {
        let text = server::unique("trapped");
        let args = json!({"text": text, "how": how});
        assert_internal(server().call("addNoteAndTrap").args(args), "addNoteAndTrap");
        assert_eq!(notes(&text), 0);
    }
}

fn a_trap_in_an_action_is_an_internal_error() {
    for how in HOWS {
        for waits in [false, true] {
            let args = json!({"how": how, "waits": waits});
            assert_internal(server().call("actAndTrap").args(args), "actAndTrap");
        }
    }
}

fn a_trap_in_a_transaction_of_an_action_rolls_back() {
    for how in HOWS {
        for waits in [false, true] {
            let text = server::unique("trapped");
            let args = json!({"text": text, "how": how, "waits": waits});
            assert_internal(
                server().call("transactAndTrap").args(args),
                "transactAndTrap",
            );
            assert_eq!(notes(&text), 0);
        }
    }
}

fn a_trap_answers_the_actions_that_it_takes_along() {
    for waits in [false, true] {
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| server().call("actForEver").error(500)))
                .collect();
            // They must have begun.
            thread::sleep(Duration::from_secs(3));
            assert!(waiting.iter().all(|call| !call.is_finished()));
            let args = json!({"how": "stack", "waits": waits});
            server().call("actAndTrap").args(args).error(500);
            for call in waiting {
                let error = call.join().expect("an answer");
                assert_eq!(error["code"], "INTERNAL");
            }
        });
        assert_serving();
    }
}

fn a_trap_in_a_batch_fails_its_item_only() {
    let calls: Vec<_> = HOWS
        .iter()
        .flat_map(|how| {
            [
                json!({"name": "getNotesAndTrap", "args": {"how": how}}),
                json!({"name": "getNumbers"}),
            ]
        })
        .collect();
    let reply = server()
        .request("POST", "/rpc")
        .args(json!({"calls": calls}))
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let reply = reply.json();
    let status: Vec<_> = reply["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|result| &result["status"])
        .collect();
    assert_eq!(status, [500, 200, 500, 200, 500, 200, 500, 200]);
    assert_serving();
}

fn sockets_and_subscriptions_outlive_a_trap() {
    for how in HOWS {
        let mut socket = reader();
        server()
            .call("getNotesAndTrap")
            .args(json!({"how": how}))
            .error(500);
        let args = json!({"text": "gone", "how": how});
        server().call("addNoteAndTrap").args(args).error(500);
        socket.ping();
        // Another socket comes and goes in the instance that was started for it.
        drop(reader());
        server()
            .call("addNote")
            .args(json!({"text": "after the trap"}))
            .ok();
        socket.stale_of("notes");
    }
}

fn many_traps_leave_the_server_serving() {
    thread::scope(|scope| {
        for how in HOWS {
            scope.spawn(move || {
                for _ in 0..10 {
                    let args = json!({"how": how});
                    server().call("getNotesAndTrap").args(args).error(500);
                    let text = server::unique("between");
                    server().call("addNote").args(json!({"text": text})).ok();
                }
            });
        }
    });
    assert_serving();
}

/// Each instance fills 200 MB and ends; thirty of them would be 6 GB. When the platform collects what they leave is its own
/// affair, so that several may be there at once.
fn an_instance_that_ended_gives_its_memory_back() {
    for _ in 0..30 {
        let args = json!({"megabytes": 200});
        server().call("keepMemory").args(args).ok();
        server()
            .call("getNotesAndTrap")
            .args(json!({"how": "stack"}))
            .error(500);
    }
    assert_serving();
    let Some(resident) = server().resident_memory() else {
        return;
    };
    assert!(
        resident < 3_000_000_000,
        "the server has {resident} bytes of memory"
    );
}
