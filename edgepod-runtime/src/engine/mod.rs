//! The engine of one database: dispatch, contexts, middleware, transactions, sessions and invalidation.
//!
//! A host makes one [`Engine`] for each database, passes it calls and the events of sockets, and is told through its
//! [`Host`] port what to send.

mod app;
mod args;
mod batch;
mod blocking;
mod body;
mod call;
mod clock;
mod context;
mod cron;
mod ended;
#[expect(
    clippy::module_inception,
    reason = "the engine's own type in the engine's room"
)]
mod engine;
mod event;
#[cfg(debug_assertions)]
mod explain;
mod extensions;
mod fetch;
mod gateway_ctx;
mod handler;
mod headers;
mod idempotency;
mod invocation;
mod job_admin;
mod jobs;
mod kept;
mod log;
mod parameters;
mod pod;
mod pods;
mod port;
mod presence;
mod readers;
mod ready_made;
mod registry;
mod reply;
mod route;
mod runner;
mod sessions;
mod start;
#[cfg(debug_assertions)]
mod studio;
mod system;
mod tokens;
mod traces;
mod tracing;
mod versions;

pub use app::App;
pub use args::Args;
pub use batch::Batch;
pub use body::{Body, BrokenOff, ByteStream, NextChunk, Numbered, numbered};
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) use call::SESSION;
pub use call::{Call, Outcome};
pub use context::{ActionCtx, Context, Ctx, Env, QueryCtx};
#[doc(hidden)]
pub use cron::{CronDef, CronFields, next_every, prepare_crons};
pub use edgepod_manifest::LocationHint;
pub use ended::Ended;
pub use engine::Engine;
pub use event::{CallId, Event};
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) use fetch::answered;
pub use fetch::{Fetch, Fetched, Fetching, NoAnswer, Outgoing};
pub use gateway_ctx::GatewayCtx;
#[doc(hidden)]
pub use gateway_ctx::{AT_GATEWAY, GatewayWork};
pub use handler::{Chain, Fits, Handler, HandlerFuture, Middleware, Next, Step};
#[doc(hidden)]
pub use handler::{Layer, Named};
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) use headers::CLIENT_ADDRESS;
pub use headers::Headers;
#[cfg(any(target_arch = "wasm32", test, feature = "fuzzing"))]
pub(crate) use headers::OWN as OWN_HEADERS;
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) use headers::Unread;
pub use invocation::{Callable, Gives, Invocation};
pub use job_admin::JobPage;
pub use jobs::{Job, JobFunction, JobList, JobState, JobStatus, Jobs};
pub use log::{Level, LevelError, Log, Record, log_panic, start_log};
#[doc(hidden)]
#[cfg(not(target_arch = "wasm32"))]
pub use parameters::error_field_type;
#[doc(hidden)]
pub use parameters::{
    ArgumentType, ErrorType, Given, Parameter, ResultType, Returned, Returns, Sendable, app_error,
    error_array, error_field, error_object,
};
pub(crate) use pod::no_pod;
pub use pod::{PodDef, PodName, PodRequest, PodRule, asked, by_claim, by_header, by_host};
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) use pods::answer_of;
pub use pods::{Origin, OtherPod, PodCall, Pods};
pub use port::{Host, SocketId};
pub use presence::Presence;
#[doc(hidden)]
pub use presence::{PRESENCES, PresenceRegistration};
pub use ready_made::{Per, RateLimit, RequireRole, rate_limit, require_role, require_user};
pub(crate) use registry::no_function;
pub use registry::{
    AppDef, AtOnce, Callee, FunctionDef, FunctionRegistration, Kind, Registry, RegistryError,
    Typed, Work,
};
pub use reply::Reply;
pub use route::{
    Found, ROUTER, RawReply, RawRequest, RouteDef, RouteFuture, RouteRegistration, RouteWork,
    Routed, Router, latin1,
};
#[doc(hidden)]
pub use route::{Responds, Segment, route_request, route_segment};
pub use runner::{ActionJob, JobStep};
#[doc(hidden)]
pub use runner::{RUNNER, Runner};
pub use sessions::Stale;
pub use start::StartError;
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) use start::check_statements;
pub use tokens::{sign_jwt, verify_jwt};
#[cfg(not(target_arch = "wasm32"))]
pub use traces::{Place, TraceContext};
#[cfg(test)]
pub(crate) use versions::write_pong;
pub use versions::{Held, Resume};
