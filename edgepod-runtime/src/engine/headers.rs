//! The request's headers.

use std::{
    cell::{Cell, OnceCell},
    collections::HashMap,
};

/// The header in which a host names the client's address; one that the client sent is replaced.
pub(crate) const CLIENT_ADDRESS: &str = "cf-connecting-ip";

/// The header by which `edgepod call --explain` asks how a call is answered. Only a build for development says so.
#[cfg(debug_assertions)]
const EXPLAIN: &str = "x-edgepod-explain";

/// The headers of a request, read only when a function asks for one.
#[derive(Default)]
pub struct Headers {
    json: String,
    parsed: OnceCell<HashMap<String, String>>,
    /// Whether one was asked for.
    pub(super) asked: Cell<bool>,
}

impl Headers {
    /// Headers from a JSON object of names in lower case; an empty text is no header.
    pub fn from_json(json: impl Into<String>) -> Self {
        Self {
            json: json.into(),
            parsed: OnceCell::new(),
            asked: Cell::new(false),
        }
    }

    pub(super) fn as_json(&self) -> &str {
        &self.json
    }

    /// All of them, by name.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.asked.set(true);
        let headers = self.parsed().iter();
        headers.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn parsed(&self) -> &HashMap<String, String> {
        self.parsed
            .get_or_init(|| serde_json::from_str(&self.json).unwrap_or_default())
    }

    /// The value of a header, for what says nothing of the answer: that is no reading of it.
    pub(super) fn peek(&self, name: &str) -> Option<&str> {
        self.parsed().get(name).map(String::as_str)
    }

    /// Whether the client asks how its call is answered. That says nothing of the answer, so it is no reading of a header.
    #[cfg(debug_assertions)]
    pub(super) fn asks_to_explain(&self) -> bool {
        self.json.contains(EXPLAIN) && self.parsed().contains_key(EXPLAIN)
    }

    /// The value of a header, whatever the case of its name. Values of a repeated header are joined by `, `.
    ///
    /// ```
    /// use edgepod_runtime::engine::Headers;
    /// let headers = Headers::from_json(r#"{"accept-language":"de"}"#);
    /// assert_eq!(headers.get("Accept-Language"), Some("de"));
    /// ```
    pub fn get(&self, name: &str) -> Option<&str> {
        self.asked.set(true);
        self.parsed()
            .get(&name.to_ascii_lowercase())
            .map(String::as_str)
    }
}
