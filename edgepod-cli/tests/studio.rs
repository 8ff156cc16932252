//! The studio of `edgepod dev`, asked as its page asks it, on the examples.
#![cfg(unix)]

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long the first build and start may take on a slow machine.
const START: Duration = Duration::from_secs(10 * 60);

/// An `edgepod` that serves a studio. Dropping it ends it.
struct Studio {
    child: Child,
    base: String,
    token: String,
}

impl Studio {
    /// `edgepod` with these arguments and variables, once it has said where the studio is and is ready.
    fn start(arguments: &[&str], vars: &[(&str, &str)], last: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_edgepod"))
            .args(arguments)
            .env_remove("EDGEPOD_API_KEY")
            .env_remove("EDGEPOD_ADMIN_KEY")
            .envs(vars.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (says, said) = mpsc::channel();
        thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .try_for_each(|line| says.send(line))
        });
        let (mut found, mut heard) = (String::new(), String::new());
        // Facts are printed when it is ready.
        loop {
            let line = said.recv_timeout(START).unwrap_or_else(|error| {
                let _ = child.kill();
                panic!("{arguments:?} is not ready ({error}), and said:\n{heard}")
            });
            heard += &format!("{line}\n");
            if let Some((_, address)) = line.split_once("studio ") {
                found = address.to_owned();
            }
            if line.contains(last) {
                break;
            }
        }
        let (base, token) = found.split_once("/#token=").expect(&found);
        Self {
            child,
            base: base.to_owned(),
            token: token.to_owned(),
        }
    }

    /// That of an example, on data of its own.
    fn of_example(name: &str, data: &TempDir, more: &[&str], vars: &[(&str, &str)]) -> Self {
        let example = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../examples")
            .join(name);
        let port = free_port().to_string();
        let mut arguments = vec!["dev", example.to_str().unwrap(), "--no-page", "--port"];
        arguments.extend([&*port, "--data", data.path().to_str().unwrap()]);
        arguments.extend(more);
        Self::start(&arguments, vars, " key ")
    }

    /// Status and reply.
    fn ask(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let (status, _, text) = raw(&self.base, method, &format!("/api{path}"), body, headers);
        (status, serde_json::from_str(&text).expect(&text))
    }

    fn key(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn get(&self, path: &str) -> Value {
        let key = self.key();
        let (status, reply) = self.ask("GET", path, &Value::Null, &[("authorization", &key)]);
        assert_eq!(status, 200, "{path}: {reply}");
        reply
    }

    fn post(&self, path: &str, body: Value) -> Value {
        let (status, reply) = self.tried(path, body);
        assert_eq!(status, 200, "{path}: {reply}");
        reply
    }

    fn tried(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask("POST", path, &body, &[("authorization", &self.key())])
    }

    fn call(&self, function: &str, args: Value) -> Value {
        let reply = self.post("/call", json!({"function": function, "args": args}));
        reply["reply"].clone()
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        let _ = kill(
            Pid::from_raw(self.child.id().cast_signed()),
            Signal::SIGTERM,
        );
        let _ = self.child.wait();
    }
}

/// The keys of the users example.
const ADMIN_KEY: &str = "the-admin-key-of-this-test-0123456789";
const KEY: &str = "ep_pk_of_this_test";

/// Status, headers as a text, and body.
fn raw(
    base: &str,
    method: &str,
    path: &str,
    body: &Value,
    headers: &[(&str, &str)],
) -> (u16, String, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into();
    let mut request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{base}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = match body {
        Value::Null => Vec::new(),
        body => body.to_string().into_bytes(),
    };
    let mut reply = agent.run(request.body(&body[..]).unwrap()).unwrap();
    (
        reply.status().as_u16(),
        format!("{:?}", reply.headers()),
        reply.body_mut().read_to_string().unwrap(),
    )
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn the_users_example_is_seen_searched_edited_and_called() {
    let data = tempfile::tempdir().unwrap();
    let vars = [("EDGEPOD_ADMIN_KEY", ADMIN_KEY), ("EDGEPOD_API_KEY", KEY)];
    let studio = Studio::of_example("users", &data, &[], &vars);
    nobody_else_is_let_in(&studio);
    it_says_what_the_app_is(&studio);
    calls_come_as_a_page_gets_them(&studio);
    what_happened_is_told(&studio);
    rows_are_found_by_what_they_hold(&studio);
    an_edit_is_undone_and_a_stale_one_refused(&studio);
    every_kind_of_value_is_shown_and_kept(&studio, &data);
    only_what_reads_is_run(&studio);
    one_for_an_app_elsewhere_only_reads(&studio);
}

fn nobody_else_is_let_in(studio: &Studio) {
    let key = studio.key();
    let none = Value::Null;
    for (headers, status, code) in [
        (&[][..], 401, "UNAUTHORIZED"),
        (&[("authorization", "Bearer x")], 401, "UNAUTHORIZED"),
        (&[("authorization", &studio.token)], 401, "UNAUTHORIZED"),
        (
            &[("authorization", &*key), ("host", "evil.example")],
            403,
            "FORBIDDEN",
        ),
        (
            &[("authorization", &*key), ("host", "127.0.0.1")],
            403,
            "FORBIDDEN",
        ),
        (
            &[("authorization", &*key), ("origin", "http://evil.example")],
            403,
            "FORBIDDEN",
        ),
        (
            &[("authorization", &*key), ("origin", "null")],
            403,
            "FORBIDDEN",
        ),
    ] {
        for path in ["/app", "/nope"] {
            let (found, reply) = studio.ask("GET", path, &none, headers);
            assert_eq!(found, status, "{headers:?}");
            assert_eq!(reply["error"]["code"], code, "{headers:?}");
        }
    }
    let own = [("authorization", &*key), ("origin", &*studio.base)];
    assert_eq!(studio.ask("GET", "/app", &none, &own).0, 200);
    assert_eq!(studio.ask("GET", "/nope", &none, &own).0, 404);
    assert_eq!(studio.ask("POST", "/app", &none, &own).0, 405);
    let (status, headers, text) = raw(&studio.base, "GET", "/", &none, &[]);
    // In a checkout it may be being built.
    assert!(status == 200 || status == 503, "{text}");
    assert!(!text.contains(&studio.token));
    for header in ["default-src 'self'", "DENY", "no-referrer", "nosniff"] {
        assert!(headers.contains(header), "{headers}");
    }
    assert!(!headers.contains("access-control"), "{headers}");
    let evil = [("host", "evil.example")];
    assert_eq!(raw(&studio.base, "GET", "/", &none, &evil).0, 403);
}

fn it_says_what_the_app_is(studio: &Studio) {
    let app = studio.get("/app");
    assert_eq!(
        (&app["name"], &app["host"]),
        (&json!("users"), &json!("native"))
    );
    assert_eq!(
        (
            &app["development"],
            &app["write"],
            &app["signs"],
            &app["pods"]
        ),
        (&json!(true), &json!(true), &json!(false), &json!(false))
    );
    assert!(app["manifest"]["functions"].as_array().unwrap().len() > 4);
    let schema = studio.get("/schema");
    let tables = schema["tables"].as_array().unwrap();
    let table = |name: &str| tables.iter().find(|table| table["name"] == name).unwrap();
    let posts = table("posts");
    assert_eq!(posts["declared"], true);
    assert_eq!(posts["rows"], 0);
    assert_eq!(
        posts["references"],
        json!([{"columns": ["author_id"], "table": "users", "to": ["id"]}])
    );
    assert_eq!(
        posts["columns"][0],
        json!({"name": "id", "type": "INTEGER", "notNull": true, "key": 1, "generated": false})
    );
    assert_eq!(table("_edgepod_migrations")["system"], true);
    assert_eq!(studio.get("/pods")["pods"], json!([{"pod": "global"}]));
    assert_eq!(studio.get("/status")["state"], "ready");
    assert_eq!(studio.get("/jobs")["jobs"], json!([]));
}

fn calls_come_as_a_page_gets_them(studio: &Studio) {
    let reply = studio.call(
        "insertUser",
        json!({"email": "ada@example.org", "name": "Ada"}),
    );
    assert_eq!(reply["data"]["id"], 1);
    assert!(
        reply["meta"]["explain"]["statements"][0]["sql"]
            .as_str()
            .unwrap()
            .contains("INSERT"),
        "{reply}"
    );
    let wrong = json!({"function": "insertUser", "args": {"email": 7}});
    let wrong = studio.post("/call", wrong);
    assert_eq!(wrong["status"], 400, "{wrong}");
    assert_eq!(wrong["reply"]["error"]["code"], "BAD_REQUEST");
    assert!(wrong["ms"].is_f64());
    let missing = studio.post("/call", json!({"function": "no/such", "args": {}}));
    assert_eq!(missing["status"], 404);
    let admin = json!({"function": "getUsers", "args": {}, "as": "admin"});
    let admin = studio.post("/call", admin);
    assert_eq!(admin["reply"]["data"][0]["name"], "Ada");
    let (status, reply) = studio.tried("/call", json!({"function": "getUsers", "args": []}));
    assert_eq!(status, 400, "{reply}");
    let claims = json!({"function": "getUsers", "args": {}, "as": {"claims": {"sub": "ada"}}});
    let (status, reply) = studio.tried("/call", claims);
    assert_eq!(status, 400, "{reply}");
    assert!(reply["error"]["message"].as_str().unwrap().contains("key"));
}

fn what_happened_is_told(studio: &Studio) {
    let all = studio.get("/events?after=0");
    let events = all["events"].as_array().unwrap();
    let calls: Vec<&str> = events
        .iter()
        .filter_map(|event| event["function"].as_str())
        .collect();
    assert!(
        calls.starts_with(&["insertUser", "insertUser"]),
        "{calls:?}"
    );
    assert!(calls.contains(&"getUsers"));
    assert_eq!(events[0]["writes"], json!(["users"]));
    assert_eq!(events[1]["status"], 400);
    let next = all["next"].as_u64().unwrap();
    let more = studio.get(&format!("/events?after={next}"));
    assert_eq!((&more["events"], &more["life"]), (&json!([]), &all["life"]));
    let path = "/events?after=x";
    assert_eq!(
        studio
            .ask(
                "GET",
                path,
                &Value::Null,
                &[("authorization", &studio.key())]
            )
            .0,
        400
    );
}

fn rows_are_found_by_what_they_hold(studio: &Studio) {
    for name in ["100%", "100 percent", "A_b", "aXb", "it's \"q\""] {
        studio.call(
            "insertUser",
            json!({"email": format!("{name}@example.org"), "name": name}),
        );
    }
    studio.call(
        "insertUser",
        json!({"email": "nobody@example.org", "name": null}),
    );
    let found = |filter: Value| -> Vec<u64> {
        let body = json!({"table": "users", "where": [filter], "limit": 100, "count": true});
        let reply = studio.post("/rows", body);
        let rows = reply["rows"].as_array().unwrap();
        assert_eq!(reply["total"], rows.len());
        rows.iter().map(|row| row[0].as_u64().unwrap()).collect()
    };
    let is = |op: &str, value: Value| found(json!({"column": "name", "op": op, "value": value}));
    assert_eq!(is("contains", json!("%")), [2]);
    assert_eq!(is("starts", json!("100")), [2, 3]);
    assert_eq!(is("contains", json!("a_B")), [4]);
    assert_eq!(is("contains", json!("'s \"q")), [6]);
    assert_eq!(is("=", json!("it's \"q\"")), [6]);
    assert_eq!(is("=", json!("' OR 1 --")), [0; 0]);
    assert_eq!(is("=", Value::Null), [7]);
    assert_eq!(is("is null", Value::Null), [7]);
    assert_eq!(is("!=", json!("100%")), [1, 3, 4, 5, 6, 7]);
    assert_eq!(
        found(json!({"column": "id", "op": "<=", "value": 2})),
        [1, 2]
    );
    let page = studio.post(
        "/rows",
        json!({"table": "users", "order": [{"column": "name", "descending": true}], "limit": 2, "offset": 1}),
    );
    assert_eq!(
        (&page["rows"][0][2], &page["rows"][1][2], &page["total"]),
        (&json!("aXb"), &json!("Ada"), &Value::Null)
    );
    // What it says that it asked can be asked.
    let again = studio.post("/sql", json!({"sql": page["sql"]}));
    assert_eq!(
        (&again["rows"], &again["columns"]),
        (&page["rows"], &page["columns"])
    );
    for body in [
        json!({"table": "nope", "limit": 1}),
        json!({"table": "users", "limit": 1, "order": [{"column": "nope"}]}),
        json!({"table": "users", "limit": 1001}),
        json!({"table": "users", "limit": 1, "where": [{"column": "id", "op": "~"}]}),
    ] {
        let (status, reply) = studio.tried("/rows", body);
        assert!(status == 400 || status == 404, "{reply}");
    }
}

fn an_edit_is_undone_and_a_stale_one_refused(studio: &Studio) {
    let name = |id: u64| {
        let filter = json!([{"column": "id", "op": "=", "value": id}]);
        let rows = studio.post(
            "/rows",
            json!({"table": "users", "where": filter, "limit": 1}),
        );
        rows["rows"][0][2].clone()
    };
    let edit = |set: Value, was: Value| json!({"table": "users", "set": {"name": set}, "where": {"id": 1}, "was": {"name": was}});
    let done = studio.post("/edit", edit(json!("Ada L."), json!("Ada")));
    assert_eq!(
        (&done["row"]["id"], &done["row"]["name"]),
        (&json!(1), &json!("Ada L."))
    );
    let (status, stale) = studio.tried("/edit", edit(json!("Eve"), json!("Ada")));
    assert_eq!((status, &stale["error"]["code"]), (409, &json!("CONFLICT")));
    assert_eq!(name(1), "Ada L.");
    let undone = studio.post("/edit", done["undo"].clone());
    assert_eq!(name(1), "Ada");
    // What undoes it again.
    studio.post("/edit", undone["undo"].clone());
    assert_eq!(name(1), "Ada L.");
    studio.post("/edit", done["undo"].clone());
    studio.post("/edit", edit(Value::Null, json!("Ada")));
    assert_eq!(name(1), Value::Null);
    studio.post("/edit", edit(json!("Ada"), Value::Null));

    let new = json!({"table": "users", "insert": {"email": "new@example.org"}});
    let new = studio.post("/edit", new);
    let id = new["row"]["id"].as_u64().unwrap();
    let gone = studio.post("/edit", new["undo"].clone());
    assert_eq!(gone["row"], Value::Null);
    assert_eq!(name(id), Value::Null);
    let back = studio.post("/edit", gone["undo"].clone());
    assert_eq!(back["row"], new["row"]);
    studio.post("/edit", back["undo"].clone());
    let (status, reply) = studio.tried("/edit", new["undo"].clone());
    assert_eq!(status, 409, "{reply}");
    for (body, refused) in [
        (
            json!({"table": "users", "insert": {"email": "ada@example.org"}}),
            409,
        ),
        (
            json!({"table": "posts", "insert": {"title": "x", "author_id": 99}}),
            409,
        ),
        (
            json!({"table": "users", "set": {"nope": 1}, "where": {"id": 1}}),
            400,
        ),
        (
            json!({"table": "users", "set": {"name": "all"}, "where": {}}),
            400,
        ),
        (json!({"table": "users"}), 400),
        (
            json!({"table": "_edgepod_settings", "delete": {"name": "x"}}),
            403,
        ),
    ] {
        let (status, reply) = studio.tried("/edit", body.clone());
        assert_eq!(status, refused, "{body}: {reply}");
    }
    // It was a call: screens hear of it, and it is told.
    let events = studio.get("/events?after=0");
    let edits = events["events"].as_array().unwrap().iter();
    let mut edits = edits.filter(|event| event["function"] == "_edgepod_execute");
    assert_eq!(edits.next().unwrap()["writes"], json!(["users"]));
}

fn every_kind_of_value_is_shown_and_kept(studio: &Studio, data: &TempDir) {
    let file = rusqlite::Connection::open(data.path().join("data.sqlite")).unwrap();
    file.busy_timeout(Duration::from_secs(10)).unwrap();
    file.execute_batch("CREATE TABLE \"my \"\"things\"\"\" (\"a \"\"name\"\"\" ANY, twice TEXT AS (\"a \"\"name\"\"\" || 'x')) STRICT")
        .unwrap();
    let table = "my \"things\"";
    let column = "a \"name\"";
    let long = "x".repeat(1500);
    for cell in [
        Value::Null,
        json!(7),
        json!(1.5),
        json!("it's"),
        json!({"integer": "9223372036854775807"}),
        json!({"blob": "00ff", "bytes": 2}),
        json!(long),
    ] {
        let new = studio.post("/edit", json!({"table": table, "insert": {column: cell}}));
        let kept = match cell == long {
            true => json!({"text": "x".repeat(1000), "length": 1500}),
            false => cell.clone(),
        };
        assert_eq!(new["row"][column], kept);
        let key = new["row"]["rowid"].clone();
        // Found by its value, and by its rowid edited.
        let filter = json!([{"column": column, "op": "=", "value": cell}]);
        let rows = studio.post(
            "/rows",
            json!({"table": table, "where": filter, "limit": 9}),
        );
        assert_eq!(rows["columns"], json!(["rowid", column, "twice"]));
        assert_eq!(rows["rows"][0][0], key, "{cell}");
        let was = json!({column: cell});
        let body =
            json!({"table": table, "set": {column: "new"}, "where": {"rowid": key}, "was": was});
        let done = studio.post("/edit", body);
        let back = studio.post("/edit", done["undo"].clone());
        assert_eq!(back["row"][column], kept);
        let gone = studio.post("/edit", json!({"table": table, "delete": {"rowid": key}}));
        if cell == long {
            // Only its beginning is known.
            assert_eq!(gone["undo"], Value::Null);
        } else {
            let back = studio.post("/edit", gone["undo"].clone());
            assert_eq!(back["row"], new["row"]);
            studio.post("/edit", back["undo"].clone());
        }
    }
    let computed = json!({"table": table, "insert": {"twice": "x"}});
    assert_eq!(studio.tried("/edit", computed).0, 400);
    file.execute_batch("DROP TABLE \"my \"\"things\"\"\"")
        .unwrap();
}

fn only_what_reads_is_run(studio: &Studio) {
    let sql = |sql: &str| studio.tried("/sql", json!({"sql": sql}));
    let (_, reply) = sql("SELECT count(*) AS n, max(u.id) FROM users u, posts");
    assert_eq!(reply["columns"], json!(["n", "max(u.id)"]));
    let (_, reply) = sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1001) SELECT i FROM n",
    );
    assert_eq!(
        (reply["rows"].as_array().unwrap().len(), &reply["more"]),
        (1000, &json!(true))
    );
    for (text, words) in [
        ("SELECT nope FROM users", "no such column: nope"),
        ("DELETE FROM users RETURNING *", "Only statements that read"),
        ("SELECT 1; DELETE FROM users", "more than one statement"),
        ("SELECT", "incomplete input"),
        ("SELECT ?", "parameters"),
    ] {
        let (status, reply) = sql(text);
        let message = reply["error"]["message"].as_str().unwrap();
        assert!(status == 400 && message.contains(words), "{text}: {reply}");
    }
}

/// `edgepod studio`, here on the app that `dev` serves.
fn one_for_an_app_elsewhere_only_reads(studio: &Studio) {
    let url = studio.get("/app")["url"].clone();
    let url = url.as_str().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/users");
    let example = example.to_str().unwrap();
    let arguments = ["studio", example, "--url", url, "--key", KEY];
    let vars = [("EDGEPOD_ADMIN_KEY", ADMIN_KEY)];
    let only_reads = Studio::start(&arguments, &vars, "studio ");
    let app = only_reads.get("/app");
    assert_eq!(
        (&app["host"], &app["write"], &app["development"]),
        (&json!("remote"), &json!(false), &json!(true))
    );
    let rows = only_reads.post("/rows", json!({"table": "users", "limit": 1}));
    assert_eq!(rows["rows"][0][2], "Ada");
    let call = json!({"function": "getUsers", "args": {}});
    for (path, body) in [
        ("/call", call.clone()),
        ("/edit", json!({"table": "users", "delete": {"id": 1}})),
        ("/jobs/retry?id=1", Value::Null),
    ] {
        let (status, reply) = only_reads.tried(path, body);
        assert_eq!(status, 403, "{reply}");
        assert!(
            reply["error"]["message"]
                .as_str()
                .unwrap()
                .contains("--write")
        );
    }
    let writes = Studio::start(&[&arguments[..], &["--write"]].concat(), &vars, "studio ");
    assert_eq!(writes.post("/call", call)["status"], 200);
    assert_eq!(writes.tried("/jobs/retry?id=1", Value::Null).0, 404);
}

#[test]
fn who_signs_in_is_whoever_the_studio_signs_a_token_for() {
    let data = tempfile::tempdir().unwrap();
    let studio = Studio::of_example("auth", &data, &[], &[]);
    assert_eq!(studio.get("/app")["signs"], true);
    let add = json!({"function": "addNote", "args": {"text": "mine"}});
    let nobody = studio.post("/call", add.clone());
    assert_eq!(nobody["status"], 401, "{nobody}");
    let mut add = add;
    add["as"] = json!({"claims": {"sub": "7", "email": "ada@example.org"}});
    let ada = studio.post("/call", add.clone());
    // The token is taken; whether there is such an account is the app's to say.
    assert_ne!(ada["status"], 401, "{ada}");
    add["as"] = json!({"token": "a.b.c"});
    assert_eq!(studio.post("/call", add)["status"], 401);
    let events = studio.get("/events?after=0");
    let users = events["events"].as_array().unwrap().iter();
    let users: Vec<_> = users.filter_map(|event| event["user"].as_str()).collect();
    assert!(users.contains(&"7"), "{events}");
}

#[test]
fn an_object_on_workerd_is_seen_and_edited_alike() {
    let data = tempfile::tempdir().unwrap();
    let studio = Studio::of_example("users", &data, &["--host", "workerd"], &[]);
    assert_eq!(studio.get("/app")["host"], "workerd");
    it_is_there(&studio);
    studio.call(
        "insertUser",
        json!({"email": "ada@example.org", "name": "100%"}),
    );
    let filter =
        json!([{"column": "name", "op": "contains", "value": format!("{}%", "0".repeat(2))}]);
    let body = json!({"table": "users", "where": filter, "limit": 9, "count": true});
    let rows = studio.post("/rows", body);
    assert_eq!(
        (&rows["rows"][0][2], &rows["total"]),
        (&json!("100%"), &json!(1))
    );
    let edit = json!({
        "table": "users", "set": {"created_at": {"integer": "9007199254740993"}}, "where": {"id": 1},
    });
    let done = studio.post("/edit", edit);
    assert_eq!(
        done["row"]["created_at"],
        json!({"integer": "9007199254740993"})
    );
    studio.post("/edit", done["undo"].clone());
    let (status, _) = studio.tried("/edit", done["undo"].clone());
    assert_eq!(status, 409);
    let sql = studio.post("/sql", json!({"sql": "SELECT id, name FROM users"}));
    assert_eq!(sql["rows"], json!([[1, "100%"]]));
    let schema = studio.get("/schema");
    let tables = schema["tables"].as_array().unwrap();
    assert!(
        tables
            .iter()
            .any(|table| table["name"] == "users" && table["rows"] == 1)
    );
    assert!(
        tables
            .iter()
            .all(|table| !table["name"].as_str().unwrap().starts_with("_cf_"))
    );
}

fn it_is_there(studio: &Studio) {
    let began = Instant::now();
    let key = studio.key();
    let headers = [("authorization", &*key)];
    while studio.ask("GET", "/schema", &Value::Null, &headers).0 == 503 {
        assert!(began.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(100));
    }
}
