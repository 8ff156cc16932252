//! What a message costs, and whom it reaches.

use std::time::Duration;

use edgepod::testing::{CallError, Caller, TestApp};

use super::*;

/// Somebody with an account: who calls in the directory, and in an organisation's pod.
struct Person {
    device: Device,
    app: TestApp,
}

impl Person {
    async fn new(app: &TestApp, name: &str) -> Result<Self, CallError> {
        let app = app.pod(DIRECTORY);
        let device = app.call(sign_up::call(name)).await?;
        Ok(Self { device, app })
    }

    fn in_pod(&self, name: &str) -> Caller {
        self.app.pod(name).user(&self.device.user_id.to_string())
    }

    fn in_directory(&self) -> Caller {
        self.in_pod(DIRECTORY)
    }
}

/// Ada founds an organisation, Bob joins it, and it has two rooms.
struct Office {
    org: Org,
    people: [Person; 2],
    /// Ada and Bob in its pod.
    callers: (Caller, Caller),
    /// `general` and `attic`.
    rooms: [i64; 2],
}

impl Office {
    async fn new(app: &TestApp) -> Result<Self, CallError> {
        let (ada, bob) = (
            Person::new(app, "Ada").await?,
            Person::new(app, "Bob").await?,
        );
        let org = ada.in_directory();
        let org = org.call(create_org::call("Analytical Engines")).await?;
        let joined = bob.in_directory();
        joined.call(join_org::call(&*org.invitation)).await?;
        let callers = (ada.in_pod(&org.id), bob.in_pod(&org.id));
        let attic = callers.0.call(create_room::call("attic")).await?;
        let rooms = callers.0.call(get_rooms::call()).await?;
        let general = rooms.iter().find(|room| room.name == "general");
        let rooms = [general.expect("it is there").id, attic.id];
        Ok(Self {
            org,
            people: [ada, bob],
            callers,
            rooms,
        })
    }
}

/// Ada and Bob in their organisation's pod, and its rooms.
async fn office(app: &TestApp) -> Result<(Caller, Caller, [i64; 2]), CallError> {
    let Office { callers, rooms, .. } = Office::new(app).await?;
    Ok((callers.0, callers.1, rooms))
}

#[edgepod::test]
async fn a_message_wakes_its_room_and_whoever_has_it_unread(app: TestApp) {
    let (ada, bob, [general, attic]) = office(&app).await?;
    let in_general = bob.watch(get_messages::call(general, None));
    let in_attic = bob.watch(get_messages::call(attic, None));
    let lists = [&ada, &bob].map(|who| who.watch(get_rooms::call()));

    ada.call(send::call(attic, " Are you there? ")).await?;
    assert_eq!((in_general.refetches(), in_attic.refetches()), (0, 1));
    assert_eq!(in_attic.data()?.items[0].text, "Are you there?");
    assert_eq!(lists.each_ref().map(|list| list.refetches()), [0, 1]);
    let unread = |list: &edgepod::testing::Watch<get_rooms>| -> Result<Vec<i64>, CallError> {
        Ok(list.data()?.iter().map(|room| room.unread).collect())
    };
    assert_eq!(
        (unread(&lists[0])?, unread(&lists[1])?),
        (vec![0, 0], vec![0, 1])
    );

    bob.call(mark_read::call(attic)).await?;
    assert_eq!(unread(&lists[1])?, [0, 0]);
    assert_eq!(in_attic.refetches(), 1, "reading is nobody else's affair");
    bob.call(mark_read::call(attic)).await?;
    assert_eq!(lists[1].refetches(), 2, "nothing has changed");
}

#[edgepod::test]
async fn whoever_types_is_seen_until_they_have_said_it(app: TestApp) {
    let (ada, bob, [general, attic]) = office(&app).await?;
    let seen = ada.watch(get_typing::call(general));
    let elsewhere = ada.watch(get_typing::call(attic));
    let window = bob.watch(get_messages::call(general, None));
    window.client().call(type_in::call(general)).await?;
    assert_eq!(seen.data()?[0].name, "Bob");
    window.client().call(send::call(general, "Hello")).await?;
    assert!(seen.data()?.is_empty());
    window.client().call(type_in::call(general)).await?;
    assert_eq!(seen.data()?.len(), 1);
    app.advance(Duration::from_secs(6));
    assert!(seen.data()?.is_empty(), "it goes away by itself");
    assert_eq!(elsewhere.refetches(), 0);
}

#[edgepod::test]
async fn whoever_has_a_room_open_is_there_once(app: TestApp) {
    let (ada, bob, [general, attic]) = office(&app).await?;
    let seen = ada.watch(get_here::call(general));
    let tabs = [0, 1].map(|_| bob.watch(get_messages::call(general, None)));
    for tab in &tabs {
        tab.client().call(enter::call(general, None)).await?;
    }
    assert_eq!(seen.data()?.len(), 1);
    for tab in &tabs {
        tab.client().call(enter::call(attic, Some(general))).await?;
    }
    assert!(seen.data()?.is_empty());
    for tab in &tabs {
        tab.client().call(enter::call(general, Some(attic))).await?;
    }
    assert_eq!(seen.data()?.len(), 1);
    drop(tabs);
    assert!(seen.data()?.is_empty());
}

#[edgepod::test]
async fn a_reaction_counts_and_goes(app: TestApp) {
    let (ada, bob, [general, attic]) = office(&app).await?;
    let message = ada.call(send::call(general, "We have a name")).await?;
    let seen = ada.watch(get_reactions::call(general, 0));
    let elsewhere = ada.watch(get_reactions::call(attic, 0));
    for who in [&ada, &bob] {
        who.call(react::call(message.id, "🎉")).await?;
    }
    assert_eq!(seen.data()?[0].count, 2);
    bob.call(react::call(message.id, "🎉")).await?;
    assert_eq!(seen.data()?[0].count, 1);
    assert_eq!(elsewhere.refetches(), 0);
    let refused = bob.call(react::call(message.id, "🦆")).await.unwrap_err();
    assert_eq!(refused.code(), "BAD_REQUEST");
}

#[edgepod::test]
async fn another_organisation_hears_and_sees_nothing(app: TestApp) {
    let office = Office::new(&app).await?;
    let (ada, _) = office.callers;
    let [general, _] = office.rooms;
    let eve = Person::new(&app, "Eve").await?;
    let own = eve
        .in_directory()
        .call(create_org::call("Elsewhere"))
        .await?;
    let list = eve.in_pod(&own.id).watch(get_rooms::call());
    let message = ada.call(send::call(general, "Among us")).await?;
    assert_eq!(list.refetches(), 0);
    let messages = eve.in_pod(&own.id);
    let messages = messages.call(get_messages::call(general, None)).await?;
    assert!(messages.items.is_empty(), "the same number in another pod");

    // No token leads her there; if one did, she would be told as much.
    let there = eve.in_pod(&office.org.id);
    for refused in [
        there.call(get_rooms::call()).await.err(),
        there.call(get_messages::call(general, None)).await.err(),
        there.call(get_reactions::call(general, 0)).await.err(),
        there.call(get_typing::call(general)).await.err(),
        there.call(get_here::call(general)).await.err(),
        there.call(get_reminders::call()).await.err(),
        there.call(type_in::call(general)).await.err(),
        there.call(enter::call(general, None)).await.err(),
        there.call(send::call(general, "Let me in")).await.err(),
        there.call(react::call(message.id, "👍")).await.err(),
        // Nor does she learn which messages there are.
        there.call(react::call(message.id + 1, "👍")).await.err(),
        there.call(mark_read::call(general)).await.err(),
        there.call(create_room::call("mine")).await.err(),
        there.call(open_hook::call(general)).await.err(),
        there.call(remind_me::call("of them", 1_u32)).await.err(),
        there.call(leave_org::call()).await.err(),
    ] {
        assert_eq!(refused.expect("not for Eve").code(), "FORBIDDEN");
    }
    for wrong in ["", "Analytical Engines", &office.org.id] {
        let refused = eve.in_directory().call(join_org::call(wrong)).await;
        assert_eq!(refused.unwrap_err().code(), "NOT_FOUND");
    }
    let anonymous = app.pod(&own.id).call(get_rooms::call()).await;
    assert_eq!(anonymous.unwrap_err().code(), "UNAUTHORIZED");
}

#[edgepod::test]
async fn a_token_is_for_an_organisation_of_its_user(app: TestApp) {
    let office = Office::new(&app).await?;
    let eve = Person::new(&app, "Eve").await?;
    let directory = app.pod(DIRECTORY);
    let [ada, _] = &office.people;
    let token = directory
        .call(sign_in::call(&*ada.device.key, &*office.org.id))
        .await?;
    let claims = directory.transaction(|ctx| edgepod::verify_jwt(&token, &ctx.env))?;
    assert_eq!(claims.get::<String>("org"), Some(office.org.id.clone()));
    for org in [&*office.org.id, "org_", DIRECTORY, "global", ""] {
        let refused = directory.call(sign_in::call(&*eve.device.key, org)).await;
        assert_eq!(refused.unwrap_err().code(), "FORBIDDEN", "{org}");
    }
}

#[edgepod::test]
async fn each_function_is_called_in_its_pod_alone(app: TestApp) {
    let office = Office::new(&app).await?;
    let [ada, _] = &office.people;
    let (key, there, here) = (&*ada.device.key, office.callers.0, ada.in_directory());
    for refused in [
        there.call(sign_up::call("Ada")).await.err(),
        there.call(sign_in::call(key, None)).await.err(),
        there.call(get_orgs::call()).await.err(),
        there.call(create_org::call("Mine")).await.err(),
        there
            .call(join_org::call(&*office.org.invitation))
            .await
            .err(),
        here.call(get_rooms::call()).await.err(),
        here.call(create_room::call("attic")).await.err(),
        here.call(get_messages::call(1, None)).await.err(),
        here.call(get_reminders::call()).await.err(),
        here.call(react::call(1, "👍")).await.err(),
        here.call(dismiss::call(1)).await.err(),
        here.call(leave_org::call()).await.err(),
        here.call(admit::call(1, "Ada")).await.err(),
    ] {
        assert_eq!(refused.expect("of another pod").code(), "BAD_REQUEST");
    }
}

#[edgepod::test]
async fn who_has_left_has_no_access_and_may_come_back(app: TestApp) {
    let office = Office::new(&app).await?;
    let (ada, bob) = office.callers;
    let [general, _] = office.rooms;
    let person = &office.people[1];
    let list = person.in_directory().watch(get_orgs::call());
    let said = bob.call(send::call(general, "I was here")).await?;
    bob.call(remind_me::call("of nothing", 60_u32)).await?;
    bob.call(leave_org::call()).await?;
    let refused = bob.call(get_messages::call(general, None)).await;
    assert_eq!(refused.unwrap_err().code(), "FORBIDDEN");
    app.jobs_ended().await;
    assert!(list.data()?.is_empty(), "the directory has been told");
    let sign_in = sign_in::call(&*person.device.key, &*office.org.id);
    let refused = app.pod(DIRECTORY).call(sign_in).await.unwrap_err();
    assert_eq!(refused.code(), "FORBIDDEN");
    let messages = ada.call(get_messages::call(general, None)).await?;
    assert_eq!(messages.items[0].id, said.id, "what he said stays");

    let invitation = &*office.org.invitation;
    person
        .in_directory()
        .call(join_org::call(invitation))
        .await?;
    assert_eq!(list.data()?.len(), 1);
    assert_eq!(bob.call(get_rooms::call()).await?.len(), 2);
    assert!(bob.call(get_reminders::call()).await?.is_empty());
}

#[edgepod::test]
async fn a_device_comes_back_by_its_key(app: TestApp) {
    let directory = app.pod(DIRECTORY);
    let device = Person::new(&app, "Ada").await?.device;
    let token = directory.call(sign_in::call(&*device.key, None)).await?;
    let claims = directory.transaction(|ctx| edgepod::verify_jwt(&token, &ctx.env))?;
    assert_eq!(claims.subject(), Some(&*device.user_id.to_string()));
    let stored = &directory.data()["users"][0]["key"];
    let stored = stored.as_str().expect("a hash");
    assert_ne!(stored, device.key, "the key itself is nowhere");
    assert!(directory.call(sign_in::call(stored, None)).await.is_err());
}

#[edgepod::test]
async fn a_reminder_rings_at_its_time_for_whoever_asked(app: TestApp) {
    let (ada, bob, _) = office(&app).await?;
    let (mine, others) = (
        ada.watch(get_reminders::call()),
        bob.watch(get_reminders::call()),
    );
    let milk = ada.call(remind_me::call("milk", 600_u32)).await?;
    let tea = ada.call(remind_me::call("tea", 700_u32)).await?;
    app.advance(Duration::from_secs(599));
    assert!(mine.data()?.iter().all(|reminder| !reminder.rang));
    app.crash();
    app.advance(Duration::from_secs(1));
    assert!(
        mine.data()?[0].rang,
        "a minute is a minute, though the server died"
    );
    ada.call(dismiss::call(milk.id)).await?;
    ada.call(dismiss::call(tea.id)).await?;
    app.advance(Duration::from_secs(200));
    assert!(mine.data()?.is_empty());
    assert!(others.data()?.is_empty());

    let refused = bob.call(dismiss::call(milk.id)).await.unwrap_err();
    assert_eq!(refused.code(), "NOT_FOUND");
    for (text, seconds) in [("", 1), ("never", 0), ("never", u32::MAX)] {
        let refused = ada.call(remind_me::call(text, seconds)).await.unwrap_err();
        assert_eq!(refused.code(), "BAD_REQUEST");
    }
}

#[edgepod::test]
async fn what_rang_is_cleared_away_the_next_day(app: TestApp) {
    let (ada, ..) = office(&app).await?;
    let mine = ada.watch(get_reminders::call());
    ada.call(remind_me::call("milk", 60_u32)).await?;
    ada.call(remind_me::call("holidays", 30 * 24 * 60 * 60_u32))
        .await?;
    app.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(mine.data()?.len(), 2);
    app.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(mine.data()?.len(), 1);
}

#[edgepod::test]
async fn what_github_signs_is_said_in_the_room_once(app: TestApp) {
    let office = Office::new(&app).await?;
    let (org, (ada, bob)) = (office.org.id, office.callers);
    let [general, attic] = office.rooms;
    let hook = ada.call(open_hook::call(general)).await?;
    app.pod(&org).transaction(|ctx| {
        let secret = "It's a Secret to Everybody";
        let hooks = ctx.db.update::<Hook>().set(Hook::secret, secret);
        hooks.filter(Hook::room_id.eq(general)).exec()
    })?;
    let seen = bob.watch(get_messages::call(general, None));
    let body = r#"{"action":"opened","issue":{"number":7,"title":"It rains"},"sender":{"login":"grace"},"repository":{"full_name":"navy/cobol"}}"#;
    let request = |path: &str, signature: &str, body: &str| {
        edgepod::http::Request::post(path.to_owned())
            .header("x-hub-signature-256", signature.to_owned())
            .header("x-github-event", "issues")
            .header("x-github-delivery", "1")
            .body(body.to_owned())
    };
    // By GitHub's own rule, made with openssl.
    let right = "sha256=fa5144342e58097d57a64bf19497ed2b5d1ed69d6f9c4a166202e05ee5d6e958";
    for (path, signature, body, status) in [
        (&*hook.path, "", body, 401),
        (&*hook.path, &*right.replace("sha256=", ""), body, 401),
        (&*hook.path, right, &*body.replace('7', "8"), 401),
        (&*format!("/hooks/github/{org}/{attic}"), right, body, 401),
        (
            &*format!("/hooks/github/{org}x/{general}"),
            right,
            body,
            401,
        ),
        (
            &*format!("/hooks/github/directory/{general}"),
            right,
            body,
            401,
        ),
        (&*format!("/hooks/github/{org}/seven"), right, body, 404),
        (&*hook.path, right, body, 202),
        (&*hook.path, right, body, 202),
    ] {
        let reply = app
            .pod(DIRECTORY)
            .request(request(path, signature, body)?)
            .await;
        assert_eq!(reply.status(), status, "{path} {signature}");
    }
    let said = seen.data()?.items;
    assert_eq!(said.len(), 1, "sent again, it is not said again");
    assert_eq!(said[0].author, "GitHub");
    assert_eq!(
        said[0].text,
        "grace opened the issue #7, It rains (navy/cobol)"
    );
}
