//! Running other programs, with their output both shown and kept.

use std::{
    cell::RefCell,
    ffi::OsStr,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};

use crate::workspace;

/// The longest that a program of the tests may be silent, on the slowest machine and with nothing compiled yet. One that hangs is a
/// failure with a name, not a run that never ends; one that is slow goes on.
const LIMIT: Duration = Duration::from_secs(25 * 60);

thread_local! {
    /// What stands before each line that this thread shows.
    static PREFIX: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on each line that this thread shows has `name` before it: another thread shows lines at the same time.
pub(crate) fn name_lines(name: &str) {
    PREFIX.replace(format!("{name} | "));
}

/// Shows a line, which ends as it does.
pub(crate) fn show(line: &str) {
    let mut terminal = std::io::stdout().lock();
    // A closed terminal (`cargo xtask test | head`) must not end the run.
    let _ = PREFIX.with_borrow(|prefix| terminal.write_all(prefix.as_bytes()));
    let _ = terminal.write_all(line.as_bytes());
    let _ = terminal.flush();
}

/// A program that ended: whether it succeeded, and everything that it printed, in the order it came.
pub(crate) struct Finished {
    pub(crate) success: bool,
    pub(crate) output: String,
}

/// The cargo that runs this task, so that a toolchain named with `cargo +name` is kept.
pub(crate) fn cargo() -> Command {
    let name = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    program(name, &workspace::root())
}

/// A program of the system, started in `folder`.
pub(crate) fn program(name: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(name);
    command.current_dir(folder);
    // What tells of this package would have others compiled again, by cargo or by what calls it: ring's build script reads its own
    // under the same names.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// What a task ends with that has run one program.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
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

/// Runs a command to its end. Both of its streams go to standard output as they come, and are returned. One that
/// prints nothing for [`LIMIT`] is ended, with all that it started, and has failed.
///
/// # Errors
/// When the program cannot be started. A program that fails is not an error here: see [`Finished`].
pub(crate) fn tee(command: &mut Command) -> Result<Finished> {
    run_within(command, LIMIT)
}

fn run_within(command: &mut Command, limit: Duration) -> Result<Finished> {
    show("\n");
    show(&format!("$ {}\n", shown(command)));
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
    loop {
        let line = match received.recv_timeout(limit) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                end(&mut child);
                let line = format!(
                    "error: `{}` printed nothing for {} s and was ended; it hung after the line above\n",
                    shown(command),
                    limit.as_secs()
                );
                show(&line);
                output.push_str(&line);
                return Ok(Finished {
                    success: false,
                    output,
                });
            }
        };
        show(&line);
        output.push_str(&line);
    }
    let status = child.wait().context("waiting for a program to end")?;
    Ok(Finished {
        success: status.success(),
        output,
    })
}

/// Ends a program and what it started: the ones that it started first, so that none is left to nobody.
fn end(child: &mut Child) {
    let mut system = sysinfo::System::new();
    system.refresh_processes(sysinfo::ProcessesToUpdate::All, true);
    let mut family = vec![sysinfo::Pid::from_u32(child.id())];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        let children = system
            .processes()
            .values()
            .filter(|it| it.parent() == Some(parent) && it.thread_kind().is_none());
        family.extend(children.map(sysinfo::Process::pid));
        next += 1;
    }
    for process in family.iter().rev().filter_map(|id| system.process(*id)) {
        process.kill();
    }
    let _ = child.wait();
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_is_ended_with_all_that_it_started() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo begun; sh -c 'sleep 1000' & echo $!; wait"]);
        let finished = run_within(&mut command, Duration::from_secs(1)).unwrap();
        assert!(!finished.success);
        let [first, child, last] = finished.output.lines().collect::<Vec<_>>()[..] else {
            panic!("{}", finished.output);
        };
        assert_eq!(first, "begun");
        // So that the report names what hung.
        assert!(last.starts_with("error: `sh -c ") && last.contains("printed nothing for 1 s"));
        let child: u32 = child.parse().unwrap();
        let mut system = sysinfo::System::new();
        let all = sysinfo::ProcessesToUpdate::All;
        system.refresh_processes(all, true);
        let left = system.process(sysinfo::Pid::from_u32(child));
        assert!(left.is_none_or(|it| it.status() == sysinfo::ProcessStatus::Zombie));
    }
}
