//! What crosses between JavaScript and the core, and between the Worker and its object, on the core's side; `crossing.mjs` is
//! JavaScript's. No other module knows how it is written. `docs/decisions/crossing.md` has it in one table.

use std::{borrow::Cow, fmt::Write};

use base64ct::{Base64, Encoding};
use edgepod_manifest::PodStatus;
use serde::{Serialize, Serializer};

use crate::{
    auth::{Claims, FETCH_LIMIT, KEYS_LIMIT, Verification},
    db::parse_rows,
    engine::{Kind, OWN_HEADERS, Origin, Outcome, Outgoing, PodCall, PodName, RawReply},
    gateway::{
        self, ADMIN_KEY_LENGTH, ADMIN_PAGE, BODY_LIMIT, Decision, EXPIRED, FAILED, HEADERS, Head,
        LIST_LIMIT, PROTOCOL, QUEUE, REFUSED, Route, SOCKETS_PER_SESSION, Step, UNWANTED_BODY,
        Verified,
    },
    sqlite::{Output, SqlError, TOO_LARGE, Value},
    thin::{push_json, push_number},
    tracking::{TableName, TableSet},
};

/// The version of what Worker and object say to each other: the first character of a call and of its outcome. What to do to
/// raise it is in `docs/decisions/crossing.md`.
pub(super) const VERSION: char = '2';

/// What JavaScript needs to know of the core's, as JSON.
pub(super) fn constants(result_limit: usize, pods: bool) -> String {
    #[derive(Serialize)]
    struct Constants<'a> {
        #[serde(serialize_with = "pairs")]
        headers: &'a [(&'static str, &'static str)],
        own_headers: &'static [&'static str],
        body_limit: usize,
        result_limit: usize,
        too_large: &'static str,
        unwanted_body: usize,
        sockets: usize,
        queue: usize,
        list_limit: usize,
        keys_limit: usize,
        fetch_limit: i64,
        expired: (u16, &'static str),
        refused: (u16, &'static str),
        unserved: u64,
        protocol: &'static str,
        pods: bool,
        global: &'static str,
        pod_name: usize,
        admin_key: usize,
        admin_page: usize,
    }
    json(&Constants {
        headers: HEADERS,
        own_headers: OWN_HEADERS,
        body_limit: BODY_LIMIT,
        result_limit,
        too_large: TOO_LARGE,
        unwanted_body: UNWANTED_BODY,
        sockets: SOCKETS_PER_SESSION,
        queue: QUEUE,
        list_limit: LIST_LIMIT,
        keys_limit: KEYS_LIMIT,
        fetch_limit: FETCH_LIMIT,
        expired: EXPIRED,
        refused: REFUSED,
        unserved: FAILED.as_secs(),
        protocol: PROTOCOL,
        pods,
        global: PodName::GLOBAL,
        pod_name: PodName::LENGTH,
        admin_key: ADMIN_KEY_LENGTH,
        admin_page: ADMIN_PAGE,
    })
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings are JSON")
}

/// An object of these members.
fn pairs<V: Serialize, S: Serializer>(
    pairs: &[(&'static str, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// The head of a request: one line each of method, path, query, and of the headers X-EdgePod-Key, Authorization,
/// X-EdgePod-Session-Id, X-EdgePod-Reactive, Upgrade, Access-Control-Request-Headers, Content-Length, X-EdgePod-Pod, and where
/// the app has pods of all headers' JSON. An absent header is a line of one NUL, which no header can hold.
pub(super) fn read_head(head: &str) -> Head<'_> {
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
        pod: header(),
        headers: header(),
        body: None,
    }
}

/// What becomes of a request. The first letter says what follows:
/// - `R` and JSON: reply with this.
/// - `S`: a socket. A line follows where it was opened with a token: when that expires, in milliseconds since 1970.
/// - `C` (a query or a function), `A` (an action), `B` (a batch): a call, but for its headers and arguments. Lines of the
///   function's name, the session or nothing, the trace id, the claims of the user or nothing.
/// - `H`: a request for a route, but for its headers, its method and address, and its body. The lines are those of a call, with
///   the route's method and path for the name and no session.
/// - `O`: the same, for a route at the gateway: the Worker runs it itself.
/// - `G`: a call that brought its arguments along. A line more: the arguments, which may have lines of their own.
///
/// After the letter of a socket or a call stands the pod, as [`write_pod`] writes it.
/// - `V` and JSON: verify this signature, tell `verified`, and unless that refuses, ask again.
/// - `F` and a URL: fetch the keys there, tell `keys_fetched`, and ask again.
/// - `W`: ask again in a few milliseconds.
pub(super) fn write_decision(decision: &Decision, trace_id: &str) -> String {
    match decision {
        Decision::First(Step::Verify(verification)) => write_verification(verification),
        Decision::First(Step::FetchKeys(url)) => ["F", url].concat(),
        Decision::First(Step::Wait) => "W".to_owned(),
        Decision::Done(route) => write_route(route, trace_id),
    }
}

fn write_route(route: &Route, trace_id: &str) -> String {
    match route {
        Route::Reply(reply) => write_reply(reply),
        Route::Socket { pod, expires, .. } => {
            let mut text = String::from("S");
            text.push_str(&write_pod(pod.as_ref()));
            text.push('\n');
            if let Some(expires) = expires {
                push_number(&mut text, (*expires).try_into().unwrap_or(0));
            }
            text
        }
        Route::Batch { pod, session, user } => {
            write_call('B', &write_pod(pod.as_ref()), "", session, trace_id, user)
        }
        Route::Raw { pod, route, user } => {
            let kind = if route.at_gateway().is_some() {
                'O'
            } else {
                'H'
            };
            write_call(
                kind,
                &write_pod(pod.as_ref()),
                route.name,
                &None,
                trace_id,
                user,
            )
        }
        Route::Call {
            pod,
            function,
            args,
            session,
            user,
        } => {
            let (pod, name) = (&*write_pod(pod.as_ref()), function.name);
            match args {
                None if function.kind() == Kind::Action => {
                    write_call('A', pod, name, session, trace_id, user)
                }
                None => write_call('C', pod, name, session, trace_id, user),
                Some(args) => {
                    let mut text = write_call('G', pod, name, session, trace_id, user);
                    text.push('\n');
                    text.push_str(args);
                    text
                }
            }
        }
    }
}

/// The pod that an object is for: its name, and where the object is best made there is a space, which no name has, and the code of that
/// place.
pub(super) fn write_pod(pod: Option<&PodName>) -> Cow<'_, str> {
    let name = pod.map_or(PodName::GLOBAL, PodName::as_str);
    match pod.and_then(PodName::hint) {
        None => name.into(),
        Some(hint) => [name, " ", hint].concat().into(),
    }
}

pub(super) fn write_call(
    kind: char,
    pod: &str,
    name: &str,
    session: &Option<String>,
    trace_id: &str,
    user: &Option<Claims>,
) -> String {
    let session = session.as_deref().unwrap_or_default();
    let user = user.as_ref().map(json).unwrap_or_default();
    let mut text = String::with_capacity(
        pod.len() + name.len() + session.len() + trace_id.len() + user.len() + 5,
    );
    text.push(kind);
    text.push_str(pod);
    for line in [name, session, trace_id, &user] {
        // Kind and pod stand in a line of their own, so that what follows it is what the version before knows.
        text.push('\n');
        text.push_str(line);
    }
    text
}

/// What WebCrypto needs to verify a signature.
fn write_verification(verification: &Verification) -> String {
    #[derive(Serialize)]
    struct Encoded<'a> {
        algorithm: &'a str,
        jwk: String,
        signed: &'a str,
        signature: String,
        version: u32,
    }
    let mut text = json(&Encoded {
        algorithm: verification.algorithm.as_str(),
        jwk: verification.key.material().to_jwk(),
        signed: &verification.signed,
        signature: Base64::encode_string(&verification.signature),
        version: verification.version,
    });
    text.insert(0, 'V');
    text
}

/// What follows from a signature that was verified: a reply that refuses the request; or nothing: ask again; or `N`: ask again as
/// nobody, without the token.
pub(super) fn write_verified(verified: &Verified) -> String {
    match verified {
        Verified::Refused(reply) => write_reply(reply),
        Verified::Again => String::new(),
        Verified::AgainAsNobody => "N".to_owned(),
    }
}

/// A reply of the gateway's.
pub(super) fn write_reply(reply: &gateway::Reply) -> String {
    #[derive(Serialize)]
    struct Encoded<'a> {
        status: u16,
        #[serde(serialize_with = "pairs")]
        headers: &'a [(&'static str, String)],
        body: &'a str,
    }
    let mut text = json(&Encoded {
        status: reply.status,
        headers: &reply.headers,
        body: &reply.body,
    });
    text.insert(0, 'R');
    text
}

/// A call as the Worker hands it to the object: the version and the kind; then lines of the function's name, the session or
/// nothing, the trace id, the claims of the user or nothing, the headers' JSON; and the arguments, which may have lines of
/// their own. JavaScript has looked at version and kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) name: &'a str,
    pub(super) session: Option<&'a str>,
    pub(super) trace_id: &'a str,
    user: &'a str,
    pub(super) headers: &'a str,
    /// Where it comes from, where no client makes it.
    pub(super) origin: Option<Origin>,
    pub(super) args: &'a str,
}

impl<'a> Message<'a> {
    pub(super) fn read(message: &'a str) -> Self {
        let mut lines = message.splitn(7, '\n');
        let mut line = || lines.next().unwrap_or_default();
        let is_of_pod = line().ends_with('I');
        let mut read = Self {
            name: line(),
            session: Some(line()).filter(|session| !session.is_empty()),
            trace_id: line(),
            user: line(),
            headers: line(),
            origin: None,
            args: line(),
        };
        if is_of_pod {
            read.origin = Some(read_origin(read.headers));
            read.headers = "{}";
        }
        read
    }

    /// The claims that the gateway has verified, or nothing.
    pub(super) fn user(&self) -> Option<Claims> {
        (!self.user.is_empty())
            .then(|| serde_json::from_str(self.user).expect("the gateway's own JSON"))
    }
}

/// The outcome of a call: the version, three digits of status, the seconds of `Retry-After` where there are any, then the
/// reply's body, which begins with a brace.
pub(super) fn write_outcome(outcome: &Outcome) -> String {
    let mut text = String::with_capacity(outcome.body.len() + 16);
    text.push(VERSION);
    push_number(&mut text, outcome.status.into());
    if let Some(seconds) = outcome.retry_after {
        push_number(&mut text, seconds.into());
    }
    text.push_str(&outcome.body);
    text
}

/// What the arguments of a message are for a route: `POST /hooks/7?from=github`.
pub(super) fn read_request(args: &str) -> (&str, &str) {
    args.split_once(' ').unwrap_or((args, "/"))
}

/// A route's own reply but for its body: the version, and status and headers as JSON.
pub(super) fn write_raw_head(reply: &RawReply) -> String {
    let mut text = String::from(VERSION);
    text.push_str("{\"status\":");
    push_number(&mut text, reply.status.into());
    text.push_str(",\"headers\":[");
    for (i, (name, value)) in reply.headers.iter().enumerate() {
        text.push_str(if i > 0 { ",[" } else { "[" });
        push_json(&mut text, name);
        text.push(',');
        push_json(&mut text, value);
        text.push(']');
    }
    text.push_str("]}");
    text
}

/// A request to another server but for its body: lines of method, address, milliseconds, bytes of the answer, and a line for
/// each header, `name:value`.
pub(super) fn write_outgoing(outgoing: &Outgoing) -> String {
    let mut text = String::new();
    for line in [&outgoing.method, "\n", &outgoing.url, "\n"] {
        text.push_str(line);
    }
    push_number(&mut text, outgoing.timeout.as_millis() as u64);
    text.push('\n');
    push_number(&mut text, outgoing.limit as u64);
    for (name, value) in &outgoing.headers {
        for part in ["\n", name, ":", value] {
            text.push_str(part);
        }
    }
    text
}

/// What another server answered, but for its body: lines of the status and of each header.
pub(super) fn read_answer(head: &str, body: Vec<u8>) -> RawReply {
    let mut lines = head.split('\n');
    let status = lines.next().and_then(|status| status.parse().ok());
    let mut headers = Vec::new();
    for line in lines {
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    RawReply {
        status: status.unwrap_or_default(),
        headers,
        body: body.into(),
    }
}

/// A call of a function in another pod, from its object to that one's: as of the Worker's, of the kind `I`, and for the headers where
/// it comes from.
pub(super) fn write_pod_call(call: &PodCall) -> String {
    let mut text = String::from(VERSION);
    text.push_str(&write_call(
        'I',
        "",
        call.function.name,
        &None,
        &call.trace_id,
        &call.user,
    ));
    let Origin { pod, depth, key } = &call.origin;
    text.push('\n');
    push_number(&mut text, (*depth).into());
    // No name has a space.
    for part in [
        " ",
        pod,
        " ",
        key.as_deref().unwrap_or_default(),
        "\n",
        &call.args,
    ] {
        text.push_str(part);
    }
    text
}

fn read_origin(line: &str) -> Origin {
    let mut parts = line.split(' ');
    let mut part = || parts.next().unwrap_or_default();
    Origin {
        depth: part().parse().unwrap_or_default(),
        pod: part().to_owned(),
        key: Some(part().to_owned()).filter(|key| !key.is_empty()),
    }
}

/// A list of tables: one a line.
pub(super) fn write_tables(tables: &TableSet) -> String {
    let names: Vec<&str> = tables.iter().map(TableName::as_str).collect();
    names.join("\n")
}

/// What an object says of its pod at the admin address: the members of [`PodStatus`], in JSON. Not by serde: nothing else of a
/// Worker would have its numbers.
pub(super) fn write_status(status: &PodStatus) -> String {
    let mut text = String::from("{\"pod\":");
    push_json(&mut text, &status.pod);
    text.push_str(",\"state\":");
    push_json(&mut text, status.state.as_str());
    for (name, value) in [("failure", &status.failure), ("life", &status.life)] {
        text.push_str(",\"");
        text.push_str(name);
        text.push_str("\":");
        match value {
            Some(value) => push_json(&mut text, value),
            None => text.push_str("null"),
        }
    }
    text.push_str(",\"applied\":");
    push_number(&mut text, status.applied as u64);
    text.push_str(",\"bytes\":");
    push_number(&mut text, status.bytes);
    text.push_str(",\"opened_at\":");
    match status.opened_at {
        Some(millis) => push_number(&mut text, millis.unsigned_abs()),
        None => text.push_str("null"),
    }
    text.push_str(",\"pending\":[");
    for (i, name) in status.pending.iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        push_json(&mut text, name);
    }
    text.push_str("]}");
    text
}

/// Integers beyond this lose digits as JavaScript numbers: 2^53 - 1.
const SAFE: i64 = (1 << 53) - 1;

/// The parameters of a statement: a JSON array, or nothing. Integers that a number cannot hold travel as text (the SQL casts
/// them), bytes as `{"$blob":"<hex>"}`.
pub(super) fn write_parameters(params: &[Value]) -> String {
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

/// The rows of a statement: `<rows written>|<rows as JSON arrays>`.
pub(super) fn read_rows(output: &str) -> Result<Output, SqlError> {
    let (changes, rows) = read_counted(output)?;
    let rows = parse_rows(rows).map_err(|error| SqlError {
        message: error.message().to_owned(),
    })?;
    Ok(Output { rows, changes })
}

/// What a statement wrote, and what it returned: `<rows written>|<text>`.
pub(super) fn read_counted(output: &str) -> Result<(u64, &str), SqlError> {
    output
        .split_once('|')
        .and_then(|(written, rest)| Some((written.parse().ok()?, rest)))
        .ok_or_else(|| SqlError {
            message: format!("the object returned {output:?}"),
        })
}

#[cfg(test)]
#[path = "crossing_tests.rs"]
mod tests;
