//! Requests of actions to other servers.

use std::{io::Read as _, sync::OnceLock, thread};

use ureq::{Agent, http};

use crate::engine::{Fetched, NoAnswer, Outgoing, RawReply, latin1};

/// Runs work on a thread that may be blocked.
pub(super) fn beside(work: impl FnOnce() + Send + 'static) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(work)),
        Err(_) => drop(thread::spawn(work)),
    }
}

/// Sends a request, and waits for the answer.
pub(super) fn send(outgoing: Outgoing) -> Fetched {
    static AGENT: OnceLock<Agent> = OnceLock::new();
    let agent = AGENT.get_or_init(|| {
        Agent::config_builder()
            // A status is an answer, and so is where somebody would be sent on to.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .build()
            .into()
    });
    let mut request = http::Request::builder()
        .method(outgoing.method.as_str())
        .uri(&outgoing.url);
    for (name, value) in &outgoing.headers {
        request = request.header(name, latin1(value));
    }
    let request = request.body(outgoing.body.to_vec());
    let request = request.map_err(NoAnswer::because)?;
    let request = agent
        .configure_request(request)
        .timeout_global(Some(outgoing.timeout))
        .build();
    let mut response = agent.run(request).map_err(NoAnswer::because)?;
    let headers = response.headers().iter().map(|(name, value)| {
        let value = value.as_bytes().iter().map(|byte| char::from(*byte));
        (name.as_str().to_owned(), value.collect())
    });
    let (status, headers) = (response.status().as_u16(), headers.collect());
    // One byte more shows that there are more.
    let limit = u64::try_from(outgoing.limit).unwrap_or(u64::MAX);
    let mut body = Vec::new();
    let reader = response.body_mut().with_config().limit(u64::MAX).reader();
    let read = reader.take(limit.saturating_add(1)).read_to_end(&mut body);
    read.map_err(NoAnswer::because)?;
    Ok(RawReply {
        status,
        headers,
        body: body.into(),
    })
}
