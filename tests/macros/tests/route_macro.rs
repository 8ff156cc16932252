//! `#[edgepod::route]` in tests of an app: `app.request(…)`.

#![allow(missing_docs)]

use edgepod::{
    http::{Bytes, Request, Response, StatusCode},
    prelude::*,
    testing::TestApp,
};

#[edgepod::table(name = "notes")]
pub struct Note {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub text: String,
}

#[edgepod::query]
pub async fn get_notes(ctx: &QueryCtx) -> Result<Vec<Note>> {
    ctx.db.select::<Note>().all()
}

/// Arguments whose names are those of the generated code, and no `await`.
#[edgepod::route(POST, "/notes/:args/:request")]
fn add(
    ctx: &ActionCtx,
    asked: Request<Bytes>,
    request: u8,
    args: String,
) -> Result<Response<Vec<u8>>> {
    let text = format!("{args}/{request}: {}", asked.body().len());
    ctx.transaction(|tx| tx.db.insert(NewNote { text }).exec())?;
    Ok(Response::builder()
        .status(StatusCode::CREATED)
        .header(
            "x-user",
            ctx.user().and_then(Claims::subject).unwrap_or("nobody"),
        )
        .header(
            "x-from",
            asked
                .headers()
                .get("x-from")
                .cloned()
                .unwrap_or_else(|| "".parse().unwrap()),
        )
        .body(vec![0xff])?)
}

/// Charges somebody, at another server's.
#[edgepod::action]
pub async fn charge(ctx: &ActionCtx, amount: u32) -> Result<String> {
    let request = Request::post("https://pay.example.com/charges?test=1")
        .header("authorization", "Bearer sk_test")
        .body(amount.to_string())?;
    let answer = ctx
        .fetch(request)
        .timeout(std::time::Duration::from_secs(1))
        .await?;
    let text = format!(
        "{} {}",
        answer.status(),
        String::from_utf8_lossy(answer.body())
    );
    ctx.transaction(|tx| tx.db.insert(NewNote { text: text.clone() }).exec())?;
    Ok(text)
}

edgepod::app!();

#[edgepod::test]
async fn the_test_answers_in_place_of_other_servers(app: TestApp) {
    app.answer("https://pay.example.com/charges", |_| Response::new("no"));
    app.answer("https://pay.example.com/charges", |request| {
        assert_eq!(request.headers()["authorization"], "Bearer sk_test");
        Response::builder()
            .status(201)
            .body(format!("took {:?}", request.body()))
            .unwrap()
    });
    assert_eq!(
        app.call(charge::call(7u32)).await?,
        "201 Created took b\"7\""
    );
    let requests = app.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].uri(), "https://pay.example.com/charges?test=1");
}

#[edgepod::test]
#[should_panic(
    expected = "charge asked another server, and the test has no answer: POST https://pay.example.com/charges."
)]
async fn what_the_test_does_not_answer_fails_it(app: TestApp) {
    let _ = app.call(charge::call(7u32)).await;
}

#[edgepod::test]
async fn a_request_is_answered_and_wakes_windows(app: TestApp) {
    let seen = app.watch(get_notes::call());
    let reply = app
        .request(Request::post("/notes/a%20b/7?c=d").body("four")?)
        .await;
    assert_eq!(
        (reply.status(), &reply.body()[..]),
        (StatusCode::CREATED, &[0xff][..])
    );
    assert_eq!(reply.headers()["x-user"], "nobody");
    assert_eq!(seen.data()?[0].text, "a b/7: 4");
    assert_eq!(seen.reasons(), ["POST /notes/a%20b/7?c=d changed notes"]);
}

#[edgepod::test]
async fn a_user_and_headers_come_along(app: TestApp) {
    let ada = app.user("ada").header("x-from", "here");
    let reply = ada.request(Request::post("/notes/a/7").body("")?).await;
    assert_eq!(
        (&reply.headers()["x-user"], &reply.headers()["x-from"]),
        (&"ada".parse()?, &"here".parse()?)
    );
}

#[edgepod::test]
async fn what_is_no_route_is_told_as_on_the_wire(app: TestApp) {
    for (method, path, status) in [
        ("GET", "/notes/a/7", 405),
        ("POST", "/notes/a/seven", 404),
        ("POST", "/notes/a/256", 404),
        ("POST", "/notes", 404),
        ("OPTIONS", "/notes/a/7", 204),
    ] {
        let request = Request::builder().method(method).uri(path).body("")?;
        assert_eq!(
            app.request(request).await.status(),
            status,
            "{method} {path}"
        );
    }
    let large = vec![0; (4 << 20) + 1];
    let reply = app.request(Request::post("/notes/a/7").body(large)?).await;
    assert_eq!(reply.status(), 413);
}
