#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::cron]
async fn never(ctx: &Ctx) -> Result<()> {
    Ok(())
}

#[edgepod::cron("0 3 * *")]
async fn four_fields(ctx: &Ctx) -> Result<()> {
    Ok(())
}

#[edgepod::cron("0 25 * * *")]
async fn no_hour(ctx: &Ctx) -> Result<()> {
    Ok(())
}

#[edgepod::cron("0 3 31 FEB *")]
async fn no_day(ctx: &Ctx) -> Result<()> {
    Ok(())
}

#[edgepod::cron(every = "10 minutes")]
async fn no_time(ctx: &Ctx) -> Result<()> {
    Ok(())
}

#[edgepod::cron(daily)]
async fn no_key(ctx: &Ctx) -> Result<()> {
    Ok(())
}

#[edgepod::cron(every = "10m")]
async fn with_arguments(ctx: &Ctx, id: i64) -> Result<()> {
    Ok(())
}

#[edgepod::cron(every = "10m")]
async fn reads_only(ctx: &QueryCtx) -> Result<()> {
    Ok(())
}

fn main() {}
