//! Requests of a test to the app's routes.

use std::mem;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};

use super::{
    super::{http::headers_json, signature},
    Caller, TestApp,
};
use crate::{
    engine::{Call, Headers, Host as _, Outcome, RawRequest, Routed, latin1},
    gateway::{
        BODY_LIMIT, Config, Decision, Gateway, HEADERS, Head, Reply, Route, Step, Verified,
        too_large,
    },
};

impl Caller {
    /// Sends a request to the app's routes, with the headers of this caller beside its own. When this returns, every window
    /// that had to has read again. A body that is a stream is read to its end.
    ///
    /// The caller's claims are the user. For an anonymous one a bearer token in the request may say who it is, as ever.
    ///
    /// # Panics
    /// Where the app's settings of tokens cannot be used, a stream breaks off, or a function is asked for: [`call`](Self::call) is for those.
    pub async fn request<B: Into<Bytes>>(&self, request: Request<B>) -> Response<Bytes> {
        let (mut parts, body) = request.into_parts();
        let body = body.into();
        for (name, value) in self.headers() {
            if let (Ok(name), Ok(value)) = (
                HeaderName::try_from(name),
                HeaderValue::from_str(value.as_str().unwrap_or_default()),
            ) {
                parts.headers.entry(name).or_insert(value);
            }
        }
        let app = self.app();
        app.hear();
        let trace_id = app.next_trace_id();
        let target = parts.uri.path_and_query();
        let raw = RawRequest {
            method: parts.method.as_str().to_owned(),
            target: target.map_or("/", |target| target.as_str()).to_owned(),
            body,
        };
        let what = format!("{} {}", raw.method, raw.target);
        let (route, user) = match decide(app, &raw, &parts.headers, &trace_id) {
            Route::Reply(reply) => return of_gateway(&reply),
            Route::Raw { route, user, .. } => (route, user),
            _ => panic!("{what} is for a function: a test calls those with `app.call(…)`"),
        };
        if raw.body.len() > BODY_LIMIT {
            return of_gateway(&Reply::error(&too_large(), &trace_id));
        }
        let call = Call {
            args: "",
            session: None,
            user: self.user().or(user),
            headers: Headers::from_json(headers_json(&parts.headers, None)),
            trace_id: &trace_id,
            origin: None,
        };
        let Routed { outcome, stream } = route.run(&app.engine(), raw, call).await;
        let mut response = of_outcome(outcome);
        if let Some(stream) = stream {
            let mut body = BytesMut::new();
            while let Some(chunk) = stream.clone().next().await {
                body.extend(chunk.expect("the stream of the reply broke off: the log says why"));
            }
            *response.body_mut() = body.freeze();
        }
        app.settle(&what);
        response
    }
}

impl TestApp {
    /// Sends a request to the app's routes, without a token. See [`Caller::request`].
    ///
    /// ```ignore
    /// let reply = app.request(Request::post("/hooks/github").body("Hello, World!")?).await;
    /// assert_eq!(reply.status(), 401);
    /// ```
    ///
    /// # Panics
    /// As [`Caller::request`].
    pub async fn request<B: Into<Bytes>>(&self, request: Request<B>) -> Response<Bytes> {
        self.anonymous().request(request).await
    }
}

/// What the gateway makes of it. Keys of other issuers are not fetched in a test.
fn decide(app: &TestApp, raw: &RawRequest, headers: &HeaderMap, trace_id: &str) -> Route {
    let host = &app.inner.host;
    let gateway = Gateway::new(Config::from_vars(|name| host.var(name)));
    let gateway = gateway.unwrap_or_else(|error| panic!("{error}"));
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (path, query) = raw.target.split_once('?').unwrap_or((&raw.target, ""));
    let mut head = Head {
        method: &raw.method,
        path,
        query,
        key: header("x-edgepod-key"),
        authorization: header("authorization"),
        request_headers: header("access-control-request-headers"),
        content_length: header("content-length"),
        ..Head::default()
    };
    let now = || host.now_micros().div_euclid(1000);
    let engine = app.engine();
    loop {
        match gateway.route(engine.registry(), &head, trace_id, now) {
            Decision::Done(route) => return route,
            Decision::First(Step::Verify(verification)) => {
                let right = signature::is_right(&verification);
                match gateway.verified(&head, verification.version, right, trace_id, now()) {
                    Verified::Again => {}
                    Verified::AgainAsNobody => head.authorization = None,
                    Verified::Refused(reply) => return Route::Reply(reply),
                }
            }
            Decision::First(Step::FetchKeys(_) | Step::Wait) => head.authorization = None,
        }
    }
}

fn of_gateway(reply: &Reply) -> Response<Bytes> {
    let headers = reply.headers.iter();
    let headers = headers.map(|(name, value)| (*name, value.as_str()));
    response(reply.status, headers, reply.body.clone().into())
}

fn of_outcome(mut outcome: Outcome) -> Response<Bytes> {
    match &outcome.raw {
        Some(raw) => {
            let headers = raw.headers.iter();
            let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
            response(raw.status, headers, raw.body.clone())
        }
        None => {
            let body = mem::take(&mut outcome.body);
            let wait = outcome.retry_after.map(|seconds| seconds.to_string());
            let wait = wait.iter().map(|wait| ("retry-after", wait.as_str()));
            let headers = HEADERS.iter().copied().chain(wait);
            response(outcome.status, headers, body.into())
        }
    }
}

fn response<'a>(
    status: u16,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
    body: Bytes,
) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name),
            HeaderValue::from_bytes(&latin1(value)),
        ) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
