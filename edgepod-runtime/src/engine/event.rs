//! What an engine does, as it happens. The log is told of calls that ended; whoever else wants to know watches, natively: an
//! engine that nobody watches pays a flag's reading, and a Worker nothing.

use super::{Ended, JobState, Kind, SocketId};
use crate::tracking::Footprint;

/// Something that an engine did.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A call begins.
    CallBegan(CallId<'a>),
    /// A statement of a call has run.
    Statement {
        /// The call.
        call: CallId<'a>,
        /// Rows that it returned.
        rows_read: usize,
        /// Rows that it wrote.
        rows_written: u64,
    },
    /// A call has its answer.
    CallEnded(&'a Ended<'a>),
    /// A session is told that what it read has changed.
    Announced {
        /// The call that wrote; none where a time has come, or a session that was present has ended.
        call: Option<CallId<'a>>,
        /// The session's sockets.
        sockets: &'a [SocketId],
        /// Why: what the call wrote of that which the session had read.
        topics: &'a Footprint,
    },
    /// A job has begun, or ended, or waits for another try.
    Job {
        /// The job.
        job: i64,
        /// The public name of the function that it calls.
        function: &'a str,
        /// What is being done with it now.
        state: JobState,
        /// How often it was begun.
        attempt: i64,
    },
    /// A session's socket is open.
    SocketOpened {
        /// The socket.
        socket: SocketId,
        /// The session.
        session: &'a str,
    },
    /// A socket was open before the engine began, and is its session's again.
    SocketRestored {
        /// The socket.
        socket: SocketId,
        /// The session.
        session: &'a str,
    },
    /// A socket is gone.
    SocketClosed {
        /// The socket.
        socket: SocketId,
    },
}

/// Which call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId<'a> {
    /// The function's public name.
    pub function: &'static str,
    /// The function's kind.
    pub kind: Kind,
    /// The name of the call in its reply and in the log.
    pub trace_id: &'a str,
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) use watchers::Watchers;

#[cfg(not(target_arch = "wasm32"))]
mod watchers {
    use std::sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    };

    use super::Event;

    type Watcher = dyn Fn(&Event<'_>) + Send + Sync;

    /// Who wants to know.
    #[derive(Default)]
    pub(crate) struct Watchers {
        any: AtomicBool,
        all: RwLock<Vec<Box<Watcher>>>,
    }

    impl Watchers {
        pub(crate) fn add(&self, watcher: Box<Watcher>) {
            let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
            all.push(watcher);
            self.any.store(true, Ordering::Release);
        }

        pub(crate) fn are_any(&self) -> bool {
            self.any.load(Ordering::Acquire)
        }

        pub(crate) fn tell(&self, event: &Event<'_>) {
            let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
            for watcher in all.iter() {
                watcher(event);
            }
        }
    }
}

#[cfg(all(test, feature = "native"))]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{
        engine::{AppDef, Engine},
        testing::memory_host,
    };

    inventory::submit! {
        AppDef { name: "unit tests", location: (file!(), line!()), steps: &[] }
    }

    #[test]
    fn sockets_that_outlive_an_engine_are_told_to_the_next() {
        let engine = Engine::start(memory_host()).expect("an engine without functions");
        let log = Arc::new(Mutex::new(Vec::new()));
        let told = log.clone();
        engine.watch(move |event| told.lock().expect("no panic").push(format!("{event:?}")));
        engine.socket_restored(SocketId(7), r#"{"s":"a","t":["users"]}"#);
        engine.socket_restored(SocketId(8), "no attachment");
        engine.socket_closed(SocketId(7));
        assert_eq!(
            *log.lock().expect("no panic"),
            [
                r#"SocketRestored { socket: SocketId(7), session: "a" }"#,
                "SocketClosed { socket: SocketId(7) }",
            ]
        );
    }
}
