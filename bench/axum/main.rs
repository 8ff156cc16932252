//! The native opponent: what a careful developer would write by hand instead of `examples/users` and `bench/transfers`, on axum and rusqlite.
//!
//! The same functions on the same wire as `bench/handwritten`: the key is checked, replies are made by serde from structs, reads
//! subscribe the session that asks, and writes tell its sockets. SQLite is as EdgePod has it: a write-ahead log, `synchronous = NORMAL` unless `EDGEPOD_SYNCHRONOUS` says `full`,
//! foreign keys, prepared statements that are kept. One connection behind a lock, which the threads of the server take by turns: a
//! statement takes microseconds, so handing it to another thread costs more than to wait.

use std::{
    collections::{HashMap, HashSet},
    env,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State, WebSocketUpgrade, ws},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, ffi};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::mpsc;

const MAX_BODY: usize = 4 * 1024 * 1024;
const MAX_ROWS: u32 = 1000;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA foreign_keys = ON;
    CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        email TEXT NOT NULL UNIQUE,
        name TEXT,
        created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    );
    CREATE TABLE IF NOT EXISTS accounts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        balance INTEGER NOT NULL
    );
";

struct App {
    key: String,
    database: Mutex<Connection>,
    sessions: Mutex<HashMap<String, Session>>,
}

/// Who reads: the tables that it read, and its sockets.
#[derive(Default)]
struct Session {
    tables: HashSet<&'static str>,
    sockets: Vec<mpsc::UnboundedSender<ws::Message>>,
}

#[derive(Serialize)]
struct User {
    id: i64,
    email: String,
    name: Option<String>,
    created_at: String,
}

impl User {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            email: row.get(1)?,
            name: row.get(2)?,
            created_at: row.get(3)?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ById {
    id: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewUser {
    email: String,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAccounts {
    count: u32,
    balance: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transfer {
    from: i64,
    to: i64,
    amount: i64,
}

#[derive(Serialize)]
struct Reply<T> {
    data: T,
    meta: Meta,
}

#[derive(Serialize)]
struct Meta {
    tables: [&'static str; 1],
}

struct Refusal(StatusCode, &'static str, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        let body = serde_json::json!({ "error": { "code": code, "message": message } });
        with_headers(status, body.to_string().into())
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(ffi::Error {
                extended_code: ffi::SQLITE_CONSTRAINT_UNIQUE,
                ..
            }) => Self(
                StatusCode::CONFLICT,
                "CONFLICT",
                "email is already taken".into(),
            ),
            _ => {
                eprintln!("{error}");
                Self(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "INTERNAL",
                    "Internal error".into(),
                )
            }
        }
    }
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with_headers(status: StatusCode, body: Bytes) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let any = HeaderValue::from_static("*");
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any.clone());
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, any);
    response
}

fn arguments<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("the arguments: {error}");
        Refusal(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    })
}

impl App {
    fn check(&self, key: Option<&str>) -> Result<(), Refusal> {
        match key == Some(&*self.key) {
            true => Ok(()),
            false => Err(Refusal(
                StatusCode::UNAUTHORIZED,
                "UNAUTHORIZED",
                "The key is missing or wrong".into(),
            )),
        }
    }

    fn get_users(&self) -> Result<Vec<User>, Refusal> {
        let database = held(&self.database);
        let mut statement = database
            .prepare_cached("SELECT id, email, name, created_at FROM users ORDER BY id LIMIT ?")?;
        let users = statement.query_map([MAX_ROWS], User::of)?;
        Ok(users.collect::<Result<_, _>>()?)
    }

    fn get_user_by_id(&self, ById { id }: &ById) -> Result<Option<User>, Refusal> {
        let database = held(&self.database);
        let mut statement = database
            .prepare_cached("SELECT id, email, name, created_at FROM users WHERE id = ? LIMIT 1")?;
        Ok(statement.query_row([id], User::of).optional()?)
    }

    fn insert_user(&self, NewUser { email, name }: &NewUser) -> Result<User, Refusal> {
        let database = held(&self.database);
        let mut statement = database.prepare_cached(
            "INSERT INTO users (email, name) VALUES (?, ?) RETURNING id, email, name, created_at",
        )?;
        let mut rows = statement.query((email, name))?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let user = User::of(row)?;
        // To its end: after a statement that is only reset SQLite makes no checkpoint, and the log grows without end.
        rows.next()?;
        Ok(user)
    }

    fn open_accounts(&self, NewAccounts { count, balance }: &NewAccounts) -> Result<(), Refusal> {
        let mut database = held(&self.database);
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut open = transaction.prepare_cached("INSERT INTO accounts (balance) VALUES (?)")?;
        for _ in 0..*count {
            open.execute([balance])?;
        }
        drop(open);
        Ok(transaction.commit()?)
    }

    fn transfer(&self, Transfer { from, to, amount }: &Transfer) -> Result<bool, Refusal> {
        let mut database = held(&self.database);
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let balance = |id: &i64| -> Result<i64, Refusal> {
            let mut read = transaction
                .prepare_cached("SELECT id, balance FROM accounts WHERE id = ? LIMIT 1")?;
            let balance = read.query_row([id], |row| row.get(1)).optional()?;
            let nobody = || format!("There is no account {id}.");
            balance.ok_or_else(|| Refusal(StatusCode::NOT_FOUND, "NOT_FOUND", nobody()))
        };
        let has = balance(from)?;
        balance(to)?;
        if has < *amount {
            return Ok(false);
        }
        let mut add =
            transaction.prepare_cached("UPDATE accounts SET balance = balance + ? WHERE id = ?")?;
        add.execute([&-amount, from])?;
        add.execute([amount, to])?;
        drop(add);
        transaction.commit()?;
        Ok(true)
    }

    fn get_total(&self) -> Result<i64, Refusal> {
        let database = held(&self.database);
        let mut total = database.prepare_cached("SELECT sum(balance) FROM accounts")?;
        Ok(total.query_row([], |row| row.get(0))?)
    }

    fn subscribe(&self, headers: &HeaderMap, table: &'static str) {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(session) = header("x-edgepod-session-id").filter(|id| !id.is_empty()) else {
            return;
        };
        if header("x-edgepod-reactive") == Some("false") {
            return;
        }
        let mut sessions = held(&self.sessions);
        match sessions.get_mut(session) {
            Some(session) => session.tables.insert(table),
            None => {
                let new = sessions.entry(session.to_owned()).or_default();
                new.tables.insert(table)
            }
        };
    }

    fn announce(&self, table: &'static str) {
        let stale = format!(r#"{{"type":"stale","tables":["{table}"]}}"#);
        let stale = ws::Utf8Bytes::from(stale);
        for session in held(&self.sessions).values_mut() {
            if session.tables.contains(table) {
                let told = |socket: &mpsc::UnboundedSender<_>| {
                    socket.send(ws::Message::Text(stale.clone())).is_ok()
                };
                session.sockets.retain(told);
            }
        }
    }
}

async fn call(
    State(app): State<Arc<App>>,
    Path(function): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    fn reply_of(table: &'static str, data: impl Serialize) -> Response {
        let reply = Reply {
            data,
            meta: Meta { tables: [table] },
        };
        let body = serde_json::to_vec(&reply).expect("structs of texts and numbers are JSON");
        with_headers(StatusCode::OK, body.into())
    }
    let key = headers.get("x-edgepod-key");
    app.check(key.and_then(|key| key.to_str().ok()))?;
    match &*function {
        "getUsers" => {
            arguments::<Nothing>(&body)?;
            app.subscribe(&headers, "users");
            Ok(reply_of("users", app.get_users()?))
        }
        "getUserById" => {
            let by = arguments(&body)?;
            app.subscribe(&headers, "users");
            Ok(reply_of("users", app.get_user_by_id(&by)?))
        }
        "insertUser" => {
            let user = app.insert_user(&arguments(&body)?)?;
            app.announce("users");
            Ok(reply_of("users", user))
        }
        "openAccounts" => {
            app.open_accounts(&arguments(&body)?)?;
            app.announce("accounts");
            Ok(reply_of("accounts", ()))
        }
        "transfer" => {
            let was_there = app.transfer(&arguments(&body)?)?;
            if was_there {
                app.announce("accounts");
            }
            Ok(reply_of("accounts", was_there))
        }
        "getTotal" => {
            arguments::<Nothing>(&body)?;
            app.subscribe(&headers, "accounts");
            Ok(reply_of("accounts", app.get_total()?))
        }
        _ => Err(Refusal(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            format!("there is no function {function}"),
        )),
    }
}

#[derive(Deserialize)]
struct Opening {
    key: Option<String>,
    #[serde(rename = "sessionId")]
    session: String,
}

async fn socket(
    State(app): State<Arc<App>>,
    Query(opening): Query<Opening>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    app.check(opening.key.as_deref())?;
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut sessions = held(&app.sessions);
    sessions
        .entry(opening.session)
        .or_default()
        .sockets
        .push(tell);
    drop(sessions);
    Ok(upgrade.on_upgrade(async move |mut socket| {
        loop {
            let message = tokio::select! {
                message = told.recv() => message,
                received = socket.recv() => match received {
                    Some(Ok(_)) => continue,
                    _ => None,
                },
            };
            let Some(message) = message else { break };
            if socket.send(message).await.is_err() {
                break;
            }
        }
    }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let var = |name| env::var(name).map_err(|error| format!("{name}: {error}"));
    let database = Connection::open(var("EDGEPOD_DATABASE")?)?;
    database.execute_batch(SCHEMA)?;
    let is_full = env::var("EDGEPOD_SYNCHRONOUS").is_ok_and(|value| value == "full");
    let synchronous = if is_full { "FULL" } else { "NORMAL" };
    database.pragma_update(None, "synchronous", synchronous)?;
    let app = Arc::new(App {
        key: var("EDGEPOD_API_KEY")?,
        database: Mutex::new(database),
        sessions: Mutex::default(),
    });
    let router = Router::new()
        .route("/rpc/{function}", post(call))
        .route("/ws", get(socket))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind(var("EDGEPOD_LISTEN")?)
        .await?
        .tap_io(|connection| drop(connection.set_nodelay(true)));
    axum::serve(listener, router).await?;
    Ok(())
}
