//! What a handler hands back through its middleware.

use std::{cell::RefCell, fmt, rc::Rc, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use super::{RawReply, body::Source};
use crate::{Result, integers};

/// A handler's result as JSON text; of a route, its response.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    json: Arc<String>,
    raw: Option<Rc<Raw>>,
}

/// A route's response.
struct Raw {
    reply: Arc<RawReply>,
    /// What follows the body, until it is taken.
    stream: RefCell<Option<Box<dyn Source>>>,
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reply.fmt(f)
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.reply == other.reply
    }
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
        Self::from_shared_json(Arc::new(json.into()))
    }

    pub(super) fn from_shared_json(json: Arc<String>) -> Self {
        Self { json, raw: None }
    }

    /// A route's response: no JSON, `null`.
    pub(super) fn raw(raw: RawReply, stream: Option<Box<dyn Source>>) -> Self {
        Self {
            raw: Some(Rc::new(Raw {
                reply: Arc::new(raw),
                stream: RefCell::new(stream),
            })),
            ..Self::from_json("null")
        }
    }

    pub(super) fn as_raw(&self) -> Option<&Arc<RawReply>> {
        self.raw.as_ref().map(|raw| &raw.reply)
    }

    /// Takes the stream of a route's response, where it has one.
    pub(super) fn take_stream(&self) -> Option<Box<dyn Source>> {
        self.raw.as_ref()?.stream.take()
    }

    pub(super) fn shared_json(&self) -> Arc<String> {
        self.json.clone()
    }

    /// How many bytes are sent.
    pub(super) fn size(&self) -> usize {
        match &self.raw {
            Some(raw) => raw.reply.body.len(),
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
