//! Building a Worker, on a small crate, and what the Worker then does on workerd.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use edgepod_cli::{
    app::App,
    build::{Profile, WASM_BINDGEN_VERSION, Worker},
    workerd::Workerd,
};

/// A copy of the fixture, built into this workspace's target folder so that dependencies are compiled once.
struct Greeter {
    folder: tempfile::TempDir,
    /// Copies have one name, so what cargo makes of one takes the place of what it made of another.
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

impl Greeter {
    fn new() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/greeter");
        for file in [
            "Cargo.toml",
            "Cargo.lock",
            "src/lib.rs",
            "scripts/entry.mjs",
        ] {
            let to = folder.path().join(file);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(fixture.join(file), to).unwrap();
        }
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("greeter");
        std::fs::create_dir(folder.path().join(".cargo")).unwrap();
        std::fs::write(
            folder.path().join(".cargo/config.toml"),
            format!("[build]\ntarget-dir = {:?}\n", target.to_str().unwrap()),
        )
        .unwrap();
        Self {
            folder,
            _alone: alone,
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn build(&self, profile: Profile) -> anyhow::Result<Worker> {
        Worker::build_around(
            &App::find(self.folder.path())?,
            profile,
            &self.path("scripts"),
        )
    }
}

fn get(server: &Workerd, path: &str) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut reply = agent
        .get(format!("http://{}/{path}", server.address()))
        .call()
        .unwrap();
    (
        reply.status().as_u16(),
        reply.body_mut().read_to_string().unwrap(),
    )
}

#[test]
fn a_worker_begins_anew_after_a_panic_and_a_release_is_smaller() {
    let greeter = Greeter::new();
    let worker = greeter.build(Profile::Dev).unwrap();
    assert_eq!(
        worker.folder,
        std::fs::canonicalize(greeter.path(".edgepod/worker")).unwrap()
    );
    assert!(greeter.path(".edgepod/.gitignore").is_file());

    let server = Workerd::of_modules(&worker.folder).start().unwrap();
    assert_eq!(get(&server, "ada"), (200, "ADA 1".into()));
    assert_eq!(get(&server, "ada"), (200, "ADA 2".into()));
    assert_eq!(get(&server, "nobody").0, 500);
    // The count begins again: the memory that the panic left behind is not used.
    assert_eq!(get(&server, "ada"), (200, "ADA 1".into()));
    drop(server);

    let size = |worker: &Worker| {
        std::fs::metadata(worker.folder.join("core_bg.wasm"))
            .unwrap()
            .len()
    };
    let before = size(&worker);
    let worker = greeter.build(Profile::Release).unwrap();
    assert!(
        size(&worker) < before,
        "{} bytes, {before} before",
        size(&worker)
    );
    let server = Workerd::of_modules(&worker.folder).start().unwrap();
    assert_eq!(get(&server, "ada"), (200, "ADA 1".into()));
    assert_eq!(get(&server, "nobody").0, 500);
    assert_eq!(get(&server, "ada"), (200, "ADA 1".into()));
}

#[test]
fn another_wasm_bindgen_in_the_lock_file_is_refused_with_the_command_that_helps() {
    let greeter = Greeter::new();
    let mut app = App::find(greeter.folder.path()).unwrap();
    assert_eq!(app.wasm_bindgen.as_deref(), Some(WASM_BINDGEN_VERSION));
    app.wasm_bindgen = Some("0.2.99".into());
    let error = Worker::build_around(&app, Profile::Dev, &greeter.path("scripts")).unwrap_err();
    let advice = format!("cargo update -p wasm-bindgen --precise {WASM_BINDGEN_VERSION}");
    assert!(
        error.to_string().contains("wasm-bindgen 0.2.99") && error.to_string().contains(&advice),
        "{error}"
    );
}

#[test]
fn a_failed_build_leaves_the_last_worker_in_place() {
    let greeter = Greeter::new();
    let worker = greeter.build(Profile::Dev).unwrap();
    std::fs::write(greeter.path("src/lib.rs"), "this is not Rust").unwrap();
    let error = greeter.build(Profile::Dev).unwrap_err();
    assert!(
        error.to_string().contains("`greeter` does not compile"),
        "{error}"
    );
    assert!(worker.folder.join("core_bg.wasm").is_file());
}

#[test]
fn a_folder_without_a_crate_is_an_error_that_says_what_to_type() {
    let folder = tempfile::tempdir().unwrap();
    let error = App::find(folder.path()).unwrap_err();
    assert!(
        error.to_string().contains("there is no Cargo.toml in"),
        "{error}"
    );
}
