//! What a message costs, and whom it reaches.

use std::time::Duration;

use edgepod::testing::{CallError, Caller, TestApp};

use super::*;

/// Somebody with an account.
async fn member(app: &TestApp, name: &str) -> Result<Caller, CallError> {
    let device = app.call(sign_up::call(name)).await?;
    let id = device.session.member_id.to_string();
    Ok(app.user(&id).claim("name", name))
}

/// Ada founds an organisation, Bob joins it, and it has two rooms.
async fn office(app: &TestApp) -> Result<(Caller, Caller, [i64; 2]), CallError> {
    let (ada, bob) = (member(app, "Ada").await?, member(app, "Bob").await?);
    let org = ada.call(create_org::call("Analytical Engines")).await?;
    bob.call(join_org::call(org.invitation)).await?;
    let attic = ada.call(create_room::call(org.id, "attic")).await?;
    let rooms = ada.call(get_rooms::call(org.id)).await?;
    let general = rooms.iter().find(|room| room.name == "general");
    Ok((ada, bob, [general.expect("it is there").id, attic.id]))
}

#[edgepod::test]
async fn a_message_wakes_its_room_and_whoever_has_it_unread(app: TestApp) {
    let (ada, bob, [general, attic]) = office(&app).await?;
    let in_general = bob.watch(get_messages::call(general, None));
    let in_attic = bob.watch(get_messages::call(attic, None));
    let lists = [&ada, &bob].map(|who| who.watch(get_rooms::call(1)));

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
    let (ada, _, [general, _]) = office(&app).await?;
    let eve = member(&app, "Eve").await?;
    let own = eve.call(create_org::call("Elsewhere")).await?;
    let list = eve.watch(get_rooms::call(own.id));
    let message = ada.call(send::call(general, "Among us")).await?;
    assert_eq!(list.refetches(), 0);

    for refused in [
        eve.call(get_messages::call(general, None)).await.err(),
        eve.call(get_reactions::call(general, 0)).await.err(),
        eve.call(get_typing::call(general)).await.err(),
        eve.call(get_here::call(general)).await.err(),
        eve.call(send::call(general, "Let me in")).await.err(),
        eve.call(react::call(message.id, "👍")).await.err(),
        eve.call(create_room::call(1, "mine")).await.err(),
        eve.call(join_org::call("")).await.err(),
    ] {
        assert_eq!(refused.expect("not for Eve").code(), "NOT_FOUND");
    }
    assert!(eve.call(get_rooms::call(1)).await?.is_empty());
    let anonymous = app.call(get_messages::call(general, None)).await;
    assert_eq!(anonymous.unwrap_err().code(), "UNAUTHORIZED");
}

#[edgepod::test]
async fn a_device_comes_back_by_its_key(app: TestApp) {
    let device = app.call(sign_up::call("Ada")).await?;
    let again = app.call(sign_in::call(&device.key)).await?;
    assert_eq!(again.member_id, device.session.member_id);
    let stored = &app.data()["members"][0]["key"];
    let stored = stored.as_str().expect("a hash");
    assert_ne!(stored, device.key, "the key itself is nowhere");
    assert!(app.call(sign_in::call(stored)).await.is_err());
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
    app.advance(Duration::from_secs(3 * 60));
    assert_eq!(mine.data()?.len(), 1);
}

#[edgepod::test]
async fn what_github_signs_is_said_in_the_room_once(app: TestApp) {
    let (ada, bob, [general, attic]) = office(&app).await?;
    let hook = ada.call(open_hook::call(general)).await?;
    app.transaction(|ctx| {
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
        (&*format!("/hooks/github/{attic}"), right, body, 401),
        ("/hooks/github/seven", right, body, 404),
        (&*hook.path, right, body, 202),
        (&*hook.path, right, body, 202),
    ] {
        let reply = app.request(request(path, signature, body)?).await;
        assert_eq!(reply.status(), status, "{path} {signature}");
    }
    let said = seen.data()?.items;
    assert_eq!(said.len(), 1, "sent again, it is not said again");
    assert_eq!(said[0].author, "GitHub");
    assert_eq!(
        said[0].text,
        "grace opened the issue #7, It rains (navy/cobol)"
    );
    let eve = member(&app, "Eve").await?;
    let refused = eve.call(open_hook::call(general)).await.unwrap_err();
    assert_eq!(refused.code(), "NOT_FOUND");
}
