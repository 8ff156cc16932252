//! What a handler hands back through its middleware.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Result, integers};

/// A handler's result as JSON text.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    json: Arc<String>,
}

impl Reply {
    /// A value as a reply: its JSON becomes the reply's `data`.
    ///
    /// # Errors
    /// A value that JSON cannot hold, such as a map whose keys are no strings; an integer that JavaScript would round.
    pub fn new(value: &(impl Serialize + ?Sized)) -> Result<Self> {
        Ok(Self {
            json: Arc::new(integers::to_json(value)?),
        })
    }

    pub(super) fn from_json(json: impl Into<String>) -> Self {
        Self {
            json: Arc::new(json.into()),
        }
    }

    /// The JSON text.
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
