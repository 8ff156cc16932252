//! What the core offers JavaScript.

use std::{
    cell::{OnceCell, RefCell},
    fmt::Display,
    sync::Arc,
};

use edgepod_manifest::PodStatus;
use wasm_bindgen::prelude::*;

use super::{
    bindings::{self, Ports},
    crossing::{self, Message},
    env,
    host::{self, ObjectHost},
};
use crate::{
    Error,
    engine::{
        ActionJob, App, Batch, BrokenOff, Call, Callee, Engine, Headers, Held, Host, JobStep,
        Level, NoAnswer, Outcome, RawRequest, Record, Registry, Resume, RouteFuture, Routed,
        SocketId, log_panic, no_function, numbered, start_log,
    },
    gateway::{self, BODY_LIMIT, Config, Gateway, Head},
    sqlite::{RESULT_LIMIT, result_limit},
};

/// From how many bytes on an outcome crosses as bytes, to a Worker that takes them. Of 60 KB a text costs more than twice as much; where
/// the two cost the same has not been measured.
const LONG: usize = 4096;

thread_local! {
    /// Or why there is none: what every request is answered with.
    static GATEWAY: OnceCell<Result<(Gateway, Registry), Error>> = const { OnceCell::new() };
    /// The open engines, in the order of their numbers.
    static ENGINES: RefCell<Vec<(u32, Arc<Engine>)>> = const { RefCell::new(Vec::new()) };
    /// Actions that have begun as jobs and that JavaScript is to run next.
    static ACTIONS: RefCell<Vec<(u32, ActionJob)>> = const { RefCell::new(Vec::new()) };
}

unsafe extern "C" {
    /// The linker's function that runs all constructors: those register the app's functions and tables.
    fn __wasm_call_ctors();
}

/// Starts the core: once for each wasm instance, before anything else. `generation` counts the instances of this isolate;
/// `on_panic` is called with a panic's message.
#[wasm_bindgen]
pub fn start(generation: u32, on_panic: js_sys::Function) {
    host::set_generation(generation);
    // SAFETY: the linker defines it, it takes nothing, and this is its only call in the instance's life.
    unsafe { __wasm_call_ctors() };
    let on_panic = AssertSend(on_panic);
    std::panic::set_hook(Box::new(move |info| {
        let on_panic = &on_panic;
        let message = info.to_string();
        log_panic(&message);
        let _ = on_panic
            .0
            .call1(&JsValue::NULL, &JsValue::from_str(&message));
    }));
}

/// A JavaScript value where `Send` is asked for.
struct AssertSend(js_sys::Function);
// SAFETY: a Worker's wasm has one thread.
unsafe impl Send for AssertSend {}
// SAFETY: as above.
unsafe impl Sync for AssertSend {}

/// Sets up the gateway from the Worker's environment. Returns the constants that JavaScript needs, as JSON.
#[wasm_bindgen]
pub fn configure(environment: JsValue) -> String {
    let var = |name: &str| {
        js_sys::Reflect::get(&environment, &JsValue::from_str(name))
            .ok()?
            .as_string()
    };
    let made = || -> Result<_, Error> {
        start_log(var("EDGEPOD_LOG").as_deref(), bindings::log).map_err(unusable)?;
        let registry = Registry::collect().map_err(unusable)?;
        let gateway = Gateway::new(Config::from_vars(var)).map_err(unusable)?;
        Ok((gateway, registry))
    };
    let made = made();
    let pods = matches!(&made, Ok((_, registry)) if registry.pod().is_some());
    GATEWAY.with(|gateway| gateway.set(made).is_ok());
    let result_limit = result_limit(var(RESULT_LIMIT).as_deref());
    env::set(environment);
    crossing::constants(result_limit, pods)
}

fn unusable(error: impl Display) -> Error {
    Error::internal(error.to_string())
}

/// Decides what becomes of a request; see [`crossing::read_head`] and [`crossing::write_decision`].
#[wasm_bindgen]
pub fn route(head: &str, trace_id: &str) -> String {
    decide(&crossing::read_head(head), trace_id)
}

fn decide(head: &Head<'_>, trace_id: &str) -> String {
    with_gateway(trace_id, |gateway, registry| {
        let decision = gateway.route(registry, head, trace_id, now_millis);
        crossing::write_decision(&decision, trace_id)
    })
}

/// The same of a batch whose body is there, which may name the pod: asked for where the app has pods.
#[wasm_bindgen]
pub fn route_batch(head: &str, body: &str, trace_id: &str) -> String {
    let head = Head {
        body: Some(body),
        ..crossing::read_head(head)
    };
    decide(&head, trace_id)
}

/// A signature was verified, with the head and the version that came with it: whether it is right. See
/// [`crossing::write_verified`].
#[wasm_bindgen]
pub fn verified(head: &str, version: u32, right: bool, trace_id: &str) -> String {
    let head = crossing::read_head(head);
    with_gateway(trace_id, |gateway, _| {
        let verified = gateway.verified(&head, version, right, trace_id, now_millis());
        crossing::write_verified(&verified)
    })
}

/// Where to fetch the keys of tokens again, beside the request, if it is time for that: to be asked where a token came.
#[wasm_bindgen]
pub fn refresh_keys() -> Option<String> {
    GATEWAY.with(|gateway| match gateway.get() {
        Some(Ok((gateway, _))) => gateway.authenticator().refresh(now_millis()),
        _ => None,
    })
}

/// The keys of tokens were fetched: the text, or why they could not be.
#[wasm_bindgen]
pub fn keys_fetched(text: Option<String>, failure: &str) {
    GATEWAY.with(|gateway| {
        let Some(Ok((gateway, _))) = gateway.get() else {
            return;
        };
        let authenticator = gateway.authenticator();
        let failure = match text {
            Some(text) => {
                let loaded = authenticator.keys_loaded(&text, now_millis());
                loaded.err().map(|error| error.to_string())
            }
            None => {
                authenticator.keys_failed(now_millis());
                Some(failure.to_owned())
            }
        };
        if let Some(failure) = failure {
            let message = format!("The keys at EDGEPOD_JWKS_URL could not be fetched: {failure}");
            Record::new(Level::Error, &message).write();
        }
    });
}

fn now_millis() -> i64 {
    bindings::now_millis() as i64
}

fn with_gateway(trace_id: &str, body: impl FnOnce(&Gateway, &Registry) -> String) -> String {
    GATEWAY.with(|gateway| match gateway.get() {
        Some(Ok((gateway, registry))) => body(gateway, registry),
        Some(Err(error)) => refuse(error, trace_id),
        None => refuse(&Error::internal("the gateway is not configured"), trace_id),
    })
}

/// The reply to a body that may not be: one that is too large, or is no UTF-8.
#[wasm_bindgen]
pub fn refuse_body(length: f64, trace_id: &str) -> String {
    let error = if length > BODY_LIMIT as f64 {
        gateway::too_large()
    } else {
        gateway::not_utf8()
    };
    refuse(&error, trace_id)
}

/// The reply to a request for a route that the object does not know: it is of another build for some seconds.
#[wasm_bindgen]
pub fn refuse_route(trace_id: &str) -> String {
    refuse(&not_there_yet(), trace_id)
}

fn not_there_yet() -> Error {
    Error::unavailable("Another version of the app is being deployed: try again in a moment.")
        .retry_after(std::time::Duration::from_secs(5))
}

/// The reply to a socket too many of a session.
#[wasm_bindgen]
pub fn refuse_socket(trace_id: &str) -> String {
    refuse(&gateway::too_many_sockets(), trace_id)
}

/// The reply to a call that finds as many waiting for its object as may.
#[wasm_bindgen]
pub fn refuse_overload(trace_id: &str) -> String {
    refuse(&gateway::overloaded(), trace_id)
}

/// The reply to a call of a pod that cannot be opened.
#[wasm_bindgen]
pub fn refuse_unserved(trace_id: &str) -> String {
    refuse(&gateway::unserved(), trace_id)
}

/// The reply to a request of the admin that is not done: its code, of EdgePod's own, and its words.
#[wasm_bindgen]
pub fn refuse_admin(code: &str, message: &str, trace_id: &str) -> String {
    let known = crate::Code::SYSTEM
        .iter()
        .find(|known| known.as_str() == code);
    let code = *known.unwrap_or(&crate::Code::Internal);
    refuse(&Error::new(code, message), trace_id)
}

/// The reply to a failure of the host. Its text goes to the log; nothing where it is a panic's, which is there already.
#[wasm_bindgen]
pub fn refuse_internal(message: &str, function: &str, trace_id: &str) -> String {
    let error = Error::internal(message);
    if !message.is_empty() {
        let function = Some(function).filter(|function| !function.is_empty());
        log_internal(&error, function, trace_id);
    }
    crossing::write_reply(&gateway::Reply::error(&error, trace_id))
}

fn refuse(error: &Error, trace_id: &str) -> String {
    if error.code() == crate::Code::Internal {
        log_internal(error, None, trace_id);
    }
    crossing::write_reply(&gateway::Reply::error(error, trace_id))
}

fn log_internal(error: &Error, function: Option<&str>, trace_id: &str) {
    Record {
        function,
        trace_id: Some(trace_id),
        ..Record::new(Level::Error, error.message())
    }
    .write();
}

/// Starts an engine under a number that no other had. The message when it does not start.
#[wasm_bindgen]
pub fn open(engine: u32, ports: Ports) -> Option<String> {
    match Engine::start(Arc::new(ObjectHost::new(engine, ports))) {
        Ok(started) => {
            ENGINES.with_borrow_mut(|engines| {
                let place = engines.partition_point(|(number, _)| *number < engine);
                engines.insert(place, (engine, started));
            });
            None
        }
        Err(error) => Some(error.to_string()),
    }
}

/// What the admin is told of a pod: see [`crossing::write_status`]. `engine` is that of its object, where it is open; `number` is one
/// that no engine has.
#[wasm_bindgen]
pub fn status(
    engine: Option<u32>,
    number: u32,
    ports: Ports,
    failure: Option<String>,
    bytes: f64,
    opened_at: Option<f64>,
) -> String {
    let host = ObjectHost::new(number, ports);
    let migrations = App::of_program()
        .map_err(|error| error.to_string())
        .and_then(|app| {
            let statuses = app.migrations().statuses(&host);
            statuses.map_err(|error| error.to_string())
        });
    crossing::write_status(&PodStatus {
        bytes: bytes as u64,
        opened_at: opened_at.map(|millis| millis as i64),
        life: engine.map(|engine| opened(engine).life().to_string()),
        ..PodStatus::new(host.pod().to_string(), migrations, failure)
    })
}

/// What the admin address asks of jobs; see [`Engine::administer_jobs`] and [`crossing::write_outcome`].
#[wasm_bindgen]
pub fn jobs(engine: u32, what: &str, of: &str, trace_id: &str) -> String {
    crossing::write_outcome(&opened(engine).administer_jobs(what, of, trace_id))
}

/// Its object is gone: ends its streams, and an engine as soon as the actions have that are in it. Nothing where it is closed already.
#[wasm_bindgen]
pub fn close(engine: u32) {
    let closed = ENGINES.with_borrow_mut(|engines| {
        let place = engines.binary_search_by_key(&engine, |(number, _)| *number);
        place.ok().map(|place| engines.remove(place))
    });
    // What ends with it may come back here, so not while the list is held.
    drop(closed);
    if let Some(streams) = numbered() {
        (streams.close)(engine);
    }
}

/// A socket that was open before this engine began.
#[wasm_bindgen]
pub fn socket_restored(engine: u32, socket: u32, attachment: &str) {
    opened(engine).socket_restored(SocketId(socket), attachment);
}

/// A socket of a session is open, of a client that last heard of the version `since` and reads the tables in `tables`, one a
/// line.
#[wasm_bindgen]
pub fn socket_opened(engine: u32, socket: u32, session: &str, since: Option<String>, tables: &str) {
    let held = Held::list(tables);
    opened(engine).socket_opened(SocketId(socket), session, &Resume { since, held });
}

/// A socket is gone.
#[wasm_bindgen]
pub fn socket_closed(engine: u32, socket: u32) {
    opened(engine).socket_closed(SocketId(socket));
}

/// What came of the request to another server of this number: the answer, or why there is none. The texts are in
/// [`crossing::read_answer`].
#[wasm_bindgen]
pub fn fetched(number: u32, head: Option<String>, body: Vec<u8>, failure: String) {
    host::fetched(
        number,
        match head {
            Some(head) => Ok(crossing::read_answer(&head, body)),
            None => Err(NoAnswer::because(failure)),
        },
    );
}

/// Calls a query or a function; see [`Message`] and [`crossing::write_outcome`]. A long outcome is bytes, where the Worker takes them.
#[wasm_bindgen]
pub fn call(engine: u32, message: &str, takes_bytes: bool) -> JsValue {
    let engine = opened(engine);
    let message = Message::read(message);
    let outcome = match callee(&engine, &message) {
        Some(Callee::AtOnce(function)) => engine.call(function, call_of(&message)),
        _ => of_another_build(&message),
    };
    crossed(&outcome, takes_bytes)
}

/// An outcome's text; or its UTF-8, which nobody on its way to the client need decode and encode again.
fn crossed(outcome: &Outcome, takes_bytes: bool) -> JsValue {
    let text = crossing::write_outcome(outcome);
    if takes_bytes && text.len() >= LONG {
        js_sys::Uint8Array::from(text.as_bytes()).into()
    } else {
        text.into()
    }
}

/// Calls an action, or with a body a route, or for another pod a function of any kind; the texts as of [`call`]. A route's own reply is an array of
/// [`crossing::write_raw_head`]'s text, and the bytes of the body, or the number of its stream. With `outside` it is a route at the gateway: no engine is asked, and
/// `engine` is a number that none has. Without a message, and with a body, `engine` is the number of a stream, and its next chunk is
/// asked for: nothing at its end, null where it broke off.
// One for both: each future that JavaScript awaits is a kilobyte of a Worker.
#[wasm_bindgen]
pub async fn call_action(
    engine: u32,
    message: String,
    body: Option<Vec<u8>>,
    outside: Option<Ports>,
) -> JsValue {
    if let Some(body) = body {
        if message.is_empty() {
            return next_chunk(engine).await;
        }
        let message = Message::read(&message);
        let routed = match route_of(engine, &message, body, outside) {
            Some(routed) => routed.await,
            None => Outcome::error(&not_there_yet(), message.trace_id).into(),
        };
        return reply_of(routed, engine);
    }
    if message.is_empty() {
        run_action(engine).await;
        return JsValue::UNDEFINED;
    }
    let engine = opened(engine);
    let message = Message::read(&message);
    let outcome = match callee(&engine, &message) {
        Some(Callee::Action(action)) => engine.call_action(action, call_of(&message)).await,
        Some(Callee::AtOnce(function)) if message.origin.is_some() => {
            engine.call(function, call_of(&message))
        }
        _ => of_another_build(&message),
    };
    crossing::write_outcome(&outcome).into()
}

/// Asks a route, where this build has it: with `outside` one at the gateway, of a host that has the number and no database.
fn route_of<'a>(
    number: u32,
    message: &Message<'a>,
    body: Vec<u8>,
    outside: Option<Ports>,
) -> Option<RouteFuture<'a>> {
    let route = GATEWAY.with(|gateway| match gateway.get() {
        Some(Ok((_, registry))) => registry.route(message.name),
        _ => None,
    })?;
    let (request, call) = asked(message, body);
    match outside {
        None => Some(route.run(&opened(number), request, call)),
        Some(outside) => {
            let host = Arc::new(ObjectHost::new(number, outside));
            Some(route.at_gateway()?.run(host, route, request, call))
        }
    }
}

/// The outcome as JavaScript is given it: of a route whose body is a stream, with its number.
fn reply_of(Routed { outcome, stream }: Routed, engine: u32) -> JsValue {
    let Some(raw) = &outcome.raw else {
        return crossing::write_outcome(&outcome).into();
    };
    let body = match stream {
        Some(stream) => stream.number(engine).into(),
        None => js_sys::Uint8Array::from(&raw.body[..]).into(),
    };
    js_sys::Array::of2(&crossing::write_raw_head(raw).into(), &body).into()
}

/// What the stream of this number has next.
async fn next_chunk(number: u32) -> JsValue {
    let next = numbered().and_then(|streams| (streams.next)(number));
    let next = match next {
        Some(next) => next.await,
        None => Some(Err(BrokenOff)),
    };
    if let Some(Ok(chunk)) = next {
        return js_sys::Uint8Array::from(&chunk[..]).into();
    }
    cut(number);
    match next {
        Some(_) => JsValue::NULL,
        None => JsValue::UNDEFINED,
    }
}

/// Nobody reads the stream of this number any more.
#[wasm_bindgen]
pub fn cut(number: u32) {
    if let Some(streams) = numbered() {
        (streams.stop)(number);
    }
}

/// What a route is asked.
fn asked<'a>(message: &Message<'a>, body: Vec<u8>) -> (RawRequest, Call<'a>) {
    let (method, target) = crossing::read_request(message.args);
    let request = RawRequest {
        method: method.to_owned(),
        target: target.to_owned(),
        body: body.into(),
    };
    let call = Call {
        args: "",
        ..call_of(message)
    };
    (request, call)
}

/// Does one thing of what is due. `true`: there may be more. `false`: nothing is left. Nothing: it began an action, which
/// [`call_action`] runs where it is given no message: once for each.
#[wasm_bindgen]
pub fn run_job(engine: u32) -> Option<bool> {
    match opened(engine).run_job() {
        JobStep::Ran(_) => Some(true),
        JobStep::Idle => Some(false),
        JobStep::Action(action) => {
            ACTIONS.with_borrow_mut(|actions| actions.push((engine, action)));
            None
        }
    }
}

/// Runs an action that [`run_job`] has begun.
async fn run_action(engine: u32) {
    let action = ACTIONS.with_borrow_mut(|actions| {
        let place = actions.iter().position(|(number, _)| *number == engine);
        place.map(|place| actions.remove(place).1)
    });
    if let Some(action) = action {
        opened(engine).run_action_job(action).await;
    }
}

/// Runs a batch of queries, without those in `lost`, by their places; the texts as of [`call`], with no name. `begins` is told
/// the place of each before it runs.
#[wasm_bindgen]
pub fn call_batch(
    engine: u32,
    message: &str,
    lost: &[u32],
    begins: &js_sys::Function,
    takes_bytes: bool,
) -> JsValue {
    let message = Message::read(message);
    let batch = Batch {
        body: message.args,
        session: message.session,
        user: message.user(),
        headers: message.headers,
        trace_id: message.trace_id,
    };
    let outcome = opened(engine).call_batch(&batch, lost, |place| {
        let _ = begins.call1(&JsValue::NULL, &place.into());
    });
    crossed(&outcome, takes_bytes)
}

/// The function that is called, where this object has it.
fn callee(engine: &Engine, message: &Message<'_>) -> Option<Callee> {
    let registry = engine.registry();
    let function = match message.origin {
        Some(_) => registry.any(message.name),
        None => registry.get(message.name),
    };
    Some(function?.callee())
}

/// The outcome where the Worker knows a function of this name and kind, and this object does not: they may be of different
/// builds for a moment.
#[cold]
fn of_another_build(message: &Message<'_>) -> Outcome {
    Outcome::error(&no_function(message.name), message.trace_id)
}

fn call_of<'a>(message: &Message<'a>) -> Call<'a> {
    Call {
        args: message.args,
        session: message.session,
        user: message.user(),
        headers: Headers::from_json(message.headers),
        trace_id: message.trace_id,
        origin: message.origin.clone(),
    }
}

/// The engine of this number.
fn opened(engine: u32) -> Arc<Engine> {
    ENGINES.with_borrow(|engines| {
        let place = engines.binary_search_by_key(&engine, |(number, _)| *number);
        engines[place.expect("JavaScript opens an engine before it uses it")]
            .1
            .clone()
    })
}
