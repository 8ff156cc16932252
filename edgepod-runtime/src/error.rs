//! The one error type of functions, and how each error looks to a client.

#[cfg(debug_assertions)]
use std::panic::Location;
use std::{borrow::Cow, fmt, time::Duration};

pub use edgepod_manifest::Code;
use serde_json::Value as Json;

/// What a function returns: `Ok` commits and is the reply's `data`, `Err` rolls back and is the reply's `error`.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a function, a guard, the database or the gateway.
///
/// The message of an [`internal`](Error::internal) error is for the log; the client is told `INTERNAL` and a trace
/// id. Every other message reaches the client as it is.
///
/// ```
/// use edgepod_runtime::{Code, Error};
/// let error = Error::not_found("There is no user 7.");
/// assert_eq!(error.code(), Code::NotFound);
/// assert_eq!(error.message(), "There is no user 7.");
/// ```
#[derive(Clone, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq)]
struct Inner {
    code: Code,
    message: String,
    data: Option<Json>,
    retry_after: Option<u32>,
    cause: Option<String>,
    line: Option<Line>,
}

impl Error {
    /// An error with this code and message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::made(code, message.into())
    }

    // Not inlined: in a Worker this is in hundreds of places.
    #[inline(never)]
    fn made(code: Code, message: String) -> Self {
        Self(Box::new(Inner {
            code,
            message,
            data: None,
            retry_after: None,
            cause: None,
            line: None,
        }))
    }

    /// 400: the request is wrong, and the message says how.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Code::BadRequest, message)
    }

    /// 401: the caller must say who they are.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(Code::Unauthorized, message)
    }

    /// 403: the caller may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// 404: the thing asked for does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// 409: it contradicts what is stored.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// 429: the caller does this too often.
    pub fn too_many_requests(message: impl Into<String>) -> Self {
        Self::new(Code::TooManyRequests, message)
    }

    /// 503: something that this needs is away for a while.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, message)
    }

    /// 500: something broke. The message goes to the log, never to the client.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// Adds data for the client: the reply's `error.data`.
    ///
    /// ```
    /// use edgepod_runtime::Error;
    /// let error = Error::conflict("Taken.").with_data(serde_json::json!({"columns": ["users.email"]}));
    /// assert_eq!(error.data().unwrap()["columns"][0], "users.email");
    /// ```
    pub fn with_data(mut self, data: impl Into<Json>) -> Self {
        self.0.data = Some(data.into());
        self
    }

    /// Says when to try again: the reply's header `Retry-After`, in whole seconds and at least one. Where the error has no data
    /// yet, `{"retry_after": seconds}` becomes it.
    ///
    /// ```
    /// use edgepod_runtime::Error;
    /// use std::time::Duration;
    /// let error = Error::too_many_requests("One export at a time.").retry_after(Duration::from_millis(1200));
    /// assert_eq!(error.data().unwrap()["retry_after"], 2);
    /// ```
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_millis().div_ceil(1000).max(1)).unwrap_or(u32::MAX);
        self.0.retry_after = Some(seconds);
        self.0
            .data
            .get_or_insert_with(|| serde_json::json!({ "retry_after": seconds }));
        self
    }

    /// The seconds of [`retry_after`](Self::retry_after).
    pub(crate) fn retry_after_seconds(&self) -> Option<u32> {
        self.0.retry_after
    }

    /// Adds what caused it: for the log, never for the client.
    pub fn with_cause(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// What caused it, for the log.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The message for the log: with the line of the app, where it is known.
    pub(crate) fn logged(&self) -> Cow<'_, str> {
        #[cfg(debug_assertions)]
        if let Some(Line(line)) = self.0.line {
            return format!("{} (at {line})", self.0.message).into();
        }
        (&*self.0.message).into()
    }

    /// The code, and with it the HTTP status.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message as the log has it.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The data for the client, where there is any.
    pub fn data(&self) -> Option<&Json> {
        self.0.data.as_ref()
    }

    /// What a client may read: the message, or for an internal error a sentence that gives nothing away.
    pub fn public_message(&self) -> &str {
        match self.0.code {
            Code::Internal => {
                "Something went wrong on the server. Its log has the details under this trace id."
            }
            _ => &self.0.message,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("data", &self.0.data)
            .finish()
    }
}

impl std::error::Error for Error {}

/// Serialising a reply failed, or reading stored JSON: the client can do nothing about either.
impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(format!("JSON: {error}"))
    }
}

impl From<fmt::Error> for Error {
    fn from(error: fmt::Error) -> Self {
        Self::internal(format!("formatting: {error}"))
    }
}

/// The line of the app that runs a statement: SQLite says what is wrong with one, and not where it stands. In development only: a
/// release build knows of no lines, and is smaller for it.
#[derive(Clone, Copy)]
pub(crate) struct Line(#[cfg(debug_assertions)] &'static Location<'static>);

impl Line {
    /// The caller's. Who calls this has `#[cfg_attr(debug_assertions, track_caller)]`, too, and so on up to what the app calls.
    #[cfg_attr(debug_assertions, track_caller)]
    #[inline(always)]
    pub(crate) fn here() -> Self {
        Self(
            #[cfg(debug_assertions)]
            Location::caller(),
        )
    }

    /// What a statement came to: its error knows the line.
    #[inline(always)]
    pub(crate) fn of<T>(self, result: Result<T>) -> Result<T> {
        #[cfg(debug_assertions)]
        let result = result.map_err(|mut error| {
            error.0.line = Some(self);
            error
        });
        result
    }
}

/// Errors are equal whatever it is.
impl PartialEq for Line {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Runs a statement for whoever called the method that this is called from.
#[cfg_attr(debug_assertions, track_caller)]
#[inline(always)]
pub(crate) fn run_here<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    let line = Line::here();
    line.of(run())
}
