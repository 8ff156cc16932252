//! What this process takes on at most, so that no client and no load takes it down.

use std::{collections::HashMap, fmt, time::Duration};

use crate::gateway::{QUEUE, SOCKETS_PER_SESSION};

/// The limits of the native host. Each has a name in the environment, which docs/security.md explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at one time: `EDGEPOD_MAX_CONNECTIONS`, or as many as the process may have descriptors for.
    pub connections: usize,
    /// Of one address (of IPv6 its first 64 bits): `EDGEPOD_MAX_CONNECTIONS_PER_ADDRESS`. Not counted behind a proxy.
    pub connections_per_address: usize,
    /// WebSockets of one client's address: `EDGEPOD_MAX_SOCKETS_PER_ADDRESS`.
    pub sockets_per_address: usize,
    /// WebSockets of one session: `EDGEPOD_MAX_SOCKETS_PER_SESSION`.
    pub sockets_per_session: usize,
    /// Messages that wait for a WebSocket whose client does not read: `EDGEPOD_MAX_SOCKET_QUEUE`.
    pub socket_queue: usize,
    /// Calls that wait for the database: `EDGEPOD_MAX_QUEUE`.
    pub queue: usize,
    /// Actions under way: `EDGEPOD_MAX_ACTIONS`.
    pub actions: usize,
    /// Pods that are open at one time, beside `global`: `EDGEPOD_MAX_PODS`.
    pub pods: usize,
    /// How long a pod that nobody uses stays open: `EDGEPOD_POD_IDLE`.
    pub pod_idle: Duration,
    /// Bytes of all bodies that are on their way, together: `EDGEPOD_MAX_BODY_MEMORY`.
    pub body_memory: usize,
    /// How long a request's head may take: `EDGEPOD_HEADER_TIMEOUT`.
    pub header: Duration,
    /// How long a body may take, beside a second for each [`SLOWEST`] bytes: `EDGEPOD_BODY_TIMEOUT`.
    pub body: Duration,
    /// How long a connection may wait for its next request: `EDGEPOD_IDLE_TIMEOUT`.
    pub idle: Duration,
    /// How long a client may take to read a reply, beside a second for each [`SLOWEST`] bytes: `EDGEPOD_WRITE_TIMEOUT`.
    pub write: Duration,
    /// How long a call may use the database: `EDGEPOD_CALL_LIMIT`.
    pub call: Duration,
    /// How long calls may go on once the process was told to stop: `EDGEPOD_STOP_TIMEOUT`.
    pub stop: Duration,
    /// How many proxies stand before this process, each of which adds to `X-Forwarded-For`: `EDGEPOD_TRUST_PROXY`.
    pub proxies: usize,
}

/// A client sends and reads this many bytes a second at least, once its time is over.
pub(super) const SLOWEST: u64 = 16 * 1024;

/// Descriptors that are no connections: the database's, the log's, the runtime's.
const OTHER_DESCRIPTORS: usize = 128;

/// Those of an open pod: its file, the log beside it, what readers of that share, and the log once more, to have it written to the
/// disk.
const POD_DESCRIPTORS: usize = 4;

/// Where nobody says how many pods may be open, there is one for so many descriptors.
const POD_SHARE: usize = 12;

impl Default for Limits {
    fn default() -> Self {
        Self::of_connections(10_000)
    }
}

impl Limits {
    fn of_connections(connections: usize) -> Self {
        Self {
            connections,
            connections_per_address: (connections / 4).max(1),
            sockets_per_address: (connections / 5).max(1),
            sockets_per_session: SOCKETS_PER_SESSION,
            socket_queue: 256,
            queue: QUEUE,
            actions: 1024,
            pods: 256,
            pod_idle: Duration::from_secs(60),
            body_memory: 64 * 1024 * 1024,
            header: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            call: Duration::from_secs(10),
            stop: Duration::from_secs(10),
            proxies: 0,
        }
    }

    /// Reads the limits from the environment. `descriptors` is how many this process may have; `has_pods` whether some are for
    /// pods.
    ///
    /// # Errors
    /// A value that is none: which, and what it should be.
    pub(super) fn from_vars(
        vars: &HashMap<String, String>,
        descriptors: usize,
        has_pods: bool,
    ) -> Result<Self, LimitError> {
        let free = descriptors.saturating_sub(OTHER_DESCRIPTORS).max(16);
        let pods = count(vars, "EDGEPOD_MAX_PODS", (free / POD_SHARE).clamp(1, 256))?;
        let for_pods = if has_pods {
            pods.saturating_mul(POD_DESCRIPTORS)
        } else {
            0
        };
        let most = free.saturating_sub(for_pods).max(16);
        let connections = count(vars, "EDGEPOD_MAX_CONNECTIONS", most.min(10_000))?;
        if connections > most {
            return Err(LimitError::Connections {
                connections,
                descriptors,
                most,
            });
        }
        let usual = Self::of_connections(connections);
        let count = |name, usual| count(vars, name, usual);
        let time = |name, usual| time(vars, name, usual);
        Ok(Self {
            connections,
            connections_per_address: count(
                "EDGEPOD_MAX_CONNECTIONS_PER_ADDRESS",
                usual.connections_per_address,
            )?,
            sockets_per_address: count(
                "EDGEPOD_MAX_SOCKETS_PER_ADDRESS",
                usual.sockets_per_address,
            )?,
            sockets_per_session: count(
                "EDGEPOD_MAX_SOCKETS_PER_SESSION",
                usual.sockets_per_session,
            )?,
            socket_queue: count("EDGEPOD_MAX_SOCKET_QUEUE", usual.socket_queue)?,
            queue: count("EDGEPOD_MAX_QUEUE", usual.queue)?,
            actions: count("EDGEPOD_MAX_ACTIONS", usual.actions)?,
            pods,
            pod_idle: time("EDGEPOD_POD_IDLE", usual.pod_idle)?,
            body_memory: count("EDGEPOD_MAX_BODY_MEMORY", usual.body_memory)?,
            header: time("EDGEPOD_HEADER_TIMEOUT", usual.header)?,
            body: time("EDGEPOD_BODY_TIMEOUT", usual.body)?,
            idle: time("EDGEPOD_IDLE_TIMEOUT", usual.idle)?,
            write: time("EDGEPOD_WRITE_TIMEOUT", usual.write)?,
            call: time("EDGEPOD_CALL_LIMIT", usual.call)?,
            stop: time("EDGEPOD_STOP_TIMEOUT", usual.stop)?,
            proxies: match set(vars, "EDGEPOD_TRUST_PROXY") {
                Some(text) => text
                    .parse()
                    .map_err(|_| LimitError::Proxies(text.to_owned()))?,
                None => 0,
            },
        })
    }
}

/// A limit in the environment is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitError {
    /// What is a number from 1 is none.
    Count {
        /// The variable.
        name: &'static str,
        /// What it is.
        text: String,
        /// What it is where it is not set.
        usual: usize,
    },
    /// What is a number of seconds is none.
    Seconds {
        /// The variable.
        name: &'static str,
        /// What it is.
        text: String,
        /// What it is where it is not set.
        usual: Duration,
    },
    /// `EDGEPOD_TRUST_PROXY` is no number: what it is.
    Proxies(String),
    /// More connections than the process may have descriptors for.
    Connections {
        /// How many there were to be.
        connections: usize,
        /// The descriptors of the process.
        descriptors: usize,
        /// The most connections with those.
        most: usize,
    },
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { name, text, usual } => {
                write!(
                    f,
                    "{name} is `{text}`; it is a number from 1, such as {usual}."
                )
            }
            Self::Seconds { name, text, usual } => write!(
                f,
                "{name} is `{text}`; it is a number of seconds, such as {}.",
                usual.as_secs()
            ),
            Self::Proxies(text) => write!(
                f,
                "EDGEPOD_TRUST_PROXY is `{text}`; it is the number of proxies before this process, such as 1."
            ),
            Self::Connections {
                connections,
                descriptors,
                most,
            } => write!(
                f,
                "EDGEPOD_MAX_CONNECTIONS is {connections}, and this process may have {descriptors} files and connections open, of \
                 which {OTHER_DESCRIPTORS} are for itself: raise that limit (`ulimit -n`), or allow at most {most}."
            ),
        }
    }
}

impl std::error::Error for LimitError {}

fn set<'a>(vars: &'a HashMap<String, String>, name: &str) -> Option<&'a str> {
    vars.get(name)
        .map(|text| text.trim())
        .filter(|text| !text.is_empty())
}

fn count(
    vars: &HashMap<String, String>,
    name: &'static str,
    usual: usize,
) -> Result<usize, LimitError> {
    let Some(text) = set(vars, name) else {
        return Ok(usual);
    };
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| LimitError::Count {
        name,
        text: text.to_owned(),
        usual,
    })
}

fn time(
    vars: &HashMap<String, String>,
    name: &'static str,
    usual: Duration,
) -> Result<Duration, LimitError> {
    match set(vars, name) {
        None => Ok(usual),
        Some(text) => text
            .parse()
            .ok()
            .filter(|seconds: &f64| (0.001..=1e6).contains(seconds))
            .map(Duration::from_secs_f64)
            .ok_or_else(|| LimitError::Seconds {
                name,
                text: text.to_owned(),
                usual,
            }),
    }
}

/// Raises the number of descriptors that this process may have to what the system lets it, and returns it. Where nobody says,
/// as many as the usual connections take.
pub(super) fn descriptors() -> usize {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        };
        let current = match setrlimit(Resource::Nofile, raised) {
            Ok(()) => limit.maximum,
            Err(_) => limit.current,
        };
        current.map_or(usize::MAX, |count| {
            usize::try_from(count).unwrap_or(usize::MAX)
        })
    }
    #[cfg(not(unix))]
    {
        usize::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vars: &[(&str, &str)], descriptors: usize) -> Result<Limits, LimitError> {
        let vars = vars
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Limits::from_vars(&vars.collect(), descriptors, false)
    }

    #[test]
    fn an_environment_that_says_nothing_gives_the_usual_limits() {
        assert_eq!(of(&[], 1 << 20), Ok(Limits::default()));
        assert_eq!(
            of(&[("EDGEPOD_MAX_QUEUE", " ")], 1 << 20),
            Ok(Limits::default())
        );
    }

    #[test]
    fn there_are_no_more_connections_than_descriptors() {
        let few = of(&[], 1024).unwrap();
        assert_eq!(few.connections, 1024 - OTHER_DESCRIPTORS);
        assert_eq!(few.connections_per_address, few.connections / 4);
        let error = of(&[("EDGEPOD_MAX_CONNECTIONS", "1000")], 1024).unwrap_err();
        assert!(error.to_string().contains("at most 896"), "{error}");
    }

    #[test]
    fn a_limit_is_a_number_and_a_time_may_have_a_fraction() {
        let limits = of(
            &[
                ("EDGEPOD_MAX_SOCKETS_PER_SESSION", "2"),
                ("EDGEPOD_CALL_LIMIT", "0.25"),
                ("EDGEPOD_TRUST_PROXY", "2"),
            ],
            1 << 20,
        )
        .unwrap();
        assert_eq!(limits.sockets_per_session, 2);
        assert_eq!(limits.call, Duration::from_millis(250));
        assert_eq!(limits.proxies, 2);
        for (name, value) in [
            ("EDGEPOD_MAX_QUEUE", "0"),
            ("EDGEPOD_MAX_QUEUE", "many"),
            ("EDGEPOD_CALL_LIMIT", "10s"),
            ("EDGEPOD_CALL_LIMIT", "-1"),
            ("EDGEPOD_CALL_LIMIT", "NaN"),
            ("EDGEPOD_TRUST_PROXY", "yes"),
        ] {
            let error = of(&[(name, value)], 1 << 20).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(value), "{error}");
        }
    }
}
