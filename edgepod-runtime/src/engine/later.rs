//! A value that comes later, from another thread or from the host.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
};

enum State<T> {
    Waited(Option<Waker>),
    Given(T),
    /// Taken; or its giver is gone.
    Over,
}

/// Who gives it.
pub(super) struct Giver<T>(Arc<Mutex<State<T>>>);

impl<T> Giver<T> {
    pub(super) fn give(self, value: T) {
        self.end(State::Given(value));
    }

    fn end(&self, state: State<T>) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waker = match &mut *now {
            State::Waited(waker) => waker.take(),
            State::Given(_) | State::Over => return,
        };
        *now = state;
        drop(now);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Drop for Giver<T> {
    fn drop(&mut self) {
        self.end(State::Over);
    }
}

/// Who gives it, and who waits for it: `None` where it is never given.
pub(super) fn later<T>() -> (Giver<T>, impl Future<Output = Option<T>>) {
    let state = Arc::new(Mutex::new(State::Waited(None)));
    let giver = Giver(state.clone());
    let waiting = poll_fn(move |cx| {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Waited(waker) = &mut *state {
            *waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(match std::mem::replace(&mut *state, State::Over) {
            State::Given(value) => Some(value),
            _ => None,
        })
    });
    (giver, waiting)
}
