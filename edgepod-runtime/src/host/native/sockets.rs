//! The WebSockets of this process.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::sync::{
    Notify,
    mpsc::{Receiver, Sender, channel},
};

use super::{connections::network, limits::Limits};
use crate::{
    Error,
    engine::{PodName, SocketId},
    gateway::too_many_sockets,
};

/// The code and the reason with which a socket is closed.
pub(super) type Why = (u16, &'static str);

/// Of one whose client does not read what it is sent.
pub(super) const TOO_SLOW: Why = (
    1013,
    "This client does not read what it is sent: connect again, to be told what has changed.",
);

/// Of all when the server stops.
pub(super) const STOPPING: Why = (1001, "The server stops: connect again.");

/// Of all of a pod when its data is replaced.
pub(super) const REPLACED: Why = (1012, "The data of this pod was replaced: connect again.");

/// The open sockets, each by its outgoing queue.
#[derive(Default)]
pub(super) struct Sockets {
    /// Shared where others beside these have numbers of the same engines.
    next: Arc<AtomicU32>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: HashMap<SocketId, Outgoing>,
    by_session: HashMap<String, usize>,
    by_address: HashMap<IpAddr, usize>,
    /// Whether all are ended, also those whose handshake is under way.
    ended: Option<Why>,
}

struct Outgoing {
    pod: PodName,
    queue: Sender<String>,
    end: Arc<End>,
}

/// How a socket hears that it is to be closed, whatever it is doing.
#[derive(Default)]
pub(super) struct End {
    why: OnceLock<Why>,
    told: Notify,
}

impl End {
    fn tell(&self, why: Why) {
        let _ = self.why.set(why);
        self.told.notify_one();
    }

    /// Waits until the socket is to be closed.
    pub(super) async fn told(&self) -> Why {
        loop {
            if let Some(why) = self.why.get() {
                return *why;
            }
            self.told.notified().await;
        }
    }
}

/// A socket's place among those of its session and of its client's address, for as long as this lives.
pub(super) struct Ticket {
    sockets: Arc<Sockets>,
    session: String,
    address: Option<IpAddr>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.sockets.state();
        take(&mut state.by_session, &self.session);
        if let Some(address) = &self.address {
            take(&mut state.by_address, address);
        }
    }
}

fn take<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

impl Sockets {
    /// None yet, and where their numbers come from.
    pub(super) fn numbered(next: Arc<AtomicU32>) -> Self {
        Self {
            next,
            state: Mutex::default(),
        }
    }

    /// Admits a socket that is about to be opened.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS`, where its session or its address has as many as it may.
    pub(super) fn admit(
        self: &Arc<Self>,
        limits: &Limits,
        session: &str,
        address: Option<IpAddr>,
    ) -> Result<Ticket, Error> {
        let address = address.map(network);
        let mut state = self.state();
        let of_session = state.by_session.get(session).copied().unwrap_or_default();
        if of_session >= limits.sockets_per_session {
            return Err(too_many_sockets());
        }
        if let Some(address) = address {
            let of_address = state.by_address.entry(address).or_default();
            if *of_address >= limits.sockets_per_address {
                return Err(Error::too_many_requests(
                    "This address has as many sockets open as it may have: close one first.",
                ));
            }
            *of_address += 1;
        }
        *state.by_session.entry(session.to_owned()).or_default() += 1;
        drop(state);
        Ok(Ticket {
            sockets: self.clone(),
            session: session.to_owned(),
            address,
        })
    }

    /// A new socket, what is to be sent through it, and how it hears of its end.
    pub(super) fn open(
        &self,
        pod: &PodName,
        queue: usize,
    ) -> (SocketId, Receiver<String>, Arc<End>) {
        let socket = SocketId(self.next.fetch_add(1, Ordering::Relaxed));
        let (sender, receiver) = channel(queue);
        let end = Arc::<End>::default();
        let outgoing = Outgoing {
            pod: pod.clone(),
            queue: sender,
            end: end.clone(),
        };
        let mut state = self.state();
        if let Some(why) = state.ended {
            end.tell(why);
        }
        state.open.insert(socket, outgoing);
        (socket, receiver, end)
    }

    pub(super) fn close(&self, socket: SocketId) {
        self.state().open.remove(&socket);
    }

    /// Sends a message, or ends a socket that has as many before it as may wait: its client comes again and is told what
    /// it missed.
    pub(super) fn send(&self, socket: SocketId, message: &str) {
        let mut state = self.state();
        let Some(outgoing) = state.open.get(&socket) else {
            return;
        };
        if outgoing.queue.try_send(message.to_owned()).is_err() {
            outgoing.end.tell(TOO_SLOW);
            state.open.remove(&socket);
        }
    }

    /// Ends those of a pod.
    pub(super) fn end_of(&self, pod: &PodName, why: Why) {
        let state = self.state();
        for outgoing in state.open.values().filter(|it| it.pod == *pod) {
            outgoing.end.tell(why);
        }
    }

    /// Ends all of them, and those that are still to be opened.
    pub(super) fn end_all(&self, why: Why) {
        let mut state = self.state();
        state.ended = Some(why);
        for outgoing in state.open.values() {
            outgoing.end.tell(why);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
