use edgepod::prelude::*;

#[edgepod::action]
async fn rate(ctx: &ActionCtx) -> Result<()> {
    let _cache = ctx.env.worker().kv("CACHE")?;
    Ok(())
}

fn main() {}
