//! The app in a test, with pods.

use std::time::Duration;

use edgepod::{JobState, testing::TestApp};
use edgepod_pods_app::{
    add_note, around, deliver_later, get_notes, look_there, note_there, where_am_i,
};

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
async fn an_action_reaches_another_pod_and_its_windows(app: TestApp) {
    let (acme, globex) = (app.pod("acme"), app.pod("globex"));
    let seen = globex.watch(get_notes::call());
    let there = acme
        .user("ada")
        .call(note_there::call("globex", "left"))
        .await?;
    assert_eq!((there.as_str(), seen.refetches()), ("globex", 1));
    assert_eq!(seen.data()?, ["left by ada"]);
    let refused = acme.call(note_there::call("globex", "")).await.unwrap_err();
    assert_eq!((refused.status(), refused.code()), (409, "EMPTY"));
    assert_eq!(refused.message(), "A note of globex says something.");
    assert_eq!(
        acme.call(look_there::call("never-opened")).await?,
        ("never-opened".to_owned(), 0)
    );
}

#[edgepod::test]
async fn a_job_leaves_its_notes_once_however_often_it_is_tried(app: TestApp) {
    let (acme, globex) = (app.pod("acme"), app.pod("globex"));
    let job = acme.call(deliver_later::call("globex", "a", 2, 3)).await?;
    for i in 0..6 {
        app.jobs_ended().await;
        app.advance(Duration::from_secs(2000));
        if i == 1 {
            // It has begun, and waits for its first call.
            app.crash();
        }
    }
    let done = acme.job(job).expect("it is known");
    assert_eq!((done.state, done.attempts), (JobState::Done, 4));
    assert_eq!(acme.call(get_notes::call()).await?, ["a delivered"]);
    let mut notes = globex.call(get_notes::call()).await?;
    notes.sort();
    let twice = "a twice by nobody";
    let passed_on = "a passed on by nobody";
    assert_eq!(notes, ["a 0", "a 1", passed_on, twice, twice]);
    // Another job is another one.
    acme.call(deliver_later::call("globex", "a", 2, 0)).await?;
    app.jobs_ended().await;
    assert_eq!(globex.call(get_notes::call()).await?.len(), 10);
}

#[edgepod::test]
async fn pods_wait_for_each_other_to_a_depth(app: TestApp) {
    let acme = app.pod("acme");
    let pods = ["acme", "globex"].map(str::to_owned).to_vec();
    assert_eq!(acme.call(around::call(pods.clone(), 8)).await?, 8);
    let refused = acme.call(around::call(pods, 9)).await.unwrap_err();
    assert_eq!(refused.code(), "INTERNAL");
    let told = "calls between pods wait for each other already";
    assert!(app.log().iter().any(|line| line.contains(told)));
    assert_eq!(
        acme.call(around::call(vec!["acme".to_owned()], 3)).await?,
        3
    );
}

#[edgepod::test]
async fn clients_of_a_server_reach_the_pods_of_the_test(app: TestApp) {
    let acme = app.pod("acme");
    let seen = acme.watch(get_notes::call());
    let served = app.serve();
    let token = app.user("ada").claim("org", "acme").token();
    let add = |text: &str| {
        let request = ureq::post(format!("{}/rpc/addNote", served.url()));
        let request = request
            .header("x-edgepod-key", served.key())
            .header("authorization", format!("Bearer {token}"));
        let reply = request.send(format!(r#"{{"text":"{text}"}}"#));
        assert_eq!(reply.expect("a reply").status(), 200);
    };
    add("milk");
    assert_eq!(seen.data()?, ["milk"]);
    assert!(app.pod("globex").call(get_notes::call()).await?.is_empty());
    // One that a client was in already, and one that nobody has opened since.
    app.pod("globex").call(add_note::call("tea")).await?;
    app.reset();
    assert!(seen.data()?.is_empty());
    assert!(app.pod("globex").call(get_notes::call()).await?.is_empty());
    add("honey");
    assert_eq!(seen.data()?, ["honey"]);
}

#[edgepod::test]
#[should_panic(expected = "visible ASCII")]
async fn what_is_no_name_is_told(app: TestApp) {
    app.pod("two words");
}
