//! Where a request goes.

use std::{borrow::Cow, time::Duration};

use super::{
    BODY_LIMIT, Config, Head, Reply, body,
    pod::{Target, authorization, pod},
};
use crate::{
    Code, Error,
    auth::{Authenticator, Check, Claims, Rejection, SettingsError, Verification},
    engine::{Found, FunctionDef, Held, Kind, PodName, Registry, Resume, RouteDef, no_function},
};

/// The gateway of an app.
pub struct Gateway {
    config: Config,
    authenticator: Authenticator,
}

/// What is to be done with a request.
pub enum Decision {
    /// Something comes before it is known.
    First(Step),
    /// It is known.
    Done(Route),
}

/// What a host does before it asks [`Gateway::route`] again.
pub enum Step {
    /// Verify a signature, and tell [`Gateway::verified`].
    Verify(Verification),
    /// Fetch keys from this URL, and tell the [authenticator](Gateway::authenticator).
    FetchKeys(String),
    /// Wait a few milliseconds: another request fetches the keys.
    Wait,
}

/// What a request asks for.
pub enum Route {
    /// Nothing that the engine need know: here is the reply.
    Reply(Reply),
    /// A call of a function.
    Call {
        /// The pod, where the app has more than one.
        pod: Option<PodName>,
        /// The function.
        function: &'static FunctionDef,
        /// The arguments of a GET; otherwise they are the body.
        args: Option<String>,
        /// The session to subscribe.
        session: Option<String>,
        /// Who calls, where a token says so.
        user: Option<Claims>,
    },
    /// A batch of queries: the body says which.
    Batch {
        /// The pod, where the app has more than one. Nothing before the [body](Head::body) is there, which may name it.
        pod: Option<PodName>,
        /// The session to subscribe.
        session: Option<String>,
        /// Who calls, where a token says so.
        user: Option<Claims>,
    },
    /// A request that the app has a route for.
    Raw {
        /// The pod, where the app has more than one and the route needs one.
        pod: Option<PodName>,
        /// The route.
        route: &'static RouteDef,
        /// Who calls, where a token of the app says so.
        user: Option<Claims>,
    },
    /// A WebSocket for a session.
    Socket {
        /// The pod, where the app has more than one.
        pod: Option<PodName>,
        /// The session.
        session: String,
        /// What its client knows from before.
        resume: Resume,
        /// Whether the topics of which its client holds data follow in its first message, one a line: then it is open with that.
        listed: bool,
        /// When the token that it was opened with expires, in milliseconds since 1970. Then it is to be closed, see
        /// [`EXPIRED`](super::EXPIRED).
        expires: Option<i64>,
    },
}

/// What becomes of a request whose token's signature was verified.
pub enum Verified {
    /// Ask [`Gateway::route`] again.
    Again,
    /// The same, without the header `Authorization`: it means something to a route, and nothing here.
    AgainAsNobody,
    /// Reply with this.
    Refused(Reply),
}

/// The code and the reason with which a socket is closed whose token has expired.
pub const EXPIRED: (u16, &str) = (1008, "The token has expired: connect again with a new one.");

/// The code and the reason with which a socket is closed whose client sends something.
pub const REFUSED: (u16, &str) = (
    1008,
    "This socket only tells what is stale: send nothing but ping.",
);

/// The most sockets of a session, which is one page.
pub const SOCKETS_PER_SESSION: usize = 16;

/// The error of a socket too many of a session.
pub fn too_many_sockets() -> Error {
    Error::too_many_requests(
        "This session has as many sockets open as it may have: close one first.",
    )
}

/// How long a pod that could not be opened is not tried again.
pub const FAILED: Duration = Duration::from_secs(2);

/// What its calls are told meanwhile. Why is said to the log and at the admin address alone.
pub fn unserved() -> Error {
    Error::unavailable("The database of this pod cannot be served now.").retry_after(FAILED)
}

/// The most calls that wait for a database, unless natively `EDGEPOD_MAX_QUEUE` says otherwise.
pub const QUEUE: usize = 256;

/// The refusal of a call for which there is no room.
pub fn overloaded() -> Error {
    Error::unavailable("The server has more calls than it can take: try again in a moment.")
        .retry_after(RETRY)
}

/// When to try again where keys could not be fetched, or there was no room.
const RETRY: Duration = Duration::from_secs(1);

/// The most bytes of the list of topics that a socket's first message may be.
pub const LIST_LIMIT: usize = 256 * 1024;

/// The most topics that a socket's address may name.
const HELD_LIMIT: usize = 1000;

/// The longest name of a session.
const SESSION_LIMIT: usize = 128;

impl Gateway {
    /// A gateway.
    ///
    /// # Errors
    /// Settings of tokens that cannot be used.
    pub fn new(config: Config) -> Result<Self, SettingsError> {
        let authenticator = config.auth.clone().authenticator()?;
        Ok(Self {
            config,
            authenticator,
        })
    }

    /// Decides what becomes of a request. `trace_id` names it in an error's reply; `now` is the time in milliseconds since
    /// 1970, and is asked for only where a token came along.
    pub fn route(
        &self,
        registry: &Registry,
        head: &Head<'_>,
        trace_id: &str,
        now: impl FnOnce() -> i64,
    ) -> Decision {
        if head.method == "OPTIONS" {
            match outside(registry, head) {
                // It answers for itself.
                Found::Route(_) => {}
                Found::OtherMethods(methods) => {
                    return Decision::Done(Route::Reply(Reply::options(&methods)));
                }
                Found::Nothing => {
                    return Decision::Done(Route::Reply(Reply::preflight(head.request_headers)));
                }
            }
        }
        self.decide(registry, head, now).unwrap_or_else(|refusal| {
            let mut reply = Reply::error(&refusal.error, trace_id);
            if refusal.token {
                reply = reply.with_header("www-authenticate", "Bearer error=\"invalid_token\"");
            }
            if let Some(allow) = refusal.allow {
                reply = reply.with_header("allow", &*allow);
            }
            if refusal.error.code() == Code::UpgradeRequired {
                reply = reply.with_header("upgrade", "websocket");
            }
            Decision::Done(Route::Reply(reply))
        })
    }

    /// The authenticator, to tell it what was fetched.
    pub fn authenticator(&self) -> &Authenticator {
        &self.authenticator
    }

    /// A signature of [`Step::Verify`] was verified: whether it is right.
    pub fn verified(
        &self,
        head: &Head<'_>,
        version: u32,
        right: bool,
        trace_id: &str,
        now: i64,
    ) -> Verified {
        let Some(authorization) = authorization(head) else {
            return Verified::Again;
        };
        let refused = match bearer(&authorization) {
            Ok(token) => match self.authenticator.verified(token, version, right, now) {
                Ok(_) => None,
                Err(refused) => refused,
            },
            Err(rejection) => Some(rejection),
        };
        match refused {
            None => Verified::Again,
            Some(_) if !is_taken(head.path) => Verified::AgainAsNobody,
            Some(rejection) => Verified::Refused(
                Reply::error(&rejection.into(), trace_id)
                    .with_header("www-authenticate", "Bearer error=\"invalid_token\""),
            ),
        }
    }

    fn decide(
        &self,
        registry: &Registry,
        head: &Head<'_>,
        now: impl FnOnce() -> i64,
    ) -> Result<Decision, Refusal> {
        let place = match head.path.strip_prefix("/rpc/") {
            Some(name) => Place::Function(name),
            None if head.path == "/rpc" && head.method == "POST" => Place::Batch,
            None if head.path == "/ws" => {
                if head.method != "GET" {
                    return Err(method_not_allowed("/ws", "GET, OPTIONS"));
                }
                Place::Socket
            }
            None if head.path == "/.well-known/jwks.json"
                && let Some(keys) = self.authenticator.published() =>
            {
                return match head.method {
                    "GET" | "HEAD" => Ok(Decision::Done(Route::Reply(Reply::keys(keys)))),
                    _ => Err(method_not_allowed(head.path, "GET, HEAD, OPTIONS")),
                };
            }
            None => match outside(registry, head) {
                Found::Route(route) => return self.raw(registry, route, head, now),
                Found::OtherMethods(methods) => {
                    return Err(method_not_allowed(head.path, methods.join(", ")));
                }
                Found::Nothing => return Err(Error::new(
                    Code::NotFound,
                    format!(
                        "There is nothing at {}. Functions are at /rpc/<name>, several queries at once with POST /rpc, the socket is at /ws.",
                        head.path
                    ),
                )
                .into()),
            },
        };
        self.open(head)?;
        let user = match self.identify(head, now)? {
            Identity::Is(user) => user,
            Identity::Needs(step) => return Ok(Decision::First(step)),
        };
        let route = match place {
            Place::Function(name) => call(registry, head, name, user)?,
            Place::Batch => {
                check_length(head)?;
                Route::Batch {
                    pod: pod(registry, head, Target::Batch, user.as_ref())?,
                    session: subscribed(head)?,
                    user,
                }
            }
            Place::Socket => {
                let expires = user
                    .as_ref()
                    .and_then(|user| self.authenticator.expires(user));
                socket(registry, head, user.as_ref(), expires)?
            }
        };
        Ok(Decision::Done(route))
    }

    /// A request for a route needs no key, and its `Authorization` may be of any kind: only a token of the app says who calls.
    fn raw(
        &self,
        registry: &Registry,
        route: &'static RouteDef,
        head: &Head<'_>,
        now: impl FnOnce() -> i64,
    ) -> Result<Decision, Refusal> {
        check_length(head)?;
        let user = match self.identify(head, now) {
            Ok(Identity::Is(user)) => user,
            Ok(Identity::Needs(step)) => return Ok(Decision::First(step)),
            Err(_) => None,
        };
        let pod = match route.at_gateway() {
            Some(_) => None,
            None => pod(registry, head, Target::Raw, user.as_ref())?,
        };
        Ok(Decision::Done(Route::Raw { pod, route, user }))
    }

    /// Who calls. A token that is wrong is refused, also where nobody asks for one.
    fn identify(&self, head: &Head<'_>, now: impl FnOnce() -> i64) -> Result<Identity, Refusal> {
        let Some(authorization) = authorization(head).filter(|_| self.authenticator.is_on()) else {
            return Ok(Identity::Is(None));
        };
        let token = bearer(&authorization)?;
        match self.authenticator.check(token, now()) {
            Check::Known(claims) => Ok(Identity::Is(Some(claims))),
            Check::Refused(rejection) => Err(rejection.into()),
            Check::Verify(verification) => Ok(Identity::Needs(Step::Verify(verification))),
            Check::Fetch(url) => Ok(Identity::Needs(Step::FetchKeys(url))),
            Check::Wait => Ok(Identity::Needs(Step::Wait)),
            // Why they cannot be fetched is in the log.
            Check::Unavailable => Err(Error::unavailable(
                "The token cannot be verified now: its issuer's keys cannot be fetched. Try again soon.",
            )
            .retry_after(RETRY)
            .into()),
        }
    }

    fn open(&self, head: &Head<'_>) -> Result<(), Refusal> {
        if self.config.api_keys.is_empty() {
            return Err(Error::internal(
                "EDGEPOD_API_KEY is not set, so no key can be right: set it in the environment of the Worker or process",
            )
            .into());
        }
        let from_query;
        let key = match head.key {
            Some(key) => Some(key),
            None => {
                from_query = head.parameter("key");
                from_query.as_deref()
            }
        };
        match key {
            Some(key) if self.config.accepts(key) => Ok(()),
            Some(_) => Err(Error::unauthorized(
                "The key is not one of this app. Send its EDGEPOD_API_KEY as X-EdgePod-Key or ?key=.",
            )
            .into()),
            None => Err(Error::unauthorized(
                "The key is missing. Send the app's EDGEPOD_API_KEY as X-EdgePod-Key or ?key=.",
            )
            .into()),
        }
    }
}

/// What is behind the key.
enum Place<'a> {
    /// The function of this name.
    Function(&'a str),
    Batch,
    Socket,
}

enum Identity {
    Is(Option<Claims>),
    Needs(Step),
}

/// What takes a request that is none of EdgePod's own.
fn outside(registry: &Registry, head: &Head<'_>) -> Found {
    match is_taken(head.path) {
        true => Found::Nothing,
        false => registry.find(head.method, head.path),
    }
}

/// Whether no route of an app can be at this path: it is EdgePod's own.
pub fn is_taken(path: &str) -> bool {
    let below = |own: &str| {
        path.strip_prefix(own)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    below("/rpc") || below("/ws") || below("/_edgepod") || path == "/.well-known/jwks.json"
}

/// The token of an `Authorization` header. One that came twice has a comma, which is in no token.
fn bearer(authorization: &str) -> Result<&str, Rejection> {
    if !is_text(authorization) {
        return Err(Rejection::NotBearer);
    }
    match authorization.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim_start()),
        _ => Err(Rejection::NotBearer),
    }
}

fn call(
    registry: &Registry,
    head: &Head<'_>,
    name: &str,
    user: Option<Claims>,
) -> Result<Route, Refusal> {
    let function = registry.get(name).ok_or_else(|| no_function(name))?;
    let args = match (head.method, function.kind()) {
        ("POST", _) => None,
        ("GET" | "HEAD", Kind::Query) => Some(head.parameter("args").unwrap_or_default()),
        (_, Kind::Query) => return Err(method_not_allowed(name, "GET, HEAD, POST, OPTIONS")),
        _ => return Err(method_not_allowed(name, "POST, OPTIONS")),
    };
    check_length(head)?;
    Ok(Route::Call {
        pod: pod(registry, head, Target::Call, user.as_ref())?,
        function,
        args,
        session: subscribed(head)?,
        user,
    })
}

fn check_length(head: &Head<'_>) -> Result<(), Refusal> {
    let too_large = head
        .content_length
        .and_then(|length| length.parse::<u64>().ok())
        .is_some_and(|length| length > BODY_LIMIT as u64);
    if too_large {
        return Err(body::too_large().into());
    }
    Ok(())
}

/// The session that the request's reads subscribe.
fn subscribed(head: &Head<'_>) -> Result<Option<String>, Refusal> {
    let reactive = match head.reactive {
        None => true,
        Some(value) => !once("X-EdgePod-Reactive", value)?
            .trim()
            .eq_ignore_ascii_case("false"),
    };
    match head.session {
        Some(id) if reactive => session(once("X-EdgePod-Session-Id", id)?).map(Some),
        _ => Ok(None),
    }
}

/// Whether a header's value is printable ASCII. Bytes that are not have no meaning that both ends agree on.
fn is_text(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The value of a header that has one. Where it came several times, hosts join the values by a comma and a space.
pub(super) fn once<'a>(name: &str, value: &'a str) -> Result<&'a str, Error> {
    let what = if !is_text(value) {
        "is not text: printable ASCII"
    } else if value.contains(", ") {
        "was sent twice"
    } else {
        return Ok(value);
    };
    Err(Error::bad_request(format!("The header {name} {what}.")))
}

fn socket(
    registry: &Registry,
    head: &Head<'_>,
    user: Option<&Claims>,
    expires: Option<i64>,
) -> Result<Route, Refusal> {
    if !head
        .upgrade
        .is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
    {
        return Err(Error::new(
            Code::UpgradeRequired,
            "This is a WebSocket: connect with `new WebSocket(…)`, or send `Upgrade: websocket`.",
        )
        .into());
    }
    let id = head
        .parameter("sessionId")
        .ok_or_else(|| Error::bad_request("The parameter `sessionId` is missing."))?;
    let held: Vec<String> = ["table", "topic"]
        .iter()
        .flat_map(|name| head.parameters(name))
        .collect();
    if held.len() > HELD_LIMIT {
        return Err(Error::bad_request(format!(
            "The address names {} topics, and {HELD_LIMIT} are the most: leave them out, and read anew.",
            held.len()
        ))
        .into());
    }
    Ok(Route::Socket {
        session: session(&id)?,
        pod: pod(registry, head, Target::Socket, user)?,
        resume: Resume {
            since: head.parameter("since"),
            held: held.iter().map(|held| Held::parse(held)).collect(),
        },
        listed: head.parameter("topics").as_deref() == Some("listed"),
        expires,
    })
}

fn session(id: &str) -> Result<String, Refusal> {
    if id.is_empty() || id.len() > SESSION_LIMIT {
        return Err(Error::bad_request(format!(
            "A session's id has 1 to {SESSION_LIMIT} bytes, and this one has {}.",
            id.len()
        ))
        .into());
    }
    Ok(id.to_owned())
}

struct Refusal {
    error: Error,
    allow: Option<Cow<'static, str>>,
    /// Whether it is the token that is wrong.
    token: bool,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self {
            error,
            allow: None,
            token: false,
        }
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self {
            token: true,
            ..Error::from(rejection).into()
        }
    }
}

fn method_not_allowed(what: &str, allow: impl Into<Cow<'static, str>>) -> Refusal {
    let allow = allow.into();
    Refusal {
        error: Error::new(Code::MethodNotAllowed, format!("`{what}` takes {allow}.")),
        allow: Some(allow),
        token: false,
    }
}
