//! The ports, on a Durable Object.

use std::cell::{Cell, RefCell};

use wasm_bindgen::JsValue;

use super::{
    bindings::{self, Ports},
    crossing,
};
use crate::{
    engine::{Fetched, Fetching, Host, Outgoing, PodCall, PodName, Record, SocketId},
    sqlite::{Database, End, JsonOutput, Output, RowFormat, SqlError, Transactions, Value},
    tracking::TableSet,
};

thread_local! {
    /// The ports of open engines, in the order of the engines' numbers. JavaScript values stay on their thread, and the engine's
    /// host must not: so it holds a number.
    static PORTS: RefCell<Vec<(u32, Ports)>> = const { RefCell::new(Vec::new()) };
    static GENERATION: Cell<u32> = const { Cell::new(0) };
    /// The requests to other servers and other pods that have no answer yet, in the order of their numbers.
    static FETCHING: RefCell<Vec<(u32, Fetching)>> = const { RefCell::new(Vec::new()) };
    static FETCHES: Cell<u32> = const { Cell::new(0) };
}

/// What came of the request of this number.
pub(super) fn fetched(number: u32, fetched: Fetched) {
    let fetching = FETCHING.with_borrow_mut(|all| {
        let place = all.binary_search_by_key(&number, |(number, _)| *number);
        place.ok().map(|place| all.remove(place).1)
    });
    // Who waits for it may ask again at once, so not while the list is held.
    if let Some(fetching) = fetching {
        fetching.done(fetched);
    }
}

/// The number under which the host is told what came of a request.
fn number_of(fetching: Fetching) -> u32 {
    let number = FETCHES.get() + 1;
    FETCHES.set(number);
    FETCHING.with_borrow_mut(|all| all.push((number, fetching)));
    number
}

/// Says which instance of the isolate's this is.
pub(super) fn set_generation(generation: u32) {
    GENERATION.set(generation);
}

/// The host of the engine of this number.
pub(super) struct ObjectHost(u32);

impl ObjectHost {
    // In three places, of which each would have its own.
    #[inline(never)]
    pub(super) fn new(engine: u32, ports: Ports) -> Self {
        PORTS.with_borrow_mut(|all| {
            let place = all.partition_point(|(number, _)| *number < engine);
            all.insert(place, (engine, ports));
        });
        Self(engine)
    }

    fn ports<T>(&self, ask: impl FnOnce(&Ports) -> T) -> T {
        PORTS.with_borrow(|all| {
            let place = all.binary_search_by_key(&self.0, |(number, _)| *number);
            ask(&all[place.expect("there until the host is dropped")].1)
        })
    }
}

impl Drop for ObjectHost {
    fn drop(&mut self) {
        PORTS.with_borrow_mut(|all| all.retain(|(number, _)| *number != self.0));
    }
}

fn failure(error: &JsValue) -> SqlError {
    let message = js_sys::Reflect::get(error, &JsValue::from_str("message"))
        .ok()
        .and_then(|message| message.as_string());
    SqlError {
        message: message.unwrap_or_else(|| format!("{error:?}")),
    }
}

impl Database for ObjectHost {
    fn row_format(&self) -> RowFormat {
        RowFormat::Json
    }

    fn run(&self, sql: &str, params: &[Value]) -> Result<Output, SqlError> {
        let output = self
            .ports(|ports| ports.run(sql, &crossing::write_parameters(params)))
            .map_err(|error| failure(&error))?;
        crossing::read_rows(&output)
    }

    fn run_json(&self, sql: &str, params: &[Value]) -> Result<JsonOutput, SqlError> {
        let mut output = self
            .ports(|ports| ports.run_json(sql, &crossing::write_parameters(params)))
            .map_err(|error| failure(&error))?;
        let (changes, rest) = crossing::read_counted(&output)?;
        let prefix = output.len() - rest.len();
        output.drain(..prefix);
        Ok(JsonOutput {
            json: output,
            changes,
        })
    }

    fn read_json(&self, sql: &str, params: &[Value]) -> Result<String, SqlError> {
        self.ports(|ports| ports.read_json(sql, &crossing::write_parameters(params)))
            .map_err(|error| failure(&error))
    }
}

impl Transactions for ObjectHost {
    fn transaction(&self, body: &mut dyn FnMut() -> End) -> Result<(), SqlError> {
        // Not while the list is held: anything may happen in there.
        let ports = self.ports(Ports::clone);
        match ports.transaction(&mut || body() == End::Commit) {
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
    /// An object of another name than a pod's can only be one from before there were names: that of the whole app.
    fn pod(&self) -> PodName {
        PodName::new(self.ports(Ports::pod)).unwrap_or_else(|_| PodName::global())
    }

    fn send(&self, socket: SocketId, message: &str) {
        self.ports(|ports| ports.send(socket.0, message));
    }

    fn remember(&self, socket: SocketId, attachment: &str) {
        self.ports(|ports| ports.remember(socket.0, attachment));
    }

    fn wrote(&self, tables: &TableSet, version: &str) {
        let tables = crossing::write_tables(tables);
        self.ports(|ports| ports.wrote(&tables, version));
    }

    fn now_micros(&self) -> i64 {
        bindings::now_millis() as i64 * 1000
    }

    /// The clock stands still while a Worker works: two instances may begin at one time of it.
    fn began_micros(&self) -> i64 {
        self.now_micros() + i64::from(GENERATION.get() % 1000)
    }

    fn wake_at(&self, micros: i64) {
        // Not before its time: nothing would be due.
        let millis = micros.div_euclid(1000) + i64::from(micros.rem_euclid(1000) > 0);
        self.ports(|ports| ports.wake_at(millis as f64));
    }

    fn var(&self, name: &str) -> Option<String> {
        self.ports(|ports| ports.var(name))
    }

    fn call_pod(&self, call: PodCall, fetching: Fetching) {
        let number = number_of(fetching);
        let message = crossing::write_pod_call(&call);
        let pod = crossing::write_pod(Some(&call.pod));
        self.ports(|ports| ports.call_pod(number, &pod, &message));
    }

    fn fetch(&self, request: Outgoing, fetching: Fetching) {
        let number = number_of(fetching);
        let head = crossing::write_outgoing(&request);
        self.ports(|ports| ports.fetch(number, &head, &request.body));
    }

    fn log(&self, record: &Record<'_>) {
        bindings::log(record);
    }
}
