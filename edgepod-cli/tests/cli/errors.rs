//! Mistakes in what is there: folders, settings, files, servers. Those in what is typed are in `generate.rs`, those of
//! migrations in `tests/migrations`.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::Command,
};

use crate::app::App;

/// Sessions, as they are reviewed.
struct Transcript {
    app: App,
    text: String,
}

impl Transcript {
    fn run(&mut self, arguments: &[&str]) {
        let output = self.app.command(arguments).output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let folder = self.app.path("").canonicalize().unwrap();
        let printed: String = String::from_utf8(printed)
            .unwrap()
            .replace(folder.to_str().unwrap(), "[folder]")
            .lines()
            .filter(|line| !is_cargos(line))
            .map(|line| format!("{line}\n"))
            .collect();
        self.text.push_str(&format!(
            "$ edgepod {}\n{printed}exit code {}\n\n",
            arguments.join(" "),
            output.status.code().unwrap()
        ));
    }

    /// The same with `from` written as `to`, which is another one each time.
    fn run_with(&mut self, arguments: &[&str], from: &[&str], to: &[&str]) {
        let before = self.text.len();
        self.run(arguments);
        let mut text = self.text.split_off(before);
        for (from, to) in from.iter().zip(to) {
            text = text.replace(from, to);
        }
        self.text.push_str(&text);
    }
}

/// Whether cargo printed it, which says what had to be built.
fn is_cargos(line: &str) -> bool {
    ["Compiling ", "Finished ", "Blocking "]
        .iter()
        .any(|verb| line.trim_start().starts_with(verb) && line.starts_with("  "))
}

#[test]
fn errors_of_what_is_there_are_as_reviewed() {
    let mut it = Transcript {
        app: App::new(),
        text: String::new(),
    };

    // Folders.
    it.app
        .write("space/Cargo.toml", "[workspace]\nmembers = [\"member\"]\n");
    it.app.write(
        "space/member/Cargo.toml",
        "[package]\nname = \"member\"\nedition = \"2024\"\n",
    );
    it.app.write("space/member/src/lib.rs", "");
    it.run(&["info", "space"]);
    it.run(&["init", "space"]);
    it.app.write("broken/Cargo.toml", "name = [\n");
    it.run(&["init", "broken"]);
    it.app
        .write("nameless/Cargo.toml", "[package]\nversion = \"1.0.0\"\n");
    it.run(&["init", "nameless"]);
    it.run(&["init", "--name", "other"]);
    it.app.write("page/package.json", "{\"name\":");
    it.run(&["init", "page"]);
    it.app.write("page/package.json", "[]");
    it.run(&["init", "page"]);
    it.app.write("page/package.json", "{}");
    it.app.write("page/edgepod/Cargo.toml", "");
    it.run(&["init", "page"]);
    it.app.write(
        "library/Cargo.toml",
        "[workspace]\n[package]\nname = \"library\"\nedition = \"2024\"\n",
    );
    it.app.write("library/src/lib.rs", "");
    it.run(&["info", "library"]);

    // Settings.
    let settings = it.app.read("Cargo.toml");
    for (from, to) in [
        ("client =", "framework = \"angular\"\nclient ="),
        ("client =", "auth = \"remote\"\nclient ="),
        ("client =", "jurisdiction = \"mars\"\nclient ="),
        (
            "client =",
            "jurisdiction = \"eu\"\nlocation_hint = \"weur\"\nclient =",
        ),
        ("client = \"web/src/edgepod\"\n", ""),
    ] {
        it.app.replace("Cargo.toml", from, to);
        it.run(&["generate"]);
        it.app.write("Cargo.toml", &settings);
    }
    it.app
        .replace("Cargo.toml", "client =", "web = \"site\"\nclient =");
    it.run(&["dev", "--port", "8997"]);
    it.app.write("Cargo.toml", &settings);
    it.app.write(".dev.vars", "EDGEPOD_API_KEY\n");
    it.run(&["dev", "--port", "8997"]);
    it.run(&["call", "answer"]);
    std::fs::remove_file(it.app.path(".dev.vars")).unwrap();
    it.run(&["dev", "--port", "8997", "--data", "Cargo.toml"]);

    // What was built.
    let source = it.app.read("src/lib.rs");
    it.app.replace("src/lib.rs", "{MANIFEST}", "no {MANIFEST}");
    it.run(&["generate"]);
    it.app.write("src/lib.rs", &source);
    it.run(&["build"]);

    insta::assert_snapshot!("errors_of_what_is_there", it.text);
}

#[test]
fn errors_of_deploy_are_as_reviewed() {
    let mut it = Transcript {
        app: App::new(),
        text: String::new(),
    };
    it.app.write("wrangler.jsonc", "{}");
    it.run(&["deploy", "--dry-run"]);
    it.app.write(
        "wrangler.jsonc",
        r#"{"durable_objects": {"bindings": [{"name": "EDGEPOD_DO", "class_name": "EdgePodEngine"}]},
            "migrations": [{"tag": "v1", "new_sqlite_classes": ["EdgePodEngine"]}]}"#,
    );
    it.run(&["deploy", "--dry-run"]);
    it.app.write("migrations/snapshot.json", "{\"tables\": []}");
    it.run(&["deploy", "--dry-run"]);
    assert!(it.app.run(&["generate"]).0.success());

    it.app.write(".prod.vars", "OTHER=1\n");
    it.run(&["deploy", "--dry-run"]);
    it.app
        .replace("Cargo.toml", "client =", "auth = \"local\"\nclient =");
    it.app.write(".prod.vars", "EDGEPOD_API_KEY=\"ep_pk_a\"\n");
    it.run(&["deploy", "--dry-run"]);
    std::fs::remove_file(it.app.path(".prod.vars")).unwrap();
    let git = Command::new("git")
        .args(["init", "--quiet"])
        .current_dir(it.app.path(""))
        .status()
        .unwrap();
    assert!(git.success());
    it.run(&["deploy"]);
    assert!(!it.app.path(".prod.vars").exists());

    insta::assert_snapshot!("errors_of_deploy", it.text);
}

#[test]
fn errors_of_call_and_sql_are_as_reviewed() {
    let mut it = Transcript {
        app: App::new(),
        text: String::new(),
    };
    let url = serve();
    let mut call = |function: &str, arguments: &[&str]| {
        let arguments = [&["call", function, "--url", &url], arguments].concat();
        it.run_with(&arguments, &[&url], &["http://127.0.0.1:[port]"]);
    };
    call("answer", &[]);
    call("other", &["--key", "k"]);
    call("missing", &["--key", "k"]);
    call("broken", &["--key", "k"]);

    std::fs::create_dir_all(it.app.path(".edgepod")).unwrap();
    let database = it.app.path(".edgepod/data.sqlite");
    rusqlite::Connection::open(&database)
        .unwrap()
        .execute_batch("CREATE TABLE t (x INTEGER UNIQUE) STRICT; INSERT INTO t VALUES (1)")
        .unwrap();
    it.run(&["sql", ""]);
    it.run(&["sql", "SELEC 1"]);
    it.run(&["sql", "SELECT y FROM t"]);
    it.run(&["sql", "SELECT 1; DELETE FROM t"]);
    it.run(&["sql", "DELETE FROM t"]);
    it.run(&["sql", "SELECT json('x')"]);
    it.run(&["sql", "--write", "INSERT INTO t VALUES (1)"]);
    it.app
        .write(".edgepod/data.sqlite", &"no database ".repeat(100));
    it.run(&["sql", "SELECT 1 FROM t"]);

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (output, text) = it.app.run(&["dev", "--port", &port.to_string()]);
    assert_eq!(output.code(), Some(1));
    let other = text.rsplit("--port ").next().unwrap();
    let other = other.trim_end().trim_end_matches('`').to_owned();
    it.run_with(
        &["dev", "--port", &port.to_string()],
        &[&port.to_string(), &other],
        &["[port]", "[free port]"],
    );

    insta::assert_snapshot!("errors_of_call_and_sql", it.text);
}

/// What answers calls, though not as an app of EdgePod does. Its address.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let (status, body) = if first.contains("missing") {
                (
                    "404 Not Found",
                    r#"{"error":{"code":"NOT_FOUND","message":"There is no function `missing`.","trace_id":"t"}}"#,
                )
            } else if first.contains("broken") {
                ("500 Internal Server Error", "")
            } else {
                ("200 OK", "<html>")
            };
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
        }
    });
    url
}
