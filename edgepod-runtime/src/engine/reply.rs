//! What a handler hands back through its middleware.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use super::RawReply;
use crate::{Result, integers};

/// A handler's result as JSON text; of a route, its response.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    json: Arc<String>,
    raw: Option<Arc<RawReply>>,
}

impl Reply {
    /// A value as a reply: its JSON becomes the reply's `data`.
    ///
    /// # Errors
    /// A value that JSON cannot hold, such as a map whose keys are no strings; an integer that JavaScript would round.
    pub fn new(value: &(impl Serialize + ?Sized)) -> Result<Self> {
        Ok(Self {
            json: Arc::new(integers::to_json(value)?),
            raw: None,
        })
    }

    pub(super) fn from_json(json: impl Into<String>) -> Self {
        Self {
            json: Arc::new(json.into()),
            raw: None,
        }
    }

    /// A route's response: no JSON, `null`.
    pub(super) fn raw(raw: RawReply) -> Self {
        Self {
            raw: Some(Arc::new(raw)),
            ..Self::from_json("null")
        }
    }

    pub(super) fn as_raw(&self) -> Option<&Arc<RawReply>> {
        self.raw.as_ref()
    }

    /// How many bytes are sent.
    pub(super) fn size(&self) -> usize {
        match &self.raw {
            Some(raw) => raw.body.len(),
            None => self.json.len(),
        }
    }

    /// The JSON text; that of a route's response is `null`.
    pub fn as_json(&self) -> &str {
        &self.json
    }

    /// The value again, for middleware that changes it.
    ///
    /// # Errors
    /// A reply that is no `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_str(&self.json)?)
    }
}
