//! Keep-alive connections and sockets, and the fixture.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, StatusCode,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, tungstenite::client::IntoClientRequest};

/// The key that every contender is started with.
pub(crate) const KEY: &str = "ep_pk_bench";

/// What a browser sends along with each request that a page makes of another address, and a proxy before the server adds: names and
/// values of Chromium 141, and of Cloudflare's network.
pub(crate) const OF_A_BROWSER: [(&str, &str); 20] = [
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-GB,en;q=0.9,de;q=0.8"),
    ("cf-connecting-ip", "203.0.113.7"),
    ("cf-ipcountry", "DE"),
    ("cf-ray", "9a1b2c3d4e5f6789-FRA"),
    ("cf-visitor", "{\"scheme\":\"https\"}"),
    ("dnt", "1"),
    ("origin", "https://app.example.com"),
    ("priority", "u=1, i"),
    ("referer", "https://app.example.com/"),
    (
        "sec-ch-ua",
        "\"Chromium\";v=\"141\", \"Not?A_Brand\";v=\"8\"",
    ),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("sec-fetch-dest", "empty"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-site", "same-site"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    ),
    ("x-forwarded-for", "203.0.113.7"),
    ("x-forwarded-proto", "https"),
];

/// An open socket of a session.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// One keep-alive connection. Requests go one after another.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
    host: String,
    session: Option<String>,
    /// What stands in `Authorization`.
    authorization: Option<String>,
    /// The pod that is asked, where the app has several.
    pod: Option<String>,
}

impl Connection {
    /// Connects. With a `session`, what is read subscribes it.
    ///
    /// # Errors
    /// When nobody listens at `address`.
    pub(crate) async fn open(address: SocketAddr, session: Option<String>) -> Result<Self> {
        Ok(Self {
            sender: connect(address).await?,
            address,
            host: address.to_string(),
            session,
            authorization: None,
            pod: None,
        })
    }

    /// Sends a token along from now on.
    pub(crate) fn sign_in(&mut self, token: &str) {
        self.authorization = Some(format!("Bearer {token}"));
    }

    /// Asks this pod from now on.
    pub(crate) fn go_to(&mut self, pod: &str) {
        self.pod = Some(pod.to_owned());
    }

    /// Calls the function `name`; returns the reply's body.
    ///
    /// # Errors
    /// When the reply is not a 200: then its status and body are in the message.
    pub(crate) async fn call(&mut self, name: &str, arguments: impl Into<Bytes>) -> Result<Bytes> {
        let mut request = Request::post(format!("/rpc/{name}"))
            .header("host", &self.host)
            .header("content-type", "application/json")
            .header("x-edgepod-key", KEY);
        for (name, value) in OF_A_BROWSER {
            request = request.header(name, value);
        }
        if let Some(session) = &self.session {
            request = request.header("x-edgepod-session-id", session);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(pod) = &self.pod {
            request = request.header("x-edgepod-pod", pod);
        }
        // A server closes one that was idle for long, such as that of the first of many windows.
        if self.sender.is_closed() {
            self.sender = connect(self.address).await?;
        }
        self.sender.ready().await?;
        let reply = self
            .sender
            .send_request(request.body(Full::new(arguments.into()))?)
            .await?;
        let status = reply.status();
        let body = reply.into_body().collect().await?.to_bytes();
        if status != StatusCode::OK {
            bail!("{name}: {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(body)
    }

    /// Calls the function `name`; returns the reply, as JSON.
    ///
    /// # Errors
    /// As for [`Connection::call`], or when the body is not JSON.
    pub(crate) async fn call_json(&mut self, name: &str, arguments: &Value) -> Result<Value> {
        let body = self.call(name, arguments.to_string()).await?;
        serde_json::from_slice(&body)
            .with_context(|| format!("{name} replied with something else than JSON"))
    }
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // It ends with the sender; an error of it reaches the request that was under way.
    tokio::spawn(connection);
    Ok(sender)
}

/// Opens the invalidation socket of `session`.
///
/// # Errors
/// When the server refuses it.
pub(crate) async fn socket(address: SocketAddr, session: &str) -> Result<Socket> {
    open_socket(address, session, None).await
}

/// Opens the invalidation socket of `session` with a token.
///
/// # Errors
/// When the server refuses it.
pub(crate) async fn socket_of(address: SocketAddr, session: &str, token: &str) -> Result<Socket> {
    open_socket(address, session, Some(token)).await
}

async fn open_socket(address: SocketAddr, session: &str, token: Option<&str>) -> Result<Socket> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{address}/ws?key={KEY}&sessionId={session}");
    let mut request = url.into_client_request()?;
    if let Some(token) = token {
        let authorization = format!("Bearer {token}").parse()?;
        request.headers_mut().insert("authorization", authorization);
    }
    let (socket, _) = tokio_tungstenite::client_async(request, stream)
        .await
        .with_context(|| format!("opening the socket of session {session}"))?;
    Ok(socket)
}

/// Adds `count` users, the same ones at every contender. Returns their ids.
///
/// # Errors
/// When one is refused.
pub(crate) async fn add_users(address: SocketAddr, count: usize) -> Result<Vec<i64>> {
    let mut connection = Connection::open(address, None).await?;
    let mut ids = Vec::with_capacity(count);
    for number in 0..count {
        // Every third user has no name: a list has nulls in it.
        let name = (number % 3 != 0).then(|| format!("User Number {number}"));
        let reply = connection
            .call_json(
                "insertUser",
                &json!({ "email": format!("user{number}@example.com"), "name": name }),
            )
            .await?;
        let id = reply["data"]["id"].as_i64();
        ids.push(id.with_context(|| format!("insertUser replied without an id: {reply}"))?);
    }
    ensure!(ids.len() == count);
    Ok(ids)
}
