//! The keys of tokens, from where their issuer publishes them.

use std::{sync::OnceLock, time::Duration};

use ureq::Agent;

use crate::auth::FETCH_LIMIT;

/// The largest key set that is read, in bytes: 256 KiB.
const LIMIT: u64 = 256 * 1024;

/// Fetches a key set. It blocks its thread.
pub(super) fn fetch(url: &str) -> Result<String, String> {
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
        .map_err(|error| error.to_string())?;
    if response.status() != 200 {
        return Err(format!("the answer has the status {}", response.status()));
    }
    response
        .body_mut()
        .with_config()
        .limit(LIMIT)
        .read_to_string()
        .map_err(|error| error.to_string())
}
