//! HTTP and WebSockets.

use std::{
    collections::HashMap,
    fmt,
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Body,
    extract::{
        ConnectInfo, FromRequestParts, Request, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, close_code},
    },
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use futures_core::Stream;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

use super::{
    database::{Location, NativeDatabase},
    keys, signature,
    sockets::Sockets,
};
use crate::{
    Error,
    auth::Claims,
    engine::{
        Batch, CLIENT_ADDRESS, Call, Engine, Headers, Host, Kind, Level, Outcome, Record, Resume,
        SocketId, StartError, start_log,
    },
    gateway::{self, BODY_LIMIT, Config, EXPIRED, Gateway, HEADERS, Head, Route},
    migrations::{Migrations, Status, apply},
    sqlite::{Database, End, JsonOutput, Output, RowFormat, SqlError, Transactions, Value},
};

/// The keep-alive of clients, and its answer.
const PING: &str = "ping";
const PONG: &str = "pong";

/// The longest message that is read from a socket before it is refused, as on the platform: 1 MiB.
const MESSAGE_LIMIT: usize = 1024 * 1024;

/// How long a socket that is closing may take to say so.
const CLOSING: Duration = Duration::from_secs(2);

/// How long a call waits before it looks again whether another has fetched the keys.
const WAIT: Duration = Duration::from_millis(20);

/// How much of a body is read that nobody wants, so that a client which still sends it hears the reply.
const UNWANTED_BODY: usize = 64 * 1024 * 1024;

/// An app served by this process.
///
/// ```no_run
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// use edgepod_runtime::host::native::{Location, Server};
/// let vars = [("EDGEPOD_API_KEY".to_owned(), "ep_pk_test".to_owned())];
/// let server = Server::start(Location::Memory, vars.into())?;
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8989").await?;
/// server.serve(listener, std::future::pending()).await?;
/// # Ok(()) }
/// ```
pub struct Server {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Arc<Engine>,
    host: Arc<NativeHost>,
    gateway: Gateway,
    actions: mpsc::UnboundedSender<ActionJob>,
}

struct NativeHost {
    database: NativeDatabase,
    sockets: Sockets,
    vars: HashMap<String, String>,
}

/// Why a server does not start.
#[derive(Debug)]
pub enum ServerError {
    /// The database cannot be opened.
    Database(SqlError),
    /// A setting cannot be used: which and why.
    Settings(String),
    /// The app is not sound.
    App(StartError),
    /// The address cannot be served.
    Io(io::Error),
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerError::Database(error) => write!(f, "The database cannot be opened: {error}"),
            ServerError::Settings(message) => f.write_str(message),
            ServerError::App(error) => error.fmt(f),
            ServerError::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ServerError {}

/// The migrations of this program, and what became of each in a database. Nothing is written, but the file is made where it
/// is missing.
///
/// # Errors
/// When the database cannot be opened, or has applied what this program does not have.
pub(super) fn migration_statuses(location: &Location) -> Result<Vec<Status>, ServerError> {
    let host = without_vars(location)?;
    Migrations::collect()
        .and_then(|migrations| migrations.statuses(&host))
        .map_err(|error| ServerError::App(StartError::Migration(error)))
}

/// Applies the migrations of this program, and does not compare the tables with the structs.
///
/// # Errors
/// As [`migration_statuses`], and when one fails.
pub(super) fn apply_migrations(location: &Location) -> Result<(), ServerError> {
    let host = without_vars(location)?;
    Migrations::collect()
        .and_then(|migrations| {
            let pending = migrations.pending(&host)?;
            pending
                .into_iter()
                .try_for_each(|it| apply(&host, it, host.now_micros()))
        })
        .map_err(|error| ServerError::App(StartError::Migration(error)))
}

fn without_vars(location: &Location) -> Result<NativeHost, ServerError> {
    Ok(NativeHost {
        database: NativeDatabase::open(location).map_err(ServerError::Database)?,
        sockets: Sockets::default(),
        vars: HashMap::new(),
    })
}

impl Server {
    /// Opens the database, makes its tables and starts the engine. `vars` is the environment of the app.
    ///
    /// # Errors
    /// See [`ServerError`].
    pub fn start(location: Location, vars: HashMap<String, String>) -> Result<Self, ServerError> {
        start_log(vars.get("EDGEPOD_LOG").map(String::as_str), log)
            .map_err(ServerError::Settings)?;
        let host = Arc::new(NativeHost {
            database: NativeDatabase::open(&location).map_err(ServerError::Database)?,
            sockets: Sockets::default(),
            vars,
        });
        let gateway = Gateway::new(Config::from_vars(|name| host.var(name)))
            .map_err(ServerError::Settings)?;
        let engine = Engine::start(host.clone()).map_err(ServerError::App)?;
        Ok(Self {
            shared: Arc::new(Shared {
                actions: start_action_thread(engine.clone()).map_err(ServerError::Io)?,
                engine,
                host,
                gateway,
            }),
        })
    }

    /// Answers one request without a network, for tests. A WebSocket needs a connection, so its handshake is refused.
    /// To be called on a tokio runtime.
    pub async fn answer(&self, request: Request) -> Response {
        handle(State(self.shared.clone()), request).await
    }

    /// Serves requests until `stop` is ready; open sockets are then closed.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServerError> {
        let router = Router::new()
            .fallback(handle)
            .with_state(self.shared.clone());
        axum::serve(
            listener,
            router.into_make_service_with_connect_info::<SocketAddr>(),
        )
        .with_graceful_shutdown(stop)
        .await
        .map_err(ServerError::Io)
    }
}

#[cfg(test)]
pub(super) fn memory_host() -> Arc<dyn Host> {
    Arc::new(NativeHost {
        database: NativeDatabase::open(&Location::Memory).expect("memory is at hand"),
        sockets: Sockets::default(),
        vars: HashMap::new(),
    })
}

impl Database for NativeHost {
    fn row_format(&self) -> RowFormat {
        RowFormat::Values
    }

    fn run(&self, sql: &str, params: &[Value]) -> Result<Output, SqlError> {
        self.database.run(sql, params)
    }

    fn run_json(&self, sql: &str, params: &[Value]) -> Result<JsonOutput, SqlError> {
        self.database.run_json(sql, params)
    }
}

impl Transactions for NativeHost {
    fn transaction(&self, body: &mut dyn FnMut() -> End) -> Result<(), SqlError> {
        self.database.transaction(body)
    }

    fn exclusive(&self, body: &mut dyn FnMut()) {
        self.database.exclusive(body);
    }
}

impl Host for NativeHost {
    fn send(&self, socket: SocketId, message: &str) {
        self.sockets.send(socket, message);
    }

    /// Nothing hibernates here.
    fn remember(&self, _socket: SocketId, _attachment: &str) {}

    fn now_micros(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_micros().try_into().unwrap_or(i64::MAX))
    }

    fn var(&self, name: &str) -> Option<String> {
        self.vars.get(name).cloned()
    }

    fn log(&self, record: &Record<'_>) {
        log(record);
    }
}

/// Writes a line of the log to stderr.
fn log(record: &Record<'_>) {
    eprintln!("{record}");
}

/// An action and where its answer goes.
struct ActionJob {
    function: &'static crate::engine::FunctionDef,
    args: String,
    session: Option<String>,
    user: Option<Claims>,
    headers: String,
    trace_id: String,
    answer: oneshot::Sender<Outcome>,
}

/// Actions await, and their contexts stay on one thread: this one.
fn start_action_thread(engine: Arc<Engine>) -> io::Result<mpsc::UnboundedSender<ActionJob>> {
    let (sender, mut jobs) = mpsc::unbounded_channel::<ActionJob>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("edgepod-actions".to_owned())
        .spawn(move || {
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, async move {
                while let Some(job) = jobs.recv().await {
                    let engine = engine.clone();
                    tokio::task::spawn_local(async move {
                        let outcome = engine
                            .call_action(Call {
                                function: job.function,
                                args: &job.args,
                                session: job.session.as_deref(),
                                user: job.user,
                                headers: Headers::from_json(job.headers),
                                trace_id: &job.trace_id,
                            })
                            .await;
                        // The caller may have gone away.
                        let _ = job.answer.send(outcome);
                    });
                }
            });
        })?;
    Ok(sender)
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let trace_id = trace_id();
    let (mut parts, body) = request.into_parts();
    match route(&shared, &parts, &trace_id).await {
        // All three are dealt with in `route`.
        Route::Verify(_) | Route::FetchKeys(_) | Route::Wait => gateway_response(
            gateway::Reply::error(&Error::internal("the token was not verified"), &trace_id),
        ),
        Route::Reply(reply) => {
            drain(body);
            gateway_response(reply)
        }
        Route::Socket {
            session,
            resume,
            expires,
        } => {
            let serve = move |socket| serve_socket(shared, socket, session, resume, expires);
            upgrade(&mut parts, serve, &trace_id).await
        }
        Route::Batch { session, user } => {
            let bytes = read(body).await;
            let outcome = match bytes
                .as_deref()
                .map_err(Error::clone)
                .and_then(gateway::body)
            {
                Ok(body) => shared.engine.call_batch(
                    &Batch {
                        body,
                        session: session.as_deref(),
                        user,
                        headers: &headers_json(&parts),
                        trace_id: &trace_id,
                    },
                    &[],
                    |_| {},
                ),
                Err(error) => {
                    return gateway_response(gateway::Reply::error(&error, &trace_id));
                }
            };
            outcome_response(outcome)
        }
        Route::Call {
            function,
            args,
            session,
            user,
        } => {
            let bytes;
            let args = match &args {
                Some(args) => Ok(args.as_str()),
                None => {
                    bytes = read(body).await;
                    match &bytes {
                        Ok(bytes) => gateway::body(bytes),
                        Err(error) => Err(error.clone()),
                    }
                }
            };
            let args = match args {
                Ok(args) => args,
                Err(error) => {
                    return gateway_response(gateway::Reply::error(&error, &trace_id));
                }
            };
            let outcome = if function.kind == Kind::Action {
                let job = |answer| ActionJob {
                    function,
                    args: args.to_owned(),
                    session,
                    user,
                    headers: headers_json(&parts),
                    trace_id: trace_id.clone(),
                    answer,
                };
                run_action(&shared, job, &trace_id).await
            } else {
                shared.engine.call(Call {
                    function,
                    args,
                    session: session.as_deref(),
                    user,
                    headers: Headers::from_json(headers_json(&parts)),
                    trace_id: &trace_id,
                })
            };
            outcome_response(outcome)
        }
    }
}

/// What becomes of a request, once its token is verified, if it has one.
async fn route(shared: &Arc<Shared>, parts: &Parts, trace_id: &str) -> Route {
    let head = head_of(parts);
    let gateway = &shared.gateway;
    if head.authorization.is_some()
        && let Some(url) = gateway.authenticator().refresh(now_millis())
    {
        let shared = shared.clone();
        tokio::spawn(async move { fetch_keys(&shared, url).await });
    }
    loop {
        match gateway.route(shared.engine.registry(), &head, trace_id, now_millis) {
            Route::Verify(verification) => {
                let right = signature::is_right(&verification);
                let refusal =
                    gateway.verified(&head, verification.version, right, trace_id, now_millis());
                if let Some(reply) = refusal {
                    return Route::Reply(reply);
                }
            }
            Route::FetchKeys(url) => {
                let shared = shared.clone();
                // A task of its own: a client that goes away must not take along what others wait for.
                let fetched = tokio::spawn(async move { fetch_keys(&shared, url).await });
                if fetched.await.is_err() {
                    gateway.authenticator().keys_failed(now_millis());
                }
            }
            Route::Wait => tokio::time::sleep(WAIT).await,
            route => return route,
        }
    }
}

/// Fetches the keys of tokens. Only the authenticator remembers how that went.
async fn fetch_keys(shared: &Arc<Shared>, url: String) {
    let from = url.clone();
    let fetched = tokio::task::spawn_blocking(move || keys::fetch(&url))
        .await
        .unwrap_or_else(|error| Err(error.to_string()));
    let authenticator = shared.gateway.authenticator();
    let failure = match fetched {
        Ok(text) => authenticator.keys_loaded(&text, now_millis()).err(),
        Err(error) => {
            authenticator.keys_failed(now_millis());
            Some(error)
        }
    };
    if let Some(failure) = failure {
        let message =
            format!("The keys at {from} (EDGEPOD_JWKS_URL) could not be fetched: {failure}");
        Record::new(Level::Error, &message).write();
    }
}

fn now_millis() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis().try_into().unwrap_or(i64::MAX))
}

fn head_of(parts: &Parts) -> Head<'_> {
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    Head {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        key: header("x-edgepod-key"),
        authorization: header("authorization"),
        session: header("x-edgepod-session-id"),
        reactive: header("x-edgepod-reactive"),
        upgrade: header("upgrade"),
        request_headers: header("access-control-request-headers"),
        content_length: header("content-length"),
    }
}

async fn run_action(
    shared: &Shared,
    job: impl FnOnce(oneshot::Sender<Outcome>) -> ActionJob,
    trace_id: &str,
) -> Outcome {
    let (answer, outcome) = oneshot::channel();
    let job = job(answer);
    let gone = || Outcome::error(&Error::internal("the thread of actions is gone"), trace_id);
    if shared.actions.send(job).is_err() {
        return gone();
    }
    outcome.await.unwrap_or_else(|_| gone())
}

async fn upgrade<F: Future<Output = ()> + Send + 'static>(
    parts: &mut Parts,
    serve: impl FnOnce(WebSocket) -> F + Send + 'static,
    trace_id: &str,
) -> Response {
    match WebSocketUpgrade::from_request_parts(parts, &()).await {
        Ok(upgrade) => upgrade.max_message_size(MESSAGE_LIMIT).on_upgrade(serve),
        Err(rejection) => gateway_response(gateway::Reply::error(
            &Error::bad_request(format!("This is no WebSocket handshake: {rejection}")),
            trace_id,
        )),
    }
}

async fn serve_socket(
    shared: Arc<Shared>,
    mut socket: WebSocket,
    session: String,
    resume: Resume,
    expires: Option<i64>,
) {
    const REFUSED: Option<(u16, &str)> = Some((
        close_code::POLICY,
        "This socket only tells what is stale: send nothing but ping.",
    ));
    let (id, mut outgoing) = shared.host.sockets.open();
    let is_greeted = resume.since.is_some();
    shared.engine.socket_opened(id, &session, &resume);
    let left = expires.map(|expires| expires.saturating_sub(now_millis()).max(0) as u64);
    // The longest that the runtime's timer takes: about two years.
    let left = Duration::from_millis(left.unwrap_or(u64::MAX).min(1 << 36));
    let mut expired = pin!(tokio::time::sleep(left));
    let why = loop {
        tokio::select! {
            () = &mut expired, if expires.is_some() => break Some(EXPIRED),
            message = outgoing.recv() => {
                let Some(message) = message else { break None };
                if socket.send(Message::text(message)).await.is_err() {
                    break None;
                }
            }
            incoming = socket.recv() => match incoming {
                Some(Ok(Message::Text(text))) if text.as_str() == PING => {
                    let pong = if is_greeted { shared.engine.pong() } else { PONG.to_owned() };
                    if socket.send(Message::text(pong)).await.is_err() {
                        break None;
                    }
                }
                Some(Ok(Message::Text(_) | Message::Binary(_))) => break REFUSED,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) | None => break None,
                // Broken, or a message beyond the limit: the first hears no close frame anyway.
                Some(Err(_)) => break REFUSED,
            },
        }
    };
    shared.engine.socket_closed(id);
    shared.host.sockets.close(id);
    if let Some((code, reason)) = why {
        let _ = socket
            .send(Message::Close(Some(CloseFrame {
                code,
                reason: reason.into(),
            })))
            .await;
    }
    // A socket that is dropped with something unread resets the connection, and the client never hears why.
    let rest = async { while let Some(Ok(_)) = socket.recv().await {} };
    let _ = tokio::time::timeout(CLOSING, rest).await;
}

/// Reads on, beside the reply, what a client still sends: cut off, it would not come to read the reply.
fn drain(body: Body) {
    use axum::body::HttpBody as _;

    if body.is_end_stream() {
        return;
    }
    tokio::spawn(async move {
        let mut stream = body.into_data_stream();
        let mut read = 0;
        while let Some(Ok(chunk)) = poll_fn(|cx| pin!(&mut stream).poll_next(cx)).await {
            read += chunk.len();
            if read > UNWANTED_BODY {
                break;
            }
        }
    });
}

/// The body of a call, whole.
async fn read(body: Body) -> crate::Result<Vec<u8>> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = poll_fn(|cx| pin!(&mut stream).poll_next(cx)).await {
        let chunk =
            chunk.map_err(|error| Error::bad_request(format!("The body broke off: {error}.")))?;
        bytes.extend_from_slice(&chunk);
        if bytes.len() > BODY_LIMIT {
            drain(Body::from_stream(stream));
            return Err(gateway::too_large());
        }
    }
    Ok(bytes)
}

fn headers_json(parts: &Parts) -> String {
    let mut joined: HashMap<&str, String> = HashMap::new();
    for (name, value) in &parts.headers {
        let Ok(value) = value.to_str() else { continue };
        joined
            .entry(name.as_str())
            .and_modify(|all| {
                all.push_str(", ");
                all.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
    }
    joined.remove(CLIENT_ADDRESS);
    if let Some(ConnectInfo(address)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
        joined.insert(CLIENT_ADDRESS, address.ip().to_canonical().to_string());
    }
    serde_json::to_string(&joined).unwrap_or_default()
}

fn outcome_response(outcome: Outcome) -> Response {
    let mut response = Response::new(Body::from(outcome.body));
    *response.status_mut() = status(outcome.status);
    for (name, value) in HEADERS {
        response.headers_mut().insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if let Some(seconds) = outcome.retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn gateway_response(reply: gateway::Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = status(reply.status);
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A name for a request: 16 hexadecimal digits that no other request here has.
fn trace_id() -> String {
    format!("{:016x}", fastrand::u64(..))
}
