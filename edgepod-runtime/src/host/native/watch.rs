//! Whether the thread of the database comes to an end with what it does. A statement can be interrupted, and code cannot.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::engine::{Level, Record};

/// A call that has the database.
struct Running {
    function: Option<&'static str>,
    trace_id: String,
    since: Instant,
}

/// Looks at the calls that run, one of each database.
pub(super) struct Watches(Mutex<Vec<Weak<CallWatch>>>);

impl Watches {
    /// Starts to look, with the time that a call may take.
    pub(super) fn start(limit: Duration) -> io::Result<Arc<Self>> {
        let watches = Arc::new(Self(Mutex::default()));
        let looking = Arc::downgrade(&watches);
        let pause = (limit / 4).clamp(Duration::from_millis(50), GRACE);
        thread::Builder::new()
            .name("edgepod-watch".to_owned())
            .spawn(move || {
                while let Some(watches) = looking.upgrade() {
                    watches.look(limit);
                    drop(watches);
                    thread::sleep(pause);
                }
            })?;
        Ok(watches)
    }

    /// One more database.
    pub(super) fn add(&self) -> Arc<CallWatch> {
        let watch = Arc::<CallWatch>::default();
        self.all().push(Arc::downgrade(&watch));
        watch
    }

    fn look(&self, limit: Duration) {
        self.all().retain(|watch| {
            let watch = watch.upgrade();
            if let Some(watch) = &watch {
                watch.look(limit);
            }
            watch.is_some()
        });
    }

    fn all(&self) -> MutexGuard<'_, Vec<Weak<CallWatch>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at the call that has a database.
#[derive(Default)]
pub(super) struct CallWatch {
    running: Mutex<Option<Running>>,
    stuck: AtomicBool,
}

/// What a call may take beyond its limit, in which what it wrote is rolled back.
const GRACE: Duration = Duration::from_secs(1);

impl CallWatch {
    pub(super) fn begin(&self, function: Option<&'static str>, trace_id: &str) {
        *self.running() = Some(Running {
            function,
            trace_id: trace_id.to_owned(),
            since: Instant::now(),
        });
    }

    pub(super) fn end(&self) {
        let ended = self.running().take();
        if self.stuck.swap(false, Ordering::Relaxed)
            && let Some(ended) = ended
        {
            let time = ended.since.elapsed().as_secs_f64();
            let message =
                format!("The call came to an end after {time:.1} s, and others begin again.");
            ended.log(Level::Warn, &message);
        }
    }

    /// Whether a call has had its time and does not end.
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed)
    }

    fn look(&self, limit: Duration) {
        let running = self.running();
        let Some(call) = &*running else {
            return;
        };
        if call.since.elapsed() > limit + GRACE && !self.stuck.swap(true, Ordering::Relaxed) {
            let message = format!(
                "The call has had the database for more than {} s and does not end (EDGEPOD_CALL_LIMIT). A statement would have \
                 been interrupted, so it is the function's own code: look for a loop. Until it ends all calls are told 503; only \
                 a restart ends it.",
                limit.as_secs_f64()
            );
            call.log(Level::Error, &message);
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn log(&self, level: Level, message: &str) {
        Record {
            function: self.function,
            trace_id: Some(&self.trace_id),
            ..Record::new(level, message)
        }
        .write();
    }
}
