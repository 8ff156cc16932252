//! The Worker's bindings.

use std::cell::RefCell;

use wasm_bindgen::{JsCast, JsValue};

use crate::engine::Env;

thread_local! {
    /// All objects of a Worker have the same bindings.
    static ENV: RefCell<JsValue> = const { RefCell::new(JsValue::UNDEFINED) };
}

pub(super) fn set(env: JsValue) {
    ENV.set(env);
}

/// The bindings of a Worker (KV, R2, queues, services), on Workers only.
pub trait WorkerEnv {
    /// The `worker` crate's environment.
    fn worker(&self) -> worker::Env;
}

impl WorkerEnv for Env {
    fn worker(&self) -> worker::Env {
        ENV.with_borrow(|env| env.clone().unchecked_into())
    }
}
