//! A query only reads; and what clients call has a user, until its attribute says that it may do without.

use std::time::Duration;

use edgepod::prelude::*;

#[edgepod::query(internal)]
async fn look(_ctx: &QueryCtx) -> Result<()> {
    Ok(())
}

#[edgepod::function]
async fn change(_ctx: &Ctx) -> Result<()> {
    Ok(())
}

#[edgepod::query(job)]
async fn look_later(_ctx: &QueryCtx) -> Result<()> {
    Ok(())
}

#[edgepod::function(job = true)]
async fn change_later(_ctx: &Ctx) -> Result<()> {
    Ok(())
}

#[edgepod::function]
async fn ask(ctx: &Ctx) -> Result<()> {
    ctx.jobs().after(Duration::ZERO, look::call())?;
    ctx.jobs().after(Duration::ZERO, change::call())?;
    Ok(())
}

fn main() {}
