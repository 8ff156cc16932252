#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "tasks")]
pub struct Task {
    #[primary_key]
    pub id: i64,
    pub estimate: Option<i64>,
    pub minutes: i64,
}

#[edgepod::function]
async fn later(ctx: &Ctx) -> Result<u64> {
    ctx.db.update::<Task>().set(Task::minutes, Task::estimate + 1).without_where().exec()
}

fn main() {}
