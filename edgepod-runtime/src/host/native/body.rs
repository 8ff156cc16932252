//! The bodies of requests.

use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes};
use tokio::time::{Instant, timeout_at};

use super::limits::{Limits, SLOWEST};
use crate::{
    Error,
    gateway::{self, BODY_LIMIT, UNWANTED_BODY},
};

/// So much of each body is not counted: small calls are served whatever large ones hold.
const SMALL: usize = 8 * 1024;

/// The memory that the bodies of all requests have together.
pub(super) struct Bodies {
    limits: Arc<Limits>,
    held: AtomicUsize,
}

/// What a body holds of it. It stays with the body, which may be there for longer than the client.
pub(super) struct Held {
    bodies: Arc<Bodies>,
    bytes: usize,
}

impl Bodies {
    pub(super) fn new(limits: Arc<Limits>) -> Self {
        Self {
            limits,
            held: AtomicUsize::new(0),
        }
    }

    /// The body of a call, whole.
    ///
    /// # Errors
    /// `PAYLOAD_TOO_LARGE`; `UNAVAILABLE` where all bodies together are; `BAD_REQUEST` for one that breaks off or takes too
    /// long.
    pub(super) async fn read<B>(self: &Arc<Self>, mut body: B) -> crate::Result<(Vec<u8>, Held)>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Display,
    {
        let began = Instant::now();
        let mut bytes = Vec::new();
        let mut held = Held {
            bodies: self.clone(),
            bytes: 0,
        };
        loop {
            let time = self.limits.body + Duration::from_secs(bytes.len() as u64 / SLOWEST);
            let Ok(frame) = timeout_at(began + time, body.frame()).await else {
                return Err(Error::bad_request(format!(
                    "The body did not come in time: after {} s {} bytes of it were here.",
                    time.as_secs(),
                    bytes.len()
                )));
            };
            let Some(frame) = frame else {
                return Ok((bytes, held));
            };
            let frame = frame
                .map_err(|error| Error::bad_request(format!("The body broke off: {error}.")))?;
            let Ok(chunk) = frame.into_data() else {
                continue;
            };
            bytes.extend_from_slice(&chunk);
            let refused = if bytes.len() > BODY_LIMIT {
                Some(gateway::too_large())
            } else if !held.grow_to(bytes.len().saturating_sub(SMALL)) {
                let error = "Too many large calls are on their way: try again in a moment.";
                Some(Error::unavailable(error).retry_after(Duration::from_secs(1)))
            } else {
                None
            };
            if let Some(error) = refused {
                self.drain(body);
                return Err(error);
            }
        }
    }

    /// Reads on, beside the reply, what a client still sends: cut off, it would not come to read the reply.
    pub(super) fn drain<B>(&self, mut body: B)
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        if body.is_end_stream() {
            return;
        }
        let end = Instant::now() + self.limits.body;
        tokio::spawn(async move {
            let mut read = 0;
            while let Ok(Some(Ok(frame))) = timeout_at(end, body.frame()).await {
                read += frame.data_ref().map_or(0, Bytes::len);
                if read > UNWANTED_BODY {
                    break;
                }
            }
        });
    }
}

impl Held {
    /// Whether there is memory for so many bytes.
    fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let before = self.bodies.held.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        before + more <= self.bodies.limits.body_memory
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.bodies.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
