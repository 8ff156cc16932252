//! Presence: what sessions say of themselves, whom that wakes, and when it ends.

#![allow(missing_docs, reason = "the names say it")]

use std::time::Duration;

use edgepod::{
    prelude::*,
    testing::{CallError, TestApp},
};

#[edgepod::presence(key = room_id, at_most = "8s")]
pub struct Typing {
    pub room_id: i64,
    pub name: String,
}

/// Without an end of its own.
#[edgepod::presence(key = place)]
pub struct Here {
    pub place: String,
    pub tab: i64,
}

#[edgepod::function]
pub async fn typing(ctx: &Ctx, room_id: i64, name: String) -> Result<()> {
    ctx.present(Typing { room_id, name })
}

#[edgepod::query]
pub async fn get_typing(ctx: &QueryCtx, room_id: i64) -> Result<Vec<String>> {
    let typing = ctx.who::<Typing>(room_id)?;
    Ok(typing.into_iter().map(|typing| typing.name).collect())
}

#[edgepod::function]
pub async fn enter(ctx: &Ctx, place: String, tab: i64) -> Result<()> {
    ctx.present(Here { place, tab })
}

#[edgepod::function]
pub async fn enter_and_fail(ctx: &Ctx, place: String) -> Result<()> {
    ctx.present(Here { place, tab: 0 })?;
    Err(Error::bad_request("not after all"))
}

#[edgepod::action]
pub async fn enter_in_an_action(ctx: &ActionCtx, place: String) -> Result<()> {
    let failed: Result<()> = ctx.transaction(|ctx| {
        ctx.present(Here {
            place: place.clone(),
            tab: 1,
        })?;
        Err(Error::bad_request("not this"))
    });
    assert!(failed.is_err());
    ctx.transaction(|ctx| ctx.present(Here { place, tab: 2 }))
}

#[edgepod::function]
pub async fn leave(ctx: &Ctx, place: String) -> Result<()> {
    ctx.absent::<Here>(place)
}

#[edgepod::query]
pub async fn get_here(ctx: &QueryCtx, place: String) -> Result<Vec<i64>> {
    Ok(ctx
        .who::<Here>(place)?
        .iter()
        .map(|here| here.tab)
        .collect())
}

edgepod::app!();

const NOBODY: [i64; 0] = [];

#[edgepod::test]
async fn whoever_looks_at_a_room_sees_who_types_there(app: TestApp) {
    let seven = app.user("ada").watch(get_typing::call(7));
    let eight = app.user("ada").watch(get_typing::call(8));
    let bob = app.user("bob").watch(get_typing::call(7));
    bob.client().call(typing::call(7, "Bob")).await?;
    assert_eq!(seven.data()?, ["Bob"]);
    assert_eq!(
        (seven.refetches(), bob.refetches(), eight.refetches()),
        (1, 1, 0)
    );

    // Said again, it wakes nobody, and lasts longer.
    app.advance(Duration::from_secs(5));
    bob.client().call(typing::call(7, "Bob")).await?;
    assert_eq!(seven.refetches(), 1);
    app.advance(Duration::from_secs(7));
    assert_eq!(seven.data()?, ["Bob"]);
    app.advance(Duration::from_secs(2));
    assert!(seven.data()?.is_empty(), "it goes away by itself");
    assert_eq!(eight.refetches(), 0);
}

#[edgepod::test]
async fn it_ends_with_the_sessions_socket(app: TestApp) {
    let seen = app.watch(get_here::call("hall"));
    let visitor = app.user("bob").watch(get_here::call("attic"));
    visitor.client().call(enter::call("hall", 1)).await?;
    assert_eq!(seen.data()?, [1]);
    app.advance(Duration::from_secs(86_400));
    assert_eq!(seen.data()?, [1], "it has no end of its own");
    drop(visitor);
    assert_eq!(seen.data()?, NOBODY);
    assert_eq!(seen.refetches(), 2);
}

#[edgepod::test]
async fn a_user_counts_once_with_what_was_said_last(app: TestApp) {
    let seen = app.watch(get_here::call("hall"));
    let tabs: Vec<_> = (0..3)
        .map(|_| app.user("bob").watch(get_here::call("attic")))
        .collect();
    for (tab, window) in tabs.iter().enumerate() {
        app.advance(Duration::from_millis(1));
        let tab = i64::try_from(tab).unwrap();
        window.client().call(enter::call("hall", tab)).await?;
    }
    assert_eq!(seen.data()?, [2]);
    for (tab, expected) in [(0, vec![2, 7]), (1, vec![2, 7])] {
        let other = app.watch(get_here::call("attic"));
        other.client().call(enter::call("hall", 7)).await?;
        assert_eq!(
            seen.data()?,
            expected,
            "{tab}: an anonymous session is one of its own"
        );
    }
    assert_eq!(seen.data()?, [2]);
    drop(tabs);
    assert_eq!(seen.data()?, NOBODY);
}

#[edgepod::test]
async fn it_is_said_when_the_call_commits(app: TestApp) {
    let seen = app.watch(get_here::call("hall"));
    seen.client()
        .call(enter_and_fail::call("hall"))
        .await
        .unwrap_err();
    assert_eq!((seen.data()?, seen.refetches()), (vec![], 0));
    seen.client().call(enter_in_an_action::call("hall")).await?;
    assert_eq!((seen.data()?, seen.refetches()), (vec![2], 1));
    seen.client().call(leave::call("hall")).await?;
    assert_eq!((seen.data()?, seen.refetches()), (vec![], 2));
    seen.client().call(leave::call("hall")).await?;
    seen.client().call(leave::call("nowhere")).await?;
    assert_eq!(seen.refetches(), 2, "nothing has changed");
}

#[edgepod::test]
async fn a_call_without_a_session_is_refused(app: TestApp) {
    let refused = app.call(enter::call("hall", 1)).await.unwrap_err();
    assert_eq!(refused.code(), "BAD_REQUEST");
    assert!(
        refused.message().contains("X-EdgePod-Session-Id"),
        "{refused}"
    );
}

#[edgepod::test]
async fn what_is_said_is_small(app: TestApp) {
    let seen = app.watch(get_typing::call(7));
    let refused = seen.client().call(typing::call(7, "x".repeat(1024))).await;
    assert_eq!(refused.unwrap_err().code(), "PAYLOAD_TOO_LARGE");
    seen.client().call(typing::call(7, "x".repeat(900))).await?;
    assert_eq!(seen.data()?.len(), 1);
}

#[edgepod::test]
async fn a_session_is_in_eight_places_and_then_no_longer_in_the_first(app: TestApp) {
    let first = app.watch(get_here::call("0"));
    let visitor = app.watch(get_here::call("nowhere"));
    for place in 0..8 {
        let place: i64 = place;
        visitor
            .client()
            .call(enter::call(place.to_string(), place))
            .await?;
    }
    assert_eq!(first.data()?, [0]);
    visitor.client().call(enter::call("8", 8)).await?;
    assert_eq!((first.data()?, first.refetches()), (vec![], 2));
    assert_eq!(app.call(get_here::call("8")).await?, [8]);
}

#[edgepod::test]
async fn after_a_crash_nobody_is_there_until_it_is_said_again(app: TestApp) {
    let seen = app.watch(get_here::call("hall"));
    seen.client().call(enter::call("hall", 1)).await?;
    app.crash();
    assert_eq!(seen.data()?, NOBODY);
    seen.client().call(enter::call("hall", 2)).await?;
    assert_eq!(seen.data()?, [2]);
}

#[edgepod::test]
async fn a_kept_answer_is_never_of_before(app: TestApp) -> std::result::Result<(), CallError> {
    let visitor = app.user("bob").watch(get_here::call("attic"));
    for round in 0..3 {
        assert_eq!(app.call(get_here::call("hall")).await?, NOBODY);
        visitor.client().call(enter::call("hall", round)).await?;
        assert_eq!(app.call(get_here::call("hall")).await?, [round]);
        assert_eq!(app.call(get_here::call("hall")).await?, [round]);
        visitor.client().call(leave::call("hall")).await?;
    }
    Ok(())
}
