//! Notes are their owner's alone.

use edgepod::testing::{Caller, TestApp};

use super::*;

/// Whoever has an account with this number: made here without its password, which costs time.
fn member(app: &TestApp, email: &str) -> Result<Caller> {
    let account = app.transaction(|ctx| {
        let account = NewAccount {
            email: email.to_owned(),
            password: String::from("none"),
        };
        ctx.db.insert(account).returning()
    })?;
    Ok(app.user(&account.id.to_string()).claim("email", email))
}

#[edgepod::test]
async fn notes_are_their_owners(app: TestApp) {
    let ada = member(&app, "ada@example.org")?;
    let bob = member(&app, "bob@example.org")?;
    let hers = ada.watch(get_notes::call());
    let his = bob.watch(get_notes::call());
    let note = ada.call(add_note::call(" milk ")).await?;
    assert_eq!(note.text, "milk");
    assert_eq!(hers.data()?.len(), 1);
    assert_eq!(his.data()?.len(), 0);
    // His window was not even told of it.
    assert_eq!([hers.refetches(), his.refetches()], [1, 0]);

    let refused = bob.call(delete_note::call(note.id)).await.unwrap_err();
    assert_eq!(refused.code(), "NOT_FOUND");
    ada.call(delete_note::call(note.id)).await?;
    assert_eq!(hers.data()?.len(), 0);
}

#[edgepod::test]
async fn nobody_reads_without_a_token(app: TestApp) {
    let refused = app.call(get_notes::call()).await.unwrap_err();
    assert_eq!((refused.code(), refused.status()), ("UNAUTHORIZED", 401));
    let stranger = app.user("no number").claim("email", "e@example.org");
    let refused = stranger.call(add_note::call("milk")).await.unwrap_err();
    assert_eq!(refused.message(), "This token is for no account.");
}

#[edgepod::test]
async fn a_password_is_guessed_ten_times_a_minute(app: TestApp) {
    for attempt in 0..12 {
        let guess = log_in::call("nobody@example.org", "guess", None);
        let status = app.call(guess).await.unwrap_err().status();
        assert_eq!(status, if attempt < 10 { 403 } else { 429 }, "{attempt}");
    }
    app.advance(Duration::from_secs(60));
    let guess = log_in::call("nobody@example.org", "guess", None);
    assert_eq!(app.call(guess).await.unwrap_err().status(), 403);
}
