#![allow(unused)]

use edgepod::prelude::*;

struct Service;

impl Service {
    #[edgepod::query]
    async fn count(&self, ctx: &QueryCtx) -> Result<i64> {
        Ok(1)
    }
}

fn main() {}
