//! What a function knows and may do: its context.

use std::{ops::Deref, rc::Rc, sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    Headers, Host, Log,
    call::CallState,
    handler::{Links, Own},
    sessions::SessionId,
};
use crate::{
    Error, Result,
    auth::{self, Claims},
    db::{Connection, Db, Observer, RawDb, ReadDb, Timestamp, TopicOf},
    engine::engine::in_transaction,
    tracking::Footprint,
};

/// The context of a query: it reads. Middleware that fits every kind of function takes this one.
pub struct QueryCtx {
    /// The database, to read.
    pub db: ReadDb,
    /// The request's headers.
    pub headers: Rc<Headers>,
    /// Variables, secrets and bindings.
    pub env: Env,
    /// The log; every line carries the trace id.
    pub log: Log,
    state: Rc<CallState>,
}

/// The context of a function: it reads and writes, in one transaction. It is a [`QueryCtx`], too.
pub struct Ctx {
    /// The database, to read and write.
    pub db: Db,
    /// SQL as text, without tracking and guards.
    pub unsafe_raw_db: RawDb,
    query: QueryCtx,
}

/// The context of an action: it reads, awaits the outside world, and writes through
/// [`transaction`](ActionCtx::transaction). It is a [`QueryCtx`], too.
pub struct ActionCtx {
    query: QueryCtx,
}

/// For what outlives the call: the [stream](super::Body::from_stream) of a reply.
impl Clone for ActionCtx {
    fn clone(&self) -> Self {
        Self::new(self.query.state.clone())
    }
}

impl QueryCtx {
    pub(super) fn new(state: Rc<CallState>) -> Self {
        Self {
            db: ReadDb::new(connection(&state, crate::db::Access::Read)),
            headers: state.headers(),
            env: Env {
                host: state.engine.host().clone(),
                state: Some(state.clone()),
            },
            log: state.log.clone(),
            state,
        }
    }

    pub(super) fn state(&self) -> &CallState {
        &self.state
    }

    pub(super) fn shared_state(&self) -> &Rc<CallState> {
        &self.state
    }

    /// Who calls: the claims of the verified token, or `None` for an anonymous call.
    pub fn user(&self) -> Option<&Claims> {
        self.state.varies();
        self.state.user.as_ref()
    }

    /// Who calls, as the app's own type: the claims of the token that its fields name.
    ///
    /// ```
    /// # use edgepod_runtime::{Result, engine::QueryCtx};
    /// #[derive(serde::Deserialize)]
    /// struct Member { sub: String, role: String }
    ///
    /// fn is_admin(ctx: &QueryCtx) -> Result<bool> {
    ///     Ok(ctx.user_as::<Member>()?.role == "admin")
    /// }
    /// ```
    ///
    /// # Errors
    /// `UNAUTHORIZED` for an anonymous call, and for claims that do not fit; why they do not is in the log only.
    pub fn user_as<T: DeserializeOwned>(&self) -> Result<T> {
        user_as(self.user(), &self.log)
    }

    /// Signs a token with the app's key, `EDGEPOD_JWT_PRIVATE_KEY`: good for `expires_in` from now, rounded up to seconds.
    ///
    /// `claims` is whatever serializes to a JSON object; `sub` says who the token is for. `iat` and `exp` are set here, and
    /// `iss` and `aud` where the environment names them and the claims do not.
    ///
    /// ```
    /// # use edgepod_runtime::{Result, engine::Ctx};
    /// # use std::time::Duration;
    /// fn token_for(ctx: &Ctx, id: i64) -> Result<String> {
    ///     ctx.sign_jwt(serde_json::json!({ "sub": id.to_string() }), Duration::from_secs(3600))
    /// }
    /// ```
    ///
    /// # Errors
    /// `INTERNAL` where there is no key, or the claims are no object.
    pub fn sign_jwt(&self, claims: impl Serialize, expires_in: Duration) -> Result<String> {
        self.env.sign_jwt(claims, expires_in)
    }

    /// The address of the client. Cloudflare names it in `CF-Connecting-IP`; natively it is that of the connection, so that of
    /// the proxy where there is one. `None` where nobody knows it, as in a Worker on a developer's machine.
    pub fn client_address(&self) -> Option<&str> {
        self.headers.client_address()
    }

    /// The name of the pod whose database this call uses: `global` in an app that says nothing of pods.
    ///
    /// ```
    /// # use edgepod_runtime::{Result, engine::QueryCtx};
    /// fn title(ctx: &QueryCtx) -> Result<String> {
    ///     Ok(format!("The notes of {}", ctx.pod()))
    /// }
    /// ```
    pub fn pod(&self) -> &str {
        self.state.engine.pod().as_str()
    }

    /// The session that this call's reads subscribe. The client chooses its name.
    pub fn session(&self) -> Option<&str> {
        self.state.varies();
        self.state.session.as_ref().map(SessionId::as_str)
    }

    /// The current time. A query that asks for it says with [`refresh_at`](Self::refresh_at) until when its answer holds.
    pub fn now(&self) -> Timestamp {
        self.state.varies();
        self.state.reads_clock();
        now(&**self.state.engine.host())
    }

    /// Hands a value to the middleware and the function further in, by its type. A second value of a type replaces the
    /// first.
    pub fn set<T: 'static>(&self, value: T) {
        // Middleware further out may get it.
        self.state.varies();
        self.state.extensions.set(value);
    }

    /// The value of this type that middleware further out has set.
    pub fn get<T: 'static>(&self) -> Option<Rc<T>> {
        self.state.varies();
        self.state.extensions.get()
    }

    /// Subscribes the caller's session to topics, as if the call had read them: for what was read through `unsafe_raw_db`.
    /// A topic is a table by its name, or a table at one value of a column.
    ///
    /// ```ignore
    /// ctx.subscribe_to(["messages"]);
    /// ctx.subscribe_to([Message::room_id.topic(7)]);
    /// ```
    pub fn subscribe_to<T: Into<TopicOf>>(&self, topics: impl IntoIterator<Item = T>) {
        self.state.read(&footprint(&self.state, topics));
    }
}

impl Ctx {
    pub(super) fn new(state: Rc<CallState>) -> Self {
        let db = Db::new(connection(&state, crate::db::Access::Write));
        Self {
            unsafe_raw_db: db.raw(),
            db,
            query: QueryCtx::new(state),
        }
    }

    /// Announces topics as changed once the transaction has committed: for what was written through `unsafe_raw_db`. A topic is
    /// a table by its name, or a table at one value of a column: then whoever depends on other values of that column is not
    /// woken.
    ///
    /// ```ignore
    /// ctx.invalidate(["messages"]);
    /// ctx.invalidate([Message::room_id.topic(7)]);
    /// ```
    pub fn invalidate<T: Into<TopicOf>>(&self, topics: impl IntoIterator<Item = T>) {
        let state = &self.query.state;
        state.wrote(&footprint(state, topics));
    }
}

impl ActionCtx {
    pub(super) fn new(state: Rc<CallState>) -> Self {
        Self {
            query: QueryCtx::new(state),
        }
    }

    /// Runs `body` in a transaction: `Ok` commits and announces what it wrote, `Err` or a panic rolls back. It does not
    /// await, so nothing can come between.
    ///
    /// # Errors
    /// What `body` returns; a transaction within this one.
    pub fn transaction<T>(&self, body: impl FnOnce(&Ctx) -> Result<T>) -> Result<T> {
        let state = &self.query.state;
        if state.busy.replace(true) {
            return Err(Error::internal(
                "a transaction may not begin within another",
            ));
        }
        let result = in_transaction(state, |ctx| body(ctx));
        state.busy.set(false);
        result
    }
}

/// The claims of whoever calls, as a type.
pub(super) fn user_as<T: DeserializeOwned>(user: Option<&Claims>, log: &Log) -> Result<T> {
    let Some(claims) = user else {
        return Err(Error::unauthorized(
            "This needs a signed-in user: send a bearer token.",
        ));
    };
    claims.parse().map_err(|error| {
        log.warn(format_args!(
            "The claims of the token do not fit {}: {error}",
            std::any::type_name::<T>()
        ));
        Error::unauthorized("The token does not say what this app needs to know.")
    })
}

pub(super) fn now(host: &dyn Host) -> Timestamp {
    Timestamp::from_micros(host.now_micros()).expect("the clock shows a year before 10000")
}

/// The topics that the developer names.
fn footprint<T: Into<TopicOf>>(
    state: &CallState,
    topics: impl IntoIterator<Item = T>,
) -> Footprint {
    let mut footprint = Footprint::default();
    for topic in topics {
        topic
            .into()
            .add_to(&mut footprint, state.engine.topic_key());
    }
    footprint
}

impl Deref for Ctx {
    type Target = QueryCtx;

    fn deref(&self) -> &QueryCtx {
        &self.query
    }
}

impl Deref for ActionCtx {
    type Target = QueryCtx;

    fn deref(&self) -> &QueryCtx {
        &self.query
    }
}

fn connection(state: &Rc<CallState>, access: crate::db::Access) -> Connection {
    Connection::new(
        state.engine.database(),
        state.engine.tracker(),
        state.clone(),
        access,
    )
}

/// A context type that functions and middleware take.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a context",
    label = "expected `&QueryCtx`, `&Ctx` or `&ActionCtx`",
    note = "a query takes `&QueryCtx`, a function `&Ctx`, an action `&ActionCtx`; middleware takes one of them"
)]
pub trait Context: Sized + 'static {
    /// The part of it that reads.
    #[doc(hidden)]
    fn reading(&self) -> &QueryCtx;

    /// What is left of the chain of a function that takes it.
    #[doc(hidden)]
    fn own(links: Links<'_, Self>) -> Own<'_>;
}

impl Context for QueryCtx {
    fn reading(&self) -> &QueryCtx {
        self
    }

    fn own(links: Links<'_, Self>) -> Own<'_> {
        Own::Query(links)
    }
}

impl Context for Ctx {
    fn reading(&self) -> &QueryCtx {
        &self.query
    }

    fn own(links: Links<'_, Self>) -> Own<'_> {
        Own::Function(links)
    }
}

impl Context for ActionCtx {
    fn reading(&self) -> &QueryCtx {
        &self.query
    }

    fn own(links: Links<'_, Self>) -> Own<'_> {
        Own::Action(links)
    }
}

/// Variables and secrets: those of the Worker, or natively of the process.
#[derive(Clone)]
pub struct Env {
    host: Arc<dyn Host>,
    /// The call whose answer depends on what is asked for, where answers may be kept.
    state: Option<Rc<CallState>>,
}

impl Env {
    /// Of what runs without a database.
    pub(super) fn outside(host: Arc<dyn Host>) -> Self {
        Self { host, state: None }
    }

    pub(super) fn host(&self) -> &Arc<dyn Host> {
        &self.host
    }

    /// A variable or secret, or `None` where it is not set.
    pub fn var(&self, name: &str) -> Option<String> {
        self.asked();
        self.host.var(name)
    }

    /// The bindings of a Worker, and so on Workers only: `use edgepod::WorkerEnv`.
    ///
    /// It does not compile natively.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn worker<'a>(&'a self) -> std::convert::Infallible
    where
        &'a Self: OfWorker,
    {
        self.never()
    }

    pub(crate) fn sign_jwt(&self, claims: impl Serialize, expires_in: Duration) -> Result<String> {
        auth::sign_jwt(&self.auth(), &claims, expires_in, self.now_millis())
    }

    pub(crate) fn verify_jwt(&self, token: &str) -> Result<Claims> {
        auth::verify_jwt(&self.auth(), token, self.now_millis())
    }

    fn auth(&self) -> auth::Settings {
        auth::Settings::from_vars(|name| self.var(name))
    }

    /// Notes that the call asks it for something.
    pub(crate) fn asked(&self) {
        if let Some(state) = &self.state {
            state.varies();
        }
    }

    fn now_millis(&self) -> i64 {
        self.asked();
        self.host.now_micros().div_euclid(1000)
    }
}

/// What only Workers have.
#[cfg(not(target_arch = "wasm32"))]
#[diagnostic::on_unimplemented(
    message = "`ctx.env.worker()` is there on Workers only, and this is the native build",
    label = "bindings of a Worker",
    note = "put what needs a binding behind `#[cfg(target_arch = \"wasm32\")]`, and say behind `#[cfg(not(target_arch = \"wasm32\"))]` what the native host does instead"
)]
pub trait OfWorker {
    #[doc(hidden)]
    fn never(self) -> std::convert::Infallible;
}
