//! The app on a port of its own, for whoever is no Rust: a browser, or as here a client of HTTP.
#![cfg(not(target_arch = "wasm32"))]

use edgepod::testing::TestApp;
use users::*;

#[edgepod::test]
async fn what_a_browser_adds_is_on_the_screen(app: TestApp) {
    let screen = app.watch(get_users::call());
    let served = app.serve();
    let added = ureq::post(format!("{}/rpc/insertUser", served.url()))
        .header("x-edgepod-key", served.key())
        .send(r#"{"email":"ada@example.org","name":"Ada"}"#)?;
    assert_eq!(added.status(), 200);
    assert_eq!(screen.data()?[0].email, "ada@example.org");
    assert_eq!(screen.reasons(), ["a client changed users"]);
    app.reset();
    assert_eq!(screen.data()?, []);
}
