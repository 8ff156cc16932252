//! What JavaScript offers the core.

use wasm_bindgen::prelude::*;

use crate::engine::{Level, Record};

#[wasm_bindgen]
extern "C" {
    /// The ports of one object.
    #[derive(Clone)]
    pub type Ports;

    /// Runs a statement: `<rows written>|<rows as JSON arrays>`.
    #[wasm_bindgen(method, catch)]
    pub fn run(this: &Ports, sql: &str, params: &str) -> Result<String, JsValue>;

    /// Runs a statement of one text column: `<rows written>|<the texts, joined by commas>`.
    #[wasm_bindgen(method, catch, js_name = runJson)]
    pub fn run_json(this: &Ports, sql: &str, params: &str) -> Result<String, JsValue>;

    /// Runs a statement of one text column that only reads: the texts, joined by commas.
    #[wasm_bindgen(method, catch, js_name = readJson)]
    pub fn read_json(this: &Ports, sql: &str, params: &str) -> Result<String, JsValue>;

    /// Runs `body` in `transactionSync`; commits when it returns true. The message when SQLite refuses. A panic passes
    /// through it, so it does not catch.
    #[wasm_bindgen(method)]
    pub fn transaction(this: &Ports, body: &mut dyn FnMut() -> bool) -> Option<String>;

    #[wasm_bindgen(method)]
    pub fn send(this: &Ports, socket: u32, message: &str);

    #[wasm_bindgen(method)]
    pub fn remember(this: &Ports, socket: u32, attachment: &str);

    /// Tables, one a line, have changed in this version.
    #[wasm_bindgen(method)]
    pub fn wrote(this: &Ports, tables: &str, version: &str);

    /// Calls a function in another pod. Its outcome is told to `fetched`, under the number, later.
    #[wasm_bindgen(method, js_name = callPod)]
    pub fn call_pod(this: &Ports, number: u32, pod: &str, message: &str);

    /// Sends a request to another server. What comes of it is told to `fetched`, under the number, later.
    #[wasm_bindgen(method)]
    pub fn fetch(this: &Ports, number: u32, head: &str, body: &[u8]);

    /// Rings the object's alarm at this time, in milliseconds since 1970.
    #[wasm_bindgen(method, js_name = wakeAt)]
    pub fn wake_at(this: &Ports, millis: f64);

    /// A variable or secret; undefined for what is no text.
    #[wasm_bindgen(method)]
    pub fn var(this: &Ports, name: &str) -> Option<String>;

    /// The name of the pod.
    #[wasm_bindgen(method, getter)]
    pub fn pod(this: &Ports) -> String;

    /// The Worker's `env`.
    #[wasm_bindgen(method, getter)]
    pub fn env(this: &Ports) -> JsValue;

    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    pub fn now_millis() -> f64;

    #[wasm_bindgen(js_namespace = console, js_name = debug)]
    pub fn console_debug(line: &str);
    #[wasm_bindgen(js_namespace = console, js_name = info)]
    pub fn console_info(line: &str);
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    pub fn console_warn(line: &str);
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub fn console_error(line: &str);
}

/// Writes a line of the log to the console, which the platform keeps by its levels.
pub(super) fn log(record: &Record<'_>) {
    let line = record.to_json();
    match record.level {
        Level::Trace | Level::Debug => console_debug(&line),
        Level::Info => console_info(&line),
        Level::Warn => console_warn(&line),
        Level::Error => console_error(&line),
    }
}
