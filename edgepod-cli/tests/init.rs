//! From an empty folder to a Worker that could be uploaded, as its user lives it: on a real terminal by answering, and
//! without one by options. The app that is made is built, served, changed and packed.
//!
//! It takes minutes when nothing is built yet; what it builds stays in the target folder for the next time.
#![cfg(unix)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use expectrl::{Eof, Expect, Session};

/// A first build of everything may take this long on a busy machine.
const PATIENCE: Duration = Duration::from_secs(900);
const ENTER: &str = "\r";
const DOWN: &str = "\x1b[B";

#[test]
fn an_app_is_made_by_answering_then_served_changed_served_on_workerd_and_packed() {
    let home = tempfile::tempdir().unwrap();
    let app = home.path().join("shop");

    let mut init = terminal(home.path(), &["init", "shop"]);
    init.expect("What is the app called?").unwrap();
    init.send(ENTER).unwrap();
    init.expect("Who issues the tokens").unwrap();
    init.send(DOWN).unwrap();
    init.send(DOWN).unwrap();
    init.send(ENTER).unwrap();
    init.expect("Where shall the data be?").unwrap();
    init.send(ENTER).unwrap();
    init.expect("Which page").unwrap();
    init.send(ENTER).unwrap();
    init.expect("Created").unwrap();
    init.expect(Eof).unwrap();

    let vars = read(&app, ".dev.vars");
    assert!(vars.contains("EDGEPOD_API_KEY=\"ep_pk_"), "{vars}");
    assert!(vars.contains("EDGEPOD_JWT_PRIVATE_KEY=\"-----BEGIN PRIVATE KEY-----"));
    assert!(
        read(&app, ".gitignore")
            .lines()
            .any(|line| line == ".dev.vars")
    );

    // Served on this machine, with its page.
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let port = port.to_string();
    let mut dev = terminal(&app, &["dev", "--port", &port]);
    dev.expect("Watching").unwrap();
    let added = call(&app, &url, &["addTask", r#"{"title":"milk"}"#]);
    assert!(
        added.status.success() && text(&added).contains("milk"),
        "{}",
        text(&added)
    );
    let refused = call(&app, &url, &["addTask", r#"{"title":" "}"#]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused).contains("A task needs a title. (BAD_REQUEST, 400"),
        "{}",
        text(&refused)
    );
    let anonymous = call(&app, &url, &["getMyDetails"]);
    assert!(
        text(&anonymous).contains("Bearer token required (UNAUTHORIZED, 401"),
        "{}",
        text(&anonymous)
    );

    // A change to a function: the client follows, and the data stays.
    let functions = read(&app, "src/functions.rs").replace("finish_task", "remove_task");
    std::fs::write(app.join("src/functions.rs"), functions).unwrap();
    dev.expect("Generated").unwrap();
    dev.expect("Ready").unwrap();
    assert!(read(&app, "web/src/edgepod/types.ts").contains("removeTask"));
    let kept = call(&app, &url, &["getTasks"]);
    assert!(text(&kept).contains("milk"), "{}", text(&kept));

    let rows = edgepod(&app, &["sql", "SELECT title FROM tasks"]);
    assert!(
        rows.status.success() && text(&rows).contains("milk"),
        "{}",
        text(&rows)
    );
    let refused = edgepod(&app, &["sql", "DELETE FROM tasks"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("add --write"), "{}", text(&refused));
    stop(dev);
    assert!(
        TcpListener::bind(("127.0.0.1", port.parse().unwrap())).is_ok(),
        "something still listens"
    );

    // The page is one that TypeScript accepts, save for the name that was changed above.
    let page = read(&app, "web/src/Tasks.tsx").replace("finishTask", "removeTask");
    std::fs::write(app.join("web/src/Tasks.tsx"), page).unwrap();
    let checked = Command::new("npm")
        .args(["run", "build"])
        .current_dir(app.join("web"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", text(&checked));

    // The same app as a Durable Object.
    let mut dev = terminal(
        &app,
        &["dev", "--host", "workerd", "--no-page", "--port", &port],
    );
    dev.expect("Watching").unwrap();
    let added = call(&app, &url, &["addTask", r#"{"title":"tea"}"#]);
    assert!(
        added.status.success() && text(&added).contains("tea"),
        "{}",
        text(&added)
    );
    stop(dev);

    let mut deploy = terminal(&app, &["deploy", "--dry-run"]);
    deploy.expect("Checked client in").unwrap();
    deploy.expect("gzipped").unwrap();
    deploy.expect("EdgePodEngine").unwrap();
    deploy.expect("nothing was uploaded").unwrap();
    deploy.expect(Eof).unwrap();
    assert!(!app.join(".prod.vars").exists(), "a dry run makes no keys");
}

#[test]
fn an_app_is_made_by_options_and_packed_and_a_client_that_is_behind_stops_it() {
    let home = tempfile::tempdir().unwrap();
    let app = home.path().join("api");
    let made = edgepod(
        home.path(),
        &[
            "init",
            "api",
            "--name",
            "backend",
            "--auth",
            "remote",
            "--jwks-url",
            "https://example.com/jwks.json",
            "--front-end",
            "none",
            "--location-hint",
            "weur",
        ],
    );
    assert!(made.status.success(), "{}", text(&made));
    assert!(read(&app, "Cargo.toml").contains("name = \"backend\""));
    assert!(read(&app, "Cargo.toml").contains("location_hint = \"weur\""));
    assert!(read(&app, "migrations/0001_first.sql").contains("CREATE TABLE \"tasks\""));
    assert!(read(&app, ".dev.vars").contains("EDGEPOD_JWKS_URL=\"https://example.com/jwks.json\""));
    assert!(!app.join("web/package.json").exists());

    let stopped = edgepod(&app, &["deploy", "--dry-run"]);
    assert_eq!(stopped.status.code(), Some(1));
    assert!(
        text(&stopped).contains("is not that of the app: run `edgepod generate`"),
        "{}",
        text(&stopped)
    );

    assert!(edgepod(&app, &["generate"]).status.success());
    let packed = edgepod(&app, &["deploy", "--dry-run"]);
    assert!(packed.status.success(), "{}", text(&packed));
    assert!(
        text(&packed).contains("nothing was uploaded"),
        "{}",
        text(&packed)
    );

    let info = text(&edgepod(&app, &["info"]));
    assert!(
        info.contains("addTask(title: string) -> Task")
            && info.contains("tasks (id, title, created_at)"),
        "{info}"
    );
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let app = home.path().join("shop");
    std::fs::create_dir_all(app.join("src")).unwrap();
    std::fs::write(app.join("src/schema.rs"), "// mine\n").unwrap();
    let made = edgepod(home.path(), &["init", "shop"]);
    assert!(made.status.success(), "{}", text(&made));
    assert!(
        text(&made).contains("shop/src/schema.rs was there and stays"),
        "{}",
        text(&made)
    );
    assert_eq!(read(&app, "src/schema.rs"), "// mine\n");

    // Somebody who can answer is asked, and the default is no.
    let vars = read(&app, ".dev.vars");
    let mut init = terminal(
        home.path(),
        &["init", "shop", "--auth", "none", "--front-end", "react"],
    );
    init.expect("Where shall the data be?").unwrap();
    init.send(ENTER).unwrap();
    init.expect("schema.rs is there already. Replace it?")
        .unwrap();
    init.send(ENTER).unwrap();
    init.expect(Eof).unwrap();
    assert_eq!(read(&app, "src/schema.rs"), "// mine\n");

    assert!(
        edgepod(home.path(), &["init", "shop", "--overwrite"])
            .status
            .success()
    );
    assert!(read(&app, "src/schema.rs").contains("struct Task"));
    assert!(read(&app, "migrations/0001_first.sql").contains("\"tasks\""));
    assert_eq!(read(&app, ".dev.vars"), vars, "keys are never replaced");
}

#[test]
fn a_crate_that_is_there_keeps_what_it_has_and_becomes_an_app() {
    let home = tempfile::tempdir().unwrap();
    let app = home.path();
    std::fs::create_dir(app.join("src")).unwrap();
    let manifest = "# Ours.\n[package]\nname = \"old\"\nversion = \"3.0.0\"\nedition = \"2024\"\n\n[dependencies]\n";
    std::fs::write(app.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(app.join("src/lib.rs"), "//! Old.\n\npub fn old() {}\n").unwrap();
    let made = edgepod(app, &["init"]);
    assert!(made.status.success(), "{}", text(&made));
    let manifest = read(app, "Cargo.toml");
    assert!(
        manifest.starts_with("# Ours.\n[package]\nname = \"old\"\nversion = \"3.0.0\""),
        "{manifest}"
    );
    assert!(
        manifest.contains("crate-type = [\"cdylib\", \"rlib\"]"),
        "{manifest}"
    );
    let library = read(app, "src/lib.rs");
    assert!(
        library.starts_with("//! Old.\n\npub fn old() {}\n"),
        "{library}"
    );
    assert!(
        library.contains("mod functions;\n") && library.contains("edgepod::app!();\n"),
        "{library}"
    );
    let generated = edgepod(app, &["generate"]);
    assert!(generated.status.success(), "{}", text(&generated));

    // Once more changes nothing.
    let before = (
        read(app, "Cargo.toml"),
        read(app, "src/lib.rs"),
        read(app, ".gitignore"),
    );
    assert!(edgepod(app, &["init"]).status.success());
    assert_eq!(
        (
            read(app, "Cargo.toml"),
            read(app, "src/lib.rs"),
            read(app, ".gitignore")
        ),
        before
    );
}

#[test]
fn a_front_end_that_is_there_gets_its_backend_in_a_folder() {
    let home = tempfile::tempdir().unwrap();
    let web = home.path();
    std::fs::write(
        web.join("package.json"),
        "{\n  \"name\": \"site\",\n  \"dependencies\": {\n    \"react\": \"^19.0.0\"\n  }\n}\n",
    )
    .unwrap();
    let made = edgepod(web, &["init", "--name", "site"]);
    assert!(made.status.success(), "{}", text(&made));
    let list = read(web, "package.json");
    assert!(
        list.contains("\"edgepod:dev\": \"edgepod dev edgepod\""),
        "{list}"
    );
    assert!(
        list.contains("\"react\": \"^19.0.0\"") && list.contains("@tanstack/react-query"),
        "{list}"
    );
    assert!(read(web, "edgepod/Cargo.toml").contains("client = \"../src/edgepod\""));
    assert!(read(web, ".gitignore").contains("/src/edgepod/"));
    let again = edgepod(web, &["init"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        text(&again).contains("has a backend already"),
        "{}",
        text(&again)
    );
}

#[test]
fn a_mistake_is_named_with_the_way_on() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("file"), "").unwrap();
    for (arguments, message) in [
        (
            &["init", "a", "--name", "9lives"][..],
            "`9lives` is no name for a crate and a Worker",
        ),
        (
            &["init", "a", "--auth", "remote"],
            "add `--jwks-url https://",
        ),
        (
            &["init", "a", "--jwks-url", "example.com"],
            "is no address of keys",
        ),
        (
            &[
                "init",
                "a",
                "--auth",
                "local",
                "--jwks-url",
                "https://example.com/k",
            ],
            "goes with `--auth remote` only",
        ),
        (&["init", "file"], "is a file: name a folder"),
        (
            &["init", "a", "--edgepod", "."],
            "is no checkout of EdgePod",
        ),
        (&["call", "getTasks", "[1]"], "arguments are named, as in"),
        (&["call", "getTasks", "{id: 1}"], "are no JSON"),
        (
            &[
                "call",
                "getTasks",
                "--key",
                "k",
                "--url",
                "http://127.0.0.1:9",
            ],
            "start `edgepod dev`",
        ),
        (&["call", "getTasks"], "name one with --key"),
        (&["sql", "SELECT 1"], "there is no Cargo.toml"),
        (&["deploy"], "there is no Cargo.toml"),
    ] {
        let output = edgepod(home.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(
            text(&output).contains(message),
            "{arguments:?}: {}",
            text(&output)
        );
    }
}

/// `edgepod` in `folder`, without a terminal.
fn edgepod(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = command(folder, arguments);
    command.stdin(std::process::Stdio::null()).output().unwrap()
}

fn call(app: &Path, url: &str, arguments: &[&str]) -> Output {
    edgepod(app, &[&["call"], arguments, &["--url", url]].concat())
}

/// `edgepod` in `folder`, on a terminal of its own.
fn terminal(folder: &Path, arguments: &[&str]) -> expectrl::session::OsSession {
    let mut session = Session::spawn(command(folder, arguments)).unwrap();
    session.set_expect_timeout(Some(PATIENCE));
    session
}

/// Ends `dev` as its user does, and waits until it has.
fn stop(mut dev: expectrl::session::OsSession) {
    dev.send("\x03").unwrap();
    dev.expect(Eof).unwrap();
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgepod"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("CARGO_TARGET_DIR", target())
        .env_remove("EDGEPOD_API_KEY");
    command
}

/// One for all apps that are made here, so that what they depend on is built once.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("made")
}

fn read(folder: &Path, file: &str) -> String {
    std::fs::read_to_string(folder.join(file)).unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
