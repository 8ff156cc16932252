//! A collector that is slow, refuses, or is not there: calls do not notice, and the log hears of it once.

use std::time::{Duration, Instant};

use edgepod_tests::{cases, server, server::is_native};
use serde_json::json;

use super::{collector::Collector, spans::called};

cases![
    a_collector_that_stalls_holds_nobody,
    a_collector_that_is_not_there_is_said_once,
    a_collector_that_refuses_is_tried_again,
    what_is_left_is_sent_at_the_end,
    nothing_is_sent_where_it_is_switched_off,
];

/// Starts the server again with more in its environment.
fn again(vars: &[(&str, &str)]) {
    server().kill().expect("it runs");
    server().start_again_with(vars).expect("it starts again");
}

fn lines(words: &str) -> usize {
    let log = server().log();
    log.lines().filter(|line| line.contains(words)).count()
}

fn a_collector_that_stalls_holds_nobody() {
    if !is_native() {
        return;
    }
    let collector = Collector::start();
    collector.stall(true);
    again(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "16"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "60000"),
    ]);
    let began = Instant::now();
    for _ in 0..50 {
        called("getNotes", json!({}));
    }
    // It would be 60 s, if one of them waited.
    assert!(began.elapsed() < Duration::from_secs(30));
    server().log_line(&["16 spans wait to be sent", "are dropped"]);
    assert_eq!(lines("spans wait to be sent"), 1);
    assert_eq!(collector.count(), 0);
    collector.stall(false);
    // There is room again, and later ones come.
    collector.wait(1, |_| true);
    let later = called("getNotes", json!({}));
    let is_later = |name: &str| {
        collector
            .wait(0, |seen| {
                seen.text("edgepod.trace_id").as_deref() == Some(name)
            })
            .len()
            == 1
    };
    let began = Instant::now();
    let mut later = later;
    while !is_later(&later) {
        assert!(began.elapsed() < edgepod_tests::PATIENCE);
        std::thread::sleep(Duration::from_millis(200));
        if !is_later(&later) {
            later = called("getNotes", json!({}));
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

fn a_collector_that_is_not_there_is_said_once() {
    if !is_native() {
        return;
    }
    let before = lines("takes no spans");
    again(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")]);
    for _ in 0..5 {
        called("getNotes", json!({}));
        std::thread::sleep(Duration::from_millis(300));
    }
    server().log_line(&["The collector of traces takes no spans", "refused"]);
    assert_eq!(lines("takes no spans"), before + 1);
    server().assert_serving();
}

fn a_collector_that_refuses_is_tried_again() {
    if !is_native() {
        return;
    }
    let collector = Collector::start();
    collector.refuse(true);
    again(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)]);
    called("getNotes", json!({}));
    server().log_line(&["takes no spans", "400"]);
    collector.refuse(false);
    let name = called("getNotes", json!({}));
    collector.call(&name);
    server().log_line(&["takes spans again"]);
}

fn what_is_left_is_sent_at_the_end() {
    if !is_native() {
        return;
    }
    let collector = Collector::start();
    again(&[
        (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            &format!("{}/v1/traces", collector.url),
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", "3600000"),
    ]);
    let name = called("getNotes", json!({}));
    assert_eq!(collector.count(), 0);
    server().stop();
    collector.call(&name);
    server().start_again().expect("it starts again");
}

fn nothing_is_sent_where_it_is_switched_off() {
    if !is_native() {
        return;
    }
    let collector = Collector::start();
    again(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url),
        ("OTEL_SDK_DISABLED", "true"),
    ]);
    called("getNotes", json!({}));
    server().stop();
    assert_eq!(collector.count(), 0);
    server().start_again().expect("it starts again");
}
