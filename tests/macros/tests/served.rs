//! `TestApp::serve` and `testing::serve`: what clients of a test's app see, and what the test sees of them.

#![allow(missing_docs)]

use std::{
    env,
    io::{BufRead as _, BufReader},
    net::{TcpListener, TcpStream},
    panic::catch_unwind,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use edgepod::{
    http::{Request, Response},
    prelude::*,
    testing::{Served, TestApp, serve},
};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client::IntoClientRequest as _};

#[edgepod::table(name = "notes")]
pub struct Note {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub text: String,
    #[default(now)]
    pub at: Timestamp,
}

#[edgepod::query]
pub async fn get_notes(ctx: &QueryCtx) -> Result<Vec<String>> {
    let notes = ctx.db.select::<Note>().order_by(Note::id.asc()).all()?;
    Ok(notes.into_iter().map(|note| note.text).collect())
}

#[edgepod::query]
pub async fn get_now(ctx: &QueryCtx) -> Result<Timestamp> {
    Ok(ctx.now())
}

#[edgepod::function(job)]
pub async fn add_note(ctx: &Ctx, text: String) -> Result<()> {
    ctx.db.insert(NewNote { text }).exec()
}

#[edgepod::function(middleware = [require_user])]
pub async fn add_mine(ctx: &Ctx) -> Result<()> {
    let text = ctx
        .user()
        .and_then(Claims::subject)
        .unwrap_or_default()
        .to_owned();
    ctx.db.insert(NewNote { text }).exec()
}

#[edgepod::function]
pub async fn add_later(ctx: &Ctx, text: String, seconds: u32) -> Result<()> {
    let after = Duration::from_secs(seconds.into());
    ctx.jobs().after(after, add_note::call(text))?;
    Ok(())
}

#[edgepod::action]
pub async fn ask(ctx: &ActionCtx) -> Result<String> {
    let request = Request::get("https://elsewhere.example/").body("")?;
    let reply = ctx.fetch(request).await?;
    Ok(String::from_utf8_lossy(reply.body()).into_owned())
}

edgepod::app!();

/// A page: a session that calls functions, and has a socket.
struct Page {
    url: String,
    key: String,
    session: String,
    socket: WebSocket<TcpStream>,
}

impl Page {
    fn open(served: &Served) -> Self {
        Self::at(served.url().to_owned(), served.key().to_owned())
    }

    fn at(url: String, key: String) -> Self {
        static SESSIONS: AtomicU32 = AtomicU32::new(0);
        let session = format!("page-{}", SESSIONS.fetch_add(1, Ordering::Relaxed));
        Self {
            socket: socket(&url, &key, &session),
            url,
            key,
            session,
        }
    }

    fn call(&self, name: &str, args: Value) -> Value {
        let mut reply = ureq::post(format!("{}/rpc/{name}", self.url))
            .config()
            .http_status_as_error(false)
            .build()
            .header("x-edgepod-key", &self.key)
            .header("x-edgepod-session-id", &self.session)
            .send(args.to_string())
            .expect("a reply");
        let body = reply.body_mut().read_to_string().expect("a body");
        serde_json::from_str(&body).expect("JSON")
    }

    fn notes(&self) -> Value {
        self.call("getNotes", json!({}))["data"].clone()
    }

    /// The next thing that it is told: a signal's tables, or the code with which it is closed.
    fn told(&mut self) -> Value {
        match self.socket.read().expect("the socket says something") {
            Message::Text(text) => {
                let signal: Value = serde_json::from_str(&text).expect("JSON");
                signal["tables"].clone()
            }
            Message::Close(frame) => u16::from(frame.expect("a reason").code).into(),
            other => panic!("{other:?}"),
        }
    }

    fn reconnect(&mut self) {
        self.socket = socket(&self.url, &self.key, &self.session);
    }
}

fn socket(url: &str, key: &str, session: &str) -> WebSocket<TcpStream> {
    let address = url.strip_prefix("http://").expect("an address");
    let stream = TcpStream::connect(address).expect("a connection");
    // A test that waits for what never comes fails.
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let request = format!("ws://{address}/ws?key={key}&sessionId={session}");
    let request = request.into_client_request().unwrap();
    let (socket, _) = tungstenite::client(request, stream).expect("a socket");
    socket
}

#[edgepod::test]
async fn a_page_and_the_test_have_one_database(app: TestApp) {
    let seen = app.watch(get_notes::call());
    let served = app.serve();
    let mut page = Page::open(&served);
    assert_eq!(page.notes(), json!([]));
    // What the page writes, the test sees at once.
    page.call("addNote", json!({ "text": "of the page" }));
    assert_eq!(seen.data()?, ["of the page"]);
    assert_eq!(seen.reasons(), ["a client changed notes"]);
    assert_eq!(page.told(), json!(["notes"]));
    assert_eq!(page.notes(), json!(["of the page"]));
    // And the other way round.
    app.call(add_note::call("of the test")).await?;
    assert_eq!(page.told(), json!(["notes"]));
    assert_eq!(page.notes(), json!(["of the page", "of the test"]));
    assert_eq!(app.data()["notes"][1]["text"], "of the test");
    // Whom a client woke is not told again by the test's next call.
    page.call("addNote", json!({ "text": "third" }));
    app.call(add_note::call("fourth")).await?;
    assert_eq!(
        seen.reasons()[2..],
        ["a client changed notes", "addNote changed notes"]
    );
}

#[edgepod::test]
async fn a_page_goes_by_the_clock_of_the_test(app: TestApp) {
    let served = app.serve();
    let mut page = Page::open(&served);
    page.notes();
    let now = |page: &Page| page.call("getNow", json!({}))["data"].clone();
    assert_eq!(now(&page), "2026-01-01T00:00:00.000000Z");
    page.call("addLater", json!({ "text": "at once", "seconds": 0 }));
    page.call("addLater", json!({ "text": "later", "seconds": 60 }));
    assert_eq!(app.jobs().len(), 2);
    assert_eq!(page.told(), json!(["notes"]));
    assert_eq!(page.notes(), json!(["at once"]));
    app.advance(Duration::from_secs(60));
    assert_eq!(page.told(), json!(["notes"]));
    assert_eq!(page.notes(), json!(["at once", "later"]));
    assert_eq!(now(&page), "2026-01-01T00:01:00.000000Z");
}

/// Nobody asks for anything: it is done while the test waits.
#[edgepod::test]
async fn what_a_page_asks_for_is_done_while_the_test_waits(app: TestApp) {
    let served = app.serve();
    let mut page = Page::open(&served);
    page.notes();
    page.call("addLater", json!({ "text": "at once", "seconds": 0 }));
    let told = tokio::task::spawn_blocking(move || page.told());
    assert_eq!(told.await?, json!(["notes"]));
}

#[edgepod::test]
async fn a_token_of_the_test_is_one_for_a_page(app: TestApp) {
    let served = app.serve();
    let mine = |token: Option<String>| {
        let request = ureq::post(format!("{}/rpc/addMine", served.url()));
        let mut request = request.config().http_status_as_error(false).build();
        request = request.header("x-edgepod-key", served.key());
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request.send("{}").expect("a reply").status().as_u16()
    };
    assert_eq!(mine(None), 401);
    let token = app.user("ada").token();
    assert_eq!(mine(Some(token.clone())), 200);
    assert_eq!(app.data()["notes"][0]["text"], "ada");
    // Two days later, as the test has it.
    app.advance(Duration::from_secs(2 * 24 * 60 * 60));
    assert_eq!(mine(Some(token)), 401);
}

#[edgepod::test]
async fn a_reset_is_heard(app: TestApp) {
    let seen = app.watch(get_notes::call());
    let served = app.serve();
    let mut page = Page::open(&served);
    page.call("addNote", json!({ "text": "gone soon" }));
    app.advance(Duration::from_secs(3600));
    let version = |page: &Page| page.call("getNotes", json!({}))["meta"]["version"].to_string();
    let before = version(&page);
    app.reset();
    assert_eq!(page.told(), 1012);
    page.reconnect();
    assert_eq!(page.notes(), json!([]));
    // Another life of the same database, for whoever compares them.
    assert!(version(&page) > before, "{before}");
    assert_eq!(seen.data()?, [""; 0]);
    assert_eq!(
        seen.reasons().last().map(String::as_str),
        Some("the app was reset")
    );
    assert_eq!(app.now().to_string(), "2026-01-01T00:00:00.000000Z");
    page.call("addNote", json!({ "text": "first again" }));
    assert_eq!(page.told(), json!(["notes"]));
    assert_eq!(app.data()["notes"][0]["id"], 1);
}

#[edgepod::test]
async fn a_crash_is_heard_and_nothing_is_lost(app: TestApp) {
    let served = app.serve();
    let mut page = Page::open(&served);
    page.call("addNote", json!({ "text": "kept" }));
    app.crash();
    assert_eq!(page.told(), 1012);
    page.reconnect();
    assert_eq!(page.notes(), json!(["kept"]));
    app.call(add_note::call("heard")).await?;
    assert_eq!(page.told(), json!(["notes"]));
}

#[edgepod::test]
async fn servers_of_one_test_share_its_data_and_end_on_their_own(app: TestApp) {
    let (first, second) = (app.serve(), app.serve());
    let (mut one, mut other) = (Page::open(&first), Page::open(&second));
    let elsewhere = TestApp::start();
    let third = elsewhere.serve();
    assert_eq!((one.notes(), other.notes()), (json!([]), json!([])));
    one.call("addNote", json!({ "text": "for both" }));
    assert_eq!(other.told(), json!(["notes"]));
    assert_eq!(one.told(), json!(["notes"]));
    assert_eq!(Page::open(&third).notes(), json!([]));

    let address = first.url().replace("http://", "");
    drop(first);
    assert_eq!(one.told(), 1001);
    TcpListener::bind(&address).expect("the port is free again");
    app.call(add_note::call("for the other")).await?;
    assert_eq!(other.notes(), json!(["for both", "for the other"]));
}

#[edgepod::test]
async fn what_a_page_has_the_app_ask_the_test_answers(app: TestApp) {
    app.answer("https://elsewhere.example/", |_| {
        Response::new("from the test")
    });
    let served = app.serve();
    let answer = Page::open(&served).call("ask", json!({}));
    assert_eq!(answer["data"], "from the test");
    assert_eq!(app.requests().len(), 1);
}

#[test]
fn what_nobody_answers_fails_the_test() {
    let failed = catch_unwind(|| {
        edgepod::__private::testing::run(|app: TestApp| async move {
            let served = app.serve();
            let answer = Page::open(&served).call("ask", json!({}));
            assert_eq!(answer["error"]["code"], "UNAVAILABLE");
        });
    });
    let failed = failed.expect_err("the test fails");
    let why = failed.downcast_ref::<String>().expect("a message");
    assert!(why.contains("GET https://elsewhere.example/"), "{why}");
}

#[edgepod::test]
async fn a_server_of_a_test_takes_no_orders(app: TestApp) {
    let served = app.serve();
    for path in ["/_test/reset", "/_test", "/_edgepod/v1/status"] {
        let reply = ureq::post(format!("{}{path}", served.url()));
        let reply = reply.config().http_status_as_error(false).build();
        let reply = reply.send_empty().expect("a reply");
        assert_eq!(reply.status(), 404, "{path}");
    }
}

const PROGRAM: &str = "IS_THE_PROGRAM";

/// The program of tests in another language: this one again.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_program_serves_tests_in_other_languages() {
    if env::var_os(PROGRAM).is_some() {
        serve(async |app| {
            app.call(add_note::call("to begin with")).await?;
            app.set_var("EDGEPOD_API_KEY", "ep_pk_of_the_page");
            Ok(())
        });
        return;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["a_program_serves_tests", "--nocapture"]);
    command.env(PROGRAM, "1").stdout(Stdio::piped());
    let mut program = Program(command.spawn().expect("this program"));
    let lines = BufReader::new(program.0.stdout.take().unwrap()).lines();
    // What the harness says comes before it.
    let said = lines.map_while(std::io::Result::ok);
    let line = said.into_iter().find_map(|line| {
        let begin = line.find('{')?;
        serde_json::from_str::<Value>(&line[begin..]).ok()
    });
    let line = line.expect("a line of JSON");
    let field = |name: &str| line[name].as_str().expect(name).to_owned();
    let (url, key, reset) = (field("url"), field("key"), field("reset"));
    assert_eq!(key, "ep_pk_of_the_page");
    let mut page = Page::at(url, key);
    assert_eq!(page.notes(), json!(["to begin with"]));
    page.call(
        "addLater",
        json!({ "text": "a second later", "seconds": 1 }),
    );
    assert_eq!(page.told(), json!(["notes"]));
    assert_eq!(page.notes(), json!(["to begin with", "a second later"]));

    let status = |method: &str, url: &str| {
        let request = Request::builder().method(method).uri(url);
        let agent = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = agent.build().into();
        let reply = agent.run(request.body(()).unwrap()).expect("a reply");
        reply.status().as_u16()
    };
    // What nobody answers is the page's to see, and ends nothing.
    assert_eq!(page.call("ask", json!({}))["error"]["code"], "UNAVAILABLE");
    // Only a `POST` does it.
    assert_eq!(status("GET", &reset), 404);
    assert_eq!(page.notes(), json!(["to begin with", "a second later"]));
    assert_eq!(status("POST", &reset), 204);
    assert_eq!(page.told(), 1012);
    page.reconnect();
    assert_eq!(page.notes(), json!(["to begin with"]));
    // Nobody can guess it.
    let (other, _) = reset.rsplit_once("/_test/").unwrap();
    assert_eq!(
        status("POST", &format!("{other}/_test/{:032x}/reset", 7)),
        404
    );
}
