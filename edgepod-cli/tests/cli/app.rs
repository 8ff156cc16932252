//! The `edgepod` command on a copy of a small app.

use std::{
    io::Read,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// How long anything may take: the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// A copy of the fixture `answer`, with a target folder of its own: it compiles in a moment.
pub struct App {
    folder: tempfile::TempDir,
}

impl App {
    pub fn new() -> Self {
        let app = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/answer");
        for file in ["Cargo.toml", "Cargo.lock", "src/lib.rs"] {
            app.write(file, &std::fs::read_to_string(fixture.join(file)).unwrap());
        }
        app
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    pub fn write(&self, file: &str, text: &str) {
        std::fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        std::fs::write(self.path(file), text).unwrap();
    }

    pub fn replace(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} does not contain {from}");
        self.write(file, &text.replace(from, to));
    }

    /// `edgepod` in the app's folder, without what the environment of the tests may say.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_edgepod"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        for name in [
            "EDGEPOD_API_KEY",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET_DIR",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// Runs `edgepod` to its end: how it ended, and what it printed.
    pub fn run(&self, arguments: &[&str]) -> (ExitStatus, String) {
        let output = self.command(arguments).output().unwrap();
        (
            output.status,
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        )
    }

    /// `edgepod dev`, on a free port, when it is ready.
    pub fn dev(&self, arguments: &[&str]) -> Dev {
        let port = free_port();
        let mut command = self.command(&["dev", "--port", &port.to_string()]);
        let dev = Dev::start(command.args(arguments), port);
        dev.wait_for("Watching");
        dev
    }
}

/// A running `edgepod dev`.
pub struct Dev {
    child: Child,
    port: u16,
    output: Arc<Mutex<String>>,
}

impl Dev {
    pub fn start(command: &mut Command, port: u16) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Arc::new(Mutex::new(String::new()));
        collect(child.stdout.take().unwrap(), output.clone());
        collect(child.stderr.take().unwrap(), output.clone());
        Self {
            child,
            port,
            output,
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// Waits until the output contains `text`.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        let output = || self.output();
        wait_until(
            || output().contains(text),
            || format!("no `{text}` in:\n{}", output()),
        );
    }

    /// The four words of the app: answer, process, key, database. Empty while there is no server.
    pub fn ask(&self) -> Vec<String> {
        let url = format!("http://127.0.0.1:{}/", self.port);
        let reply = ureq::get(url)
            .call()
            .and_then(|mut reply| reply.body_mut().read_to_string());
        reply
            .unwrap_or_default()
            .split(' ')
            .map(str::to_owned)
            .collect()
    }

    /// Waits until the app answers with `word`.
    #[track_caller]
    pub fn wait_for_answer(&self, word: &str) {
        wait_until(
            || self.ask()[0] == word,
            || format!("no answer `{word}`; printed:\n{}", self.output()),
        );
    }

    /// Sends a signal and waits for the end.
    pub fn end(&mut self, signal: Signal) -> ExitStatus {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end(Signal::SIGTERM);
        }
    }
}

fn collect(mut source: impl Read + Send + 'static, output: Arc<Mutex<String>>) {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = source.read(&mut bytes) {
            output
                .lock()
                .unwrap()
                .push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    });
}

#[track_caller]
pub fn wait_until(condition: impl Fn() -> bool, complaint: impl Fn() -> String) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "{}", complaint());
        thread::sleep(Duration::from_millis(20));
    }
}

pub fn is_running(process: &str) -> bool {
    kill(Pid::from_raw(process.parse().unwrap()), None).is_ok()
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
