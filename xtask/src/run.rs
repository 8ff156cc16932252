//! Running other programs, with their output both shown and kept.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result};

use crate::workspace;

/// A program that ended: whether it succeeded, and everything that it printed, in the order it came.
pub(crate) struct Finished {
    pub(crate) success: bool,
    pub(crate) output: String,
}

/// The cargo that runs this task, so that a toolchain named with `cargo +name` is kept.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root());
    // What tells of this package would have others compiled again: ring's build script reads its own under the same names.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// A program of the system, started in `folder`.
pub(crate) fn program(name: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(name);
    command.current_dir(folder);
    command
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    std::iter::once(name)
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs a command to its end. Both of its streams go to standard output as they come, and are returned.
///
/// # Errors
/// When the program cannot be started. A program that fails is not an error here: see [`Finished`].
pub(crate) fn tee(command: &mut Command) -> Result<Finished> {
    println!("\n$ {}", shown(command));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| {
            format!(
                "`{}` cannot be started: is it installed, and on PATH?",
                command.get_program().to_string_lossy()
            )
        })?;
    let (lines, received) = mpsc::channel();
    let streams: [Box<dyn Read + Send>; 2] = [
        Box::new(child.stdout.take().context("standard output is piped")?),
        Box::new(child.stderr.take().context("standard error is piped")?),
    ];
    for stream in streams {
        let lines = lines.clone();
        thread::spawn(move || forward(stream, &lines));
    }
    drop(lines);
    let mut output = String::new();
    for line in received {
        let mut terminal = std::io::stdout().lock();
        // A closed terminal (`cargo xtask test | head`) must not end the run.
        let _ = terminal.write_all(line.as_bytes());
        let _ = terminal.flush();
        output.push_str(&line);
    }
    let status = child.wait().context("waiting for a program to end")?;
    Ok(Finished {
        success: status.success(),
        output,
    })
}

fn forward(stream: impl Read, lines: &mpsc::Sender<String>) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        if lines
            .send(String::from_utf8_lossy(&line).into_owned())
            .is_err()
        {
            return;
        }
        line.clear();
    }
}
