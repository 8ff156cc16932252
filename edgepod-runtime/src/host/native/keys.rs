//! The keys of tokens, from where their issuer publishes them.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::task::JoinError;
use ureq::Agent;

use super::http::Shared;
use crate::{
    auth::{FETCH_LIMIT, KEYS_LIMIT},
    engine::{Level, Record},
};

/// Fetches the keys beside the calls that go on.
pub(super) fn refresh(shared: &Arc<Shared>, url: String) {
    let shared = shared.clone();
    tokio::spawn(async move { load(&shared, url).await });
}

/// Fetches the keys for a call that waits for them.
pub(super) async fn fetch(shared: &Arc<Shared>, url: String) {
    let loading = shared.clone();
    // A task of its own: a client that goes away must not take along what others wait for.
    let fetched = tokio::spawn(async move { load(&loading, url).await });
    if fetched.await.is_err() {
        let authenticator = shared.gateway.authenticator();
        authenticator.keys_failed(shared.now_millis());
    }
}

/// Only the authenticator remembers how that went.
async fn load(shared: &Shared, url: String) {
    let from = url.clone();
    let fetched = tokio::task::spawn_blocking(move || get(&url))
        .await
        .unwrap_or_else(|error| Err(FetchError::Task(error)));
    let authenticator = shared.gateway.authenticator();
    let failure = match fetched {
        Ok(text) => {
            let loaded = authenticator.keys_loaded(&text, shared.now_millis());
            loaded.err().map(|error| error.to_string())
        }
        Err(error) => {
            authenticator.keys_failed(shared.now_millis());
            Some(error.to_string())
        }
    };
    if let Some(failure) = failure {
        let message =
            format!("The keys at {from} (EDGEPOD_JWKS_URL) could not be fetched: {failure}");
        Record::new(Level::Error, &message).write();
    }
}

/// Why no key set came.
enum FetchError {
    Request(ureq::Error),
    Status(ureq::http::StatusCode),
    Task(JoinError),
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => error.fmt(f),
            Self::Status(status) => write!(f, "the answer has the status {status}"),
            Self::Task(error) => error.fmt(f),
        }
    }
}

/// Fetches a key set. It blocks its thread.
fn get(url: &str) -> Result<String, FetchError> {
    static AGENT: OnceLock<Agent> = OnceLock::new();
    let agent = AGENT.get_or_init(|| {
        Agent::config_builder()
            .timeout_global(Some(Duration::from_millis(FETCH_LIMIT.unsigned_abs())))
            // Whoever may be redirected to has not been named.
            .max_redirects(0)
            .build()
            .into()
    });
    let mut response = agent
        .get(url)
        .header("accept", "application/json")
        .call()
        .map_err(FetchError::Request)?;
    if response.status() != 200 {
        return Err(FetchError::Status(response.status()));
    }
    response
        .body_mut()
        .with_config()
        .limit(KEYS_LIMIT as u64)
        .read_to_string()
        .map_err(FetchError::Request)
}
