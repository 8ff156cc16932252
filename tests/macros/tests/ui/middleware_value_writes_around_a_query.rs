#![allow(unused)]

use edgepod::prelude::*;

struct Audit(&'static str);

impl Middleware for Audit {
    type Ctx = Ctx;

    async fn call(&self, ctx: &Ctx, args: &Args, next: Next<'_>) -> Result<Reply> {
        next.run(ctx, args).await
    }
}

#[edgepod::function(middleware = [Audit("notes")])]
async fn write(ctx: &Ctx) -> Result<()> {
    Ok(())
}

#[edgepod::query(middleware = [Audit("notes")])]
async fn count(ctx: &QueryCtx) -> Result<i64> {
    Ok(1)
}

edgepod::app!(middleware = [Audit("everything")]);
