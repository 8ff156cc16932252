//! Organisations and the directory: who is let in where, who is out, and what a refusal leaves behind.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use edgepod_tests::{PATIENCE, Socket, cases, http::Call, server};
use serde_json::{Value, json};
use tungstenite::Error;

use crate::client::{Member, office};

cases![
    signing_in_happens_in_the_directory_alone,
    what_belongs_in_an_organisation_is_refused_in_the_directory,
    a_member_of_one_reads_no_other_by_any_spelling,
    a_socket_of_one_is_not_let_into_another,
    a_token_that_somebody_changed_leads_nowhere,
    what_is_refused_makes_no_pod,
    who_has_left_is_out_at_once,
    a_leave_reaches_the_directory_though_the_server_is_killed,
];

const SOON: Duration = PATIENCE;
const SILENT: Duration = Duration::from_millis(300);

/// Does something that is refused, and makes sure that no database is there for it.
fn unmade(refused: impl FnOnce()) {
    let before = server().databases();
    assert!(before > 1, "there are databases where this test looks");
    refused();
    assert_eq!(server().databases(), before, "a database was made");
}

fn name_of(org: &Value) -> &str {
    org["id"].as_str().expect("a name")
}

/// A request that names a pod.
fn named<'a>(call: Call<'a>, pod: &str) -> Call<'a> {
    call.header("x-edgepod-pod", pod)
}

/// Of a refused request: its status. Nothing of an organisation is told.
#[track_caller]
fn refused(call: Call<'_>) -> u16 {
    let reply = call.send();
    let text = reply.text();
    assert!(reply.status >= 400, "{text}");
    assert!(
        !text.contains("Among us") && !text.contains("general"),
        "{text}"
    );
    reply.status
}

fn signing_in_happens_in_the_directory_alone() {
    let (ada, _, org) = office();
    for (name, args) in [
        ("signUp", json!({"name": "Ada"})),
        ("signIn", json!({"key": ada.key})),
        ("signIn", json!({"key": ada.key, "org": org["id"]})),
        ("getOrgs", json!({})),
        ("createOrg", json!({"name": "Another"})),
        ("joinOrg", json!({"invitation": org["invitation"]})),
    ] {
        let error = ada.with(name, args.clone()).error(400);
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains("directory"), "{name}: {message}");
        // Without a token nobody is let into an organisation's pod.
        let call = named(server().call(name).args(args), name_of(&org));
        assert_eq!(refused(call), 401, "{name}");
    }
    let args = json!({"key": ada.key});
    named(server().call("signIn").args(args), "directory").ok();
}

fn what_belongs_in_an_organisation_is_refused_in_the_directory() {
    let ada = Member::new("Ada");
    let org = ada.org();
    let room = json!({"room_id": 1});
    for (name, args) in [
        ("getRooms", json!({})),
        ("createRoom", json!({"name": "attic"})),
        ("getMessages", room.clone()),
        ("getReactions", json!({"room_id": 1, "from_message": 0})),
        ("getTyping", room.clone()),
        ("getHere", room.clone()),
        ("typeIn", room.clone()),
        ("enter", room.clone()),
        ("markRead", room.clone()),
        ("send", json!({"room_id": 1, "text": "Hello"})),
        ("react", json!({"message_id": 1, "emoji": "👍"})),
        ("dismiss", json!({"id": 1})),
        ("getReminders", json!({})),
        ("remindMe", json!({"text": "milk", "seconds": 1})),
        ("openHook", room),
        ("leaveOrg", json!({})),
    ] {
        let error = ada.with(name, args.clone()).error(400);
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains("organisation's pod"), "{name}: {message}");
        // Also of a member: the token of the directory opens no organisation.
        let call = named(ada.with(name, args), name_of(&org));
        assert_eq!(refused(call), 403, "{name}");
    }
}

fn a_member_of_one_reads_no_other_by_any_spelling() {
    let (ada, _, org) = office();
    ada.call("send", json!({"room_id": 1, "text": "Among us"}));
    let eve = Member::new("Eve");
    let own = eve.org();
    let at_home = eve.of(&own);
    let name = name_of(&org);
    let questions = [
        ("getRooms", json!({})),
        ("getMessages", json!({"room_id": 1})),
        ("getHere", json!({"room_id": 1})),
    ];
    unmade(|| {
        for other in [
            org["id"].clone(),
            json!("org_"),
            json!("directory"),
            json!(""),
        ] {
            let args = json!({"key": eve.key, "org": other});
            server().call("signIn").args(args).error(403);
        }
        let upper = name.to_uppercase();
        let spellings = [
            name,
            &upper,
            &format!("{name}."),
            &format!("./{name}"),
            &format!("{name}%00"),
            &format!("%6f{}", &name[1..]),
            &format!("{},{name}", name_of(&own)),
            "global",
            "directory",
        ];
        for (function, args) in &questions {
            for spelling in spellings {
                let call = named(at_home.with(function, args.clone()), spelling);
                assert_eq!(refused(call), 403, "{spelling}");
                let call = named(server().call(function).args(args.clone()), spelling);
                assert!(matches!(refused(call), 400 | 401), "{spelling}");
                if spelling != "directory" {
                    let call = named(eve.with(function, args.clone()), spelling);
                    assert_eq!(refused(call), 403, "{spelling}");
                }
                let get = server().get(function, args);
                let get = get.header("authorization", &format!("Bearer {}", at_home.token));
                assert_eq!(refused(named(get, spelling)), 403, "{spelling}");
            }
            // An address of a call names no pod: this is of her own.
            let call = at_home.with(function, args.clone()).query("pod", name);
            assert!(!call.send().text().contains("Among us"));
        }
        let calls: Vec<Value> = questions
            .iter()
            .map(|(name, args)| json!({"name": name, "args": args}))
            .collect();
        let batch = |pod: Value, token: &str| {
            let body = json!({"calls": calls, "pod": pod});
            let call = server().request("POST", "/rpc").args(body);
            call.header("authorization", &format!("Bearer {token}"))
        };
        for token in [&eve.token, &at_home.token] {
            assert_eq!(refused(batch(json!(name), token)), 403);
            assert_eq!(refused(named(batch(json!(null), token), name)), 403);
        }
        let both = named(batch(json!(name), &at_home.token), name_of(&own));
        assert_eq!(refused(both), 400);
        let text = batch(json!(null), &at_home.token).send().text();
        assert!(
            text.contains("general") && !text.contains("Among us"),
            "{text}"
        );
    });
}

fn a_socket_of_one_is_not_let_into_another() {
    let (ada, _, org) = office();
    let eve = Member::new("Eve");
    let at_home = eve.of(&eve.org());
    let status = |member: Option<&Member>, pod: Option<&str>| {
        let session = server::unique("session");
        let mut url = server().socket_url(&server().key, &session);
        if let Some(pod) = pod {
            url += &format!("&pod={pod}");
        }
        let opened = match member {
            Some(member) => Socket::open_as_a_page(&url, &member.token).map(|_| ()),
            None => Socket::open(&url).map(|_| ()),
        };
        match opened {
            Ok(()) => 101,
            Err(Error::Http(reply)) => reply.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };
    let name = name_of(&org);
    unmade(|| {
        assert_eq!(status(Some(&ada), Some(name)), 101);
        assert_eq!(status(Some(&ada), None), 101);
        assert_eq!(status(None, None), 101, "before signing in");
        assert_eq!(status(None, Some(name)), 401);
        assert_eq!(status(Some(&eve), Some(name)), 403);
        assert_eq!(status(Some(&at_home), Some(name)), 403);
        assert_eq!(status(Some(&at_home), Some("org_unmade")), 403);
        assert_eq!(status(Some(&at_home), Some("directory")), 403);
    });
    // A session of hers that bears the name of one of Ada's is another one.
    let mut window = ada.window();
    window.call("getMessages", json!({"room_id": 1}));
    let mut stranger = at_home.window_of(&window.session);
    ada.call("send", json!({"room_id": 1, "text": "Among us"}));
    assert!(window.told_within(SOON).contains("messages"));
    assert_eq!(stranger.told_within(SILENT), BTreeSet::new());
}

fn a_token_that_somebody_changed_leads_nowhere() {
    let (_, bob, org) = office();
    let eve = Member::new("Eve");
    let at_home = eve.of(&eve.org());
    // Her signature below the claims of another's token, and his below hers.
    let parts = |token: &str| -> Vec<String> { token.split('.').map(str::to_owned).collect() };
    let (his, hers) = (parts(&bob.token), parts(&at_home.token));
    unmade(|| {
        for (claims, signature) in [
            (&his[1], &hers[2]),
            (&hers[1], &his[2]),
            (&his[1], &String::new()),
        ] {
            let token = format!("Bearer {}.{claims}.{signature}", his[0]);
            for pod in [None, Some(name_of(&org)), Some("directory")] {
                let call = server().call("getRooms").header("authorization", &token);
                let call = match pod {
                    Some(pod) => named(call, pod),
                    None => call,
                };
                assert_eq!(refused(call), 401);
            }
        }
    });
}

fn what_is_refused_makes_no_pod() {
    let ada = Member::new("Ada");
    ada.org();
    unmade(|| {
        server()
            .call("createOrg")
            .args(json!({"name": "Mine"}))
            .error(401);
        ada.with("createOrg", json!({"name": " "})).error(400);
        ada.with("createOrg", json!({"name": "x".repeat(41)}))
            .error(400);
        ada.with("createOrg", json!({})).error(400);
        ada.with("joinOrg", json!({"invitation": "org_unmade"}))
            .error(404);
        server()
            .call("joinOrg")
            .args(json!({"invitation": "x"}))
            .error(401);
    });
}

fn who_has_left_is_out_at_once() {
    let (ada, bob, org) = office();
    let in_directory = bob.in_directory();
    let mut list = in_directory.window();
    assert_eq!(list.call("getOrgs", json!({})), json!([org]));
    let mut window = bob.window();
    window.call("getMessages", json!({"room_id": 1}));
    window.call("getRooms", json!({}));
    bob.call("leaveOrg", json!({}));
    assert!(window.told_within(SOON).contains("members"));
    let room = json!({"room_id": 1});
    for (name, args) in [
        ("getRooms", json!({})),
        ("getMessages", room.clone()),
        ("getHere", room.clone()),
        ("getReminders", json!({})),
        ("send", json!({"room_id": 1, "text": "Still here"})),
        ("leaveOrg", json!({})),
    ] {
        let error = bob.with(name, args).error(403);
        assert_eq!(error["code"], "FORBIDDEN", "{name}");
    }
    assert!(list.told_within(SOON).contains("memberships"));
    // What the window had read before tells it at most once more that something has changed, and not what. Once she is told, so
    // would he be.
    let mut hers = ada.window();
    let mut send = |text: &str| {
        hers.call("getMessages", room.clone());
        ada.call("send", json!({"room_id": 1, "text": text}));
        assert!(hers.told_within(SOON).contains("messages"));
    };
    send("He is gone");
    window.told_within(SILENT);
    let mut late = bob.window();
    late.ask("getMessages", room.clone()).error(403);
    send("Among us");
    assert_eq!(window.told_within(SILENT), BTreeSet::new());
    assert_eq!(late.told_within(SILENT), BTreeSet::new());
    assert_eq!(list.call("getOrgs", json!({})), json!([]));
    let args = json!({"key": bob.key, "org": org["id"]});
    server().call("signIn").args(args).error(403);
    // By the invitation one comes in again.
    let bob = in_directory.join(&org);
    assert_eq!(
        bob.call("getMessages", room)["items"][0]["text"],
        "Among us"
    );
}

fn a_leave_reaches_the_directory_though_the_server_is_killed() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut left = 0;
    for _ in 0..4 {
        let (ada, bob, org) = office();
        let in_directory = bob.in_directory();
        let is_promised = thread::scope(|scope| {
            let leaving = scope.spawn(|| bob.with("leaveOrg", json!({})).try_send());
            thread::sleep(Duration::from_millis(random.u64(0..30)));
            server().kill().expect("it is this process's own");
            leaving.join().expect("it asks").is_ok()
        });
        server().start_again().expect("it starts again");
        // Where nobody comes, a job that was lost while it ran is noticed within two minutes.
        ada.call("getRooms", json!({}));
        let has_left = bob.with("getRooms", json!({})).send().status == 403;
        assert!(has_left || !is_promised, "seed {seed}: he is in again");
        left += usize::from(has_left);
        let began = Instant::now();
        loop {
            let orgs = in_directory.call("getOrgs", json!({}));
            if !has_left {
                assert_eq!(orgs, json!([org]), "seed {seed}: told and not done");
                break;
            }
            if orgs == json!([]) {
                break;
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "seed {seed}: nobody has told the directory"
            );
            thread::sleep(Duration::from_millis(100));
        }
    }
    println!("seed {seed}: {left} of 4 had left");
}
