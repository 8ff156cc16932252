//! One WebSocket: its handshake, and its life.

use std::{net::IpAddr, pin::pin, sync::Arc, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::{
    Response, StatusCode,
    header::{
        CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
    http::{HeaderValue, request::Parts},
    upgrade::OnUpgrade,
};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};

use super::{
    connections::Phase,
    http::{Reply, Shared, empty},
    pods::Pod,
    sockets::{STOPPING, Ticket, Why},
    stream::Stream,
};
use crate::{
    Error,
    engine::{Engine, Held, PodName, Resume},
    gateway::{EXPIRED, LIST_LIMIT, PROTOCOL, REFUSED},
};

/// The keep-alive of clients, and its answer.
const PING: &str = "ping";
const PONG: &str = "pong";

/// The longest message that is read from a socket before it is refused: clients send `ping`, and some a list first.
const MESSAGE_LIMIT: usize = 64 * 1024;

/// What is read at once. A socket that is idle holds so much.
const READ_BUFFER: usize = 1024;

/// How long a client may take to send the list that it has promised.
const LIST_TIME: Duration = Duration::from_secs(10);

/// How long a socket that is closing may take to say so.
const CLOSING: Duration = Duration::from_secs(5);

/// The same when the server stops.
const STOPPING_TIME: Duration = Duration::from_millis(500);

/// A socket that a request asks for.
pub(super) struct Opening {
    pub(super) pod: Option<PodName>,
    pub(super) session: String,
    pub(super) resume: Resume,
    /// Whether what its client holds follows in its first message.
    pub(super) listed: bool,
    /// When its token expires, in milliseconds since 1970.
    pub(super) expires: Option<i64>,
    /// Where its client is.
    pub(super) address: Option<IpAddr>,
}

/// Answers the handshake, and serves the socket from then on.
///
/// # Errors
/// `BAD_REQUEST` for what is no handshake, `TOO_MANY_REQUESTS` for a socket too many, `UNAVAILABLE` where the pod cannot be
/// opened.
pub(super) async fn open(
    shared: &Arc<Shared>,
    parts: &mut Parts,
    opening: Opening,
) -> Result<Reply, Error> {
    let (accept, upgrade) = handshake(parts)
        .map_err(|why| Error::bad_request(format!("This is no WebSocket handshake: {why}.")))?;
    let ticket = shared
        .sockets
        .admit(&shared.limits, &opening.session, opening.address)?;
    let pod = shared.pods.get(opening.pod.as_ref()).await?;
    let shared = shared.clone();
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else {
            return;
        };
        let Ok(raw) = upgraded.downcast::<TokioIo<Stream>>() else {
            return;
        };
        let stream = raw.io.into_inner();
        stream.connection().enter(Phase::Socket);
        let socket = WebSocketStream::from_partially_read(
            stream,
            raw.read_buf.to_vec(),
            Role::Server,
            Some(config(opening.listed)),
        )
        .await;
        Box::pin(serve(shared, pod, socket, opening, ticket)).await;
    });
    let mut response: Response<_> = empty();
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    // A client that offers protocols takes no socket without one of them.
    if has(parts, SEC_WEBSOCKET_PROTOCOL, PROTOCOL) {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    }
    Ok(response)
}

fn config(listed: bool) -> WebSocketConfig {
    let limit = if listed { LIST_LIMIT } else { MESSAGE_LIMIT };
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit))
}

/// Whether a header's list has this word.
fn has(parts: &Parts, name: HeaderName, word: &str) -> bool {
    parts.headers.get_all(name).iter().any(|value| {
        let mut words = value.to_str().unwrap_or_default().split(',');
        words.any(|part| part.trim().eq_ignore_ascii_case(word))
    })
}

fn handshake(parts: &mut Parts) -> Result<(HeaderValue, OnUpgrade), &'static str> {
    if !has(parts, CONNECTION, "upgrade") {
        return Err("the header Connection does not say upgrade");
    }
    if !has(parts, UPGRADE, "websocket") {
        return Err("the header Upgrade does not say websocket");
    }
    if !has(parts, SEC_WEBSOCKET_VERSION, "13") {
        return Err("the header Sec-WebSocket-Version is not 13");
    }
    let key = parts
        .headers
        .get(SEC_WEBSOCKET_KEY)
        .ok_or("the header Sec-WebSocket-Key is missing")?;
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()))
        .map_err(|_| "the header Sec-WebSocket-Key is none")?;
    let upgrade = parts
        .extensions
        .remove::<OnUpgrade>()
        .ok_or("this connection cannot become one")?;
    Ok((accept, upgrade))
}

async fn serve(
    shared: Arc<Shared>,
    pod: Arc<Pod>,
    mut socket: WebSocketStream<Stream>,
    opening: Opening,
    _ticket: Ticket,
) {
    let queue = shared.limits.socket_queue;
    let (id, mut outgoing, end) = shared.sockets.open(pod.engine.pod(), queue);
    let is_greeted = opening.resume.since.is_some();
    let (session, mut resume) = (opening.session, opening.resume);
    let list = match opening.listed {
        true => tokio::select! {
            list = timeout(LIST_TIME, list(&mut socket)) => list.unwrap_or(Err(Some(REFUSED))),
            why = end.told() => Err(Some(why)),
        },
        false => Ok(None),
    };
    let is_open = list.is_ok();
    if let Ok(list) = &list {
        resume
            .held
            .extend(list.iter().flat_map(|list| Held::list(list)));
        on_the_engine(&pod.engine, move |engine| {
            engine.socket_opened(id, &session, &resume);
        })
        .await;
    }
    let mut expired = pin!(sleep(time_left(&shared, opening.expires)));
    let idle = shared.limits.idle;
    let mut silent = pin!(sleep(idle));
    let mut is_asked = false;
    let why = loop {
        if let Err(why) = list {
            break why;
        }
        let message = tokio::select! {
            () = &mut expired, if opening.expires.is_some() => break Some(EXPIRED),
            why = end.told() => break Some(why),
            // A client that is there answers, whatever it is: browsers do by themselves.
            () = &mut silent => {
                if is_asked {
                    break None;
                }
                is_asked = true;
                silent.as_mut().reset(Instant::now() + idle);
                Message::Ping(Default::default())
            }
            message = outgoing.recv() => match message {
                Some(message) => Message::text(message),
                None => break Some(end.told().await),
            },
            incoming = socket.next() => {
                is_asked = false;
                silent.as_mut().reset(Instant::now() + idle);
                match incoming {
                    Some(Ok(Message::Text(text))) if text.as_str() == PING => {
                        if is_greeted {
                            Message::text(pod.engine.pong())
                        } else {
                            Message::text(PONG)
                        }
                    }
                    Some(Ok(Message::Text(_) | Message::Binary(_))) => break Some(REFUSED),
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                    Some(Ok(Message::Close(_))) | None => break None,
                    // Broken, or a message beyond the limit: the first hears no close frame anyway.
                    Some(Err(_)) => break Some(REFUSED),
                }
            }
        };
        // Whoever does not read holds this up, and must not keep the socket from ending.
        let sent = tokio::select! {
            sent = socket.send(message) => sent.is_ok(),
            why = end.told() => break Some(why),
        };
        if !sent {
            break None;
        }
    };
    if is_open {
        on_the_engine(&pod.engine, move |engine| engine.socket_closed(id)).await;
    }
    shared.sockets.close(id);
    drop(pod);
    // What waits for this client is not kept while it says goodbye.
    drop(outgoing);
    let goodbye = async {
        if let Some((code, reason)) = why {
            let frame = CloseFrame {
                code: code.into(),
                reason: reason.into(),
            };
            let _ = socket.send(Message::Close(Some(frame))).await;
        }
        // A socket that is dropped with something unread resets the connection, and the client never hears why.
        while let Some(Ok(_)) = socket.next().await {}
    };
    let patience = if why == Some(STOPPING) {
        STOPPING_TIME
    } else {
        CLOSING
    };
    let _ = timeout(patience, goodbye).await;
}

/// The list of topics with which a client begins.
///
/// # Errors
/// Why the socket is to be closed instead, where there is somebody to tell.
async fn list(socket: &mut WebSocketStream<Stream>) -> Result<Option<String>, Option<Why>> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(Some(text.as_str().to_owned())),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(_))) | None => return Err(None),
            Some(Ok(Message::Binary(_)) | Err(_)) => return Err(Some(REFUSED)),
        }
    }
}

/// Tells the engine something for which it may wait for its database.
async fn on_the_engine(engine: &Arc<Engine>, tell: impl FnOnce(&Engine) + Send + 'static) {
    let engine = engine.clone();
    let told = tokio::task::spawn_blocking(move || tell(&engine)).await;
    if let Err(error) = told {
        // The engine's own code panicked: the log has it from the hook.
        debug_assert!(error.is_cancelled(), "{error}");
    }
}

/// How long a token is good for. The longest that the runtime's timer takes is about two years.
fn time_left(shared: &Shared, expires: Option<i64>) -> Duration {
    let left = expires.map(|expires| expires.saturating_sub(shared.now_millis()));
    let left = left.map(|left| left.max(0).unsigned_abs());
    Duration::from_millis(left.unwrap_or(u64::MAX).min(1 << 36))
}
