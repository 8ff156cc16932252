//! What the core offers the entry module.

use std::{
    cell::{OnceCell, RefCell},
    sync::Arc,
};

use base64ct::{Base64, Encoding};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{
    bindings::{self, Bridge},
    env,
    host::{self, ObjectHost, ObjectId},
};
use crate::{
    Error,
    auth::{Claims, FETCH_LIMIT, Verification},
    engine::{
        Batch, Call, Engine, Headers, Held, Kind, Level, Outcome, Record, Registry, Resume,
        SocketId, log_panic, start_log,
    },
    gateway::{self, BODY_LIMIT, Config, EXPIRED, Gateway, HEADERS, Head, Route},
    thin::push_number,
};

thread_local! {
    static GATEWAY: OnceCell<Result<(Gateway, Registry), String>> = const { OnceCell::new() };
    static ENGINES: RefCell<Vec<Option<Arc<Engine>>>> = const { RefCell::new(Vec::new()) };
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

/// Sets up the gateway from the Worker's environment. Returns constants that the entry module needs, as JSON.
#[wasm_bindgen]
pub fn configure(environment: JsValue) -> String {
    let var = |name: &str| {
        js_sys::Reflect::get(&environment, &JsValue::from_str(name))
            .ok()?
            .as_string()
    };
    let made = start_log(var("EDGEPOD_LOG").as_deref(), bindings::log)
        .and_then(|()| Registry::collect().map_err(|error| error.to_string()))
        .and_then(|registry| Ok((Gateway::new(Config::from_vars(var))?, registry)));
    GATEWAY.with(|gateway| gateway.set(made).is_ok());
    env::set(environment);

    #[derive(Serialize)]
    struct Constants<'a> {
        #[serde(serialize_with = "pairs")]
        headers: &'a [(&'static str, &'static str)],
        body_limit: usize,
        fetch_limit: i64,
        expired: (u16, &'static str),
    }
    serde_json::to_string(&Constants {
        headers: HEADERS,
        body_limit: BODY_LIMIT,
        fetch_limit: FETCH_LIMIT,
        expired: EXPIRED,
    })
    .expect("strings are JSON")
}

/// Decides what becomes of a request.
///
/// `head` is one line each: method, path, query, then the headers X-EdgePod-Key, Authorization, X-EdgePod-Session-Id,
/// X-EdgePod-Reactive, Upgrade, Access-Control-Request-Headers, Content-Length. An absent header is a line of one NUL, which
/// no header can hold.
///
/// Returns, by its first letter:
/// - `R` and JSON: reply with this.
/// - `S`: a socket; and where it was opened with a token, when that expires, in milliseconds since 1970.
/// - `C`, `A` (an action): a call; then lines: the session or nothing, the name, the claims of the user or nothing, and where
///   they came with a GET the arguments.
/// - `B`: a batch; then lines as of a call, with no name.
/// - `V` and JSON: verify this signature, call [`verified`], and unless that refuses, ask again.
/// - `F` and a URL: fetch the keys there, call [`keys_fetched`], and ask again.
/// - `W`: ask again in a few milliseconds.
#[wasm_bindgen]
pub fn route(head: &str, trace_id: &str) -> String {
    let head = read_head(head);
    with_gateway(trace_id, |gateway, registry| {
        match gateway.route(registry, &head, trace_id, now_millis) {
            Route::Reply(reply) => encode_reply(&reply),
            Route::Socket { expires, .. } => match expires {
                None => "S".to_owned(),
                Some(expires) => format!("S{expires}"),
            },
            Route::Verify(verification) => format!("V{}", encode_verification(&verification)),
            Route::FetchKeys(url) => format!("F{url}"),
            Route::Wait => "W".to_owned(),
            Route::Batch { session, user } => {
                format!("B{}\n\n{}", session.unwrap_or_default(), user_json(user))
            }
            Route::Call {
                function,
                args,
                session,
                user,
            } => {
                let letter = if function.kind == Kind::Action {
                    'A'
                } else {
                    'C'
                };
                let session = session.unwrap_or_default();
                let user = user_json(user);
                match args {
                    None => format!("{letter}{session}\n{}\n{user}", function.name),
                    Some(args) => format!("{letter}{session}\n{}\n{user}\n{args}", function.name),
                }
            }
        }
    })
}

/// A signature of `V` was verified, with the head and the version that came with it: whether it is right. A reply that
/// refuses the request, or nothing: ask again.
#[wasm_bindgen]
pub fn verified(head: &str, version: u32, right: bool, trace_id: &str) -> String {
    let head = read_head(head);
    with_gateway(trace_id, |gateway, _| {
        match gateway.verified(&head, version, right, trace_id, now_millis()) {
            Some(reply) => encode_reply(&reply),
            None => String::new(),
        }
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
            Some(text) => authenticator.keys_loaded(&text, now_millis()).err(),
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

/// What WebCrypto needs to verify a signature.
fn encode_verification(verification: &Verification) -> String {
    #[derive(Serialize)]
    struct Encoded<'a> {
        algorithm: &'a str,
        jwk: String,
        signed: &'a str,
        signature: String,
        version: u32,
    }
    serde_json::to_string(&Encoded {
        algorithm: verification.algorithm.as_str(),
        jwk: verification.key.material().to_jwk(),
        signed: &verification.signed,
        signature: Base64::encode_string(&verification.signature),
        version: verification.version,
    })
    .expect("strings are JSON")
}

fn with_gateway(trace_id: &str, body: impl FnOnce(&Gateway, &Registry) -> String) -> String {
    GATEWAY.with(|gateway| match gateway.get() {
        Some(Ok((gateway, registry))) => body(gateway, registry),
        Some(Err(message)) => refuse(&Error::internal(message.clone()), trace_id),
        None => refuse(&Error::internal("the gateway is not configured"), trace_id),
    })
}

fn read_head(head: &str) -> Head<'_> {
    let mut lines = head.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (method, path, query) = (line(), line(), line());
    let mut header = || Some(line()).filter(|value| *value != "\0");
    Head {
        method,
        path,
        query,
        key: header(),
        authorization: header(),
        session: header(),
        reactive: header(),
        upgrade: header(),
        request_headers: header(),
        content_length: header(),
    }
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

/// The reply to a failure of the host. Its text goes to the log; nothing where it is a panic's, which is there already.
#[wasm_bindgen]
pub fn refuse_internal(message: &str, function: &str, trace_id: &str) -> String {
    let error = Error::internal(message);
    if !message.is_empty() {
        let function = Some(function).filter(|function| !function.is_empty());
        log_internal(&error, function, trace_id);
    }
    encode_reply(&gateway::Reply::error(&error, trace_id))
}

fn refuse(error: &Error, trace_id: &str) -> String {
    if error.code() == crate::Code::Internal {
        log_internal(error, None, trace_id);
    }
    encode_reply(&gateway::Reply::error(error, trace_id))
}

fn log_internal(error: &Error, function: Option<&str>, trace_id: &str) {
    Record {
        function,
        trace_id: Some(trace_id),
        ..Record::new(Level::Error, error.message())
    }
    .write();
}

/// An object of these members.
fn pairs<V: Serialize, S: serde::Serializer>(
    pairs: &[(&'static str, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

fn encode_reply(reply: &gateway::Reply) -> String {
    #[derive(Serialize)]
    struct Encoded<'a> {
        status: u16,
        #[serde(serialize_with = "pairs")]
        headers: &'a [(&'static str, String)],
        body: &'a str,
    }
    let json = serde_json::to_string(&Encoded {
        status: reply.status,
        headers: &reply.headers,
        body: &reply.body,
    })
    .expect("strings are JSON");
    format!("R{json}")
}

/// Starts the engine of an object. The message when it does not start.
#[wasm_bindgen]
pub fn open(object: u32, bridge: Bridge) -> Option<String> {
    let host = Arc::new(ObjectHost::new(ObjectId(object), bridge));
    match Engine::start(host) {
        Ok(engine) => {
            let index = object as usize;
            ENGINES.with_borrow_mut(|engines| {
                if engines.len() <= index {
                    engines.resize_with(index + 1, || None);
                }
                engines[index] = Some(engine);
            });
            None
        }
        Err(error) => Some(error.to_string()),
    }
}

/// A socket that was open before this engine began.
#[wasm_bindgen]
pub fn socket_restored(object: u32, socket: u32, attachment: &str) {
    engine(object).socket_restored(SocketId(socket), attachment);
}

/// A socket of a session is open, of a client that last heard of the version `since` and reads the tables in `tables`, one a
/// line.
#[wasm_bindgen]
pub fn socket_opened(object: u32, socket: u32, session: &str, since: Option<String>, tables: &str) {
    let held = tables.lines().map(Held::parse).collect();
    engine(object).socket_opened(SocketId(socket), session, &Resume { since, held });
}

/// A socket is gone.
#[wasm_bindgen]
pub fn socket_closed(object: u32, socket: u32) {
    engine(object).socket_closed(SocketId(socket));
}

/// A call as the gateway's Worker hands it to the object: lines of the function's name, the session or nothing, the trace
/// id, the claims of the user or nothing, the headers' JSON, and last the arguments, which may have lines of their own.
struct Packed<'a> {
    name: &'a str,
    session: Option<&'a str>,
    trace_id: &'a str,
    user: &'a str,
    headers: &'a str,
    args: &'a str,
}

impl<'a> Packed<'a> {
    fn parse(call: &'a str) -> Self {
        let mut lines = call.splitn(6, '\n');
        let mut line = || lines.next().unwrap_or_default();
        Self {
            name: line(),
            session: Some(line()).filter(|session| !session.is_empty()),
            trace_id: line(),
            user: line(),
            headers: line(),
            args: line(),
        }
    }

    /// The call, or the outcome where this object does not know the function.
    fn call(&self, engine: &Engine) -> Result<Call<'a>, Outcome> {
        let function = engine
            .registry()
            .get(self.name)
            .ok_or_else(|| unknown(self.name, self.trace_id))?;
        Ok(Call {
            function,
            args: self.args,
            session: self.session,
            user: claims(self.user),
            headers: Headers::from_json(self.headers),
            trace_id: self.trace_id,
        })
    }
}

/// Calls a query or a function: three digits of status, the seconds of `Retry-After` where there are any, then the
/// reply's body, which begins with a brace.
#[wasm_bindgen]
pub fn call(object: u32, call: &str) -> String {
    let engine = engine(object);
    encode_outcome(match Packed::parse(call).call(&engine) {
        Ok(call) => engine.call(call),
        Err(outcome) => outcome,
    })
}

/// Calls an action; the texts as of [`call`].
#[wasm_bindgen]
pub async fn call_action(object: u32, call: String) -> String {
    let engine = engine(object);
    encode_outcome(match Packed::parse(&call).call(&engine) {
        Ok(call) => engine.call_action(call).await,
        Err(outcome) => outcome,
    })
}

/// Runs a batch of queries, without those in `lost`, by their places; the text as of [`call`], with no name. `begins` is told
/// the place of each before it runs.
#[wasm_bindgen]
pub fn call_batch(object: u32, call: &str, lost: &[u32], begins: &js_sys::Function) -> String {
    let packed = Packed::parse(call);
    let batch = Batch {
        body: packed.args,
        session: packed.session,
        user: claims(packed.user),
        headers: packed.headers,
        trace_id: packed.trace_id,
    };
    encode_outcome(engine(object).call_batch(&batch, lost, |place| {
        let _ = begins.call1(&JsValue::NULL, &place.into());
    }))
}

fn user_json(user: Option<Claims>) -> String {
    user.map_or_else(String::new, |claims| {
        serde_json::to_string(&claims).expect("claims are JSON")
    })
}

/// The claims that the gateway has verified, or nothing.
fn claims(json: &str) -> Option<Claims> {
    (!json.is_empty()).then(|| serde_json::from_str(json).expect("the gateway's own JSON"))
}

/// Worker and object may be of different versions for a moment: what one knows the other may not.
fn unknown(name: &str, trace_id: &str) -> Outcome {
    Outcome::error(
        &Error::not_found(format!("There is no function `{name}`.")),
        trace_id,
    )
}

fn encode_outcome(outcome: Outcome) -> String {
    let mut text = String::with_capacity(outcome.body.len() + 16);
    push_number(&mut text, outcome.status.into());
    if let Some(seconds) = outcome.retry_after {
        push_number(&mut text, seconds.into());
    }
    text.push_str(&outcome.body);
    text
}

fn engine(object: u32) -> Arc<Engine> {
    ENGINES.with_borrow(|engines| {
        engines[object as usize]
            .clone()
            .expect("opened by the entry module")
    })
}
