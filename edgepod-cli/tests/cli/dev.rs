//! `edgepod dev`, with real builds and processes.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::app::{App, Dev, free_port, is_running, wait_until};

#[test]
fn it_serves_generates_and_says_where() {
    let app = App::new();
    let dev = app.dev(&["--no-page"]);
    let [answer, _, key, database] = dev.ask().try_into().unwrap();
    assert_eq!(answer, "first");
    assert!(key.starts_with("ep_pk_"), "{key}");
    assert!(database.ends_with("/.edgepod/data.sqlite"), "{database}");
    assert!(
        app.read("web/src/edgepod/functions.d.ts")
            .contains("answer")
    );
    assert_eq!(app.read(".edgepod/.gitignore").lines().last(), Some("*"));
    for told in ["http://127.0.0.1:", &key, "data.sqlite"] {
        assert!(
            dev.output().contains(told),
            "no `{told}` in:\n{}",
            dev.output()
        );
    }
}

#[test]
fn a_change_is_served_and_a_mistake_leaves_the_last_good_server() {
    let app = App::new();
    let dev = app.dev(&["--no-page"]);
    app.replace("src/lib.rs", "\"first\"", "\"second\"");
    dev.wait_for_answer("second");
    let server = dev.ask()[1].clone();

    app.replace("src/lib.rs", "\"second\"", "missing");
    dev.wait_for("cannot find value `missing`");
    dev.wait_for("Serving what was built last");
    assert_eq!(dev.ask()[..2], ["second".to_owned(), server.clone()]);

    // Back to what is served already: nothing to restart.
    app.replace("src/lib.rs", "= missing", "= \"second\"");
    dev.wait_for("Ready after");
    assert_eq!(dev.ask()[1], server);

    app.replace("src/lib.rs", "\"second\"", "\"third\"");
    dev.wait_for_answer("third");
    assert!(!is_running(&server));
}

#[test]
fn the_client_follows_the_functions() {
    let app = App::new();
    let dev = app.dev(&["--no-page"]);
    app.replace("src/lib.rs", r#""name":"answer""#, r#""name":"question""#);
    wait_until(
        || {
            app.read("web/src/edgepod/functions.d.ts")
                .contains("question")
        },
        || dev.output(),
    );
}

#[test]
fn only_typescript_changed_so_nothing_is_built() {
    let app = App::new();
    let dev = app.dev(&["--no-page", "--no-studio"]);
    let before = dev.output();
    app.write("web/src/App.tsx", "export {};");
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(dev.output(), before);
}

#[test]
fn a_server_that_does_not_come_up_gives_way_to_the_last_one() {
    let app = App::new();
    let dev = app.dev(&["--no-page"]);
    app.replace(
        "src/lib.rs",
        "let listener",
        "if ANSWER.ends_with('n') { return 3; } let listener",
    );
    app.replace("src/lib.rs", "\"first\"", "\"broken\"");
    dev.wait_for("answer ended before it answered (exit status: 3)");
    dev.wait_for_answer("first");
    app.replace("src/lib.rs", "\"broken\"", "\"repaired\"");
    dev.wait_for_answer("repaired");
}

#[test]
fn a_taken_port_is_refused_before_anything_is_built() {
    let app = App::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (status, output) = app.run(&["dev", "--port", &port]);
    assert_eq!(status.code(), Some(1));
    assert!(
        output.contains(&format!("port {port} of 127.0.0.1 is in use"))
            && output.contains("--port "),
        "{output}"
    );
    let free = free_port().to_string();
    let (status, output) = app.run(&["dev", "--port", &free, "--page-port", &port]);
    assert_eq!(status.code(), Some(1));
    assert!(
        output.contains(&format!("port {port} of 127.0.0.1 is in use"))
            && output.contains("--page-port "),
        "{output}"
    );
    let (status, output) = app.run(&["dev", "--port", &free, "--page-port", &free]);
    assert_eq!(status.code(), Some(1));
    assert!(output.contains("need a port each"), "{output}");
    assert!(!app.path("target").exists() && !app.path(".edgepod").exists());
}

#[test]
fn the_key_is_made_once_unless_one_is_given() {
    let app = App::new();
    let made = app.dev(&["--no-page"]).ask()[2].clone();
    assert_eq!(app.dev(&["--no-page"]).ask()[2], made);

    app.write(".dev.vars", "EDGEPOD_API_KEY=ep_pk_of_the_file\n");
    assert_eq!(app.dev(&["--no-page"]).ask()[2], "ep_pk_of_the_file");

    let port = free_port();
    let mut command = app.command(&["dev", "--no-page", "--port", &port.to_string()]);
    let dev = Dev::start(
        command.env("EDGEPOD_API_KEY", "ep_pk_of_the_environment"),
        port,
    );
    dev.wait_for("Watching");
    assert_eq!(dev.ask()[2], "ep_pk_of_the_environment");
}

#[test]
fn variables_that_change_reach_the_server() {
    let app = App::new();
    let dev = app.dev(&["--no-page"]);
    app.write(".dev.vars", "EDGEPOD_API_KEY=ep_pk_new\n");
    wait_until(
        || dev.ask().get(2).is_some_and(|key| key == "ep_pk_new"),
        || dev.output(),
    );
    assert_eq!(dev.ask()[0], "first");
}

#[test]
fn a_mistake_in_the_manifest_leaves_the_server_and_its_correction_is_noticed() {
    let app = App::new();
    let dev = app.dev(&["--no-page"]);
    let manifest = app.read("Cargo.toml");
    app.write("Cargo.toml", "[package");
    dev.wait_for("cargo cannot read");
    dev.wait_for("Serving what was built last");
    assert_eq!(dev.ask()[0], "first");
    app.write("Cargo.toml", &manifest);
    dev.wait_for("Ready after");
}

#[test]
fn a_new_folder_is_watched_too() {
    let app = App::new();
    let dev = app.dev(&["--no-page"]);
    app.write("texts/answer.txt", "from a file");
    app.replace(
        "src/lib.rs",
        "\"first\"",
        "include_str!(\"../texts/answer.txt\")",
    );
    dev.wait_for_answer("from");
    app.write("texts/answer.txt", "changed");
    dev.wait_for_answer("changed");
    // What a build lacks may come afterwards, as a module may.
    app.replace("src/lib.rs", "answer.txt", "later.txt");
    dev.wait_for("later.txt");
    app.write("texts/later.txt", "later");
    dev.wait_for_answer("later");
    app.replace("src/lib.rs", "const ANSWER", "mod words;\nconst OTHER");
    app.replace("src/lib.rs", "[ANSWER,", "[words::ANSWER,");
    dev.wait_for("`words`");
    app.write("src/words.rs", "pub const ANSWER: &str = \"module\";");
    dev.wait_for_answer("module");
}

#[test]
fn what_no_build_reads_is_no_change() {
    let app = App::new();
    let dev = app.dev(&["--no-page", "--no-studio", "--data", "data"]);
    dev.wait_for("key ");
    dev.wait_for("listening");
    let before = dev.output();
    for i in 0..20 {
        app.write("dev.log", &"line\n".repeat(i));
        app.write("data/data.sqlite-wal", &i.to_string());
        app.write("notes.md", &i.to_string());
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(dev.output(), before);
}

/// Saves at random moments, also of settings, and while it builds: what is served in the end is what was saved last.
/// `EDGEPOD_SAVES_SECONDS` asks for more of them, `EDGEPOD_SAVES_SEED` for others.
#[test]
fn whenever_it_is_saved_the_last_text_is_served() {
    let number = |name: &str| std::env::var(name).map(|value| value.parse::<u64>().unwrap());
    let seconds = number("EDGEPOD_SAVES_SECONDS").unwrap_or(12);
    let seed = number("EDGEPOD_SAVES_SEED").unwrap_or_else(|_| rand::random());
    println!("EDGEPOD_SAVES_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let app = App::new();
    let dev = app.dev(&["--no-page"]);
    let (mut answer, mut key) = ("first".to_owned(), 0);
    let started = Instant::now();
    let mut rounds = 0;
    while started.elapsed() < Duration::from_secs(seconds) {
        rounds += 1;
        for _ in 0..random.random_range(2..5) {
            let next = format!("v{}", random.random::<u32>());
            app.replace("src/lib.rs", &answer, &next);
            answer = next;
            if random.random_bool(0.4) {
                key += 1;
                app.write(".dev.vars", &format!("EDGEPOD_API_KEY=ep_pk_{key}\n"));
            }
            std::thread::sleep(Duration::from_millis(random.random_range(0..1200)));
        }
        dev.wait_for_answer(&answer);
        if key > 0 {
            let key = format!("ep_pk_{key}");
            wait_until(
                || dev.ask().get(2) == Some(&key),
                || format!("no {key}: {}", dev.output()),
            );
        }
    }
    println!("{rounds} rounds");
}

#[test]
fn a_first_build_that_fails_is_waited_for() {
    let app = App::new();
    app.replace("src/lib.rs", "\"first\"", "missing");
    let dev = app.dev(&["--no-page"]);
    assert!(
        dev.output().contains("cannot find value `missing`"),
        "{}",
        dev.output()
    );
    app.replace("src/lib.rs", "= missing", "= \"repaired\"");
    dev.wait_for_answer("repaired");
}

#[test]
fn a_server_that_dies_is_started_again_and_it_is_said_why() {
    let app = App::new();
    let dev = app.dev(&["--no-page"]);
    let server = dev.ask()[1].clone();
    let process = nix::unistd::Pid::from_raw(server.parse().unwrap());
    nix::sys::signal::kill(process, Signal::SIGKILL).unwrap();
    dev.wait_for("the server died: SIGKILL");
    dev.wait_for_answer("first");
    assert_ne!(dev.ask()[1], server);

    // A stack that overflows in a call.
    app.replace(
        "src/lib.rs",
        "head.take_while(|line| !line.is_empty()).for_each(drop);",
        "fn deep(n: u64) -> u64 { std::hint::black_box([n; 64]); if n == 0 { 0 } else { deep(n - 1) + deep(n / 2) } }\n\
         head.take_while(|line| !line.is_empty()).for_each(|line| if line.contains(\"/deep\") { deep(u64::MAX); });",
    );
    app.replace("src/lib.rs", "\"first\"", "\"deep\"");
    // The command asks for the same answer, and takes a server that dies before it has come for one that never ran.
    dev.wait_for("Ready after");
    dev.wait_for_answer("deep");
    let _ = ureq::get(format!("http://127.0.0.1:{}/deep", dev.port())).call();
    dev.wait_for("has overflowed its stack");
    dev.wait_for("the server died: SIGABRT");
    dev.wait_for_answer("deep");
}

#[test]
fn other_commands_find_the_server() {
    let app = App::new();
    let mut dev = app.dev(&["--no-page"]);
    let (_, output) = app.run(&["call", "answer", "--key", "k"]);
    let url = format!("http://127.0.0.1:{}", dev.port());
    assert!(
        output.contains(&format!("what answers at {url} with 200")),
        "{output}"
    );
    dev.end(Signal::SIGTERM);
    assert!(!app.path(".edgepod/dev.json").exists());
}

/// What the studio of `dev` on this port answers.
fn studio(dev: &Dev, port: &str, path: &str) -> (u16, serde_json::Value) {
    let output = dev.output();
    let (_, token) = output
        .split_once(&format!("studio http://127.0.0.1:{port}/#token="))
        .unwrap_or_else(|| panic!("{output}"));
    let token = token.split_whitespace().next().unwrap();
    let mut reply = ureq::get(format!("http://127.0.0.1:{port}/api{path}"))
        .header("authorization", &format!("Bearer {token}"))
        .config()
        .http_status_as_error(false)
        .build()
        .call()
        .unwrap();
    let text = reply.body_mut().read_to_string().unwrap();
    (
        reply.status().as_u16(),
        serde_json::from_str(&text).unwrap(),
    )
}

#[test]
fn the_studio_outlives_builds_and_knows_the_last_one() {
    let app = App::new();
    app.replace("src/lib.rs", "\"first\"", "missing");
    let port = free_port().to_string();
    let dev = app.dev(&["--no-page", "--studio-port", &port]);
    // Nothing is built yet.
    dev.wait_for("studio http");
    let ask = || studio(&dev, &port, "/app").1;
    assert_eq!(ask()["manifest"], serde_json::Value::Null);
    let (status, reply) = studio(&dev, &port, "/pods");
    let message = reply["error"]["message"].as_str().unwrap();
    assert!(
        status == 503 && message.contains("is being built"),
        "{reply}"
    );

    app.replace("src/lib.rs", "= missing", "= \"first\"");
    dev.wait_for_answer("first");
    let before = ask();
    assert_eq!(before["manifest"]["functions"][0]["name"], "answer");
    app.replace("src/lib.rs", r#""name":"answer""#, r#""name":"question""#);
    wait_until(
        || ask()["manifest"]["functions"][0]["name"] == "question",
        || dev.output(),
    );
    assert_ne!(ask()["build"], before["build"]);
    // What does not compile changes nothing.
    let good = ask();
    app.replace("src/lib.rs", "\"first\"", "missing");
    dev.wait_for("Serving what was built last");
    assert_eq!(ask(), good);
}

#[test]
fn the_app_has_an_admin_key_of_the_run_that_stays_out_of_its_folder() {
    let app = App::new();
    app.replace("src/lib.rs", "EDGEPOD_API_KEY", "EDGEPOD_ADMIN_KEY");
    let mut dev = app.dev(&["--no-page"]);
    let key = dev.ask()[2].clone();
    assert_eq!(key.len(), 32, "{key}");
    let record = app.path(".edgepod/dev.json");
    assert!(app.read(".edgepod/dev.json").contains(&key));
    let mode = std::os::unix::fs::MetadataExt::mode(&record.metadata().unwrap());
    assert_eq!(mode & 0o077, 0, "others may not read it");
    assert!(!dev.output().contains(&key));
    app.write(".dev.vars", "OTHER=1\n");
    app.replace("src/lib.rs", "\"first\"", "\"second\"");
    dev.wait_for_answer("second");
    assert_eq!(dev.ask()[2], key, "it stays for the run");
    dev.end(Signal::SIGTERM);
    assert!(!record.exists());

    let own = "an-admin-key-of-my-own-0123456789abcdef";
    app.write(".dev.vars", &format!("EDGEPOD_ADMIN_KEY={own}\n"));
    assert_eq!(app.dev(&["--no-page"]).ask()[2], own);
    app.write(".dev.vars", "");
    assert_eq!(app.dev(&["--no-page", "--no-studio"]).ask()[2], "");
}

#[test]
fn a_broken_dev_vars_is_refused_with_its_name() {
    let app = App::new();
    app.write(".dev.vars", "this is = not it\n");
    let (status, output) = app.run(&["dev", "--port", &free_port().to_string()]);
    assert_eq!(status.code(), Some(1));
    assert!(output.contains(".dev.vars could not be read"), "{output}");
}

#[test]
fn the_database_can_be_kept_elsewhere() {
    let app = App::new();
    let data = tempfile::tempdir().unwrap();
    let dev = app.dev(&[
        "--no-page",
        "--data",
        data.path().join("new").to_str().unwrap(),
    ]);
    let expected = data.path().canonicalize().unwrap().join("new/data.sqlite");
    assert_eq!(dev.ask()[3], expected.to_str().unwrap());
}

#[test]
fn told_to_listen_on_every_address_it_is_reached_from_elsewhere() {
    let app = App::new();
    let dev = app.dev(&["--no-page", "--listen", "0.0.0.0"]);
    dev.wait_for("whoever reaches this machine can call it");
    dev.wait_for("API http://");
    assert_eq!(dev.ask()[0], "first");
    let output = dev.output();
    let (_, address) = output.split_once("API http://").unwrap();
    let address = address.split_whitespace().next().unwrap();
    // That of this machine in its network, where it is in one: what a phone is told.
    assert!(!address.starts_with("0.0.0.0"), "{output}");
    std::net::TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
}

#[test]
fn asked_to_end_it_takes_everything_along() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let app = App::new();
        let mut dev = app.dev(&["--no-page"]);
        let server = dev.ask()[1].clone();
        assert!(is_running(&server));
        let started = Instant::now();
        assert_eq!(dev.end(signal).code(), Some(0), "{}", dev.output());
        assert!(!is_running(&server), "{signal}");
        assert!(started.elapsed() < Duration::from_secs(10));
        let left = std::fs::read_dir(app.path(".edgepod")).unwrap().count();
        assert_eq!(
            left, 2,
            ".gitignore and dev.env stay, copies of programs do not"
        );
    }
}

#[test]
fn asked_to_end_while_building_it_ends() {
    let app = App::new();
    app.write(
        "build.rs",
        "fn main() { std::thread::sleep(std::time::Duration::from_secs(600)); }",
    );
    let port = free_port();
    let mut dev = Dev::start(
        &mut app.command(&["dev", "--no-page", "--port", &port.to_string()]),
        port,
    );
    dev.wait_for("Compiling answer");
    assert_eq!(dev.end(Signal::SIGINT).code(), Some(0), "{}", dev.output());
    assert!(!dev.output().contains("error"), "{}", dev.output());
}

#[cfg(target_os = "linux")]
#[test]
fn killed_it_takes_the_server_along() {
    let app = App::new();
    let mut dev = app.dev(&["--no-page"]);
    let server = dev.ask()[1].clone();
    dev.end(Signal::SIGKILL);
    wait_until(
        || !is_running(&server),
        || "the server outlived the command".to_owned(),
    );

    // The copy of the program that it could not remove goes with the next start.
    let leftovers = || {
        std::fs::read_dir(app.path(".edgepod"))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().is_dir())
            .count()
    };
    assert_eq!(leftovers(), 1);
    let mut dev = app.dev(&["--no-page"]);
    dev.end(Signal::SIGTERM);
    assert_eq!(leftovers(), 0);
}

#[test]
fn without_npm_it_says_what_to_install_and_how_to_do_without() {
    let app = App::new();
    app.replace("Cargo.toml", "client = ", "web = \"web\"\nclient = ");
    app.write("web/package.json", "{}");
    let empty = tempfile::tempdir().unwrap();
    let cargo = std::env::var_os("CARGO").expect("cargo runs the tests");
    let output = app
        .command(&["dev", "--port", &free_port().to_string()])
        .env("PATH", path_without_npm(empty.path()))
        .env("CARGO", cargo)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        printed.contains("--no-page") && printed.contains("`npm` was not found on the PATH"),
        "{printed}"
    );
}

/// A folder with nothing but a Rust compiler in it.
fn path_without_npm(folder: &std::path::Path) -> std::ffi::OsString {
    let rustc = which::which("rustc").unwrap();
    std::os::unix::fs::symlink(rustc, folder.join("rustc")).unwrap();
    folder.into()
}

#[test]
fn a_front_end_that_is_not_there_is_named() {
    let app = App::new();
    app.replace("Cargo.toml", "client = ", "web = \"site\"\nclient = ");
    let (status, output) = app.run(&["dev", "--port", &free_port().to_string()]);
    assert_eq!(status.code(), Some(1));
    assert!(
        output.contains("there is no package.json in") && output.contains("site"),
        "{output}"
    );
}
