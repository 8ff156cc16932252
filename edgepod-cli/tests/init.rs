//! From an empty folder to a Worker that could be uploaded, as its user lives it: on a real terminal by answering, and
//! without one by options. The app that is made is built, served, changed and packed.
//!
//! It takes minutes when nothing is built yet; what it builds stays in the target folder for the next time.
#![cfg(unix)]

use std::{
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use edgepod_samples::apps;
use expectrl::{Eof, Expect, Needle, Regex, Session, session::OsSession};

/// A first build of everything may take this long on a busy machine.
const PATIENCE: Duration = Duration::from_secs(900);
const ENTER: &str = "\r";
const DOWN: &str = "\x1b[B";

#[test]
fn an_app_is_made_by_answering_then_served_changed_served_on_workerd_and_packed() {
    let home = tempfile::tempdir().unwrap();
    let app = home.path().join("shop");

    let mut init = terminal(home.path(), &["init", "shop"]);
    init.until("What is the app called?");
    init.type_in(ENTER);
    init.until("Who issues the tokens");
    init.type_in(DOWN);
    init.type_in(DOWN);
    init.type_in(ENTER);
    init.until("Where shall the data be?");
    init.type_in(ENTER);
    init.until("Which page");
    init.type_in(ENTER);
    init.until("Created");
    init.until(Eof);

    let vars = read(&app, ".dev.vars");
    assert!(vars.contains("EDGEPOD_API_KEY=\"ep_pk_"), "{vars}");
    assert!(vars.contains("EDGEPOD_JWT_PRIVATE_KEY=\"-----BEGIN PRIVATE KEY-----"));
    assert!(
        read(&app, ".gitignore")
            .lines()
            .any(|line| line == ".dev.vars*")
    );

    // Served on this machine, with its page.
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let port = port.to_string();
    let mut dev = command(&app, &["dev", "--port", &port, "--open"]);
    dev.env("PATH", path_with_a_browser(home.path()));
    let mut dev = Terminal::with(dev);
    dev.until("Watching");
    let note = home.path().join("opened");
    let started = Instant::now();
    while std::fs::read_to_string(&note)
        .unwrap_or_default()
        .is_empty()
    {
        assert!(started.elapsed() < Duration::from_secs(30), "no browser");
        thread::sleep(Duration::from_millis(20));
    }
    let opened = read(home.path(), "opened");
    assert!(opened.starts_with("http://127.0.0.1:"), "{opened}");
    let page = ureq::get(opened.trim()).call().unwrap();
    assert!(page.status().is_success(), "{page:?}");
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
    dev.until("Generated");
    dev.until("Ready");
    assert!(read(&app, "web/src/edgepod/functions.d.ts").contains("removeTask"));
    let map = read(&app, "web/src/edgepod/functions.d.ts.map");
    assert!(map.contains(r#""../../../src/functions.rs""#), "{map}");
    let kept = call(&app, &url, &["getTasks"]);
    assert!(text(&kept).contains("milk"), "{}", text(&kept));

    // Another column: nothing is served before its migration is written, and then the rows have it.
    let schema = read(&app, "src/schema.rs");
    let with_done = schema.replace(
        "    /// When it was added.",
        "    /// Whether it is.\n    #[default(false)]\n    pub done: bool,\n    /// When it was added.",
    );
    std::fs::write(app.join("src/schema.rs"), with_done).unwrap();
    dev.until("ADD COLUMN \"done\"");
    dev.until("Serving what was built last");
    let kept = call(&app, &url, &["getTasks"]);
    assert!(
        text(&kept).contains("milk") && !text(&kept).contains("done"),
        "{}",
        text(&kept)
    );
    let written = edgepod(&app, &["migrations", "new", "add_done"]);
    assert!(
        text(&written).contains("migrations/0002_add_done.sql"),
        "{}",
        text(&written)
    );
    dev.until("Ready");
    let kept = call(&app, &url, &["getTasks"]);
    assert!(
        text(&kept).contains("milk") && text(&kept).contains("\"done\": false"),
        "{}",
        text(&kept)
    );

    // It is dropped again: who is there to answer is asked, and the default is no.
    std::fs::write(app.join("src/schema.rs"), &schema).unwrap();
    dev.until("DROP COLUMN \"done\"");
    let question = "The migration loses the column `done` of the table `tasks`";
    let mut new = terminal(&app, &["migrations", "new", "drop_done"]);
    new.until(question);
    new.type_in(ENTER);
    new.until("Nothing was written");
    new.until(Eof);
    let mut new = terminal(&app, &["migrations", "new", "drop_done"]);
    new.until(question);
    new.type_in("y\r");
    new.until("migrations/0003_drop_done.sql");
    new.until(Eof);
    dev.until("Ready");
    let kept = call(&app, &url, &["getTasks"]);
    assert!(
        text(&kept).contains("milk") && !text(&kept).contains("done"),
        "{}",
        text(&kept)
    );

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
    dev.until("Watching");
    let added = call(&app, &url, &["addTask", r#"{"title":"tea"}"#]);
    assert!(
        added.status.success() && text(&added).contains("tea"),
        "{}",
        text(&added)
    );
    // A migration that fails leaves what was served, as it does natively.
    let bad = app.join("migrations/0004_bad.sql");
    std::fs::write(&bad, "INSERT INTO nowhere VALUES (1);\n").unwrap();
    dev.until("The migration 0004_bad fails");
    dev.until("Serving what was built last");
    let kept = call(&app, &url, &["getTasks"]);
    assert!(
        kept.status.success() && text(&kept).contains("tea"),
        "{}",
        text(&kept)
    );
    std::fs::remove_file(&bad).unwrap();
    dev.until("Ready");
    stop(dev);

    let mut deploy = terminal(&app, &["deploy", "--dry-run"]);
    deploy.until("Checked client in");
    deploy.until("gzipped");
    deploy.until("EdgePodEngine");
    deploy.until("nothing was uploaded");
    deploy.until(Eof);
    assert!(!app.join(".prod.vars").exists(), "a dry run makes no keys");
    deployed_with_new_secrets(home.path(), &app);
}

/// The one module that is kept of what was optimized last, and when it was.
fn optimized(app: &Path) -> (PathBuf, std::time::SystemTime) {
    let kept = std::fs::read_dir(app.join(".edgepod/optimized")).unwrap();
    let kept: Vec<PathBuf> = kept.map(|entry| entry.unwrap().path()).collect();
    let [kept] = kept.as_slice() else {
        panic!("not one file is kept: {kept:?}");
    };
    let modified = std::fs::metadata(kept).unwrap().modified().unwrap();
    (kept.clone(), modified)
}

/// A PATH whose browser notes in `home` what it is to open.
fn path_with_a_browser(home: &Path) -> std::ffi::OsString {
    let folder = home.join("browser");
    std::fs::create_dir(&folder).unwrap();
    let note = home.join("opened");
    for name in ["xdg-open", "open"] {
        let program = folder.join(name);
        let text = format!("#!/bin/sh\necho \"$1\" > '{}'\n", note.display());
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&others))).unwrap()
}

/// Without an account nothing can be uploaded, so what stands in for wrangler here keeps what it is given. The real one has
/// packed the same Worker before.
fn deployed_with_new_secrets(home: &Path, app: &Path) {
    let wrangler = home.join("wrangler");
    std::fs::write(
        &wrangler,
        "#!/bin/sh\nset -e\nhere=$(dirname \"$0\")\necho \"$@\" >> \"$here/calls\"\n\
         if [ \"$1\" = deploy ]; then\n  echo '{\"type\":\"deploy\",\"version\":1,\"targets\":[\"https://shop.ada.workers.dev\"]}' \
         >> \"$WRANGLER_OUTPUT_FILE_PATH\"\nelse\n  cp -p \"$3\" \"$here/secrets.json\"\nfi\n",
    )
    .unwrap();
    std::fs::set_permissions(&wrangler, PermissionsExt::from_mode(0o755)).unwrap();
    let deploy = || {
        let mut deploy = command(app, &["deploy"]);
        deploy
            .env("WRANGLER_BIN", &wrangler)
            .stdin(std::process::Stdio::null());
        deploy.output().unwrap()
    };
    let of_development =
        read(app, ".dev.vars") + "EDGEPOD_ADMIN_KEY=\"0123456789abcdef0123456789abcdef\"\n";
    std::fs::write(app.join(".dev.vars"), &of_development).unwrap();
    let optimized = optimized(app);
    let deployed = deploy();
    assert!(deployed.status.success(), "{}", text(&deployed));
    // The dry run has optimized the same module.
    assert_eq!(self::optimized(app), optimized);
    assert!(
        text(&deployed).contains("URL https://shop.ada.workers.dev"),
        "{}",
        text(&deployed)
    );
    let calls = read(home, "calls");
    let calls: Vec<&str> = calls.lines().collect();
    assert!(
        calls.len() == 2
            && calls[0].starts_with("deploy --config ")
            && calls[1].starts_with("secret bulk "),
        "{calls:?}"
    );
    let secrets: serde_json::Value = serde_json::from_str(&read(home, "secrets.json")).unwrap();
    let key = secrets["EDGEPOD_API_KEY"].as_str().unwrap();
    let private_key = secrets["EDGEPOD_JWT_PRIVATE_KEY"].as_str().unwrap();
    assert!(key.starts_with("ep_pk_") && private_key.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let admin_key = secrets["EDGEPOD_ADMIN_KEY"].as_str().unwrap();
    assert!(admin_key.len() >= 32);
    assert!(
        !of_development.contains(key)
            && !of_development.contains(admin_key)
            && !of_development.contains(private_key.lines().nth(1).unwrap()),
        "what is deployed has keys of its own"
    );
    for file in [app.join(".prod.vars"), home.join("secrets.json")] {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others may read {}", file.display());
    }
    let handed_over = calls[1].split(' ').nth(2).unwrap();
    assert!(
        !Path::new(handed_over).exists(),
        "the file that wrangler read stays"
    );

    let info = text(&edgepod(app, &["info"]));
    for told in [
        "https://shop.ada.workers.dev deployed",
        &format!("{key} deployed (publishable"),
        "close to whoever calls first",
        "3, the last is 0003_drop_done",
    ] {
        assert!(info.contains(told), "no `{told}` in: {info}");
    }

    // An app that signs its tokens is not deployed with a file that has lost the key for that.
    let kept: String = read(app, ".prod.vars")
        .lines()
        .filter(|line| !line.contains("PRIVATE_KEY"))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(app.join(".prod.vars"), kept).unwrap();
    let refused = deploy();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused).contains(".prod.vars has no EDGEPOD_JWT_PRIVATE_KEY"),
        "{}",
        text(&refused)
    );
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
    // The workspace's own: so these tests find compiled what the app depends on.
    assert!(read(&app, "Cargo.toml").contains(apps::PROFILES));
    assert!(read(&app, "Cargo.toml").contains("location_hint = \"weur\""));
    assert!(read(&app, "migrations/0001_first.sql").contains("CREATE TABLE \"tasks\""));
    assert!(read(&app, ".dev.vars").contains("EDGEPOD_JWKS_URL=\"https://example.com/jwks.json\""));
    assert!(!app.join("web/package.json").exists());
    let readme = read(&app, "README.md");
    assert!(readme.starts_with("# backend\n") && readme.contains("edgepod generate --check"));

    let stopped = edgepod(&app, &["deploy", "--dry-run"]);
    assert_eq!(stopped.status.code(), Some(1));
    assert!(
        text(&stopped).contains("is not that of the app: run `edgepod generate`"),
        "{}",
        text(&stopped)
    );

    // Its own tests pass, and `cargo test` is all that runs them.
    let tested = apps::cargo()
        .arg("test")
        .current_dir(&app)
        .env("CARGO_TARGET_DIR", target())
        .output()
        .unwrap();
    assert!(tested.status.success(), "{}", text(&tested));
    assert!(text(&tested).contains("2 passed"), "{}", text(&tested));

    assert!(edgepod(&app, &["generate"]).status.success());
    // What is large is uploaded, too, and said.
    let noise: Vec<u8> = (0..400_000).map(|_| rand::random()).collect();
    std::fs::write(app.join("src/noise.bin"), noise).unwrap();
    let functions = read(&app, "src/functions.rs");
    std::fs::write(
        app.join("src/functions.rs"),
        format!(
            "{functions}\n/// A byte of the noise.\n#[edgepod::query]\npub async fn get_noise(_ctx: &QueryCtx, index: u32) -> \
             Result<Option<u8>> {{\n    static NOISE: &[u8] = include_bytes!(\"noise.bin\");\n    \
             Ok(NOISE.get(index as usize).copied())\n}}\n"
        ),
    )
    .unwrap();
    assert!(edgepod(&app, &["generate"]).status.success());
    let packed = edgepod(&app, &["deploy", "--dry-run"]);
    assert!(packed.status.success(), "{}", text(&packed));
    for told in [
        "1 migration leads to the schema",
        "more than the 350 KB that a Worker should have",
        "in western Europe where Cloudflare can (location_hint = \"weur\")",
        "nothing was uploaded",
    ] {
        assert!(
            text(&packed).contains(told),
            "no `{told}` in: {}",
            text(&packed)
        );
    }
    // What is uploaded places its data where `init` was told.
    let module = read(&app, ".edgepod/worker/entry.mjs");
    assert!(module.contains("\"weur\""), "{module}");

    let info = text(&edgepod(&app, &["info"]));
    for told in [
        "addTask(title: string) -> Task",
        "tasks (id, title, created_at)",
        "(publishable",
        "location_hint = \"weur\"",
        "1, the last is 0001_first",
        "gzipped",
        "edgepod 0",
    ] {
        assert!(info.contains(told), "no `{told}` in: {info}");
    }

    // Once everything is installed, no network is needed, and no tool that is named is passed over.
    std::fs::write(app.join("src/functions.rs"), functions).unwrap();
    let offline = without_network(&app, &["generate"]).output().unwrap();
    assert!(offline.status.success(), "{}", text(&offline));
    let offline = without_network(&app, &["deploy", "--dry-run"])
        .output()
        .unwrap();
    assert!(
        offline.status.success() && !text(&offline).contains("more than the 350 KB"),
        "{}",
        text(&offline)
    );
    for (variable, says) in [
        ("WASM_BINDGEN_BIN", "(WASM_BINDGEN_BIN) failed"),
        ("WASM_OPT_BIN", "wasm-opt failed on"),
        ("ESBUILD_BIN", "esbuild failed on"),
    ] {
        let failed = command(&app, &["build"])
            .env(variable, which::which("false").unwrap())
            .output()
            .unwrap();
        assert_eq!(failed.status.code(), Some(1));
        assert!(text(&failed).contains(says), "{}", text(&failed));
    }
}

#[test]
fn a_wrong_answer_is_asked_again_and_no_answer_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let correct = |session: &mut Terminal, wrong: &str, right: &str| {
        session.type_in("\x7f".repeat(wrong.len()));
        session.type_in(format!("{right}{ENTER}"));
    };
    let mut init = terminal(home.path(), &["init", "shop"]);
    init.until("What is the app called?");
    init.type_in(format!("9lives{ENTER}"));
    init.until("is no name for a crate");
    correct(&mut init, "9lives", "lives");
    init.until("Who issues the tokens");
    init.type_in(DOWN);
    init.type_in(ENTER);
    init.until("JWKS URL");
    init.type_in(format!("example.com{ENTER}"));
    init.until("is no address of keys");
    correct(&mut init, "example.com", "https://example.com/jwks.json");
    init.until("Where shall the data be?");
    init.type_in("\x03");
    init.until("there was no answer: nothing was written");
    init.until(Eof);
    assert!(!home.path().join("shop").exists());
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
    init.until("Where shall the data be?");
    init.type_in(ENTER);
    init.until("schema.rs is there already. Replace it?");
    init.type_in(ENTER);
    init.until(Eof);
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
    std::fs::write(app.join("Cargo.toml"), manifest.to_owned() + apps::PROFILES).unwrap();
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
fn a_package_json_that_cannot_be_read_is_refused_before_anything_is_written() {
    for (list, says) in [("{\"name\": ", "is no JSON"), ("[]", "is no JSON object")] {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("package.json"), list).unwrap();
        let made = edgepod(home.path(), &["init", "--yes"]);
        assert_eq!(made.status.code(), Some(1));
        let text = text(&made);
        assert!(
            text.contains("/package.json") && text.contains(says),
            "{text}"
        );
        assert!(!home.path().join("edgepod").exists());
    }
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

/// A program on a terminal of its own.
struct Terminal(OsSession);

impl Terminal {
    fn with(program: Command) -> Self {
        Self(Session::spawn(program).unwrap())
    }

    /// Waits until it shows this, or fails with what it showed.
    ///
    /// expectrl's own waiting asks again without a pause, which takes a processor from the builds that are waited for.
    #[track_caller]
    fn until(&mut self, needle: impl Needle) {
        let started = Instant::now();
        loop {
            let found = self.0.check(&needle);
            match &found {
                Ok(found) if !found.is_empty() => return,
                Ok(_) if started.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(20)),
                _ => break,
            }
        }
        let shown = self.0.check(Regex("(?s).+"));
        let shown = shown.map(|shown| String::from_utf8_lossy(shown.as_bytes()).into_owned());
        panic!("it shows something else: {shown:?}");
    }

    fn type_in(&mut self, keys: impl AsRef<[u8]>) {
        self.0.send(keys).unwrap();
    }
}

/// `edgepod` in `folder`, on a terminal.
fn terminal(folder: &Path, arguments: &[&str]) -> Terminal {
    Terminal::with(command(folder, arguments))
}

/// Ends `dev` as its user does, and waits until it has.
fn stop(mut dev: Terminal) {
    dev.type_in("\x03");
    dev.until(Eof);
}

/// `edgepod` where nothing beyond this machine can be reached.
fn without_network(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = command(folder, arguments);
    for name in [
        "http_proxy",
        "https_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ] {
        command.env(name, "http://127.0.0.1:9");
    }
    command
        .env("CARGO_NET_OFFLINE", "true")
        .env("npm_config_registry", "http://127.0.0.1:9")
        .stdin(std::process::Stdio::null());
    command
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

/// What the apps that are made here depend on is built for other tests, too.
fn target() -> PathBuf {
    apps::target(env!("CARGO_TARGET_TMPDIR"))
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
