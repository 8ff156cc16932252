//! Those who are connected to the servers of a test: browsers, HTTP clients, sockets.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, Weak,
    atomic::{AtomicU32, Ordering},
    mpsc,
};

use tokio::{runtime::Handle, sync::Notify};

use super::super::{http::Shared, sockets::Sockets};
use crate::engine::SocketId;

/// The clients of a test.
pub(super) struct Clients {
    servers: Mutex<Vec<Running>>,
    /// Told whenever there may be something for the test to do.
    stirred: Notify,
    /// One order of numbers for whatever has one: an engine has windows and sockets.
    numbers: Arc<AtomicU32>,
}

impl Default for Clients {
    fn default() -> Self {
        Self {
            servers: Mutex::default(),
            stirred: Notify::new(),
            numbers: Arc::new(AtomicU32::new(1)),
        }
    }
}

/// A server that runs, on threads of its own.
struct Running {
    sockets: Weak<Sockets>,
    shared: Weak<Shared>,
    runtime: Handle,
}

impl Clients {
    pub(super) fn next_number(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// The sockets of a server that is about to run.
    pub(super) fn sockets(&self) -> Sockets {
        Sockets::numbered(self.numbers.clone())
    }

    /// One more server.
    pub(super) fn add(&self, shared: &Arc<Shared>, runtime: Handle) {
        self.servers().push(Running {
            sockets: Arc::downgrade(&shared.sockets),
            shared: Arc::downgrade(shared),
            runtime,
        });
    }

    /// Whether a server runs.
    pub(super) fn may_come(&self) -> bool {
        !self.servers().is_empty()
    }

    pub(super) fn send(&self, socket: SocketId, message: &str) {
        for server in self.servers().iter() {
            if let Some(sockets) = server.sockets.upgrade() {
                sockets.send(socket, message);
            }
        }
        self.stir();
    }

    /// There may be something for the test to do.
    pub(super) fn stir(&self) {
        self.stirred.notify_one();
    }

    /// Waits until there may be.
    pub(super) async fn stirred(&self) {
        self.stirred.notified().await;
    }

    /// The engines are others now: sockets end, and whoever comes again finds those. Returns when nobody has the old ones.
    pub(super) fn come_again(&self) {
        let (done, end) = mpsc::channel::<()>();
        for server in self.servers().iter() {
            if let Some(shared) = server.shared.upgrade() {
                let done = done.clone();
                server.runtime.spawn(async move {
                    shared.pods.close_all().await;
                    drop(done);
                });
            }
        }
        drop(done);
        // Nothing is said: it is over when nobody is left who could.
        let _ = end.recv();
    }

    fn servers(&self) -> MutexGuard<'_, Vec<Running>> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.retain(|server| server.shared.strong_count() > 0);
        servers
    }
}
