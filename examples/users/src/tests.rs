//! The promises of the README, on this app.

use edgepod::testing::TestApp;

use super::*;

#[edgepod::test]
async fn what_the_screen_shows_is_what_the_database_holds(app: TestApp) {
    let screen = app.watch(get_users::call());
    assert_eq!(screen.data()?, []);
    let ada = app
        .call(insert_user::call("ada@example.org", "Ada"))
        .await?;
    assert_eq!(screen.data()?, std::slice::from_ref(&ada));
    app.call(delete_user::call(ada.id)).await?;
    assert_eq!(screen.data()?, []);
}

#[edgepod::test]
async fn it_costs_what_changed(app: TestApp) {
    let ada = app.call(insert_user::call(None, "Ada")).await?;
    let bob = app.call(insert_user::call(None, "Bob")).await?;
    let users = app.watch(get_users::call());
    let posts = app.watch(get_posts::call());
    let only_bob = app.watch(get_user_by_id::call(bob.id));
    // A post is no user.
    app.call(create_post::call(ada.id, "Hello", None)).await?;
    assert_eq!([users.refetches(), posts.refetches()], [0, 1]);
    // Ada's posts go with her, and Bob stays as he is.
    app.call(delete_user::call(ada.id)).await?;
    assert_eq!([users.refetches(), posts.refetches()], [1, 2]);
    assert_eq!(only_bob.refetches(), 0);
    assert_eq!(posts.data()?, []);
}

#[edgepod::test]
async fn what_is_refused_leaves_nothing_and_wakes_nobody(app: TestApp) {
    app.call(insert_user::call("ada@example.org", None)).await?;
    let users = app.watch(get_users::call());
    let twice = app.call(insert_user::call("ada@example.org", "Eve")).await;
    assert_eq!(twice.unwrap_err().code(), "CONFLICT");
    let nobody = app.call(insert_user::call(None, None)).await.unwrap_err();
    assert_eq!(nobody.code(), "BAD_REQUEST");
    let missing = app.call(delete_user::call(99)).await.unwrap_err();
    assert_eq!(missing.message(), "There is no user 99.");
    assert_eq!(users.refetches(), 0);
}

#[edgepod::test]
async fn an_address_is_made_of_name_and_time(app: TestApp) {
    let user = app.call(insert_user::call(None, "Grace H.")).await?;
    let now = app.now().as_micros();
    assert_eq!(user.email, format!("graceh-{now}@example.com"));
    assert_eq!(user.created_at, app.now());
}
