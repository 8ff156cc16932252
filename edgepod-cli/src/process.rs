//! Child processes that never outlive the command.
//!
//! Each child leads a process group of its own, so that what it starts itself goes with it. A child is
//! stopped when its [`Process`] is dropped, when [`stop_all`] runs (Ctrl-C and SIGTERM, see
//! [`stop_on_signals`]), and, on Linux, by the kernel when the command is killed without a chance to
//! clean up.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use shared_child::SharedChild;

/// How long a child may take to end by itself after it was asked to.
const GRACE: Duration = Duration::from_secs(3);

/// What is running. The lock is held while a child starts, so that [`stop_all`] misses none.
static RUNNING: Mutex<Vec<Arc<SharedChild>>> = Mutex::new(Vec::new());
static STOPPING: AtomicBool = AtomicBool::new(false);
static STOPPED: AtomicBool = AtomicBool::new(false);

/// A running child process and the process group it leads. Dropping it stops both.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Arc<SharedChild>,
}

impl Process {
    /// Starts `command`, named `name` in messages. Its stdin is closed.
    ///
    /// # Errors
    /// When the program cannot be started, or the command is already stopping.
    pub fn spawn(name: impl Into<String>, mut command: Command) -> Result<Self> {
        let name = name.into();
        command.stdin(Stdio::null());
        lead_a_group(&mut command);
        let program = command.get_program().to_string_lossy().into_owned();
        let child = on_spawner_thread(move || {
            let mut running = running();
            if stopping() {
                bail!("the command is stopping");
            }
            let child = Arc::new(SharedChild::spawn(&mut command)?);
            running.push(child.clone());
            Ok(child)
        })
        .with_context(|| format!("{name} could not be started (`{program}`)"))?;
        Ok(Self { name, child })
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operating system's number for it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for it to end.
    ///
    /// # Errors
    /// When the operating system cannot tell.
    pub fn wait(&self) -> Result<ExitStatus> {
        Ok(self.child.wait()?)
    }

    /// How it ended, or `None` while it runs.
    ///
    /// # Errors
    /// When the operating system cannot tell.
    pub fn try_wait(&self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Calls `on_exit` once, from a thread of its own, when the process has ended for whatever reason.
    pub fn on_exit(&self, on_exit: impl FnOnce(ExitStatus) + Send + 'static) {
        let child = self.child.clone();
        thread::spawn(move || {
            if let Ok(status) = child.wait() {
                on_exit(status);
            }
        });
    }

    /// Its stdout, once, when the command asked for a pipe.
    pub fn take_stdout(&self) -> Option<std::process::ChildStdout> {
        self.child.take_stdout()
    }

    /// Its stderr, once, when the command asked for a pipe.
    pub fn take_stderr(&self) -> Option<std::process::ChildStderr> {
        self.child.take_stderr()
    }

    /// Asks it to end, waits for that, and ends what is left of its group by force.
    pub fn stop(&self) {
        stop(&self.child);
        running().retain(|other| !Arc::ptr_eq(other, &self.child));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// How a process ended, in words for who did not end it.
pub fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;

        use nix::sys::signal::Signal;

        if let Some(Ok(signal)) = status.signal().map(Signal::try_from) {
            let why = match signal {
                Signal::SIGKILL => "something killed it, as the system does where memory runs out",
                Signal::SIGABRT => {
                    "it aborted, as Rust does where a stack overflows or a panic cannot unwind; its last words are above"
                }
                Signal::SIGSEGV | Signal::SIGBUS => "it touched memory that it has not",
                Signal::SIGTERM | Signal::SIGINT | Signal::SIGHUP => "something asked it to end",
                _ => "a signal ended it",
            };
            return format!("{signal}, {why}");
        }
    }
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

/// Gives each line that `source` yields to `on_line`, from a thread of its own, until it is closed.
pub fn each_line(
    source: impl Read + Send + 'static,
    mut on_line: impl FnMut(&str) + Send + 'static,
) {
    thread::spawn(move || {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        // Bytes, not `lines()`: one invalid character must not end the log.
        while source
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            on_line(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']));
            line.clear();
        }
    });
}

/// From now on Ctrl-C, SIGTERM and SIGHUP call `on_signal` and stop every child.
///
/// The program itself is expected to notice and to return from `main` by way of [`finish_stopping`], so that
/// what it holds is cleaned up. If it does not, it is ended.
///
/// # Errors
/// When the handler cannot be installed.
pub fn stop_on_signals(on_signal: impl Fn() + Send + 'static) -> Result<()> {
    ctrlc::set_handler(move || {
        STOPPING.store(true, Ordering::SeqCst);
        on_signal();
        stop_all();
        thread::sleep(GRACE);
        std::process::exit(0);
    })
    .context("the handler for Ctrl-C could not be installed")
}

/// Waits until [`stop_all`] is done, if it has begun: then `true`, and what failed meanwhile failed because of it.
pub fn finish_stopping() -> bool {
    while stopping() && !STOPPED.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(10));
    }
    stopping()
}

/// Stops every child, and lets no other start.
pub fn stop_all() {
    STOPPING.store(true, Ordering::SeqCst);
    let children = std::mem::take(&mut *running());
    // All are asked at once, so that the slowest decides how long this takes and not their sum.
    let stopping: Vec<_> = children
        .into_iter()
        .map(|child| thread::spawn(move || stop(&child)))
        .collect();
    for thread in stopping {
        // A panic in there has been printed, and there is nothing left to do for that child.
        let _ = thread.join();
    }
    STOPPED.store(true, Ordering::SeqCst);
}

/// Whether [`stop_all`] has begun: failures of children are then no news.
pub fn stopping() -> bool {
    STOPPING.load(Ordering::SeqCst)
}

fn running() -> MutexGuard<'static, Vec<Arc<SharedChild>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(unix)]
fn stop(child: &SharedChild) {
    use nix::{
        sys::signal::{Signal, killpg},
        unistd::Pid,
    };

    let Ok(id) = i32::try_from(child.id()) else {
        return;
    };
    let group = Pid::from_raw(id);
    if matches!(child.try_wait(), Ok(None)) {
        // Errors mean that the group is already gone.
        let _ = killpg(group, Signal::SIGTERM);
        let _ = child.wait_timeout(GRACE);
    }
    let _ = killpg(group, Signal::SIGKILL);
    let _ = child.wait();
}

#[cfg(not(unix))]
fn stop(child: &SharedChild) {
    let _ = child.kill();
    let _ = child.wait_timeout(GRACE);
}

#[cfg(unix)]
fn lead_a_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;

    command.process_group(0);
    #[cfg(target_os = "linux")]
    {
        use nix::{
            sys::{prctl::set_pdeathsig, signal::Signal},
            unistd::{Pid, getppid},
        };

        let parent = Pid::this();
        // SAFETY: between fork and exec only two system calls are made, and nothing is allocated.
        unsafe {
            command.pre_exec(move || {
                set_pdeathsig(Signal::SIGKILL)?;
                // The parent may have died before the line above.
                if getppid() != parent {
                    return Err(std::io::Error::from_raw_os_error(nix::libc::ESRCH));
                }
                Ok(())
            });
        }
    }
}

#[cfg(not(unix))]
fn lead_a_group(_command: &mut Command) {}

/// Runs `job` on a thread that lives as long as the program does.
///
/// Linux sends the death signal when the *thread* that started a child ends, so a child must not be
/// started by, say, the thread of one test while others go on using it.
fn on_spawner_thread<T: Send + 'static>(
    job: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    type Job = Box<dyn FnOnce() + Send>;
    static SPAWNER: OnceLock<Mutex<mpsc::Sender<Job>>> = OnceLock::new();

    let spawner = SPAWNER.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        thread::spawn(move || jobs.into_iter().for_each(|job| job()));
        Mutex::new(sender)
    });
    let (reply, result) = mpsc::sync_channel(1);
    spawner
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send(Box::new(move || {
            // The receiver below waits for exactly this.
            let _ = reply.send(job());
        }))
        .map_err(|_| anyhow!("the thread that starts processes has ended"))?;
    result
        .recv()
        .context("the thread that starts processes has failed")?
}
