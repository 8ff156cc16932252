//! What a function knows and may do: its context.

use std::{cell::Cell, ops::Deref, rc::Rc};

use super::{Headers, Log, call::CallState};
use crate::{
    Error, Result,
    auth::Claims,
    db::{Connection, Db, Observer, RawDb, ReadDb, Timestamp},
    engine::engine::in_transaction,
    tracking::TableSet,
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
    busy: Cell<bool>,
}

impl QueryCtx {
    pub(super) fn new(state: Rc<CallState>) -> Self {
        Self {
            db: ReadDb::new(connection(&state, crate::db::Access::Read)),
            headers: state.headers(),
            env: Env {
                state: state.clone(),
            },
            log: state.log.clone(),
            state,
        }
    }

    /// Who calls: the claims of the verified token, or `None` for an anonymous call.
    pub fn user(&self) -> Option<&Claims> {
        self.state.user.as_ref()
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.state.engine.host().now_micros())
            .expect("the clock shows a year before 10000")
    }

    /// Hands a value to the middleware and the function further in, by its type. A second value of a type replaces the
    /// first.
    pub fn set<T: 'static>(&self, value: T) {
        self.state.extensions.set(value);
    }

    /// The value of this type that middleware further out has set.
    pub fn get<T: 'static>(&self) -> Option<Rc<T>> {
        self.state.extensions.get()
    }

    /// Subscribes the caller's session to tables, as if the call had read them: for what was read through
    /// `unsafe_raw_db`.
    pub fn subscribe_to(&self, tables: &[&str]) {
        self.state.read(&tables.iter().copied().collect());
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

    /// Announces tables as changed once the transaction has committed: for what was written through `unsafe_raw_db`.
    pub fn invalidate(&self, tables: &[&str]) {
        self.query
            .state
            .wrote(&tables.iter().copied().collect::<TableSet>());
    }
}

impl ActionCtx {
    pub(super) fn new(state: Rc<CallState>) -> Self {
        Self {
            query: QueryCtx::new(state),
            busy: Cell::new(false),
        }
    }

    /// Runs `body` in a transaction: `Ok` commits and announces what it wrote, `Err` or a panic rolls back. It does not
    /// await, so nothing can come between.
    ///
    /// # Errors
    /// What `body` returns; a transaction within this one.
    pub fn transaction<T>(&self, body: impl FnOnce(&Ctx) -> Result<T>) -> Result<T> {
        if self.busy.replace(true) {
            return Err(Error::internal(
                "a transaction may not begin within another",
            ));
        }
        let result = in_transaction(&self.query.state, |ctx| body(ctx));
        self.busy.set(false);
        result
    }
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

/// The context of a call, of whichever kind.
#[derive(Clone, Copy)]
pub enum CtxRef<'a> {
    /// Of a query.
    Query(&'a QueryCtx),
    /// Of a function.
    Function(&'a Ctx),
    /// Of an action.
    Action(&'a ActionCtx),
}

/// A context type that functions and middleware take.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a context",
    label = "expected `&QueryCtx`, `&Ctx` or `&ActionCtx`",
    note = "a query takes `&QueryCtx`, a function `&Ctx`, an action `&ActionCtx`; middleware takes one of them"
)]
pub trait Context: Sized + 'static {
    /// This context of a call.
    #[doc(hidden)]
    fn extract(ctx: CtxRef<'_>) -> &Self;
}

impl Context for QueryCtx {
    fn extract(ctx: CtxRef<'_>) -> &Self {
        match ctx {
            CtxRef::Query(ctx) => ctx,
            CtxRef::Function(ctx) => ctx,
            CtxRef::Action(ctx) => ctx,
        }
    }
}

impl Context for Ctx {
    fn extract(ctx: CtxRef<'_>) -> &Self {
        match ctx {
            CtxRef::Function(ctx) => ctx,
            _ => unreachable!("`Fits` lets `Ctx` stand around functions only"),
        }
    }
}

impl Context for ActionCtx {
    fn extract(ctx: CtxRef<'_>) -> &Self {
        match ctx {
            CtxRef::Action(ctx) => ctx,
            _ => unreachable!("`Fits` lets `ActionCtx` stand around actions only"),
        }
    }
}

/// Variables and secrets: those of the Worker, or natively of the process.
pub struct Env {
    state: Rc<CallState>,
}

impl Env {
    /// A variable or secret, or `None` where it is not set.
    pub fn var(&self, name: &str) -> Option<String> {
        self.state.engine.host().var(name)
    }
}
