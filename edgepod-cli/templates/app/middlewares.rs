//! What runs around functions.

use edgepod::prelude::*;

/// Lets nobody through without a token: `#[edgepod::query(middleware = [with_auth])]`.
#[edgepod::middleware]
pub async fn with_auth(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
    if ctx.user().is_none() {
        return Err(Error::unauthorized("Bearer token required"));
    }
    next.run(ctx, args).await
}
