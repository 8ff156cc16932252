//! The ports, on a Durable Object.

use std::{
    cell::{Cell, RefCell},
    fmt::Write,
};

use wasm_bindgen::JsValue;

use super::bindings::{self, Bridge};
use crate::{
    db::parse_rows,
    engine::{Host, Record, SocketId},
    sqlite::{Database, End, JsonOutput, Output, RowFormat, SqlError, Transactions, Value},
    thin::{push_json, push_number},
    tracking::{TableName, TableSet},
};

/// An object of this isolate, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ObjectId(pub(super) u32);

thread_local! {
    /// JavaScript values stay on their thread, and the engine's host must not: so it holds a number.
    static BRIDGES: RefCell<Vec<Option<Bridge>>> = const { RefCell::new(Vec::new()) };
    static GENERATION: Cell<u32> = const { Cell::new(0) };
}

/// Says which instance of the isolate's this is.
pub(super) fn set_generation(generation: u32) {
    GENERATION.set(generation);
}

pub(super) struct ObjectHost(ObjectId);

impl ObjectHost {
    pub(super) fn new(id: ObjectId, bridge: Bridge) -> Self {
        let index = id.0 as usize;
        BRIDGES.with_borrow_mut(|bridges| {
            if bridges.len() <= index {
                bridges.resize_with(index + 1, || None);
            }
            bridges[index] = Some(bridge);
        });
        Self(id)
    }

    fn bridge<T>(&self, ask: impl FnOnce(&Bridge) -> T) -> T {
        BRIDGES.with_borrow(|bridges| ask(bridges[self.0.0 as usize].as_ref().expect("set in new")))
    }
}

/// Integers beyond this lose digits as JavaScript numbers: 2^53 - 1.
const SAFE: i64 = (1 << 53) - 1;

/// The parameters as a JSON array, or nothing. Integers that a number cannot hold travel as text (the SQL casts them),
/// bytes as `{"$blob":"<hex>"}`.
fn params_json(params: &[Value]) -> String {
    if params.is_empty() {
        return String::new();
    }
    let mut json = String::from("[");
    for (i, param) in params.iter().enumerate() {
        if i > 0 {
            json.push(',');
        }
        let _ = match param {
            Value::Null => json.write_str("null"),
            Value::Integer(n) => {
                let quote = if (-SAFE..=SAFE).contains(n) { "" } else { "\"" };
                json.push_str(quote);
                if *n < 0 {
                    json.push('-');
                }
                push_number(&mut json, n.unsigned_abs());
                json.push_str(quote);
                Ok(())
            }
            Value::Real(x) => write!(json, "{x:?}"),
            Value::Text(text) => {
                push_json(&mut json, text);
                Ok(())
            }
            Value::Blob(bytes) => {
                json.push_str("{\"$blob\":\"");
                json.push_str(&base16ct::lower::encode_string(bytes));
                json.write_str("\"}")
            }
        };
    }
    json.push(']');
    json
}

fn failure(error: &JsValue) -> SqlError {
    let message = js_sys::Reflect::get(error, &JsValue::from_str("message"))
        .ok()
        .and_then(|message| message.as_string());
    SqlError {
        message: message.unwrap_or_else(|| format!("{error:?}")),
    }
}

fn split(output: &str) -> Result<(u64, &str), SqlError> {
    output
        .split_once('|')
        .and_then(|(written, rest)| Some((written.parse().ok()?, rest)))
        .ok_or_else(|| SqlError {
            message: format!("the entry module returned {output:?}"),
        })
}

impl Database for ObjectHost {
    fn row_format(&self) -> RowFormat {
        RowFormat::Json
    }

    fn run(&self, sql: &str, params: &[Value]) -> Result<Output, SqlError> {
        let output = self
            .bridge(|bridge| bridge.run(sql, &params_json(params)))
            .map_err(|error| failure(&error))?;
        let (changes, rows) = split(&output)?;
        let rows = parse_rows(rows).map_err(|error| SqlError {
            message: error.message().to_owned(),
        })?;
        Ok(Output { rows, changes })
    }

    fn run_json(&self, sql: &str, params: &[Value]) -> Result<JsonOutput, SqlError> {
        let mut output = self
            .bridge(|bridge| bridge.run_json(sql, &params_json(params)))
            .map_err(|error| failure(&error))?;
        let (changes, rest) = split(&output)?;
        let prefix = output.len() - rest.len();
        output.drain(..prefix);
        Ok(JsonOutput {
            json: output,
            changes,
        })
    }

    fn read_json(&self, sql: &str, params: &[Value]) -> Result<String, SqlError> {
        self.bridge(|bridge| bridge.read_json(sql, &params_json(params)))
            .map_err(|error| failure(&error))
    }
}

impl Transactions for ObjectHost {
    fn transaction(&self, body: &mut dyn FnMut() -> End) -> Result<(), SqlError> {
        match self.bridge(|bridge| bridge.transaction(&mut || body() == End::Commit)) {
            None => Ok(()),
            Some(message) => Err(SqlError { message }),
        }
    }

    /// An object runs one thing at a time until it awaits.
    fn exclusive(&self, body: &mut dyn FnMut()) {
        body();
    }
}

impl Host for ObjectHost {
    fn send(&self, socket: SocketId, message: &str) {
        self.bridge(|bridge| bridge.send(socket.0, message));
    }

    fn remember(&self, socket: SocketId, attachment: &str) {
        self.bridge(|bridge| bridge.remember(socket.0, attachment));
    }

    fn wrote(&self, tables: &TableSet, version: &str) {
        let names: Vec<&str> = tables.iter().map(TableName::as_str).collect();
        self.bridge(|bridge| bridge.wrote(&names.join("\n"), version));
    }

    fn now_micros(&self) -> i64 {
        bindings::now_millis() as i64 * 1000
    }

    /// The clock stands still while a Worker works: two instances may begin at one time of it.
    fn began_micros(&self) -> i64 {
        self.now_micros() + i64::from(GENERATION.get() % 1000)
    }

    fn var(&self, name: &str) -> Option<String> {
        self.bridge(|bridge| bridge.var(name))
    }

    fn log(&self, record: &Record<'_>) {
        bindings::log(record);
    }
}
