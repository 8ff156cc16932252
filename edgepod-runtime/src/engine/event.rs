//! What an engine does, as it happens. The log is told of calls that ended; whoever else wants to know watches, natively: an
//! engine that nobody watches pays a flag's reading, and a Worker nothing.

use super::{Ended, JobState, Kind, SocketId};
#[cfg(not(target_arch = "wasm32"))]
use super::{NoAnswer, Place, TraceContext};
#[cfg(not(target_arch = "wasm32"))]
use crate::Error;
use crate::tracking::Footprint;

/// Something that an engine did.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A call begins.
    CallBegan(CallId<'a>),
    /// A statement of a call has run.
    #[cfg(not(target_arch = "wasm32"))]
    Statement {
        /// The call.
        call: CallId<'a>,
        /// The call's place in its trace, where it is recorded.
        within: Option<&'a TraceContext>,
        /// Its text, with `?` for its parameters.
        sql: &'a str,
        /// When it began, and how long it took, in microseconds.
        time: (i64, i64),
        /// Rows that it returned, and rows that it wrote; or what SQLite says.
        rows: Result<(usize, u64), &'a Error>,
    },
    /// A request to another server has its answer, or will have none.
    #[cfg(not(target_arch = "wasm32"))]
    Fetched {
        /// The call that sent it.
        call: CallId<'a>,
        /// Its place in the call's trace, where that is recorded.
        place: Option<&'a Place>,
        /// The method in capitals.
        method: &'a str,
        /// The address, without what follows a `?`: that may be a secret.
        url: &'a str,
        /// When it began, and how long it took, in microseconds.
        time: (i64, i64),
        /// The status of the answer, or why there is none.
        status: Result<u16, &'a NoAnswer>,
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
