//! Beside the real wrangler: an app's Worker under `wrangler dev`, which has what `edgepod dev` has not (KV, R2 and queues), and
//! files of variables as both read them.

use std::{
    net::TcpListener,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

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

/// A `wrangler dev` that answers.
struct Dev {
    port: u16,
    log: Arc<Mutex<String>>,
    _wrangler: Process,
    _state: tempfile::TempDir,
}

/// Starts one in `folder`, and waits until it answers this query.
fn dev(folder: &Path, arguments: &[&str], query: &str) -> Dev {
    let state = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut command = tools::wrangler(folder).unwrap();
    command
        .args(["dev", "--ip=127.0.0.1", "--inspector-port=0"])
        .arg("--show-interactive-dev-session=false")
        .arg(format!("--port={port}"))
        .arg("--persist-to")
        .arg(state.path())
        .arg("--var=EDGEPOD_API_KEY:ep_pk_test")
        .args(arguments)
        .current_dir(folder)
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
    while call(port, query, &json!({})).is_err() {
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
    Dev {
        port,
        log,
        _wrangler: wrangler,
        _state: state,
    }
}

#[test]
fn an_app_has_kv_r2_queues_services_and_variables_under_wrangler_dev() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/apps/tokens");
    Worker::build(&App::find(&folder).unwrap(), Profile::Dev).unwrap();
    let Dev { port, log, .. } = &dev(&folder, &[], "whoAmI");
    let port = *port;
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

/// What is uploaded, in place of the upload: the page and the app at one address, the app first.
#[test]
#[cfg(unix)]
fn a_deployment_has_the_page_and_the_app_at_one_address() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/apps/routes");
    let home = tempfile::tempdir().unwrap();
    let keeps = home.path().join("wrangler");
    let configuration = home.path().join("configuration.json");
    let text = format!("#!/bin/sh\ncp \"$3\" '{}'\n", configuration.display());
    std::fs::write(&keeps, text).unwrap();
    std::fs::set_permissions(&keeps, PermissionsExt::from_mode(0o755)).unwrap();
    let deployed = std::process::Command::new(env!("CARGO_BIN_EXE_edgepod"))
        .args(["deploy", "--dry-run"])
        .current_dir(&folder)
        .env("WRANGLER_BIN", &keeps)
        .output()
        .unwrap();
    assert!(deployed.status.success(), "{deployed:?}");
    let left = || {
        let mut files = std::fs::read_dir(&folder).unwrap().flatten();
        files.any(|file| {
            file.file_name()
                .to_string_lossy()
                .starts_with(".edgepod-deploy-")
        })
    };
    assert!(!left(), "the configuration of the upload is gone with it");

    // Beside the app's own, as it was.
    let beside = tempfile::Builder::new()
        .prefix(".edgepod-live-")
        .suffix(".json")
        .tempfile_in(&folder)
        .unwrap();
    std::fs::copy(&configuration, beside.path()).unwrap();
    let dev = dev(
        &folder,
        &["--config", beside.path().to_str().unwrap()],
        "getDeliveries",
    );
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into();
    let get = |path: &str| {
        let request = agent.get(format!("http://127.0.0.1:{}{path}", dev.port));
        // A browser that goes there.
        let request = request.header("sec-fetch-mode", "navigate");
        let mut reply = request.header("accept", "text/html").call().unwrap();
        (
            reply.status().as_u16(),
            reply.body_mut().read_to_string().unwrap(),
        )
    };
    let log = || dev.log.lock().unwrap().clone();
    let (status, page) = get("/");
    assert!(
        status == 200 && page.contains("<title>Routes"),
        "{page}\n{}",
        log()
    );
    assert_eq!(get("/some/room"), (200, page.clone()), "{}", log());
    let (status, script) = get("/assets/app-1f2e.js");
    let expected = r#"window.app = {"url":"/","key":"ep_pk_of_a_dry_run"};"#;
    assert_eq!((status, script.trim()), (200, expected));
    // The app's, whatever files there are, and whoever asks.
    assert_eq!(get("/away").0, 302);
    assert_eq!(get("/rpc/getDeliveries").0, 401);
    assert_eq!(get("/deliveries/last/body"), (200, String::new()));
    assert_eq!(get("/deliveries/7/body").0, 404);
    assert_eq!(get("/ws").0, 401);
}

/// What the wrangler in `package` reads in the files `N/.dev.vars` of `folder`, an object each.
const READS: &str = r#"
const [folder, wrangler, count] = process.argv.slice(1);
const { unstable_getVarsForDev } = require(wrangler);
const all = [];
for (let i = 0; i < Number(count); i++) {
    const vars = unstable_getVarsForDev(`${folder}/${i}/wrangler.json`, undefined, {}, undefined, true);
    all.push(Object.fromEntries(Object.entries(vars).map(([name, { value }]) => [name, value])));
}
process.stdout.write(JSON.stringify(all));
"#;

/// Lines that people write, and then what a random typist does. What is not refused has the value that wrangler gives it.
/// `EDGEPOD_VARS_FILES` asks for more of the latter, `EDGEPOD_VARS_SEED` for others.
#[test]
fn variables_are_what_wrangler_reads() {
    use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

    let number = |name: &str| std::env::var(name).map(|value| value.parse::<u64>().unwrap());
    let count = number("EDGEPOD_VARS_FILES").unwrap_or(3000);
    let seed = number("EDGEPOD_VARS_SEED").unwrap_or_else(|_| rand::random());
    println!("EDGEPOD_VARS_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let written = [
        "SMTP=ab$cd",
        r#"RULES={"max":2}"#,
        "HELLO=good day",
        "KEY=x#y",
        "KEY='x#y' # why",
        "KEY=\"x#y\"# why",
        r#"A="a\nb\\n\rc""#,
        r"A='a\nb'",
        "A=`it's \"so\"`",
        "A=\"line\n  two\"\nB=2",
        "A='-----BEGIN\nx\n-----END'\r\nB=1",
        r#"A="say \"hi\"""#,
        "export A=1",
        "A: 1\nB: 2",
        "A =1\n B= 2 ",
        "A=",
        "A=\"\"",
        "A=\nB=\"next\"",
        "A.b-c=1",
        "A=a=b=c",
        "A=https://u:p@h/?x=1&y=2#z",
        "A=${HOME}$(id)",
        r"A=C:\new\root",
        "A='unclosed",
        "A=\"x\" y",
        "\u{FEFF}A=1",
        "A=\u{A0}1\u{A0}",
        "A=1\u{85}",
        "A=1\rB=2",
        "A=1\nA=2",
        "# A=1\n\n   # B\nC=3",
        "A=größe",
        "A=`a\nb`",
    ];
    let keys = [
        "A", "=", ":", " ", "'", "\"", "`", "\\", "n", "#", "\n", "\r", "$", "{", "B=", "\nC=",
        "export ", "\u{A0}", "é", "-", ".", "=\"", "='", "\"\n", "'\n",
    ];
    let random_text = |random: &mut StdRng| {
        let length = random.random_range(1..18);
        (0..length).map(|_| *keys.choose(random).unwrap()).collect()
    };
    let texts: Vec<String> = written
        .iter()
        .map(ToString::to_string)
        .chain((0..count).map(|_| random_text(&mut random)))
        .collect();

    let folder = tempfile::tempdir().unwrap();
    for (i, text) in texts.iter().enumerate() {
        std::fs::create_dir(folder.path().join(i.to_string())).unwrap();
        std::fs::write(folder.path().join(format!("{i}/.dev.vars")), text).unwrap();
    }
    let command = tools::wrangler(folder.path()).unwrap();
    // `node …/wrangler/bin/wrangler.js`, or the script itself.
    let script = command.get_args().next().unwrap_or(command.get_program());
    let script = std::fs::canonicalize(script).unwrap();
    let package = script.parent().unwrap().parent().unwrap();
    let output = std::process::Command::new("node")
        .args(["-e", READS])
        .args([folder.path(), package])
        .arg(texts.len().to_string())
        .env("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "false")
        .env("WRANGLER_SEND_METRICS", "false")
        .env("XDG_CONFIG_HOME", folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let theirs: Vec<edgepod_cli::env::Vars> = serde_json::from_slice(&output.stdout).unwrap();

    let mut read = 0;
    for (i, (text, theirs)) in texts.iter().zip(&theirs).enumerate() {
        let file = folder.path().join(format!("{i}/.dev.vars"));
        match edgepod_cli::env::read(&file) {
            Ok(ours) => {
                assert_eq!(ours, *theirs, "{text:?}, seed {seed}");
                read += 1;
            }
            Err(error) => assert!(i >= written.len(), "{text:?}: {error:#}"),
        }
    }
    println!("{read} of {} files were read", texts.len());
    assert!(read > texts.len() / 20, "{read}");
}
