//! Handlers and the middleware around them, as the attributes register them.

use std::{future::Future, pin::Pin};

use super::{ActionCtx, Args, Context, Ctx, QueryCtx, Reply, kept};
use crate::Result;

/// A handler at work. It stays on its thread: contexts are not `Send`.
pub type HandlerFuture<'a> = Pin<Box<dyn Future<Output = Result<Reply>> + 'a>>;

/// A function as the engine calls it, with the context of its kind.
pub type Handler<C> = for<'a> fn(&'a C, &'a Args) -> HandlerFuture<'a>;

/// A middleware as the engine calls it, around a function that takes `C`.
pub type Step<C> = for<'a> fn(&'a C, &'a Args, Next<'a>) -> HandlerFuture<'a>;

/// A function with its own middleware, outermost first.
pub struct Chain<C: 'static> {
    /// Whether answers may be kept. Those of queries are.
    pub keep: bool,
    /// The middleware.
    pub steps: &'static [Step<C>],
    /// The function itself.
    pub handler: Handler<C>,
}

impl<C: Context> Chain<C> {
    /// Calls it, within the middleware that is around every function.
    pub(super) fn start<'a>(
        &'static self,
        app: &'static [Step<QueryCtx>],
        ctx: &'a C,
        args: &'a Args,
    ) -> HandlerFuture<'a> {
        let own = Links {
            keep: self.keep,
            steps: self.steps,
            handler: self.handler,
            ctx,
        };
        Next {
            app,
            ctx: ctx.reading(),
            own: C::own(own),
        }
        .start(args)
    }
}

/// Runs around functions: what `#[edgepod::middleware]` makes of a function, and what a type of the app's own may be.
///
/// A type of one's own takes what a function cannot: settings. Its value stands in the list, and is made once.
///
/// ```
/// # use edgepod_runtime::{Error, Result, engine::{Args, Middleware, Next, QueryCtx, Reply}};
/// /// Lets in who has paid for a plan: `middleware = [RequirePlan("pro")]`.
/// pub struct RequirePlan(pub &'static str);
///
/// impl Middleware for RequirePlan {
///     type Ctx = QueryCtx;
///
///     async fn call(&self, ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
///         let plan: Option<String> = ctx.user().and_then(|user| user.get("plan"));
///         if plan.as_deref() != Some(self.0) {
///             return Err(Error::forbidden(format!("This needs the plan {}.", self.0)));
///         }
///         next.run(ctx, args).await
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware",
    label = "not a middleware",
    note = "a middleware is a function with `#[edgepod::middleware]`, named without parentheses, or a value whose type has \
            `impl Middleware`, such as `require_role(\"role\", \"admin\")`"
)]
pub trait Middleware: Send + Sync + 'static {
    /// The context that it takes: `QueryCtx` fits every kind of function, `Ctx` and `ActionCtx` their own.
    type Ctx: Context;

    /// Runs around the rest of the chain. Write it as an `async fn`.
    fn call(
        &self,
        ctx: &Self::Ctx,
        args: &Args,
        next: Next<'_>,
    ) -> impl Future<Output = Result<Reply>>;
}

/// Middleware that stands in a list by its name alone. Implemented by `#[edgepod::middleware]`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` makes a middleware of its arguments, and stands here without them",
    label = "without its arguments",
    note = "write them out, such as `require_role(\"role\", \"admin\")` or `rate_limit(10, Per::Minute)`"
)]
pub trait Named: Middleware {
    /// The middleware.
    fn named() -> Self;
}

/// One value around several functions: `[&*LIMIT]`.
impl<M: Middleware> Middleware for &'static M {
    type Ctx = M::Ctx;

    fn call(
        &self,
        ctx: &M::Ctx,
        args: &Args,
        next: Next<'_>,
    ) -> impl Future<Output = Result<Reply>> {
        (**self).call(ctx, args, next)
    }
}

/// Says that middleware which takes `Self` may stand around a function that takes `C`.
#[diagnostic::on_unimplemented(
    message = "this middleware takes `&{Self}`, and the function that it stands around takes `&{C}`",
    label = "this middleware does not fit",
    note = "middleware that takes `&QueryCtx` fits every kind of function; one that takes `&Ctx` may write, so it fits \
            `#[edgepod::function]` only"
)]
pub trait Fits<C>: Context {
    /// What the middleware takes of the context that the function takes.
    #[doc(hidden)]
    fn of(ctx: &C) -> &Self;
}

impl<C: Context> Fits<C> for QueryCtx {
    fn of(ctx: &C) -> &Self {
        ctx.reading()
    }
}

impl Fits<Ctx> for Ctx {
    fn of(ctx: &Ctx) -> &Self {
        ctx
    }
}

impl Fits<ActionCtx> for ActionCtx {
    fn of(ctx: &ActionCtx) -> &Self {
        ctx
    }
}

/// A middleware's value as it stands around a function that takes `C`, behind a pointer: made once, at the first call.
pub struct Layer<C>(Box<dyn Erased<C>>);

trait Erased<C>: Send + Sync {
    fn call<'a>(&'a self, ctx: &'a C, args: &'a Args, next: Next<'a>) -> HandlerFuture<'a>;
}

impl<C, M: Middleware<Ctx: Fits<C>>> Erased<C> for M {
    fn call<'a>(&'a self, ctx: &'a C, args: &'a Args, next: Next<'a>) -> HandlerFuture<'a> {
        Box::pin(Middleware::call(self, M::Ctx::of(ctx), args, next))
    }
}

impl<C> Layer<C> {
    /// The middleware, around a function that takes `C`.
    pub fn new<M: Middleware>(middleware: M) -> Self
    where
        M::Ctx: Fits<C>,
    {
        Self(Box::new(middleware))
    }

    /// Runs it.
    pub fn call<'a>(&'a self, ctx: &'a C, args: &'a Args, next: Next<'a>) -> HandlerFuture<'a> {
        self.0.call(ctx, args, next)
    }
}

/// The rest of the chain: further middleware, and the function.
pub struct Next<'a> {
    /// What is left of the middleware around every function.
    app: &'static [Step<QueryCtx>],
    ctx: &'a QueryCtx,
    own: Own<'a>,
}

/// What is left of a function's own chain, by its kind.
pub enum Own<'a> {
    /// Of a query.
    Query(Links<'a, QueryCtx>),
    /// Of a function.
    Function(Links<'a, Ctx>),
    /// Of an action.
    Action(Links<'a, ActionCtx>),
}

/// What is left of a function's own middleware, the function itself, and what they take.
pub struct Links<'a, C: 'static> {
    keep: bool,
    steps: &'static [Step<C>],
    handler: Handler<C>,
    ctx: &'a C,
}

impl<'a, C: Context> Links<'a, C> {
    fn start<'b>(self, ctx: &'a QueryCtx, args: &'b Args) -> HandlerFuture<'b>
    where
        'a: 'b,
    {
        match self.steps.split_first() {
            Some((step, steps)) => {
                let next = Next {
                    app: &[],
                    ctx,
                    own: C::own(Self { steps, ..self }),
                };
                step(self.ctx, args, next)
            }
            None => (self.handler)(self.ctx, args),
        }
    }
}

impl<'a> Next<'a> {
    /// Runs the rest of the chain with these arguments and returns its reply, which the middleware may change.
    ///
    /// The context is the one that the middleware was given.
    ///
    /// # Errors
    /// What the rest of the chain returns.
    pub async fn run(self, ctx: &QueryCtx, args: &Args) -> Result<Reply> {
        // Only for the eye: the chain keeps the context in the type that the handler takes.
        let _ = ctx;
        self.start(args).await
    }

    fn start<'b>(self, args: &'b Args) -> HandlerFuture<'b>
    where
        'a: 'b,
    {
        if let Some((step, app)) = self.app.split_first() {
            return step(self.ctx, args, Next { app, ..self });
        }
        match self.own {
            Own::Query(Links {
                keep: true,
                steps: [],
                handler,
                ctx,
            }) => Box::pin(kept::answer(ctx, args, handler(ctx, args))),
            Own::Query(links) => links.start(self.ctx, args),
            Own::Function(links) => links.start(self.ctx, args),
            Own::Action(links) => links.start(self.ctx, args),
        }
    }
}
