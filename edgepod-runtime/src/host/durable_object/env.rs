//! The Worker's bindings.

use std::cell::RefCell;

use wasm_bindgen::{JsCast, JsValue};

use crate::{Error, engine::Env};

thread_local! {
    /// All objects of a Worker have the same bindings.
    static ENV: RefCell<JsValue> = const { RefCell::new(JsValue::UNDEFINED) };
}

pub(super) fn set(env: JsValue) {
    ENV.set(env);
}

/// What a binding says when it fails is for the log.
impl From<worker::Error> for Error {
    fn from(error: worker::Error) -> Self {
        Error::internal(format!("a binding of the Worker: {error}"))
    }
}

/// The same of KV, which has errors of its own.
impl From<worker::kv::KvError> for Error {
    fn from(error: worker::kv::KvError) -> Self {
        worker::Error::from(error).into()
    }
}

/// The bindings of a Worker (KV, R2, queues, services), on Workers only.
pub trait WorkerEnv {
    /// The `worker` crate's environment.
    fn worker(&self) -> worker::Env;
}

impl WorkerEnv for Env {
    fn worker(&self) -> worker::Env {
        self.asked();
        ENV.with_borrow(|env| env.clone().unchecked_into())
    }
}
