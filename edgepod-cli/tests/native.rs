//! `edgepod build --native`: what it leaves runs from any folder, and has all that it needs.
#![cfg(unix)]

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Killed when the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let path = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => std::fs::create_dir_all(path).unwrap(),
            false => _ = std::fs::copy(entry.path(), path).unwrap(),
        }
    }
}

#[test]
fn one_program_serves_page_and_calls_from_an_empty_folder() {
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/apps/routes");
    let is_container = cfg!(target_os = "linux");
    let built = Command::new(env!("CARGO_BIN_EXE_edgepod"))
        .args(["build", "--dev"])
        .arg(if is_container {
            "--container"
        } else {
            "--native"
        })
        .arg(&app)
        .env("EDGEPOD_API_KEY", "ep_pk_native, ep_pk_before")
        .output()
        .unwrap();
    assert!(built.status.success(), "{built:?}");
    let native = app.join(".edgepod/native");
    if is_container {
        let dockerfile = std::fs::read_to_string(native.join("Dockerfile")).unwrap();
        for line in [
            "COPY routes /app/routes",
            "COPY web /app/web",
            "USER app",
            "ENV EDGEPOD_LISTEN=0.0.0.0:8989 EDGEPOD_DATABASE=/data/data.sqlite",
            "VOLUME /data",
            "CMD [\"/app/routes\"]",
        ] {
            assert!(dockerfile.lines().any(|own| own == line), "{dockerfile}");
        }
        // What is copied is there, in the folder that is docker's context.
        for line in dockerfile.lines() {
            if let Some(files) = line.strip_prefix("COPY ") {
                let file = files.split(' ').next().unwrap();
                assert!(native.join(file).exists(), "{line}");
            }
        }
    }

    // Elsewhere, as on a server: nothing of the checkout is near.
    let server = tempfile::tempdir().unwrap();
    let (opt, data) = (server.path().join("opt"), server.path().join("empty"));
    copy(&native, &opt);
    std::fs::create_dir(&data).unwrap();
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let log = std::fs::File::create(server.path().join("log")).unwrap();
    let _server = Server(
        Command::new(opt.join("routes"))
            .current_dir(&data)
            .env_clear()
            .env("EDGEPOD_API_KEY", "ep_pk_native")
            .env("EDGEPOD_LISTEN", format!("127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap(),
    );
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let get = |path: &str, key: &str| {
        let request = agent.get(format!("http://127.0.0.1:{port}{path}"));
        let request = request
            .header("accept", "text/html")
            .header("x-edgepod-key", key);
        let mut reply = request.call().ok()?;
        let status = reply.status().as_u16();
        Some((status, reply.body_mut().read_to_string().ok()?))
    };
    let began = Instant::now();
    let (status, page) = loop {
        if let Some(page) = get("/", "") {
            break page;
        }
        let log = std::fs::read_to_string(server.path().join("log")).unwrap();
        assert!(began.elapsed() < Duration::from_secs(20), "{log}");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status == 200 && page.contains("<title>Routes"), "{page}");
    let (_, script) = get("/assets/app-1f2e.js", "").unwrap();
    let expected = r#"window.app = {"url":"/","key":"ep_pk_native"};"#;
    assert_eq!(script.trim(), expected);
    let (status, reply) = get("/rpc/getDeliveries", "ep_pk_native").unwrap();
    assert!(status == 200 && reply.contains("\"data\":[]"), "{reply}");
    assert_eq!(get("/rpc/getDeliveries", "wrong").unwrap().0, 401);
    assert!(data.join(".edgepod/data.sqlite").is_file());
}
