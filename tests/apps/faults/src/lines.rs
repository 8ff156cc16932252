//! Statements that SQLite refuses: whoever reads the log is to find the line.

use edgepod::{
    db::{
        Value,
        sea_query::{Expr, Query},
    },
    prelude::*,
};

use crate::Note;

/// Runs a statement that cannot run, by one of the ways to run one.
#[edgepod::function]
pub async fn fail_by_statement(ctx: &Ctx, way: String) -> Result<()> {
    match way.as_str() {
        "text" => {
            let rows = ctx.unsafe_raw_db.run("SELECT * FROM nowhere", &[]); // line of text
            rows.map(drop)
        }
        "built" => {
            let select = Query::select().expr(Expr::cust("nowhere(1)")).to_owned();
            ctx.db.query::<(i64,)>(&select).map(drop) // line of built
        }
        "kept" => {
            ctx.unsafe_raw_db.run("DROP TABLE notes", &[])?;
            let notes = ctx.db.select::<Note>();
            notes.all().map(drop) // line of kept
        }
        "parts" => {
            ctx.unsafe_raw_db.run("DROP TABLE notes", &[])?;
            let mut parts = ctx.db.select::<Note>().chunks(10); // line of parts
            parts.next().transpose().map(drop)
        }
        "helper" => add_to_nowhere(ctx),
        _ => Err(Error::not_found("There is no such way.")),
    }
}

fn add_to_nowhere(ctx: &Ctx) -> Result<()> {
    let values = [Value::Integer(1)];
    let run = ctx
        .unsafe_raw_db
        .run("INSERT INTO nowhere VALUES (?)", &values); // line of helper
    run.map(drop)
}
