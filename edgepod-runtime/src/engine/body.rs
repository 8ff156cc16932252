//! Bodies of routes' responses: bytes, or a stream of them.
//!
//! A stream is read through [`ByteStream`] alone, which only an app that makes one names: another Worker does not carry how.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    task::{Poll, Waker},
};

use bytes::Bytes;
use futures_core::Stream;

use super::{Log, call::log_failure, engine::panicked, log};
use crate::{Error, Result};

/// The body of a route's response: bytes, or a stream of them, of any length.
///
/// ```
/// # use edgepod_runtime::{Error, engine::Body};
/// let bytes = Body::from("id,name\n");
/// let stream = Body::from_stream(futures_util::stream::iter(["id,name\n", "7,Ada\n"].map(Ok::<_, Error>)));
/// ```
pub struct Body(pub(super) Content);

pub(super) enum Content {
    Whole(Bytes),
    Stream(Box<dyn Source>),
}

impl Body {
    /// What a stream gives, chunk by chunk, as the client reads it: one is asked for when there is room for it, and a client that
    /// goes away ends the stream.
    ///
    /// The stream outlives the call: what it needs of the context it has of a clone, `ctx.clone()`. An error, or a panic, breaks the
    /// reply off, and is in the log: the status has been sent.
    pub fn from_stream<S, B, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + 'static,
        B: Into<Bytes>,
        E: Into<Error>,
    {
        Self(Content::Stream(Box::new(Chunks(Box::pin(stream)))))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Content::Whole(bytes))
    }
}

macro_rules! whole {
    ($($bytes:ty),*) => {$(
        impl From<$bytes> for Body {
            fn from(bytes: $bytes) -> Self {
                Bytes::from(bytes).into()
            }
        }
    )*};
}

whole!(String, Vec<u8>, &'static str, &'static [u8]);

/// What a stream has next: a chunk, which is not empty, nothing at its end or where it was stopped, or that it broke off.
pub type NextChunk = Pin<Box<dyn Future<Output = Option<Result<Bytes, BrokenOff>>>>>;

/// What broke a stream off; why is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenOff;

/// The stream of a reply, for the host that sends it. Dropped, it ends.
pub trait ByteStream {
    /// What it has next. It is asked for one after the other.
    fn next(self: Rc<Self>) -> NextChunk;

    /// Ends it, also for whoever waits for what it has next.
    fn stop(&self);

    /// Gives it a number, and keeps it until it is stopped, or its engine is closed, which has the number `engine`: see [`Numbered`].
    fn number(self: Rc<Self>, engine: u32) -> u32;
}

/// A stream that waits for the log of its call.
pub(super) trait Source {
    fn with_log(self: Box<Self>, log: Log) -> Rc<dyn ByteStream>;
}

struct Chunks<S>(Pin<Box<S>>);

impl<S, B, E> Source for Chunks<S>
where
    S: Stream<Item = Result<B, E>> + 'static,
    B: Into<Bytes>,
    E: Into<Error>,
{
    fn with_log(self: Box<Self>, log: Log) -> Rc<dyn ByteStream> {
        Rc::new(Live {
            stream: RefCell::new(Some(self.0)),
            is_stopped: Cell::new(false),
            waker: RefCell::default(),
            log,
        })
    }
}

struct Live<S> {
    /// Until its end.
    stream: RefCell<Option<Pin<Box<S>>>>,
    is_stopped: Cell<bool>,
    /// Of whoever waits.
    waker: RefCell<Option<Waker>>,
    log: Log,
}

impl<S, B, E> ByteStream for Live<S>
where
    S: Stream<Item = Result<B, E>> + 'static,
    B: Into<Bytes>,
    E: Into<Error>,
{
    fn next(self: Rc<Self>) -> NextChunk {
        Box::pin(poll_fn(move |cx| {
            let mut place = self.stream.borrow_mut();
            let Some(stream) = place.as_mut().filter(|_| !self.is_stopped.get()) else {
                *place = None;
                return Poll::Ready(None);
            };
            self.waker.replace(Some(cx.waker().clone()));
            let _entered = log::enter(&self.log);
            loop {
                let polled = catch_unwind(AssertUnwindSafe(|| stream.as_mut().poll_next(cx)));
                let next = match polled {
                    Ok(Poll::Pending) => return Poll::Pending,
                    Ok(Poll::Ready(next)) => next.map(|next| next.map_err(Into::into)),
                    Err(payload) => Some(Err(panicked(&*payload))),
                };
                let next = match next {
                    Some(Ok(chunk)) => Some(Ok(chunk.into())),
                    Some(Err(error)) => {
                        log_failure(&self.log, &error);
                        Some(Err(BrokenOff))
                    }
                    None => None,
                };
                match &next {
                    Some(Ok(chunk)) if chunk.is_empty() => continue,
                    Some(Ok(_)) => {}
                    _ => *place = None,
                }
                return Poll::Ready(next);
            }
        }))
    }

    fn stop(&self) {
        self.is_stopped.set(true);
        // While it is polled it ends by itself.
        if let Ok(mut stream) = self.stream.try_borrow_mut() {
            *stream = None;
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn number(self: Rc<Self>, engine: u32) -> u32 {
        number(self, engine)
    }
}

/// A stream that has a number, after the number of its engine.
type Known = (u32, u32, Rc<dyn ByteStream>);

thread_local! {
    /// The last number of a stream, and those that are not at their end.
    static STREAMS: RefCell<(u32, Vec<Known>)> = const { RefCell::new((0, Vec::new())) };
    static NUMBERED: Cell<Option<&'static Numbered>> = const { Cell::new(None) };
}

/// Streams by numbers, for a host that cannot hold one. There is none until the first stream has a number: a program without streams
/// does not carry it.
pub struct Numbered {
    /// What the stream of this number has next; nothing where it was at its end.
    pub next: fn(u32) -> Option<NextChunk>,
    /// Ends the stream of this number.
    pub stop: fn(u32),
    /// Ends the streams of the engine of this number, which is closed: nobody asks for what they have next.
    pub close: fn(u32),
}

/// The streams that have numbers.
pub fn numbered() -> Option<&'static Numbered> {
    NUMBERED.get()
}

/// A number for a stream.
fn number(stream: Rc<dyn ByteStream>, engine: u32) -> u32 {
    NUMBERED.set(Some(&Numbered {
        next: |number| Some(streamed(number)?.next()),
        stop: |number| stop(|(_, known, _)| *known == number),
        close: |engine| stop(|(of, ..)| *of == engine),
    }));
    STREAMS.with_borrow_mut(|(last, all)| {
        *last += 1;
        all.push((engine, *last, stream));
        *last
    })
}

fn streamed(number: u32) -> Option<Rc<dyn ByteStream>> {
    STREAMS.with_borrow(|(_, all)| {
        let (.., stream) = all.iter().find(|(_, known, _)| *known == number)?;
        Some(stream.clone())
    })
}

/// Ends these streams.
fn stop(is_one: impl FnMut(&mut Known) -> bool) {
    let stopped: Vec<Known> =
        STREAMS.with_borrow_mut(|(_, all)| all.extract_if(.., is_one).collect());
    // What ends with one may come back here, so not while the list is held.
    for (.., stream) in stopped {
        stream.stop();
    }
}
