//! An app without pods goes back to copies of its data: of a build with fewer migrations, and of one with more.

use std::{
    fs,
    path::{Path, PathBuf},
};

use edgepod::native::{Location, Server};
use edgepod_test_migrations as _;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use rusqlite::Connection;
use serde_json::{Value, json};

const KEY: &str = "an-admin-key-of-the-tests-of-migrations";

/// A server on the database in this folder.
fn start(folder: &Path) -> Server {
    let vars = [("EDGEPOD_API_KEY", "key"), ("EDGEPOD_ADMIN_KEY", KEY)];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Server::start(Location::File(folder.join("data.sqlite")), vars.into()).unwrap()
}

async fn ask(server: &Server, method: &str, path: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path);
    let request = request
        .header("authorization", format!("Bearer {KEY}"))
        .header("x-edgepod-key", "key");
    let request = request.body(Full::from("{}")).unwrap();
    let reply = server.answer(request).await;
    let status = reply.status().as_u16();
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn notes(server: &Server) -> Value {
    ask(server, "POST", "/rpc/countNotes").await.1["data"].clone()
}

async fn rewind(server: &Server, to: &str, id: u8) -> (u16, Value) {
    let path = format!("/_edgepod/v1/data/rewind?to={to}&id={id:032x}");
    ask(server, "POST", &path).await
}

/// A copy that was kept at this time, of what the database has and what this makes of it.
fn keep(folder: &Path, at: &str, sql: &str) -> PathBuf {
    let copies = folder.join("data.kept-copies/global");
    fs::create_dir_all(&copies).unwrap();
    let copy = copies.join(format!("{}.sqlite", at.replace(':', "-")));
    fs::copy(folder.join("data.sqlite"), &copy).unwrap();
    Connection::open(&copy).unwrap().execute_batch(sql).unwrap();
    copy
}

/// The number of the last migration that a database has.
fn migrations(file: &Path) -> i64 {
    let sql = "SELECT max(number) FROM _edgepod_migrations";
    let connection = Connection::open(file).unwrap();
    connection.query_row(sql, (), |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_an_older_build_migrates_and_one_of_a_newer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    drop(start(folder));
    let (older, newer) = ("2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z");
    let copy = keep(
        folder,
        older,
        "DELETE FROM _edgepod_migrations WHERE number = 4; DELETE FROM notes WHERE id > 10",
    );
    let sql = "INSERT INTO _edgepod_migrations VALUES (9, '0009_later', 'x', 0); DELETE FROM notes";
    keep(folder, newer, sql);

    let server = start(folder);
    assert_eq!(notes(&server).await, 20_000);
    let (status, body) = rewind(&server, newer, 1).await;
    assert_eq!(status, 409, "{body}");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("Nothing was changed") && message.contains("0009_later"),
        "{message}"
    );
    assert_eq!(notes(&server).await, 20_000);

    let (status, body) = rewind(&server, older, 2).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(notes(&server).await, 10);
    assert_eq!(migrations(&folder.join("data.sqlite")), 4);
    assert_eq!(migrations(&copy), 3, "the copy stays as it is");
    // The same request, as its answer was lost.
    assert_eq!(rewind(&server, older, 2).await, (200, body.clone()));
    let back = body["data"]["back"].as_str().unwrap();
    let (_, copies) = ask(&server, "GET", "/_edgepod/v1/data/copies").await;
    let copies = &copies["data"];
    assert_eq!(copies["keeps"], Value::Null);
    let all = copies["copies"].as_array().unwrap();
    let all: Vec<_> = all
        .iter()
        .map(|copy| (&copy["at"], &copy["replaced"]))
        .collect();
    assert_eq!(
        all,
        [
            (&json!(older), &json!(false)),
            (&json!(newer), &json!(false)),
            (&json!(back), &json!(true))
        ]
    );

    let (status, body) = rewind(&server, back, 3).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(notes(&server).await, 20_000);
    for (path, expected) in [
        (format!("to={back}&id=x"), 404),
        (format!("to=2026-01-03T00:00:00.000000Z&id={:032x}", 4), 404),
        (format!("to={back}&id={:032x}&pod=acme", 5), 404),
    ] {
        let (status, body) =
            ask(&server, "POST", &format!("/_edgepod/v1/data/rewind?{path}")).await;
        assert_eq!(status, expected, "{body}");
    }
    assert_eq!(notes(&server).await, 20_000);
}
