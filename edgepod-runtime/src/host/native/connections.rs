//! The connections of this process: how many there are, whose, and which of them wait for a request.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::limits::Limits;
use crate::engine::{Level, Record};

/// What a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// A request's head is to come: since it was opened, or since the head's first byte.
    Head,
    /// The next request is waited for.
    Idle,
    /// A request is answered.
    Busy,
    /// The answer is on its way to the client.
    Reply,
    /// The same, and more of it comes, who knows when.
    Stream,
    /// It is a WebSocket.
    Socket,
}

/// An open connection, as the others see it.
pub(super) struct Connection {
    id: u64,
    address: Option<IpAddr>,
    phase: AtomicU8,
    /// When the phase began, in milliseconds of the process's life.
    since: AtomicU64,
    /// Told when the connection must go.
    pub(super) end: Notify,
    limits: Arc<Limits>,
    began: Instant,
}

impl Connection {
    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Head,
            1 => Phase::Idle,
            2 => Phase::Busy,
            3 => Phase::Reply,
            4 => Phase::Stream,
            _ => Phase::Socket,
        }
    }

    pub(super) fn enter(&self, phase: Phase) {
        let now = self.began.elapsed().as_millis();
        self.since
            .store(u64::try_from(now).unwrap_or(u64::MAX), Ordering::Release);
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// When the client must have sent something, if it must.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let patience = match self.phase() {
            Phase::Head => self.limits.header,
            Phase::Idle => self.limits.idle,
            Phase::Busy | Phase::Reply | Phase::Stream | Phase::Socket => return None,
        };
        let since = Duration::from_millis(self.since.load(Ordering::Acquire));
        Some(self.began + since + patience)
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    fn waits(&self) -> bool {
        matches!(self.phase(), Phase::Head | Phase::Idle)
    }
}

/// A connection's place among the others, for as long as this lives.
pub(super) struct Place {
    connections: Arc<Connections>,
    connection: Arc<Connection>,
}

impl Place {
    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.state().remove(&self.connection);
        self.connections.ended.notify_waiters();
    }
}

/// All of them.
pub(super) struct Connections {
    limits: Arc<Limits>,
    began: Instant,
    state: Mutex<State>,
    /// Told whenever one has ended.
    ended: Notify,
    full: Complaint,
}

#[derive(Default)]
struct State {
    next: u64,
    open: HashMap<u64, Arc<Connection>>,
    by_address: HashMap<IpAddr, usize>,
}

impl Connections {
    pub(super) fn new(limits: Arc<Limits>) -> Arc<Self> {
        Arc::new(Self {
            limits,
            began: Instant::now(),
            state: Mutex::default(),
            ended: Notify::new(),
            full: Complaint::default(),
        })
    }

    /// A place for a new connection. Where all are taken, those give way that have waited longest for a request, so that
    /// whoever comes with one is heard. `None` where there is none that waits.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        // All that a proxy forwards comes from its address.
        let address = (self.limits.proxies == 0).then(|| network(address));
        let mut state = self.state();
        let crowded = address.filter(|address| {
            state.by_address.get(address).copied().unwrap_or_default()
                >= self.limits.connections_per_address
        });
        if crowded.is_some() || state.open.len() >= self.limits.connections {
            let gone = state.evict(crowded);
            if self.full.is_due() {
                let message = match crowded {
                    Some(address) => format!(
                        "{address} has {} connections open, the most that an address may have \
                         (EDGEPOD_MAX_CONNECTIONS_PER_ADDRESS): {gone} that waited for a request are closed.",
                        self.limits.connections_per_address
                    ),
                    None => format!(
                        "{} connections are open, the most that there may be (EDGEPOD_MAX_CONNECTIONS): {gone} that waited for \
                         a request are closed.",
                        self.limits.connections
                    ),
                };
                Record::new(Level::Warn, &message).write();
            }
            if gone == 0 {
                return None;
            }
        }
        let connection = Arc::new(Connection {
            id: state.next,
            address,
            phase: AtomicU8::new(Phase::Head as u8),
            since: AtomicU64::new(0),
            end: Notify::new(),
            limits: self.limits.clone(),
            began: self.began,
        });
        connection.enter(Phase::Head);
        state.next += 1;
        state.open.insert(connection.id, connection.clone());
        if let Some(address) = address {
            *state.by_address.entry(address).or_default() += 1;
        }
        Some(Place {
            connections: self.clone(),
            connection,
        })
    }

    /// There are no descriptors left: connections that wait for a request give theirs.
    pub(super) fn make_room(&self) -> usize {
        self.state().evict(None)
    }

    /// Ends those that wait for a request.
    pub(super) fn end_waiting(&self) {
        self.end(Connection::waits);
    }

    /// Ends all.
    pub(super) fn end_all(&self) {
        self.end(|_| true);
    }

    fn end(&self, which: impl Fn(&Connection) -> bool) {
        for connection in self.state().open.values() {
            if which(connection) {
                connection.end.notify_one();
            }
        }
    }

    /// Waits until there is none.
    pub(super) async fn all_ended(&self) {
        loop {
            let ended = self.ended.notified();
            if self.state().open.is_empty() {
                return;
            }
            // One that ends before this awaits is heard all the same: `notified` counts from when it was made.
            ended.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn remove(&mut self, connection: &Connection) {
        if self.open.remove(&connection.id).is_some()
            && let Some(address) = connection.address
            && let Some(count) = self.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
    }

    /// Ends connections that wait for a request, of an address or of all: those that have waited longest, a few at once so
    /// that a flood does not look through all of them each time. Returns how many.
    fn evict(&mut self, of: Option<IpAddr>) -> usize {
        let mut waiting: Vec<(u64, Arc<Connection>)> = self
            .open
            .values()
            .filter(|it| it.waits() && (of.is_none() || it.address == of))
            .map(|it| (it.since.load(Ordering::Acquire), it.clone()))
            .collect();
        let few = (waiting.len() / 32 + 1).min(waiting.len());
        if few == 0 {
            return 0;
        }
        waiting.select_nth_unstable_by_key(few - 1, |(since, _)| *since);
        for (_, connection) in &waiting[..few] {
            connection.end.notify_one();
            self.remove(connection);
        }
        few
    }
}

/// The part of an address that one customer has: of IPv6 the first 64 bits.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address => address,
    }
}

/// A line of the log that would else be written for every client of a flood: once a minute at most.
#[derive(Debug, Default)]
pub(super) struct Complaint(Mutex<Option<Instant>>);

impl Complaint {
    pub(super) fn is_due(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|at| at.elapsed() >= Duration::from_secs(60));
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(total: usize, per_address: usize) -> Arc<Connections> {
        Connections::new(Arc::new(Limits {
            connections: total,
            connections_per_address: per_address,
            ..Limits::default()
        }))
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn whoever_waits_longest_gives_way_and_who_is_answered_does_not() {
        let all = connections(2, 2);
        let busy = all.admit(address(1)).unwrap();
        busy.connection().enter(Phase::Busy);
        let waiting = all.admit(address(2)).unwrap();
        let third = all.admit(address(3)).unwrap();
        third.connection().enter(Phase::Busy);
        // Its place is taken already, and is not freed once more.
        drop(waiting);
        assert!(all.admit(address(4)).is_none());
        drop(busy);
        assert!(all.admit(address(4)).is_some());
    }

    #[test]
    fn an_address_takes_no_place_of_others() {
        let all = connections(10, 2);
        let other = all.admit(address(9)).unwrap();
        let taken = [(); 2].map(|()| {
            let place = all.admit(address(1)).unwrap();
            place.connection().enter(Phase::Socket);
            place
        });
        assert!(all.admit(address(1)).is_none());
        assert!(all.admit(address(2)).is_some());
        assert_eq!(other.connection().phase(), Phase::Head);
        drop(taken);
        assert!(all.admit(address(1)).is_some());
    }

    #[test]
    fn one_customer_has_one_network() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
