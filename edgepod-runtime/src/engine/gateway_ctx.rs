//! Routes at the gateway: without a database, on Workers where the request arrives.
//!
//! What runs them is reached through [`AT_GATEWAY`], which only the attribute of such a route names.

use std::{rc::Rc, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Request;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Args, Call, CallId, Ended, Env, Fetch, HandlerFuture, Headers, Host, Kind, Level, Log, Outcome,
    RawRequest, Reply, RouteDef, RouteFuture, Routed, blocking,
    call::{failed, within_limit},
    context::{now, user_as},
    engine::CatchUnwind,
    route::received,
};
use crate::{Error, Result, auth::Claims, db::Timestamp, tracking::Footprint};

/// The context of a route at the gateway: the outside, and no database.
///
/// ```ignore
/// #[edgepod::route(GET, "/health", at = "gateway")]
/// async fn health(ctx: &GatewayCtx, _: Request<Bytes>) -> Result<Response<String>> {
///     Ok(Response::new(ctx.now().to_string()))
/// }
/// ```
#[derive(Clone)]
pub struct GatewayCtx {
    /// The request's headers.
    pub headers: Rc<Headers>,
    /// Variables, secrets and bindings.
    pub env: Env,
    /// The log; every line carries the trace id.
    pub log: Log,
    user: Option<Claims>,
}

impl GatewayCtx {
    /// Who calls: the claims of the verified token, or `None` for an anonymous call.
    pub fn user(&self) -> Option<&Claims> {
        self.user.as_ref()
    }

    /// Who calls, as the app's own type: see [`QueryCtx::user_as`](super::QueryCtx::user_as).
    ///
    /// # Errors
    /// `UNAUTHORIZED` for an anonymous call, and for claims that do not fit; why they do not is in the log only.
    pub fn user_as<T: DeserializeOwned>(&self) -> Result<T> {
        user_as(self.user(), &self.log)
    }

    /// Signs a token with the app's key: see [`QueryCtx::sign_jwt`](super::QueryCtx::sign_jwt).
    ///
    /// # Errors
    /// `INTERNAL` where there is no key, or the claims are no object.
    pub fn sign_jwt(&self, claims: impl Serialize, expires_in: Duration) -> Result<String> {
        self.env.sign_jwt(claims, expires_in)
    }

    /// The address of the client: see [`QueryCtx::client_address`](super::QueryCtx::client_address).
    pub fn client_address(&self) -> Option<&str> {
        self.headers.client_address()
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        now(&**self.env.host())
    }

    /// Asks another server, and gives its answer, of whatever status: see [`ActionCtx::fetch`](super::ActionCtx::fetch).
    ///
    /// # Errors
    /// As there.
    pub fn fetch<B: Into<Bytes>>(&self, request: Request<B>) -> Fetch<'_> {
        Fetch::begin(&**self.env.host(), &self.headers, request)
    }

    /// Runs work that keeps a processor busy: see [`ActionCtx::blocking`](super::ActionCtx::blocking). On a Worker it runs in
    /// place, and no object waits for it.
    ///
    /// # Panics
    /// As the work does.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        blocking::beside(&**self.env.host(), work).await
    }
}

/// A route at the gateway, as its attribute registers it.
pub struct GatewayWork {
    /// What runs it: [`AT_GATEWAY`].
    #[doc(hidden)]
    pub run: GatewayRun,
    /// The route itself.
    #[doc(hidden)]
    pub handler: for<'a> fn(&'a GatewayCtx, Request<Bytes>, &'a Args) -> HandlerFuture<'a>,
}

/// How a route at the gateway runs.
#[doc(hidden)]
pub type GatewayRun = for<'a> fn(
    Arc<dyn Host>,
    &'static GatewayWork,
    &'static RouteDef,
    RawRequest,
    Call<'a>,
) -> RouteFuture<'a>;

/// The one way of running them; the attribute registers routes with it.
#[doc(hidden)]
pub const AT_GATEWAY: GatewayRun = run;

impl GatewayWork {
    /// Runs it on a request. Of the host it asks what has nothing to do with a database.
    pub fn run<'a>(
        &'static self,
        host: Arc<dyn Host>,
        route: &'static RouteDef,
        request: RawRequest,
        call: Call<'a>,
    ) -> RouteFuture<'a> {
        (self.run)(host, self, route, request, call)
    }
}

fn run<'a>(
    host: Arc<dyn Host>,
    work: &'static GatewayWork,
    route: &'static RouteDef,
    request: RawRequest,
    call: Call<'a>,
) -> RouteFuture<'a> {
    Box::pin(async move {
        let began = Level::Info.is_on().then(|| host.now_micros());
        let args = Args::new(&route.params(&request.target));
        let is_head = request.method == "HEAD";
        let request = received(request, &call.headers);
        let ctx = GatewayCtx {
            headers: Rc::new(call.headers),
            env: Env::outside(host.clone()),
            log: Log::new(host.clone(), route.name, call.trace_id.into()),
            user: call.user,
        };
        let log = &ctx.log;
        let result = match request {
            Ok(request) => {
                let handler = (work.handler)(&ctx, request, &args);
                CatchUnwind { handler, log }.await
            }
            Err(error) => Err(error),
        };
        let stream = result.as_ref().ok().and_then(Reply::take_stream);
        let replied = within_limit(&*host, log, result).and_then(|reply| {
            let raw = reply.as_raw().map(Outcome::raw);
            raw.ok_or_else(|| Error::internal("the route returned no response"))
        });
        let (code, outcome) = match replied {
            Ok(outcome) => (None, outcome),
            Err(error) => (Some(error.code()), failed(log, error, call.trace_id)),
        };
        let nothing = Footprint::default();
        let call = CallId {
            function: route.name,
            kind: Kind::Action,
            trace_id: call.trace_id,
        };
        let ended = Ended {
            call,
            status: outcome.status,
            code,
            micros: began.map(|began| host.now_micros() - began),
            trace: began.and_then(|_| Some(ctx.headers.trace()?.id.to_owned())),
            #[cfg(not(target_arch = "wasm32"))]
            place: None,
            #[cfg(not(target_arch = "wasm32"))]
            began,
            #[cfg(not(target_arch = "wasm32"))]
            job: None,
            read: &nothing,
            written: &nothing,
            stale: None,
            version: "",
            rows_read: 0,
            rows_written: 0,
            replayed: false,
            cached: false,
            warnings: &[],
            #[cfg(debug_assertions)]
            explanation: None,
        };
        log.ended(&ended, &[]);
        Routed::new(outcome, stream, log, is_head)
    })
}
