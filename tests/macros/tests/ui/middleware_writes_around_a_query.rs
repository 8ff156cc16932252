#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::middleware]
async fn with_audit(ctx: &Ctx, args: &Args, next: Next<'_>) -> Result<Reply> {
    next.run(ctx, args).await
}

#[edgepod::query(middleware = [with_audit])]
async fn count(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

#[edgepod::action(middleware = [with_audit])]
async fn fetch(ctx: &ActionCtx) -> Result<i64> {
    Ok(1)
}

edgepod::app!(middleware = [with_audit]);
