//! Windows of clients in a test.

use std::{
    cell::{Cell, RefCell},
    marker::PhantomData,
    rc::Rc,
};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Answer, CallError, Caller};
use crate::engine::{
    AtOnce, Callable, Callee, Invocation, QueryCtx, Resume, Returns, SESSION, SocketId,
};

/// A window that shows what a query gives, and counts how often it had to read again.
pub struct Watch<F> {
    window: Rc<Window>,
    query: PhantomData<fn() -> F>,
}

pub(super) struct Window {
    caller: Caller,
    session: String,
    socket: Cell<SocketId>,
    query: AtOnce,
    args: String,
    shown: RefCell<Result<Box<RawValue>, CallError>>,
    reasons: RefCell<Vec<String>>,
}

impl Window {
    pub(super) fn socket(&self) -> SocketId {
        self.socket.get()
    }

    /// Opens a socket for its session.
    pub(super) fn open(&self) {
        let app = self.caller.app();
        self.socket.set(app.next_socket());
        let resume = Resume::default();
        app.engine()
            .socket_opened(self.socket.get(), &self.session, &resume);
    }

    /// Reads, for the first time or for a reason.
    pub(super) fn fetch(&self, reason: Option<String>) {
        let outcome = self.caller.run(self.query, &self.args, Some(&self.session));
        *self.shown.borrow_mut() = self.caller.answer(&outcome);
        self.reasons.borrow_mut().extend(reason);
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let app = self.caller.app();
        app.engine().socket_closed(self.socket.get());
        app.settle("a window that closed");
    }
}

impl<F> Watch<F>
where
    F: Callable<Ctx = QueryCtx, Returned: Returns>,
{
    pub(super) fn open(caller: &Caller, query: &Invocation<F>) -> Self {
        let app = caller.app();
        let args = query.args().map(str::to_owned);
        let args = args.unwrap_or_else(|error| panic!("{error}"));
        let Callee::AtOnce(query) = F::DEFINITION.callee() else {
            panic!("what takes `&QueryCtx` is a query")
        };
        let window = Rc::new(Window {
            caller: caller.clone(),
            session: format!("window-{}", app.next_number()),
            socket: Cell::new(SocketId(0)),
            query,
            args,
            shown: RefCell::new(Err(CallError::local("nothing is read yet".to_owned()))),
            reasons: RefCell::default(),
        });
        window.open();
        window.fetch(None);
        app.add(&window);
        Self {
            window,
            query: PhantomData,
        }
    }

    /// The client of this window, whose calls are of its session: what is present with it ends when the window is dropped.
    ///
    /// ```ignore
    /// let room = app.user("ada").watch(get_typing::call(7));
    /// room.client().call(typing::call(7)).await?;
    /// ```
    pub fn client(&self) -> Caller {
        let window = &self.window;
        window.caller.clone().header(SESSION, &window.session)
    }

    /// The window, as it is now.
    fn shown(&self) -> &Window {
        self.window.caller.app().hear();
        &self.window
    }

    /// How often it has read again, after the first time.
    pub fn refetches(&self) -> usize {
        self.shown().reasons.borrow().len()
    }

    /// Why it has read again, each time: `rename by ada changed users`.
    pub fn reasons(&self) -> Vec<String> {
        self.shown().reasons.borrow().clone()
    }

    /// What it shows.
    ///
    /// # Errors
    /// The error that it shows in place of data.
    pub fn data(&self) -> Result<Answer<F>, CallError>
    where
        Answer<F>: DeserializeOwned,
    {
        let shown = self.shown().shown.borrow();
        let json = shown.as_ref().map_err(CallError::clone)?;
        serde_json::from_str(json.get()).map_err(|error| {
            let name = F::DEFINITION.name;
            CallError::local(format!("the reply of `{name}` is not read back: {error}"))
        })
    }
}
