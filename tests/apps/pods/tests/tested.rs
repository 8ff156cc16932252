//! The app in a test, with pods.

use std::time::Duration;

use edgepod::testing::TestApp;
use edgepod_pods_app::{add_note, get_notes, where_am_i};

#[edgepod::test]
async fn a_pod_has_its_own_data_engine_and_windows(app: TestApp) {
    let (acme, globex) = (app.pod("acme"), app.pod("globex"));
    let ours = acme.user("ada").watch(get_notes::call());
    let theirs = globex.user("bob").watch(get_notes::call());
    acme.user("ada").call(add_note::call("milk")).await?;
    assert_eq!((ours.refetches(), theirs.refetches()), (1, 0));
    assert_eq!(ours.data()?, ["milk"]);
    assert!(theirs.data()?.is_empty());
    assert_eq!(acme.call(where_am_i::call()).await?, "acme");
    assert_eq!(app.call(where_am_i::call()).await?, "global");
    // The same name is the same pod, from wherever it is asked for.
    assert_eq!(globex.pod("acme").call(get_notes::call()).await?, ["milk"]);
    assert_eq!(acme.data()["notes"][0]["text"], "milk");
}

#[edgepod::test]
async fn clock_and_crashes_are_of_all(app: TestApp) {
    let acme = app.pod("acme");
    app.advance(Duration::from_secs(60));
    assert_eq!(acme.now(), app.now());
    let seen = acme.watch(get_notes::call());
    acme.call(add_note::call("kept")).await?;
    app.crash();
    assert_eq!(seen.data()?, ["kept"]);
    acme.call(add_note::call("heard")).await?;
    assert_eq!(seen.data()?, ["kept", "heard"]);
}

#[edgepod::test]
#[should_panic(expected = "visible ASCII")]
async fn what_is_no_name_is_told(app: TestApp) {
    app.pod("two words");
}
