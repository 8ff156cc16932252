//! Routes: requests of any form, from programs that are no clients of the app's own.
//!
//! What finds routes, reads requests and writes responses is reached through [`RouteDef::router`] alone, which only an app with
//! routes names: a Worker without them does not carry it.

use std::{fmt, future::Future, pin::Pin, rc::Rc, str::FromStr, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use percent_encoding::percent_decode_str;

use super::{
    ActionCtx, Args, Body, ByteStream, Call, Chain, Engine, GatewayWork, Headers, Log, Outcome,
    RegistryError, Reply,
    body::{Content, Source},
};
use crate::{
    Error, Result,
    thin::{self, push_json},
};

/// A route, as its attribute registers it.
pub struct RouteDef {
    /// Its method and its path as it is written: `POST /hooks/:id`.
    pub name: &'static str,
    /// The Rust path, for messages.
    pub rust_name: &'static str,
    /// File and line, for messages.
    pub location: (&'static str, u32),
    /// How routes are found and run: [`ROUTER`].
    pub router: &'static Router,
    /// What it does.
    pub work: RouteWork,
}

/// What a route does, by where it runs.
pub enum RouteWork {
    /// It has the database, as an action has.
    Action(Chain<ActionCtx>),
    /// It has none: on Workers it runs where the request arrives.
    Gateway(GatewayWork),
}

/// How routes are found and run.
pub struct Router {
    pub(super) sorted: fn(Vec<&'static RouteDef>) -> Result<Vec<&'static RouteDef>, RegistryError>,
    pub(super) find: fn(&[&'static RouteDef], method: &str, path: &str) -> Found,
    run: for<'a> fn(&Arc<Engine>, &'static RouteDef, RawRequest, Call<'a>) -> RouteFuture<'a>,
}

/// The one router; the attribute registers routes with it.
pub static ROUTER: Router = Router { sorted, find, run };

/// What takes a request at a path.
pub enum Found {
    /// No route is there.
    Nothing,
    /// This one.
    Route(&'static RouteDef),
    /// Routes of these methods, and not the request's.
    OtherMethods(Vec<&'static str>),
}

/// A route at work.
pub type RouteFuture<'a> = Pin<Box<dyn Future<Output = Routed> + 'a>>;

/// What came of a route.
pub struct Routed {
    /// The answer.
    pub outcome: Outcome,
    /// What follows its body, where the body is a stream.
    pub stream: Option<Rc<dyn ByteStream>>,
}

impl Routed {
    /// No stream is begun where no body is sent: the answer to HEAD has none, and neither have some statuses (RFC 9110, section 6.4.1).
    pub(super) fn new(
        outcome: Outcome,
        stream: Option<Box<dyn Source>>,
        log: &Log,
        is_head: bool,
    ) -> Self {
        let has_body = !is_head && !matches!(outcome.status, 204 | 205 | 304);
        let stream = stream.filter(|_| outcome.raw.is_some() && has_body);
        Self {
            outcome,
            stream: stream.map(|source| source.with_log(log.clone())),
        }
    }
}

impl From<Outcome> for Routed {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            stream: None,
        }
    }
}

/// A route, among those of the program.
pub struct RouteRegistration(pub &'static RouteDef);

inventory::collect!(RouteRegistration);

/// A request but for its headers, which a [`Call`] has.
#[derive(Clone, Debug, Default)]
pub struct RawRequest {
    /// The method in capitals.
    pub method: String,
    /// Path and query, as they were sent.
    pub target: String,
    /// The body, as it was sent.
    pub body: Bytes,
}

/// A route's own reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawReply {
    /// From 200 to 599.
    pub status: u16,
    /// Names in lower case; a byte of a value is a character of Latin-1.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl RouteDef {
    /// Its method.
    pub fn method(&self) -> &'static str {
        self.parts().0
    }

    /// Its path as it is written.
    pub fn path(&self) -> &'static str {
        self.parts().1
    }

    fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once(' ').unwrap_or((self.name, ""))
    }

    /// Runs it on a request.
    pub fn run<'a>(
        &'static self,
        engine: &Arc<Engine>,
        request: RawRequest,
        call: Call<'a>,
    ) -> RouteFuture<'a> {
        (self.router.run)(engine, self, request, call)
    }

    /// What it does without a database, where it needs none.
    pub fn at_gateway(&'static self) -> Option<&'static GatewayWork> {
        match &self.work {
            RouteWork::Action(_) => None,
            RouteWork::Gateway(work) => Some(work),
        }
    }

    /// Whether this is a path of it.
    fn is_at(&self, path: &str) -> bool {
        let mut segments = path.split('/');
        let fits = self.path().split('/').all(|expected| {
            segments
                .next()
                .is_some_and(|segment| match expected.starts_with(':') {
                    true => {
                        !segment.is_empty() && percent_decode_str(segment).decode_utf8().is_ok()
                    }
                    false => segment == expected,
                })
        });
        fits && segments.next().is_none()
    }

    /// What it is told apart by from other routes. Of those that take a request the least is meant: a segment that is written
    /// out comes before one that may be any text.
    fn order(&self) -> (Vec<(bool, &'static str)>, &'static str) {
        let segments = self
            .path()
            .split('/')
            .map(|segment| match segment.starts_with(':') {
                true => (true, ""),
                false => (false, segment),
            });
        (segments.collect(), self.method())
    }

    /// The segments that have a name, as arguments.
    pub(super) fn params(&self, target: &str) -> String {
        let path = target.split('?').next().unwrap_or_default();
        let mut json = String::from("{");
        for (name, value) in self.path().split('/').zip(path.split('/')) {
            if let Some(name) = name.strip_prefix(':') {
                if json.len() > 1 {
                    json.push(',');
                }
                push_json(&mut json, name);
                json.push(':');
                push_json(&mut json, &percent_decode_str(value).decode_utf8_lossy());
            }
        }
        json.push('}');
        json
    }
}

/// Routes in the order in which they are meant, each once.
fn sorted(routes: Vec<&'static RouteDef>) -> Result<Vec<&'static RouteDef>, RegistryError> {
    let routes = thin::sorted(routes, |route| (route.order(), route.location));
    let same = |pair: &&[&RouteDef]| pair[0].order() == pair[1].order();
    match routes.windows(2).find(same) {
        Some([a, b]) => Err(RegistryError::DuplicateRoute {
            name: a.name,
            places: [a, b].map(|route| {
                format!(
                    "`{}` ({}:{})",
                    route.rust_name, route.location.0, route.location.1
                )
            }),
        }),
        _ => Ok(routes),
    }
}

/// What takes a request. A route of GET takes HEAD, too.
fn find(routes: &[&'static RouteDef], method: &str, path: &str) -> Found {
    let there = || routes.iter().copied().filter(|route| route.is_at(path));
    let of = |method: &str| there().find(|route| route.method() == method);
    let found = match of(method) {
        None if method == "HEAD" => of("GET"),
        found => found,
    };
    if let Some(route) = found {
        return Found::Route(route);
    }
    let mut methods: Vec<_> = there().map(RouteDef::method).collect();
    if methods.is_empty() {
        return Found::Nothing;
    }
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods.sort_unstable();
    methods.dedup();
    Found::OtherMethods(methods)
}

fn run<'a>(
    engine: &Arc<Engine>,
    route: &'static RouteDef,
    request: RawRequest,
    call: Call<'a>,
) -> RouteFuture<'a> {
    let chain = match &route.work {
        RouteWork::Action(chain) => chain,
        RouteWork::Gateway(work) => {
            return work.run(engine.host().clone(), route, request, call);
        }
    };
    let engine = engine.clone();
    Box::pin(async move {
        let params = route.params(&request.target);
        let args = Args::new(&params);
        let request = received(request, &call.headers);
        engine
            .call_route(route.name, chain, request, &args, call)
            .await
    })
}

/// The request as a handler sees it.
pub(super) fn received(raw: RawRequest, headers: &Headers) -> Result<Request<Bytes>> {
    let wrong = |what: &str| Error::bad_request(format!("The request's {what} is none."));
    let mut request = Request::new(raw.body);
    *request.method_mut() = raw.method.parse().map_err(|_| wrong("method"))?;
    *request.uri_mut() = raw.target.parse().map_err(|_| wrong("address"))?;
    *request.headers_mut() = header_map(headers.all());
    Ok(request)
}

/// Headers whose values are characters of Latin-1, each of which is a byte. What is no header is left out.
pub(super) fn header_map<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(&latin1(value)),
        ) {
            map.append(name, value);
        }
    }
    map
}

/// The bytes of a text whose characters are bytes.
pub fn latin1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(c).unwrap_or(b'?'))
        .collect()
}

/// Headers as texts whose characters are bytes.
pub(super) fn header_texts(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    headers.iter().map(|(name, value)| {
        let value = value.as_bytes().iter().map(|byte| char::from(*byte));
        (name.as_str().to_owned(), value.collect())
    })
}

/// What describes a connection, and not what is asked or replied: the host's to say.
pub(super) const OF_THE_CONNECTION: [&str; 7] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The request of the route that runs. Middleware gets it as `ctx.get::<Request<Bytes>>()`.
///
/// # Errors
/// Outside of a route there is none.
#[doc(hidden)]
pub fn route_request(ctx: &ActionCtx) -> Result<Request<Bytes>> {
    let request = ctx.get::<Request<Bytes>>();
    let request =
        request.ok_or_else(|| Error::internal("the route was begun without a request"))?;
    Ok((*request).clone())
}

/// What may be a segment of a route's path that has a name.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a segment of a path",
    label = "no segment of a path",
    note = "a segment is a `String`, or a type with the standard library's `FromStr`, such as `i64` or `Uuid`"
)]
pub trait Segment: Sized {
    #[doc(hidden)]
    fn read(text: &str) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: FromStr> Segment for T {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// The segment of this name.
///
/// # Errors
/// `NOT_FOUND` where it is no `T`: there is nothing at such a path.
#[doc(hidden)]
pub fn route_segment<T: Segment>(args: &Args, name: &str) -> Result<T> {
    let text: String = args.get(name)?.unwrap_or_default();
    T::read(&text)
        .ok_or_else(|| Error::not_found(format!("There is nothing here: `{text}` is no `{name}`.")))
}

/// What a route returns.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a route cannot return `{Self}`",
    label = "expected `Result<Response<Bytes>>`",
    note = "a route returns a `Result` of an `edgepod::http::Response`, whose body is `Bytes` or what becomes it: a `String`, a \
            `Vec<u8>`, a `&'static str`; or `edgepod::http::Body`, which may be a stream"
)]
pub trait Responds {
    #[doc(hidden)]
    fn reply(self) -> Result<Reply>;
}

#[diagnostic::do_not_recommend]
impl<B: Into<Body>, E: Into<Error>> Responds for Result<Response<B>, E> {
    fn reply(self) -> Result<Reply> {
        replied(self.map_err(Into::into)?.map(Into::into))
    }
}

fn replied(response: Response<Body>) -> Result<Reply> {
    let status = response.status().as_u16();
    if !(200..600).contains(&status) {
        return Err(Error::internal(format!(
            "a route replied with the status {status}; a reply's is from 200 to 599"
        )));
    }
    let headers = header_texts(response.headers())
        .filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str()))
        .collect();
    let (body, stream) = match response.into_body().0 {
        Content::Whole(bytes) => (bytes, None),
        Content::Stream(stream) => (Bytes::new(), Some(stream)),
    };
    let raw = RawReply {
        status,
        headers,
        body,
    };
    Ok(Reply::raw(raw, stream))
}

/// A response that cannot be built: a header's name that is none, for example.
impl From<http::Error> for Error {
    fn from(error: http::Error) -> Self {
        Error::internal(format!("a request or response cannot be built: {error}"))
    }
}

impl fmt::Debug for RouteDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
