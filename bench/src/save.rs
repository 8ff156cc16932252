//! From saving a function to the reply of the backend that has it, in `edgepod dev` on the native host.
//!
//! The app is one that `edgepod init` makes, so that what is measured is what users have. Beside the time there is the
//! processor time, which says more where other programs keep the machine busy.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use fs_err as fs;

use crate::stats;

/// The case's name.
pub(crate) const NAME: &str = "save";

/// From the saved file to the new reply: DESIGN.md, section 6.
const BUDGET: Duration = Duration::from_millis(1500);

/// How long a build from nothing may take.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// What `addTask` says to an empty title; a number is put before the point.
const MESSAGE: &str = "A task needs a title";

/// The unit of times in `/proc`, which is the same on all common systems.
const TICKS_PER_SECOND: u64 = 100;

/// The parts of the time, in their order.
const PARTS: [&str; 3] = [
    "seen, compiled and linked",
    "described, client compared",
    "stopped, started, answered",
];

/// Measures `rounds` changes, prints the median and its parts, and says by how much the budget is missed, if it is.
///
/// # Errors
/// When the app cannot be made, built or served.
pub(crate) fn measure(rounds: u32) -> Result<Option<String>> {
    println!("{NAME}: from a saved function to the reply of the native backend that has it");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("the bench is in a workspace")?;
    let edgepod = build(workspace)?;
    let home = tempfile::tempdir()?;
    let made = Command::new(&edgepod)
        .args([
            "init",
            "save",
            "--yes",
            "--auth",
            "none",
            "--front-end",
            "none",
        ])
        .current_dir(home.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if !made.success() {
        bail!("`edgepod init` failed ({made})");
    }
    let app = home.path().join("save");
    let dev = Dev::start(&edgepod, &app, &workspace.join("target/bench/save"))?;
    let source = app.join("src/functions.rs");
    let text = fs::read_to_string(&source)?;
    dev.wait_for(&format!("{MESSAGE}."))?;

    let mut times: Vec<[Duration; 3]> = Vec::new();
    let mut cpu_times: Vec<Duration> = Vec::new();
    // One round more: the first fills caches.
    for round in 0..=rounds {
        let expected = format!("{MESSAGE} {round}.");
        dev.forget();
        let before = dev.cpu_time();
        let saved = Instant::now();
        fs::write(&source, text.replace(&format!("{MESSAGE}."), &expected))?;
        let answered = dev.wait_for(&expected)?;
        let compiled = dev.seen("Finished").unwrap_or(saved);
        let described = dev.seen("client in").unwrap_or(compiled);
        if round > 0 {
            times.push([compiled - saved, described - compiled, answered - described]);
            cpu_times.extend(dev.cpu_time().zip(before).map(|(now, before)| now - before));
        }
        // The end of this round's work is not the next one's.
        thread::sleep(Duration::from_millis(500));
    }
    let whole: Vec<Duration> = times.iter().map(|parts| parts.iter().sum()).collect();
    let median = |times: &[Duration]| {
        stats::median(&times.iter().map(Duration::as_secs_f64).collect::<Vec<_>>())
    };
    let all = median(&whole);
    println!(
        "  {all:.2} s (least {:.2}, most {:.2}), budget {:.1} s",
        whole.iter().min().map_or(0.0, Duration::as_secs_f64),
        whole.iter().max().map_or(0.0, Duration::as_secs_f64),
        BUDGET.as_secs_f64()
    );
    for (index, part) in PARTS.iter().enumerate() {
        let times: Vec<Duration> = times.iter().map(|parts| parts[index]).collect();
        println!("  {:.2} s {part}", median(&times));
    }
    if !cpu_times.is_empty() {
        println!(
            "  {:.2} s of processor time (least {:.2})",
            median(&cpu_times),
            cpu_times.iter().min().map_or(0.0, Duration::as_secs_f64)
        );
    }
    Ok((all > BUDGET.as_secs_f64()).then(|| {
        format!(
            "{NAME}: {all:.2} s, and the budget is {:.1} s",
            BUDGET.as_secs_f64()
        )
    }))
}

fn build(workspace: &Path) -> Result<PathBuf> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--quiet",
            "--package",
            "edgepod-cli",
            "--target-dir",
        ])
        .arg(workspace.join("target"))
        .current_dir(workspace)
        .status()
        .context("starting cargo")?;
    if !status.success() {
        bail!("edgepod does not build ({status})");
    }
    Ok(workspace
        .join("target/debug")
        .join(format!("edgepod{}", std::env::consts::EXE_SUFFIX)))
}

/// A running `edgepod dev`, and when it printed what.
struct Dev {
    child: Child,
    address: SocketAddr,
    lines: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Dev {
    fn start(edgepod: &Path, app: &Path, target: &Path) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let mut child = Command::new(edgepod)
            .args(["dev", "--port", &port.to_string()])
            .current_dir(app)
            .env("CARGO_TARGET_DIR", target)
            .env("EDGEPOD_API_KEY", "ep_pk_bench")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("starting edgepod dev")?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let stderr = child.stderr.take().context("stderr is a pipe")?;
        let sink = lines.clone();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Ok(mut lines) = sink.lock() {
                    lines.push((Instant::now(), line));
                }
            }
        });
        Ok(Self {
            child,
            address: (Ipv4Addr::LOCALHOST, port).into(),
            lines,
        })
    }

    /// Waits until an empty title is refused in these words, and says when that was.
    fn wait_for(&self, message: &str) -> Result<Instant> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if self.ask().is_ok_and(|reply| reply.contains(message)) {
                return Ok(Instant::now());
            }
            thread::sleep(Duration::from_millis(5));
        }
        let lines = self
            .lines
            .lock()
            .map(|lines| lines.clone())
            .unwrap_or_default();
        bail!("the backend does not say `{message}`; edgepod dev printed {lines:#?}")
    }

    fn ask(&self) -> std::io::Result<String> {
        let body = r#"{"title":""}"#;
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(
            stream,
            "POST /rpc/addTask?key=ep_pk_bench HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        Ok(reply)
    }

    /// The processor time of the command and of all that it has waited for: cargo, the compiler, the linker, the last server.
    /// Only on Linux.
    fn cpu_time(&self) -> Option<Duration> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // The name may have spaces; it ends with the last parenthesis, and is the second field. These are 14 to 17.
        let fields = text.rsplit_once(')')?.1.split_whitespace();
        let ticks: u64 = fields.skip(11).take(4).flat_map(str::parse::<u64>).sum();
        Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }

    fn forget(&self) {
        if let Ok(mut lines) = self.lines.lock() {
            lines.clear();
        }
    }

    /// When a line with this text was printed.
    fn seen(&self, text: &str) -> Option<Instant> {
        let lines = self.lines.lock().ok()?;
        lines
            .iter()
            .find(|(_, line)| line.contains(text))
            .map(|(at, _)| *at)
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // Its server ends with it.
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
    }
}
