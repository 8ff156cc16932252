//! A reactive backend in Rust on Cloudflare: tables as structs, functions that clients call by name, and screens that
//! refresh themselves when anyone changes the data.
//!
//! ```
//! use edgepod::prelude::*;
//!
//! #[edgepod::table(name = "users")]
//! pub struct User {
//!     #[primary_key]
//!     #[auto_inc]
//!     pub id: i64,
//!     #[unique]
//!     pub email: String,
//!     pub name: Option<String>,
//!     #[default(now)]
//!     pub created_at: Timestamp,
//! }
//!
//! /// All users, first to last.
//! #[edgepod::query]
//! pub async fn get_users(ctx: &QueryCtx) -> Result<Vec<User>> {
//!     ctx.db.select::<User>().order_by(User::id.asc()).all()
//! }
//!
//! /// Signs somebody up.
//! #[edgepod::function]
//! pub async fn create_user(ctx: &Ctx, email: String, name: Option<String>) -> Result<User> {
//!     ctx.db.insert(NewUser { email, name }).returning()
//! }
//!
//! edgepod::app!();
//! ```
//!
//! That is a whole app. `edgepod dev` serves it and writes a typed TypeScript client with React hooks: `useQuery("getUsers")`
//! shows the users, and shows the new one in every window once `createUser` has committed.
//!
//! | to | write |
//! |---|---|
//! | describe a table | [`table`], [`data`] for what is no table, [`row`](macro@row) for a select of columns |
//! | read | [`query`](macro@query), which takes [`&QueryCtx`](QueryCtx) |
//! | write, in one transaction | [`function`], which takes [`&Ctx`](Ctx) |
//! | answer what is no client: a webhook, a feed | [`route`](macro@route), with the types of [`http`] |
//! | the same, without the database | a route with `at = "gateway"`, which takes [`&GatewayCtx`](GatewayCtx) |
//! | await the outside world | [`action`], which takes [`&ActionCtx`](ActionCtx) |
//! | do something later, or again and again | `ctx.jobs()`, [`cron`] |
//! | run something around functions | [`middleware`](macro@middleware) |
//! | give each tenant a database | [`pod`](macro@pod) |
//! | say what can be wrong | [`error`](macro@error) |
//! | make the crate a Worker and a program | [`app!`] |
//! | test a function, without a server | [`macro@test`] |
//!
//! The same crate runs in a Durable Object and, with the feature `native` (on by default), in a process of its own.

pub use edgepod_macros::{
    ColumnType, action, app, cron, data, error, function, middleware, migration, pod, presence,
    query, route, row, sql, table, test,
};
pub use edgepod_runtime::{
    Code, Error, Result,
    auth::Claims,
    db::{self, Bytes, Int64, JobId, Json, Timestamp, Uuid},
    engine::{
        ActionCtx, Args, Callable, Ctx, Env, GatewayCtx, Gives, Headers, Invocation, Job, JobState,
        JobStatus, Jobs, LocationHint, Log, Next, PodName, PodRequest, Presence, QueryCtx, Reply,
        sign_jwt, verify_jwt,
    },
    migrations::MigrationDb,
};

/// The `worker` crate, of the version that EdgePod is built with: on Workers, for `fetch` and for bindings.
#[cfg(target_arch = "wasm32")]
pub use edgepod_runtime::__private::worker;
/// On Workers, `ctx.env.worker()`: all bindings.
#[cfg(target_arch = "wasm32")]
pub use edgepod_runtime::host::durable_object::WorkerEnv;

/// Requests and responses of [routes](macro@route): the crate `http`, and the bytes of a body, or a stream of them.
pub mod http {
    pub use edgepod_runtime::__private::HttpBytes as Bytes;
    pub use edgepod_runtime::__private::http::*;
    pub use edgepod_runtime::engine::Body;
}

/// Middleware of one's own type, and what is ready-made.
pub mod middleware {
    pub use edgepod_runtime::engine::{
        Middleware, Per, RateLimit, RequireRole, rate_limit, require_role, require_user,
    };
}

/// The ready-made rules for [pods](macro@pod), as functions: for a rule that falls back on one of them.
pub mod pods {
    pub use edgepod_runtime::engine::{OtherPod, Pods, asked, by_claim, by_header, by_host};
}

/// What every module of an app uses: `use edgepod::prelude::*;`
pub mod prelude {
    #[cfg(target_arch = "wasm32")]
    pub use crate::WorkerEnv;
    pub use crate::middleware::{Middleware, Per, rate_limit, require_role, require_user};
    pub use crate::{
        ActionCtx, Args, Bytes, Claims, Code, Ctx, Error, GatewayCtx, Int64, JobId, JobState,
        JobStatus, Json, LocationHint, Next, PodName, PodRequest, QueryCtx, Reply, Result,
        Timestamp, Uuid,
    };
}

/// The native host, for tests and for programs that bring their own `main`.
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub mod native {
    pub use edgepod_runtime::host::native::{Location, Server, ServerError, main};
}

/// Tests of an app's own functions, without a server: see [`TestApp`](testing::TestApp) and [`macro@test`].
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub mod testing {
    pub use edgepod_runtime::engine::{CallId, Ended, Event, Stale};
    pub use edgepod_runtime::host::native::testing::{
        Answer, CallError, Caller, Served, TestApp, Watch, serve,
    };
    pub use edgepod_runtime::tracking::Footprint;
}

/// The generated code's names.
#[doc(hidden)]
pub mod __private {
    pub use edgepod_runtime::__private::*;

    /// The words that editors complete in the attributes' brackets.
    pub mod completions {
        edgepod_macros::__completions!();
    }
}

/// The examples of the guide, compiled.
#[cfg(doctest)]
#[doc = include_str!("../docs/database.md")]
mod database_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/pods.md")]
mod pods_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/functions.md")]
mod functions_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/routes.md")]
mod routes_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/jobs.md")]
mod jobs_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/context.md")]
mod context_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/testing-functions.md")]
mod testing_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/kept-answers.md")]
mod kept_answers_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/authentication.md")]
mod authentication_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/middleware.md")]
mod middleware_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/errors.md")]
mod errors_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/logging.md")]
mod logging_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/environment.md")]
mod environment_guide {}

/// The examples of the column types' page, compiled.
#[cfg(doctest)]
#[doc = include_str!("../docs/types.md")]
mod types_guide {}

#[cfg(doctest)]
#[doc = include_str!("../docs/presence.md")]
mod presence_guide {}

/// The examples of the attributes. They use them as an app does, and are run where that is at hand.
#[cfg(doctest)]
mod attributes {
    macro_rules! examples {
        ($($name:ident)*) => {$(
            #[doc = include_str!(concat!("../edgepod-macros/src/docs/", stringify!($name), ".md"))]
            mod $name {}
        )*};
    }
    examples! {
        query function action route cron middleware table data presence row migration error column_type test pod app sql
    }
}
