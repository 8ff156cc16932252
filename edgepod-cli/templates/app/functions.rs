//! What clients may call: by its name in camelCase, with the arguments by their names.

use edgepod::prelude::*;

use crate::schema::{NewTask, Task};

/// All tasks, the oldest first. Screens that show them refresh themselves when anyone changes one.
#[edgepod::query]
pub async fn get_tasks(ctx: &QueryCtx) -> Result<Vec<Task>> {
    ctx.db.select::<Task>().order_by(Task::id.asc()).all()
}

/// Adds a task.
#[edgepod::function]
pub async fn add_task(ctx: &Ctx, title: String) -> Result<Task> {
    if title.trim().is_empty() {
        return Err(Error::bad_request("A task needs a title."));
    }
    ctx.db.insert(NewTask { title }).returning()
}

/// Removes a task that is done.
#[edgepod::function]
pub async fn finish_task(ctx: &Ctx, id: i64) -> Result<Task> {
    let finished = ctx
        .db
        .delete::<Task>()
        .filter(Task::id.eq(id))
        .returning()?;
    finished
        .into_iter()
        .next()
        .ok_or_else(|| Error::not_found(format!("There is no task {id}.")))
}
