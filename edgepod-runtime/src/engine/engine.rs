//! The engine itself.

use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context as TaskContext, Poll, Waker},
};

use serde_json::value::RawValue;

#[cfg(debug_assertions)]
use super::studio::{self, Recent};
use super::{
    ActionCtx, Args, AtOnce, Call, Chain, Context, Ctx, FunctionDef, Host, Kind, Log, Outcome,
    PodName, QueryCtx, Registry, Reply, Routed, SocketId, StartError, Typed,
    app::App,
    call::CallState,
    clock::{self, Clock},
    event::Event,
    handler::HandlerFuture,
    idempotency::Once,
    kept::Kept,
    log,
    presence::{self, Change},
    runner::Alarm,
    sessions::{SessionId, Sessions, Stale},
    start, system,
    versions::{Held, Resume, Versions},
};
#[cfg(not(target_arch = "wasm32"))]
use super::{
    event::Watchers,
    traces::{Placing, TraceContext},
};
#[cfg(not(target_arch = "wasm32"))]
use crate::migrations::{MigrationError, Status};
use crate::{
    Error, Result,
    db::Observer,
    planted, schema,
    sqlite::{Database, End, SqlError},
    thin::push_number,
    tracking::{ColumnId, Footprint, TableName, Topic, TopicKey, Tracker},
};

/// The engine of one database.
pub struct Engine {
    app: Arc<App>,
    host: Arc<dyn Host>,
    pod: PodName,
    topic_key: TopicKey,
    tracker: Arc<Tracker>,
    sessions: Mutex<Sessions>,
    versions: Versions,
    kept: Kept,
    alarm: Alarm,
    clock: Clock,
    warned: Mutex<Vec<(&'static str, String)>>,
    #[cfg(not(target_arch = "wasm32"))]
    watchers: Watchers,
    #[cfg(not(target_arch = "wasm32"))]
    placing: Placing,
    #[cfg(debug_assertions)]
    recent: Option<Recent>,
}

/// Warnings that are remembered, so that the log has each of them once.
const WARNED: usize = 256;

impl Engine {
    /// Starts the engine of a database of the program's app: applies the migrations of the build; without any, makes the tables
    /// that are missing.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing was changed then, but by migrations that were applied before one failed.
    pub fn start(host: Arc<dyn Host>) -> Result<Arc<Self>, StartError> {
        let app = App::of_program()?;
        start::prepare(&app, &*host)?;
        let mut epoch = start::epoch(&*host).map_err(StartError::Sql)?;
        if planted::is("a new life has the name of the one before") {
            epoch = "life".to_owned();
        }
        let topic_key = system::topic_key(&*host).map_err(StartError::Sql)?;
        let engine = Self {
            app,
            pod: host.pod(),
            topic_key,
            versions: Versions::new(epoch),
            kept: Kept::new(|name| host.var(name)),
            #[cfg(debug_assertions)]
            recent: Recent::of(|name| host.var(name)),
            host,
            tracker: Arc::default(),
            sessions: Mutex::new(Sessions::of_app(presence::of_app())),
            alarm: Alarm::default(),
            clock: Clock::default(),
            warned: Mutex::default(),
            #[cfg(not(target_arch = "wasm32"))]
            watchers: Watchers::default(),
            #[cfg(not(target_arch = "wasm32"))]
            placing: Placing::default(),
        };
        engine.resume_jobs().map_err(StartError::Sql)?;
        Ok(Arc::new(engine))
    }

    /// The functions.
    pub fn registry(&self) -> &Registry {
        self.app.registry()
    }

    /// The name of its life, which no other had.
    pub fn life(&self) -> Arc<str> {
        self.versions.epoch()
    }

    /// The migrations of the build, and what became of each in its database.
    ///
    /// # Errors
    /// What has happened to the database since it started.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn migrations(&self) -> std::result::Result<Vec<Status>, MigrationError> {
        self.app.migrations.statuses(&*self.host)
    }

    /// Tells whoever wants to know of everything that the engine does from now on. The engine waits for it, with its locks
    /// held: it is to be quick, and must not use the engine.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn watch(&self, watcher: impl Fn(&Event<'_>) + Send + Sync + 'static) {
        self.watchers.add(Box::new(watcher));
    }

    /// What has happened lately, where the studio may ask for it.
    #[cfg(debug_assertions)]
    pub(super) fn recent(&self) -> Option<&Recent> {
        self.recent.as_ref()
    }

    /// Gives each call from now on, and each request that it sends, a place in a trace: `within` what is said to it, or of a trace
    /// of its own. To be called once, by who [watches](Engine::watch) to record them.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn place(
        &self,
        within: impl Fn(Option<&TraceContext>) -> TraceContext + Send + Sync + 'static,
    ) {
        self.placing.set(Box::new(within));
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn placing(&self) -> &Placing {
        &self.placing
    }

    /// Whether anybody does.
    pub(super) fn is_watched(&self) -> bool {
        #[cfg(not(target_arch = "wasm32"))]
        let any = self.watchers.are_any();
        #[cfg(target_arch = "wasm32")]
        let any = false;
        any
    }

    /// Tells of something, where anybody wants to know.
    #[cfg_attr(target_arch = "wasm32", expect(unused_variables))]
    pub(super) fn tell<'a>(&self, event: impl FnOnce() -> Event<'a>) {
        #[cfg(not(target_arch = "wasm32"))]
        if self.is_watched() {
            self.watchers.tell(&event());
        }
    }

    /// The name of the pod whose database it is.
    pub fn pod(&self) -> &PodName {
        &self.pod
    }

    pub(super) fn host(&self) -> &Arc<dyn Host> {
        &self.host
    }

    pub(super) fn database(&self) -> Arc<dyn Database> {
        self.host.clone()
    }

    pub(super) fn tracker(&self) -> Arc<Tracker> {
        self.tracker.clone()
    }

    /// Runs a query or a function: both are done when this returns.
    pub fn call(self: &Arc<Self>, function: AtOnce, call: Call<'_>) -> Outcome {
        let definition = function.definition();
        let args = Args::new(call.args);
        let state = CallState::new(self.clone(), definition.name, definition.kind(), call);
        let result = match function {
            AtOnce::Query(query) => {
                let mut result = None;
                self.host.exclusive(&mut || {
                    state.version.set(self.versions.count());
                    result = Some(self.read(&state, query, &args));
                });
                result.unwrap_or_else(|| Err(Error::internal("the host did not run the query")))
            }
            AtOnce::Function(function) => {
                let _entered = log::enter(&state.log);
                let body = |ctx: &Ctx| {
                    let result = self.run_at_once(function, ctx, &args);
                    state.within_limit(result)
                };
                match Once::of(&state, definition, &args) {
                    Ok(None) => in_transaction(&state, body),
                    Ok(Some(once)) => once.run(&state, body),
                    Err(error) => Err(error),
                }
            }
        };
        state.remember_subscriptions();
        state.finish(result)
    }

    /// Runs a function in its transaction.
    pub(super) fn run_at_once(
        &self,
        function: Typed<Ctx>,
        ctx: &Ctx,
        args: &Args,
    ) -> Result<Reply> {
        at_once(self.chain(function, ctx, args))
            .unwrap_or_else(|| Err(must_be_action(function.definition)))
    }

    /// Runs a test's own transaction, as if a function of the app did it.
    ///
    /// # Errors
    /// What `body` returns, and what refuses the commit.
    #[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
    pub(crate) fn transaction_of_a_test<T>(
        self: &Arc<Self>,
        body: impl FnOnce(&Ctx) -> Result<T>,
    ) -> Result<T> {
        let call = Call {
            args: "",
            session: None,
            user: None,
            headers: super::Headers::from_json("{}"),
            trace_id: "test",
            origin: None,
        };
        let state = CallState::new(self.clone(), "test", Kind::Function, call);
        let _entered = log::enter(&state.log);
        in_transaction(&state, body)
    }

    /// Runs a query, while nobody else uses the database.
    pub(super) fn read(
        &self,
        state: &Rc<CallState>,
        query: Typed<QueryCtx>,
        args: &Args,
    ) -> Result<Reply> {
        let _entered = log::enter(&state.log);
        let ctx = QueryCtx::new(state.clone());
        let result = caught(|| {
            at_once(self.chain(query, &ctx, args))
                .unwrap_or_else(|| Err(must_be_action(query.definition)))
        });
        state.remember_subscriptions();
        state.within_limit(result)
    }

    /// Runs an action, which may await.
    pub async fn call_action(
        self: &Arc<Self>,
        action: Typed<ActionCtx>,
        call: Call<'_>,
    ) -> Outcome {
        let definition = action.definition;
        let args = Args::new(call.args);
        let state = CallState::new(self.clone(), definition.name, definition.kind(), call);
        let result = match Once::of(&state, definition, &args) {
            Ok(_) => self.run_action(&state, action, &args).await,
            Err(error) => Err(error),
        };
        state.remember_subscriptions();
        state.finish(state.within_limit(result))
    }

    /// Runs a route, which may await, on this request. Its path's segments are the arguments.
    pub(super) async fn call_route(
        self: &Arc<Self>,
        name: &'static str,
        chain: &'static Chain<ActionCtx>,
        request: Result<http::Request<bytes::Bytes>>,
        args: &Args,
        call: Call<'_>,
    ) -> Routed {
        let state = CallState::new(self.clone(), name, Kind::Action, call);
        let ctx = ActionCtx::new(state.clone());
        let is_head = request
            .as_ref()
            .is_ok_and(|request| request.method() == http::Method::HEAD);
        let result = match request {
            Ok(request) => {
                ctx.set(request);
                let around_all = self.app.registry.app().steps;
                CatchUnwind {
                    handler: chain.start(around_all, &ctx, args),
                    log: &state.log,
                }
                .await
            }
            Err(error) => Err(error),
        };
        let stream = result.as_ref().ok().and_then(Reply::take_stream);
        let outcome = state.finish(state.within_limit(result));
        Routed::new(outcome, stream, &state.log, is_head)
    }

    pub(super) async fn run_action(
        &self,
        state: &Rc<CallState>,
        action: Typed<ActionCtx>,
        args: &Args,
    ) -> Result<Reply> {
        let ctx = ActionCtx::new(state.clone());
        let handler = self.chain(action, &ctx, args);
        let log = &state.log;
        CatchUnwind { handler, log }.await
    }

    fn chain<'a, C: Context>(
        &self,
        function: Typed<C>,
        ctx: &'a C,
        args: &'a Args,
    ) -> HandlerFuture<'a> {
        let around_all = self.app.registry.app().steps;
        #[cfg(debug_assertions)]
        let around_all = match studio::is_own(function.definition.name) {
            true => &[],
            false => around_all,
        };
        function.chain.start(around_all, ctx, args)
    }

    /// A socket of a session is open. Its client is greeted where it asks for that, and told what changed before it came, as
    /// far as it and its session read it.
    pub fn socket_opened(&self, socket: SocketId, session: &str, resume: &Resume) {
        self.tell(|| Event::SocketOpened { socket, session });
        #[cfg(debug_assertions)]
        self.note_socket(socket, Some(session), "opened");
        let id = SessionId::new(session);
        // Held until the greeting is sent: what changes later is told after it.
        let changed = self.versions.lock();
        let mut sessions = self.sessions();
        let mut missed = sessions.open(socket, id.clone());
        let again = self.versions.missed(&changed, resume, &sessions, &id);
        let mut held = Footprint::default();
        let mut unknown = Footprint::default();
        let mut collapsed = Vec::new();
        for Held {
            topic,
            collapsed: more,
            ..
        } in &resume.held
        {
            let is_known = match topic.at {
                // Writes are asked for the values of columns that somebody watches: those must be there.
                Some((column, _)) => {
                    let table = topic.table.as_str();
                    is_own(table)
                        || schema::table(table)
                            .is_some_and(|table| usize::from(column.0) < table.columns.len())
                }
                None => {
                    is_declared(&topic.table)
                        || self.versions.has_changed(&changed, &topic.table)
                        || sessions.is_read(&topic.table)
                }
            };
            if is_known {
                missed.topics.remove(topic);
                // All values of a table are told, read again, and subscribed by that. One value goes on, though it is told: the version
                // beside it is of the oldest that is held, and what is as new as the change is not read again.
                if *more && again.has(topic) {
                    missed.every = true;
                    continue;
                }
                held.add(topic);
                if *more {
                    collapsed.push(&topic.table);
                }
            } else {
                // Nothing is kept under a name that a client may have invented. One that was known in an earlier life is read
                // again, and then known.
                unknown.add(topic);
                missed.every |= *more;
            }
        }
        // What its session has read itself goes on: the reply may be on its way, and as new as the greeting.
        missed.every |= sessions.has_collapsed(&id, &again);
        let count = self.versions.count();
        if !planted::is("what a client holds when it comes back is not subscribed") {
            sessions.subscribe(&id, &held, count);
        }
        for table in collapsed {
            sessions.collapse(&id, table, count);
        }
        missed.topics.read_too(&again);
        missed.topics.read_too(&unknown);
        if resume.since.is_some() {
            let hello = message("hello", &missed, &self.version());
            self.host.send(socket, &numbered(hello, 0));
        } else if !missed.is_empty() {
            let stale = message("stale", &missed, &self.version());
            self.host
                .send(socket, &numbered(stale, sessions.count(socket)));
        }
        drop(sessions);
        drop(changed);
        self.present_again(&id);
        self.remember(&id);
    }

    /// A session that was present, and has had no socket since, has one.
    fn present_again(&self, id: &SessionId) {
        if !self.sessions().has_said(id) {
            return;
        }
        self.host.exclusive(&mut || {
            let present = self.sessions().presences().map(|all| all.opened(id));
            self.announce(None, &present.unwrap_or_default());
        });
    }

    fn version(&self) -> String {
        self.version_name(self.versions.count())
    }

    pub(super) fn version_name(&self, count: u64) -> String {
        self.versions.name(count)
    }

    pub(super) fn version_count(&self) -> u64 {
        self.versions.count()
    }

    /// The answer to the keep-alive of a client that was greeted: which tables have changed, and when last. So a client
    /// notices that a signal was lost on its way, and nothing came after it.
    #[cfg(feature = "native")]
    pub fn pong(&self) -> String {
        super::versions::write_pong(&self.versions.changes(&self.versions.lock()))
    }

    /// A socket that was open before this engine began, with what the host remembered of it.
    pub fn socket_restored(&self, socket: SocketId, attachment: &str) {
        let restored = self.sessions().restore(socket, attachment);
        if let Some((session, life)) = restored {
            self.versions.follow(&life);
            self.tell(|| Event::SocketRestored {
                socket,
                session: session.as_str(),
            });
            #[cfg(debug_assertions)]
            self.note_socket(socket, Some(session.as_str()), "restored");
        }
        let is_waited_for = !self.sessions().watched(clock::TABLE).is_empty();
        self.find_lost_times(is_waited_for);
    }

    /// A socket is gone. This may wait until nobody else uses the database.
    pub fn socket_closed(&self, socket: SocketId) {
        let mut sessions = self.sessions();
        let id = sessions.of(socket).cloned();
        #[cfg(debug_assertions)]
        self.note_socket(socket, id.as_ref().map(SessionId::as_str), "closed");
        sessions.close(socket);
        let is_absent = id.filter(|id| sessions.has_said(id) && !sessions.is_open(id));
        drop(sessions);
        self.tell(|| Event::SocketClosed { socket });
        if let Some(id) = is_absent {
            self.host.exclusive(&mut || {
                let mut sessions = self.sessions();
                // It may have come back.
                if sessions.is_open(&id) {
                    return;
                }
                let absent = sessions.presences().map(|all| all.closed(&id));
                drop(sessions);
                self.announce(None, &absent.unwrap_or_default());
            });
        }
    }

    /// A call has committed what it says of presences: the topics that this changes.
    fn change_presences(&self, said: Vec<Change>) -> Footprint {
        let now = self.host.now_micros();
        let mut changed = Footprint::default();
        for change in said {
            let id = change.session().clone();
            let mut sessions = self.sessions();
            let is_open = sessions.is_open(&id);
            if let Some(presences) = sessions.presences() {
                changed.written_too(&presences.change(change, is_open, now));
            }
            drop(sessions);
            self.remember(&id);
        }
        changed
    }

    /// Who is present under a topic, and when the first of them ends.
    pub(super) fn present(
        &self,
        topic: &Topic,
        now: &dyn Fn() -> i64,
    ) -> (Vec<Box<RawValue>>, Option<i64>) {
        let mut sessions = self.sessions();
        let presences = sessions.presences();
        presences.map_or_else(Default::default, |presences| presences.who(topic, now))
    }

    pub(super) fn subscribe(&self, session: &SessionId, topics: &Footprint) -> bool {
        self.sessions()
            .subscribe(session, topics, self.versions.count())
    }

    /// The columns of a table on whose values a session or a kept answer depends now.
    pub(super) fn watched(&self, table: &str) -> Vec<ColumnId> {
        let mut columns = self.sessions().watched(table);
        self.kept.add_watched(table, &mut columns);
        columns
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn alarm(&self) -> &Alarm {
        &self.alarm
    }

    pub(super) fn kept(&self) -> &Kept {
        &self.kept
    }

    pub(super) fn versions(&self) -> &Versions {
        &self.versions
    }

    /// What hides the values in topics.
    pub(super) fn topic_key(&self) -> &TopicKey {
        &self.topic_key
    }

    pub(super) fn remember(&self, session: &SessionId) {
        if planted::is("subscriptions do not outlive a sleep") {
            return;
        }
        if !self.host.hibernates() {
            return;
        }
        let attachments = self.sessions().attachments(session, &self.versions.epoch());
        if let Some((sockets, attachment)) = attachments {
            for socket in sockets {
                self.host.remember(socket, &attachment);
            }
        }
    }

    /// Tells every session that reads them that topics have changed, after the commit of a call or after what no call did.
    /// Nobody else may use the database meanwhile.
    pub(super) fn announce(&self, state: Option<&CallState>, written: &Footprint) {
        if written.is_empty() {
            return;
        }
        // Held until all is sent: a client that heard of a version has heard of all before.
        let mut changed = self.versions.lock();
        let count = self
            .versions
            .wrote(&mut changed, written, |table| self.watched(table));
        let version = self.version_name(count);
        self.host.wrote(&written.tables(), &version);
        let mut sessions = self.sessions();
        if let Some(state) = state {
            let late = u64::from(planted::is("a write says that it is of a version to come"));
            state.version.set(count + late);
            if let Some(session) = state.writer() {
                state.add_stale(&sessions.stale(&session, written));
            }
        }
        for (sockets, stale) in sessions.written(written) {
            #[cfg(debug_assertions)]
            {
                if let Some(state) = state {
                    state.explain(|explanation| explanation.told += sockets.len());
                }
                for (session, sockets) in sessions.grouped(&sockets) {
                    let call = state.map(CallState::id);
                    self.note_woken(session.as_str(), sockets, &stale.topics, call);
                }
            }
            self.tell(|| Event::Announced {
                call: state.map(CallState::id),
                sockets: &sockets,
                topics: &stale.topics,
            });
            let mut stale = message("stale", &stale, &version);
            let length = stale.len();
            for socket in sockets {
                stale.truncate(length);
                stale = numbered(stale, sessions.count(socket));
                self.host.send(socket, &stale);
            }
        }
        let told_first = sessions.take_told_first();
        drop(sessions);
        for session in told_first {
            self.remember(&session);
        }
    }

    /// Whether a function gives this warning for the first time in the engine's life. Replies carry it each time; a line in
    /// the log each time would cost more than the call.
    pub(super) fn is_first(&self, function: &'static str, warning: &str) -> bool {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |(name, text): &(&'static str, String)| *name == function && text == warning;
        if warned.iter().any(known) {
            return false;
        }
        if warned.len() >= WARNED {
            warned.clear();
        }
        warned.push((function, warning.to_owned()));
        true
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a table is one of the app's structs, or stands for every table.
fn is_declared(table: &TableName) -> bool {
    table.as_str() == TableName::EVERY
        || is_own(table.as_str())
        || schema::is_declared(table.as_str())
}

/// Whether topics of the engine's own have this name.
fn is_own(table: &str) -> bool {
    table == system::jobs::TABLE || table == clock::TABLE
}

/// A message to a socket, but for its number.
fn message(kind: &str, stale: &Stale, version: &str) -> String {
    let mut message = format!("{{\"type\":\"{kind}\",\"tables\":");
    stale.topics.push_tables(&mut message);
    message.push_str(",\"topics\":");
    stale.topics.push_topics(&mut message, stale.every);
    message.push_str(",\"version\":\"");
    message.push_str(version);
    message.push_str("\",\"seq\":");
    message
}

/// A message with its number among those of its socket.
fn numbered(mut message: String, number: u32) -> String {
    push_number(&mut message, u64::from(number));
    message.push('}');
    message
}

/// Runs `body` in a transaction of the call: `Ok` commits and announces, anything else rolls back.
pub(super) fn in_transaction<T>(
    state: &Rc<CallState>,
    body: impl FnOnce(&Ctx) -> Result<T>,
) -> Result<T> {
    let ctx = Ctx::new(state.clone());
    let mut body = Some(body);
    let mut result = None;
    let ended = transaction(state, &mut || {
        let Some(body) = body.take() else {
            return End::Rollback;
        };
        let mut outcome = caught(|| body(&ctx));
        if let Some(error) = state.take_refused() {
            // The function may have let it pass.
            outcome = outcome.and(Err(error));
        }
        let end = match outcome {
            Ok(_) => End::Commit,
            Err(_) => End::Rollback,
        };
        result = Some(outcome);
        end
    });
    match (ended, result) {
        (Ok(()), Some(result)) => result,
        (Err(error), Some(Ok(_)) | None) => Err(error.into()),
        (Err(_), Some(Err(error))) => Err(error),
        (Ok(()), None) => Err(Error::internal("the host did not run the transaction")),
    }
}

/// Runs `body` in a transaction of the call, and announces what was committed before anybody else uses the database: whoever
/// reads it knows of which version it is, and no kept answer is older.
fn transaction(state: &CallState, body: &mut dyn FnMut() -> End) -> Result<(), SqlError> {
    let engine = &state.engine;
    let before = state.take_written();
    let mut ended = Ok(());
    engine.host.exclusive(&mut || {
        let mut end = End::Rollback;
        ended = engine.host.transaction(&mut || {
            end = body();
            end
        });
        let written = state.take_written();
        let said = state.take_said();
        state.wrote(&before);
        let wrote_untracked = state.take_untracked();
        let wake = state.take_wake();
        if planted::is("what is written under a key is done again") {
            let _ = engine.host.run("DELETE FROM _edgepod_idempotency", &[]);
        }
        if ended.is_err() || end == End::Rollback {
            engine.tracker.rolled_back();
            return;
        }
        if wrote_untracked {
            engine.kept.clear();
        }
        let mut written = written;
        if !said.is_empty() {
            written.written_too(&engine.change_presences(said));
        }
        state.wrote(&written);
        engine.announce(Some(state), &written);
        if let Some(at) = wake {
            engine.wake_by(at);
        }
    });
    ended
}

/// What a future has ready at once; `None` when it waits for something.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn must_be_action(function: &FunctionDef) -> Error {
    Error::internal(format!(
        "`{}` ({}:{}) awaits something that is not ready, and a {} must be done at once: make it an #[edgepod::action]. \
         Nothing was written.",
        function.rust_name,
        function.location.0,
        function.location.1,
        function.kind().as_str()
    ))
}

/// Runs `body`; a panic becomes an internal error. Where panics abort, the host sees them instead.
pub(super) fn caught<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| Err(panicked(&*payload)))
}

pub(super) fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    Error::internal(format!("panicked: {text}"))
}

/// A handler whose panics become errors, and whose lines in the log are its call's.
pub(super) struct CatchUnwind<'a> {
    pub(super) handler: HandlerFuture<'a>,
    pub(super) log: &'a Log,
}

impl Future for CatchUnwind<'_> {
    type Output = Result<Reply>;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Result<Reply>> {
        let _entered = log::enter(self.log);
        match catch_unwind(AssertUnwindSafe(|| self.handler.as_mut().poll(cx))) {
            Ok(poll) => poll,
            Err(payload) => Poll::Ready(Err(panicked(&*payload))),
        }
    }
}
