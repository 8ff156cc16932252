//! `edgepod::app!()` in two modules: a message before the first request, with both places.

use edgepod_runtime::engine::Registry;

mod one {
    edgepod::app!();
}

mod two {
    edgepod::app!();
}

#[test]
fn both_places_are_named() {
    let message = Registry::collect().err().expect("two apps").to_string();
    assert!(
        message.contains("several_apps.rs:6") && message.contains("several_apps.rs:10"),
        "{message}"
    );
}
