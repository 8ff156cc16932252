//! What people write first: it works.
#![deny(warnings, missing_docs)]

mod server;

use edgepod::{
    db::{avg, count, sea_query::Query, sum},
    prelude::*,
};
use serde_json::json;
use server::start;

/// Money.
#[edgepod::data]
#[derive(Copy, edgepod::ColumnType)]
pub struct Cents(pub i64);

/// A thing to do.
#[edgepod::table(name = "tasks")]
#[allow(missing_docs)]
pub struct Task {
    #[primary_key]
    pub id: i64,
    pub owner: String,
    pub title: Option<String>,
    pub cost: Cents,
    pub bonus: Option<Cents>,
}

fn task(id: i64, owner: &str, title: Option<&str>, cost: i64, bonus: Option<i64>) -> Task {
    Task {
        id,
        owner: owner.to_owned(),
        title: title.map(str::to_owned),
        cost: Cents(cost),
        bonus: bonus.map(Cents),
    }
}

/// Fills the table; the second time rows take their new values of two columns.
#[edgepod::function]
async fn fill(ctx: &Ctx, more: i64) -> Result<u64> {
    let rows = [
        task(3, "ada", Some("c"), 10 + more, None),
        task(1, "ada", Some("a"), 20 + more, Some(1)),
        task(2, "bob", None, 30 + more, Some(2)),
    ];
    let rows = ctx.db.insert_many(rows).on_conflict(Task::id);
    rows.update((Task::cost, Task::title)).exec()
}

/// A column alone sorts smallest first.
#[edgepod::query]
async fn sorted(ctx: &QueryCtx) -> Result<(Vec<i64>, Vec<(String, i64)>, Vec<i64>)> {
    let tasks = ctx
        .db
        .select::<Task>()
        .order_by(Task::owner.desc())
        .order_by(Task::id)
        .all()?;
    let groups = ctx.db.select::<Task>().columns((Task::owner, count()));
    let groups = groups
        .group_by(Task::owner)
        .order_by(count())
        .order_by(Task::owner)
        .all()?;
    let computed = ctx
        .db
        .select::<Task>()
        .columns(Task::id)
        .order_by(Task::id * -1)
        .all()?;
    Ok((tasks.iter().map(|task| task.id).collect(), groups, computed))
}

/// How many that differ.
#[edgepod::query]
async fn counted(ctx: &QueryCtx) -> Result<(u64, u64, u64)> {
    let owners = ctx.db.select::<Task>().columns(Task::owner);
    let groups = ctx
        .db
        .select::<Task>()
        .columns((Task::owner, count()))
        .group_by(Task::owner);
    let all = ctx.db.select::<Task>().columns((Task::owner, Task::owner));
    Ok((owners.distinct().count()?, groups.count()?, all.count()?))
}

/// What is made of numbers has their sum.
#[edgepod::query]
async fn summed(ctx: &QueryCtx) -> Result<(Option<i64>, Option<i64>, Option<f64>)> {
    let sums = (sum(Task::cost), sum(Task::bonus), avg(Task::cost));
    ctx.db.select::<Task>().columns(sums).one()
}

/// Nine columns of a statement.
#[edgepod::query]
async fn nine(ctx: &QueryCtx) -> Result<i64> {
    let nine = Query::select().columns(["id"; 9]).from("tasks").to_owned();
    let rows = ctx
        .db
        .query::<(i64, i64, i64, i64, i64, i64, i64, i64, i64)>(&nine)?;
    Ok(rows.iter().map(|row| row.8).sum())
}

edgepod::app!();

#[test]
fn what_people_write_first_works() {
    let server = start();
    let call = |name: &str, args| {
        let reply = server.call(name, args);
        assert!(reply.get("data").is_some(), "{name}: {reply}");
        reply["data"].clone()
    };
    call("fill", json!({"more": 0}));
    assert_eq!(
        call("sorted", json!({})),
        json!([[2, 1, 3], [["bob", 1], ["ada", 2]], [3, 2, 1]])
    );
    assert_eq!(call("counted", json!({})), json!([2, 2, 3]));
    assert_eq!(call("summed", json!({})), json!([60, 3, 20.0]));
    assert_eq!(call("nine", json!({})), 6);
    call("fill", json!({"more": 100}));
    assert_eq!(call("summed", json!({})), json!([360, 3, 120.0]));
}
