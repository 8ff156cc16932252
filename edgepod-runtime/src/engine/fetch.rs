//! Requests to other servers, from actions and routes.
//!
//! The host is given texts and bytes, and gives them back: an app that asks nobody carries none of `http`'s types for it.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    time::Duration,
};

use bytes::Bytes;
use futures_channel::oneshot;
use http::{Method, Request, Response};

use super::{
    ActionCtx, Headers, Host, RawReply,
    route::{OF_THE_CONNECTION, header_map, header_texts},
    traces::{TRACEPARENT, TRACESTATE},
};
#[cfg(not(target_arch = "wasm32"))]
use super::{Event, Place, call::CallState};
use crate::{Error, Result};

/// How long an answer may take, where nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The most bytes of an answer's body, where nothing else is said: 4 MiB.
const LIMIT: usize = 4 * 1024 * 1024;

/// A request to another server, as a host sends it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The method in capitals.
    pub method: String,
    /// The address, of `http` or `https`.
    pub url: String,
    /// Names in lower case; a byte of a value is a character of Latin-1.
    pub headers: Vec<(String, String)>,
    /// The body; none with a GET or a HEAD.
    pub body: Bytes,
    /// How long all of the answer may take.
    pub timeout: Duration,
    /// The most bytes of its body.
    pub limit: usize,
}

/// What comes of it: the answer, of any status, or why there is none.
pub type Fetched = Result<RawReply, NoAnswer>;

/// Why there is no answer, in the words of who asked: a host, its platform or library. It is for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAnswer(String);

impl NoAnswer {
    /// For this reason.
    pub fn because(why: impl ToString) -> Self {
        Self(why.to_string())
    }

    /// Whoever was to answer has gone.
    pub(super) fn given_up() -> Self {
        Self("it was given up".to_owned())
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoAnswer {}

/// Where a host puts what came of a request, or of a call in another pod. Dropped without that, the request has failed.
pub struct Fetching(oneshot::Sender<Fetched>);

impl Fetching {
    pub(super) fn new(giver: oneshot::Sender<Fetched>) -> Self {
        Self(giver)
    }

    /// Whoever waits for it goes on.
    pub fn done(self, fetched: Fetched) {
        // It may have given up.
        let _ = self.0.send(fetched);
    }
}

/// A request to another server, to be awaited. What [`ActionCtx::fetch`] returns.
#[must_use = "it is sent when it is awaited"]
pub struct Fetch<'a> {
    host: &'a dyn Host,
    /// Those of the call.
    headers: &'a Headers,
    /// Where it has an engine.
    #[cfg(not(target_arch = "wasm32"))]
    call: Option<&'a CallState>,
    request: Request<Bytes>,
    timeout: Duration,
    limit: usize,
}

impl ActionCtx {
    /// Asks another server, and gives its answer, of whatever status.
    ///
    /// ```ignore
    /// use edgepod::http::{Request, header};
    ///
    /// #[edgepod::action]
    /// pub async fn star_count(ctx: &ActionCtx, repository: String) -> Result<u64> {
    ///     let request = Request::get(format!("https://api.github.com/repos/{repository}"))
    ///         .header(header::USER_AGENT, "my-app")
    ///         .body("")?;
    ///     let answer = ctx.fetch(request).await?;
    ///     if !answer.status().is_success() {
    ///         return Err(Error::unavailable("GitHub does not say."));
    ///     }
    ///     let repository: serde_json::Value = serde_json::from_slice(answer.body())?;
    ///     Ok(repository["stargazers_count"].as_u64().unwrap_or(0))
    /// }
    /// ```
    ///
    /// The answer has 30 seconds and 4 MiB, unless [`timeout`](Fetch::timeout) or [`limit`](Fetch::limit) says otherwise.
    /// Redirects are not followed: they are answers as others are. A body comes decoded; `Accept-Encoding` is the host's to say.
    ///
    /// The trace that the call is a part of is handed on, in the headers `traceparent` and `tracestate`, unless the request has one of
    /// them.
    ///
    /// Only actions and routes have it: it takes a time in which others are to go on. So no transaction is open while it waits.
    ///
    /// # Errors
    /// `UNAVAILABLE` where no answer came, or not in time; why is in the log. `INTERNAL` for an answer beyond the limit, and for a
    /// request that cannot be sent: an address that is not of `http` or `https`, a GET with a body.
    pub fn fetch<B: Into<Bytes>>(&self, request: Request<B>) -> Fetch<'_> {
        let state = self.state();
        let fetch = Fetch::begin(&**state.engine.host(), state.headers_here(), request);
        #[cfg(not(target_arch = "wasm32"))]
        let fetch = Fetch {
            call: Some(state),
            ..fetch
        };
        fetch
    }
}

impl<'a> Fetch<'a> {
    pub(super) fn begin<B: Into<Bytes>>(
        host: &'a dyn Host,
        headers: &'a Headers,
        request: Request<B>,
    ) -> Self {
        Self {
            host,
            headers,
            #[cfg(not(target_arch = "wasm32"))]
            call: None,
            request: request.map(Into::into),
            timeout: TIMEOUT,
            limit: LIMIT,
        }
    }

    /// How long all of the answer may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The most bytes that the answer's body may have.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    async fn send(self) -> Result<Response<Bytes>> {
        let mut outgoing = self.outgoing()?;
        #[cfg(not(target_arch = "wasm32"))]
        let (place, began) = (self.place(), self.host.now_micros());
        if !self.has_trace() {
            #[cfg(not(target_arch = "wasm32"))]
            let own = place.as_ref().map(|place| place.context.headers());
            #[cfg(target_arch = "wasm32")]
            let own = None;
            let came = || Some(self.headers.trace()?.headers());
            outgoing
                .headers
                .extend(own.or_else(came).unwrap_or_default());
        }
        let (method, url) = (outgoing.method.clone(), shown(&outgoing.url).to_owned());
        let (giver, waiting) = oneshot::channel();
        self.host.fetch(outgoing, Fetching::new(giver));
        let fetched = waiting.await;
        let fetched = fetched.unwrap_or_else(|_| Err(NoAnswer::given_up()));
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(call) = self.call {
            call.engine.tell(|| Event::Fetched {
                call: call.id(),
                place: place.as_ref(),
                method: &method,
                url: &url,
                time: (began, self.host.now_micros() - began),
                status: fetched.as_ref().map(|reply| reply.status),
            });
        }
        let reply = fetched.map_err(|why| {
            let error = "A server that this asks does not answer: try again later.";
            Error::unavailable(error).with_cause(format_args!("{method} {url}: {why}"))
        })?;
        if reply.body.len() > self.limit {
            return Err(Error::internal(format!(
                "the answer to {method} {url} has more than {} bytes: say `.limit(…)` where that may be",
                self.limit
            )));
        }
        received(reply)
    }

    /// Its place in the trace of its call, where that is recorded.
    #[cfg(not(target_arch = "wasm32"))]
    fn place(&self) -> Option<Place> {
        let call = self.call?;
        call.engine.placing().within(Some(&call.place()?.context))
    }

    /// Whether the app says itself which trace it is a part of.
    fn has_trace(&self) -> bool {
        let names = [TRACEPARENT, TRACESTATE];
        names
            .iter()
            .any(|name| self.request.headers().contains_key(*name))
    }

    fn outgoing(&self) -> Result<Outgoing> {
        let (uri, method) = (self.request.uri(), self.request.method());
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
            return Err(Error::internal(format!(
                "`{uri}` cannot be asked: an address is whole, such as https://example.com/path"
            )));
        }
        if [Method::GET, Method::HEAD].contains(method) && !self.request.body().is_empty() {
            return Err(Error::internal(format!(
                "{method} {} has a body, and a {method} has none",
                shown(&uri.to_string())
            )));
        }
        let is_own = |name: &str| name != "accept-encoding" && !OF_THE_CONNECTION.contains(&name);
        Ok(Outgoing {
            method: method.as_str().to_owned(),
            url: uri.to_string(),
            headers: header_texts(self.request.headers())
                .filter(|(name, _)| is_own(name))
                .collect(),
            body: self.request.body().clone(),
            timeout: self.timeout,
            limit: self.limit,
        })
    }
}

impl<'a> IntoFuture for Fetch<'a> {
    type Output = Result<Response<Bytes>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// An address as the log may have it: what follows the `?` may be a secret.
fn shown(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}

fn received(reply: RawReply) -> Result<Response<Bytes>> {
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.status.try_into().map_err(http::Error::from)?;
    let headers = reply.headers.iter();
    *response.headers_mut() =
        header_map(headers.map(|(name, value)| (name.as_str(), value.as_str())));
    Ok(response)
}

/// The request as the test that answers it sees it, and its answer as the engine does.
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) fn answered(
    outgoing: Outgoing,
    answer: impl FnOnce(Request<Bytes>) -> Response<Bytes>,
) -> RawReply {
    let mut request = Request::new(outgoing.body);
    *request.method_mut() = outgoing.method.parse().expect("a method");
    *request.uri_mut() = outgoing.url.parse().expect("an address");
    let headers = outgoing.headers.iter();
    *request.headers_mut() =
        header_map(headers.map(|(name, value)| (name.as_str(), value.as_str())));
    let response = answer(request);
    RawReply {
        status: response.status().as_u16(),
        headers: header_texts(response.headers()).collect(),
        body: response.into_body(),
    }
}
