//! Requests and replies.

use std::{
    borrow::Cow, collections::HashMap, fmt::Display, net::IpAddr, sync::Arc, time::Duration,
};

use http_body_util::{Either, Full};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Body, Bytes},
    header::{self, HeaderName, HeaderValue},
    http::request::Parts,
};

use super::{
    admin,
    body::Bodies,
    calls::{Answer, Caller, Raw, What},
    chunks::Chunks,
    control::Control,
    keys,
    limits::Limits,
    page::Page,
    pods::Pods,
    signature,
    sockets::Sockets,
    websocket::{self, Opening},
};
use crate::{
    Error,
    engine::{self, App, CLIENT_ADDRESS, Headers, RawReply, RawRequest, Registry, Unread},
    gateway::{self, Decision, Gateway, HEADERS, Head, Route, Step, Verified, client_address},
};

pub(super) type Reply = Response<Either<Full<Bytes>, Chunks>>;

/// How long a call waits before it looks again whether another has fetched the keys.
const WAIT: Duration = Duration::from_millis(20);

/// What all connections share.
pub(super) struct Shared {
    pub(super) pods: Arc<Pods>,
    pub(super) sockets: Arc<Sockets>,
    pub(super) gateway: Arc<Gateway>,
    pub(super) limits: Arc<Limits>,
    pub(super) bodies: Arc<Bodies>,
    pub(super) page: Option<Page>,
    pub(super) app: Arc<App>,
    /// Without it there is no admin address.
    pub(super) admin: Option<admin::Key>,
    /// Only a test that is served has one.
    pub(super) control: Option<Control>,
}

impl Shared {
    /// The functions, which all pods have.
    pub(super) fn registry(&self) -> &Registry {
        self.app.registry()
    }

    /// What the clock of its engines says, in milliseconds since 1970.
    pub(super) fn now_millis(&self) -> i64 {
        self.pods.world.engines.now_millis()
    }
}

/// Answers a request that came from this address.
pub(super) async fn answer<B>(
    shared: &Arc<Shared>,
    request: Request<B>,
    peer: Option<IpAddr>,
) -> Reply
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Display,
{
    let trace_id = trace_id();
    match decide(shared, request, peer, &trace_id).await {
        Ok(reply) => reply,
        Err(error) => gateway_reply(gateway::Reply::error(&error, &trace_id)),
    }
}

async fn decide<B>(
    shared: &Arc<Shared>,
    request: Request<B>,
    peer: Option<IpAddr>,
    trace_id: &str,
) -> crate::Result<Reply>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Display,
{
    let (mut parts, body) = request.into_parts();
    if let Some(key) = &shared.admin
        && admin::is_admin(parts.uri.path())
    {
        let (body, held) = if admin::has_body(key, &parts) {
            let (bytes, held) = shared.bodies.read(body).await?;
            (bytes, Some(held))
        } else {
            shared.bodies.drain(body);
            (Vec::new(), None)
        };
        return Ok(admin::answer(shared, key, &parts, (body, held), trace_id).await);
    }
    if let Some(control) = &shared.control
        && let Some(reply) = control.answer(&parts).await
    {
        shared.bodies.drain(body);
        return Ok(reply);
    }
    if let Some(page) = &shared.page
        && let Some(reply) = page.answer(&parts, shared.registry()).await
    {
        shared.bodies.drain(body);
        return Ok(reply);
    }
    let address = peer.map(|peer| {
        let forwarded = parts.headers.get_all("x-forwarded-for").iter();
        let forwarded = forwarded.filter_map(|value| value.to_str().ok());
        client_address(peer, forwarded, shared.limits.proxies)
    });
    // A rule for pods may ask for any.
    let has_pods = shared.registry().pod().is_some();
    let headers = has_pods.then(|| headers_json(&parts.headers, address));
    let for_rule = headers.as_deref();
    let (what, pod, args, session, user) =
        match route(shared, &parts, for_rule, None, trace_id).await {
            Route::Reply(reply) => {
                shared.bodies.drain(body);
                return Ok(gateway_reply(reply));
            }
            Route::Socket {
                pod,
                session,
                resume,
                listed,
                expires,
            } => {
                let opening = Opening {
                    pod,
                    session,
                    resume,
                    listed,
                    expires,
                    address,
                };
                return websocket::open(shared, &mut parts, opening).await;
            }
            Route::Raw { pod, route, user } => {
                let (bytes, held) = shared.bodies.read(body).await?;
                let headers = headers_of(&mut parts, headers, address);
                let request = RawRequest {
                    method: parts.method.as_str().to_owned(),
                    target: parts
                        .uri
                        .path_and_query()
                        .map_or_else(String::new, ToString::to_string),
                    body: bytes.into(),
                };
                let caller = Caller {
                    session: None,
                    user,
                    headers,
                    trace_id: trace_id.to_owned(),
                    origin: None,
                    held: Some(held),
                };
                let what = What::Raw(Raw { route, request });
                let pod = shared.pods.get(pod.as_ref()).await?;
                let answer = pod.answer(what, String::new(), caller).await;
                return Ok(outcome_reply(answer));
            }
            Route::Batch { pod, session, user } => (What::Batch, pod, None, session, user),
            Route::Call {
                pod,
                function,
                args,
                session,
                user,
            } => (What::Call(function.callee()), pod, args, session, user),
        };
    let (text, held) = match args {
        Some(args) => (args, None),
        None => {
            let (bytes, held) = shared.bodies.read(body).await?;
            let text = String::from_utf8(bytes).map_err(|_| gateway::not_utf8())?;
            (text, Some(held))
        }
    };
    // The body may have named it.
    let pod = match what {
        What::Batch if has_pods => {
            match route(shared, &parts, for_rule, Some(&text), trace_id).await {
                Route::Batch { pod, .. } => pod,
                Route::Reply(reply) => return Ok(gateway_reply(reply)),
                _ => return Err(Error::internal("a batch became something else")),
            }
        }
        _ => pod,
    };
    let pod = shared.pods.get(pod.as_ref()).await?;
    let caller = Caller {
        session,
        user,
        headers: headers_of(&mut parts, headers, address),
        trace_id: trace_id.to_owned(),
        origin: None,
        held,
    };
    Ok(outcome_reply(pod.answer(what, text, caller).await))
}

/// What becomes of a request, once its token is verified, if it has one.
async fn route(
    shared: &Arc<Shared>,
    parts: &Parts,
    headers: Option<&str>,
    body: Option<&str>,
    trace_id: &str,
) -> Route {
    let texts = Texts::of(parts);
    let mut head = Head {
        headers,
        body,
        ..texts.head(parts)
    };
    let gateway = &shared.gateway;
    if head.authorization.is_some()
        && let Some(url) = gateway.authenticator().refresh(shared.now_millis())
    {
        keys::refresh(shared, url);
    }
    let now = || shared.now_millis();
    loop {
        match gateway.route(shared.registry(), &head, trace_id, now) {
            Decision::First(Step::Verify(verification)) => {
                let right = signature::is_right(&verification);
                match gateway.verified(&head, verification.version, right, trace_id, now()) {
                    Verified::Again => {}
                    Verified::AgainAsNobody => head.authorization = None,
                    Verified::Refused(reply) => return Route::Reply(reply),
                }
            }
            Decision::First(Step::FetchKeys(url)) => keys::fetch(shared, url).await,
            Decision::First(Step::Wait) => tokio::time::sleep(WAIT).await,
            Decision::Done(route) => return route,
        }
    }
}

/// The headers that the gateway reads, as a Worker sees them.
struct Texts<'a> {
    key: Option<Cow<'a, str>>,
    authorization: Option<Cow<'a, str>>,
    session: Option<Cow<'a, str>>,
    reactive: Option<Cow<'a, str>>,
    upgrade: Option<Cow<'a, str>>,
    request_headers: Option<Cow<'a, str>>,
    content_length: Option<Cow<'a, str>>,
    pod: Option<Cow<'a, str>>,
}

impl<'a> Texts<'a> {
    fn of(parts: &'a Parts) -> Self {
        let header = |name: &str| text(&parts.headers, name);
        Self {
            key: header("x-edgepod-key"),
            authorization: header("authorization"),
            session: header("x-edgepod-session-id"),
            reactive: header("x-edgepod-reactive"),
            upgrade: header("upgrade"),
            request_headers: header("access-control-request-headers"),
            content_length: header("content-length"),
            pod: header("x-edgepod-pod"),
        }
    }

    fn head(&'a self, parts: &'a Parts) -> Head<'a> {
        Head {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            key: self.key.as_deref(),
            authorization: self.authorization.as_deref(),
            session: self.session.as_deref(),
            reactive: self.reactive.as_deref(),
            upgrade: self.upgrade.as_deref(),
            request_headers: self.request_headers.as_deref(),
            content_length: self.content_length.as_deref(),
            pod: self.pod.as_deref(),
            headers: None,
            body: None,
        }
    }
}

/// The text of a header as the standard of fetch has it, and so as a Worker sees it: bytes are characters of Latin-1, and what
/// came several times is joined. Nothing is left out: what it may be is the gateway's and the engine's to say.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    let mut values = headers.get_all(name).iter().map(latin1);
    let first = values.next()?;
    Some(values.fold(first, |mut all, value| {
        all.to_mut().push_str(", ");
        all.to_mut().push_str(&value);
        all
    }))
}

fn latin1(value: &HeaderValue) -> Cow<'_, str> {
    match value.to_str() {
        Ok(text) => text.into(),
        Err(_) => value
            .as_bytes()
            .iter()
            .map(|byte| char::from(*byte))
            .collect::<String>()
            .into(),
    }
}

/// The headers of a call: those that were written as JSON already, or as they came.
fn headers_of(parts: &mut Parts, json: Option<String>, address: Option<IpAddr>) -> Headers {
    match json {
        Some(json) => Headers::from_json(json),
        None => Headers::unread(Came {
            headers: std::mem::take(&mut parts.headers),
            address,
        }),
    }
}

/// The headers of a request, and who sent it.
struct Came {
    headers: HeaderMap,
    address: Option<IpAddr>,
}

impl Unread for Came {
    fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name) || (name == CLIENT_ADDRESS && self.address.is_some())
    }

    fn to_json(&self) -> String {
        headers_json(&self.headers, self.address)
    }
}

/// The headers as functions see them, with the client's address among them.
pub(super) fn headers_json(headers: &HeaderMap, address: Option<IpAddr>) -> String {
    let mut joined: HashMap<&str, Cow<'_, str>> = headers
        .keys()
        .filter_map(|name| Some((name.as_str(), text(headers, name.as_str())?)))
        .collect();
    joined.remove(CLIENT_ADDRESS);
    if let Some(address) = address {
        joined.insert(CLIENT_ADDRESS, address.to_canonical().to_string().into());
    }
    serde_json::to_string(&joined).unwrap_or_default()
}

pub(super) fn empty() -> Reply {
    Response::new(Either::Left(Full::default()))
}

pub(super) fn reply(status: u16, body: String) -> Reply {
    let mut response = Response::new(Either::Left(Full::from(body)));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// A reply of bytes.
pub(super) fn bytes_reply(bytes: Vec<u8>) -> Reply {
    Response::new(Either::Left(Full::from(bytes)))
}

fn outcome_reply(Answer { outcome, chunks }: Answer) -> Reply {
    if let Some(raw) = &outcome.raw {
        return raw_reply(raw, chunks);
    }
    let mut response = reply(outcome.status, outcome.body);
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if let Some(seconds) = outcome.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// What a route replies.
fn raw_reply(raw: &RawReply, chunks: Option<Chunks>) -> Reply {
    let body = match chunks {
        Some(chunks) => Either::Right(chunks),
        None => Either::Left(Full::new(raw.body.clone())),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(raw.status).unwrap_or_default();
    for (name, value) in &raw.headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name),
            HeaderValue::from_bytes(&engine::latin1(value)),
        ) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn gateway_reply(from: gateway::Reply) -> Reply {
    let mut response = reply(from.status, from.body);
    for (name, value) in from.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// A name for a request: 16 hexadecimal digits that no other request here has.
pub(super) fn trace_id() -> String {
    format!("{:016x}", fastrand::u64(..))
}
