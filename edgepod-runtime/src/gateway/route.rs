//! Where a request goes.

use super::{BODY_LIMIT, Config, Head, Reply, body};
use crate::{
    Code, Error,
    engine::{FunctionDef, Kind, Registry},
};

/// The gateway of an app.
pub struct Gateway {
    config: Config,
}

/// What a request asks for.
pub enum Route {
    /// Nothing that the engine need know: here is the reply.
    Reply(Reply),
    /// A call of a function.
    Call {
        /// The function.
        function: &'static FunctionDef,
        /// The arguments of a GET; otherwise they are the body.
        args: Option<String>,
        /// The session to subscribe.
        session: Option<String>,
    },
    /// A WebSocket for a session.
    Socket {
        /// The session.
        session: String,
    },
}

/// The longest name of a session.
const SESSION_LIMIT: usize = 128;

impl Gateway {
    /// A gateway.
    pub fn new(config: Config) -> Self {
        Self { config }
    }

    /// Decides what becomes of a request. `trace_id` names it in an error's reply.
    pub fn route(&self, registry: &Registry, head: &Head<'_>, trace_id: &str) -> Route {
        if head.method == "OPTIONS" {
            return Route::Reply(Reply::preflight(head.request_headers));
        }
        self.decide(registry, head).unwrap_or_else(|refusal| {
            let mut reply = Reply::error(&refusal.error, trace_id);
            if let Some(allow) = refusal.allow {
                reply = reply.with_header("allow", allow);
            }
            if refusal.error.code() == Code::UpgradeRequired {
                reply = reply.with_header("upgrade", "websocket");
            }
            Route::Reply(reply)
        })
    }

    fn decide(&self, registry: &Registry, head: &Head<'_>) -> Result<Route, Refusal> {
        match head.path.strip_prefix("/rpc/") {
            Some(name) => {
                self.open(head)?;
                call(registry, head, name)
            }
            None if head.path == "/ws" => {
                if head.method != "GET" {
                    return Err(method_not_allowed("/ws", "GET, OPTIONS"));
                }
                self.open(head)?;
                socket(head)
            }
            None => Err(Error::new(
                Code::NotFound,
                format!(
                    "There is nothing at {}. Functions are at /rpc/<name>, the socket is at /ws.",
                    head.path
                ),
            )
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

fn call(registry: &Registry, head: &Head<'_>, name: &str) -> Result<Route, Refusal> {
    let Some(function) = registry.get(name) else {
        return Err(Error::not_found(format!("There is no function `{name}`.")).into());
    };
    let args = match (head.method, function.kind) {
        ("POST", _) => None,
        ("GET" | "HEAD", Kind::Query) => Some(head.parameter("args").unwrap_or_default()),
        (_, Kind::Query) => return Err(method_not_allowed(name, "GET, HEAD, POST, OPTIONS")),
        _ => return Err(method_not_allowed(name, "POST, OPTIONS")),
    };
    let too_large = head
        .content_length
        .and_then(|length| length.parse::<u64>().ok())
        .is_some_and(|length| length > BODY_LIMIT as u64);
    if too_large {
        return Err(body::too_large().into());
    }
    let reactive = !head
        .reactive
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
    let session = match head.session {
        Some(id) if reactive => Some(session(id)?),
        _ => None,
    };
    Ok(Route::Call {
        function,
        args,
        session,
    })
}

fn socket(head: &Head<'_>) -> Result<Route, Refusal> {
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
    Ok(Route::Socket {
        session: session(&id)?,
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
    allow: Option<&'static str>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, allow: None }
    }
}

fn method_not_allowed(what: &str, allow: &'static str) -> Refusal {
    Refusal {
        error: Error::new(Code::MethodNotAllowed, format!("`{what}` takes {allow}.")),
        allow: Some(allow),
    }
}
