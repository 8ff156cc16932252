//! Handlers and the middleware around them, as the attributes register them.

use std::{future::Future, pin::Pin};

use super::{ActionCtx, Args, Context, Ctx, CtxRef, QueryCtx, Reply};
use crate::Result;

/// A handler at work. It stays on its thread: contexts are not `Send`.
pub type HandlerFuture<'a> = Pin<Box<dyn Future<Output = Result<Reply>> + 'a>>;

/// A function as the engine calls it.
pub type Handler = for<'a> fn(CtxRef<'a>, &'a Args) -> HandlerFuture<'a>;

/// A middleware as the engine calls it.
pub type Step = for<'a> fn(CtxRef<'a>, &'a Args, Next<'a>) -> HandlerFuture<'a>;

/// A middleware: what `#[edgepod::middleware]` implements for a type of the function's name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware",
    label = "not a middleware",
    note = "put `#[edgepod::middleware]` on `async fn {Self}(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply>`"
)]
pub trait Middleware {
    /// The context that it takes.
    type Ctx: Context;

    /// Runs it.
    fn call<'a>(ctx: &'a Self::Ctx, args: &'a Args, next: Next<'a>) -> HandlerFuture<'a>;
}

/// Says that middleware which takes `Self` may stand around a function that takes `C`.
#[diagnostic::on_unimplemented(
    message = "this middleware takes `&{Self}`, and the function that it stands around takes `&{C}`",
    label = "this middleware does not fit",
    note = "middleware that takes `&QueryCtx` fits every kind of function; one that takes `&Ctx` may write, so it fits \
            `#[edgepod::function]` only"
)]
pub trait Fits<C>: Context {}

impl Fits<QueryCtx> for QueryCtx {}
impl Fits<Ctx> for QueryCtx {}
impl Fits<ActionCtx> for QueryCtx {}
impl Fits<Ctx> for Ctx {}
impl Fits<ActionCtx> for ActionCtx {}

/// The middleware `M` as a step around a function that takes `C`.
pub const fn step<M: Middleware, C>() -> Step
where
    M::Ctx: Fits<C>,
{
    |ctx, args, next| M::call(M::Ctx::extract(ctx), args, next)
}

/// The rest of the chain: further middleware, and the function.
pub struct Next<'a> {
    pub(super) steps: Steps<'a>,
    pub(super) handler: Handler,
    pub(super) ctx: CtxRef<'a>,
}

/// The steps that are left: first those around every function, then the function's own.
#[derive(Clone, Copy)]
pub(super) struct Steps<'a> {
    pub(super) app: &'a [Step],
    pub(super) function: &'a [Step],
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

    pub(super) fn start<'b>(self, args: &'b Args) -> HandlerFuture<'b>
    where
        'a: 'b,
    {
        let Next {
            steps,
            handler,
            ctx,
        } = self;
        let (step, steps) = match (steps.app.split_first(), steps.function.split_first()) {
            (Some((step, app)), _) => (step, Steps { app, ..steps }),
            (None, Some((step, function))) => (step, Steps { function, ..steps }),
            (None, None) => return handler(ctx, args),
        };
        step(
            ctx,
            args,
            Next {
                steps,
                handler,
                ctx,
            },
        )
    }
}
