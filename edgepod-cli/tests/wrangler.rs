//! An app's Worker under the real `wrangler dev`, which has what `edgepod dev` has not: KV, R2 and queues.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use edgepod_cli::{
    app::App,
    build::{Profile, Worker},
    process::{self, Process},
    tools,
};
use serde_json::{Value, json};

/// wrangler asks the network for something that it can do without, and waits for it first.
const PATIENCE: Duration = Duration::from_secs(120);

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn call(port: u16, name: &str, args: &Value) -> Result<Value, ureq::Error> {
    let text = ureq::post(format!("http://127.0.0.1:{port}/rpc/{name}"))
        .config()
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .header("x-edgepod-key", "ep_pk_test")
        .send(args.to_string())?
        .body_mut()
        .read_to_string()?;
    let reply: Value = serde_json::from_str(&text).unwrap();
    Ok(reply["data"].clone())
}

#[test]
fn an_app_has_kv_r2_queues_services_and_variables_under_wrangler_dev() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/auth/app");
    Worker::build(&App::find(&folder).unwrap(), Profile::Dev).unwrap();
    let state = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut command = tools::wrangler(&folder).unwrap();
    command
        .args(["dev", "--ip=127.0.0.1", "--inspector-port=0"])
        .arg("--show-interactive-dev-session=false")
        .arg(format!("--port={port}"))
        .arg("--persist-to")
        .arg(state.path())
        .arg("--var=EDGEPOD_API_KEY:ep_pk_test")
        .current_dir(&folder)
        .env("CI", "1")
        .env("XDG_CONFIG_HOME", state.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let wrangler = Process::spawn("wrangler", command).unwrap();
    let log = Arc::new(Mutex::new(String::new()));
    let keep = |log: Arc<Mutex<String>>| {
        move |line: &str| {
            let mut log = log.lock().unwrap();
            log.push_str(line);
            log.push('\n');
        }
    };
    process::each_line(wrangler.take_stdout().unwrap(), keep(log.clone()));
    process::each_line(wrangler.take_stderr().unwrap(), keep(log.clone()));

    let began = Instant::now();
    while call(port, "whoAmI", &json!({})).is_err() {
        assert!(
            wrangler.try_wait().unwrap().is_none(),
            "wrangler dev has ended:\n{}",
            log.lock().unwrap()
        );
        assert!(
            began.elapsed() < PATIENCE,
            "wrangler dev does not answer:\n{}",
            log.lock().unwrap()
        );
        std::thread::sleep(Duration::from_millis(200));
    }
    let ask = |name: &str, args: Value| {
        call(port, name, &args)
            .unwrap_or_else(|error| panic!("{name}: {error}\n{}", log.lock().unwrap()))
    };
    ask("visit", json!({"name": "ada"}));
    // `visit` makes two.
    assert_eq!(ask("askBindings", json!({})), json!(["hello", 3, 2]));
    for text in ["one", "two"] {
        assert_eq!(ask("keep", json!({ "text": text })), json!([text, text]));
    }
}
