//! The request's headers.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
    collections::HashMap,
};

/// The header in which a host names the client's address; one that the client sent is replaced.
pub(crate) const CLIENT_ADDRESS: &str = "cf-connecting-ip";

/// The header by which `edgepod call --explain` asks how a call is answered. Only a build for development says so.
#[cfg(debug_assertions)]
const EXPLAIN: &str = "x-edgepod-explain";

/// The headers that the engine itself reads, functions or not: a host hands them over always.
#[cfg(any(target_arch = "wasm32", test, feature = "fuzzing"))]
pub(crate) const OWN: &[&str] = &[
    CLIENT_ADDRESS,
    super::call::SESSION,
    super::idempotency::HEADER,
    super::traces::TRACEPARENT,
    super::traces::TRACESTATE,
    #[cfg(debug_assertions)]
    EXPLAIN,
];

/// Headers that a host has not written as JSON.
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) trait Unread: Send {
    /// Whether there is one of this name in lower case.
    fn has(&self, name: &str) -> bool;

    /// A JSON object of names in lower case.
    fn to_json(&self) -> String;
}

/// Headers as they came.
enum Came {
    Json(String),
    #[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
    Unread(Box<dyn Unread>),
}

impl Default for Came {
    fn default() -> Self {
        Self::Json(String::new())
    }
}

/// The headers of a request, read only when a function asks for one.
#[derive(Default)]
pub struct Headers {
    came: Came,
    parsed: OnceCell<HashMap<String, String>>,
    /// Whether one was asked for.
    pub(super) asked: Cell<bool>,
}

impl Headers {
    /// Headers from a JSON object of names in lower case; an empty text is no header.
    pub fn from_json(json: impl Into<String>) -> Self {
        Self {
            came: Came::Json(json.into()),
            ..Self::default()
        }
    }

    /// Headers as a host has them, which are read when a function asks for one.
    #[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
    pub(crate) fn unread(headers: impl Unread + 'static) -> Self {
        Self {
            came: Came::Unread(Box::new(headers)),
            ..Self::default()
        }
    }

    /// A JSON object of names in lower case.
    pub(crate) fn to_json(&self) -> Cow<'_, str> {
        match &self.came {
            Came::Json(json) => json.into(),
            #[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
            Came::Unread(headers) => headers.to_json().into(),
        }
    }

    /// Whether one may be there, which costs less than to look for it.
    pub(super) fn may_have(&self, name: &str) -> bool {
        match &self.came {
            Came::Json(json) => json.contains(name),
            #[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
            Came::Unread(headers) => headers.has(name),
        }
    }

    /// All of them, by name.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.asked.set(true);
        let headers = self.parsed().iter();
        headers.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn parsed(&self) -> &HashMap<String, String> {
        self.parsed
            .get_or_init(|| serde_json::from_str(&self.to_json()).unwrap_or_default())
    }

    /// The address of the client, where the host knows it.
    pub(super) fn client_address(&self) -> Option<&str> {
        self.asked.set(true);
        self.peek(CLIENT_ADDRESS)
    }

    /// The value of a header that EdgePod reads itself, and that says nothing of the answer: that is no reading of it.
    pub(crate) fn peek(&self, name: &str) -> Option<&str> {
        self.parsed().get(name).map(String::as_str)
    }

    /// Whether the client asks how its call is answered. That says nothing of the answer, so it is no reading of a header.
    #[cfg(debug_assertions)]
    pub(super) fn asks_to_explain(&self) -> bool {
        self.may_have(EXPLAIN) && self.parsed().contains_key(EXPLAIN)
    }

    /// The value of a header, whatever the case of its name. Values of a repeated header are joined by `, `.
    ///
    /// ```
    /// use edgepod_runtime::engine::Headers;
    /// let headers = Headers::from_json(r#"{"accept-language":"de"}"#);
    /// assert_eq!(headers.get("Accept-Language"), Some("de"));
    /// ```
    pub fn get(&self, name: &str) -> Option<&str> {
        #[cfg(target_arch = "wasm32")]
        crate::linked::headers_are_read();
        self.asked.set(true);
        self.parsed()
            .get(&name.to_ascii_lowercase())
            .map(String::as_str)
    }
}
