#![allow(unused)]

use edgepod::prelude::*;

#[edgepod::table(name = "rooms")]
pub struct Room {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub org_id: i64,
    pub name: String,
    pub topic: Option<String>,
    pub open: bool,
}

#[edgepod::table(name = "messages")]
pub struct Message {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub room_id: i64,
    pub text: String,
    pub score: f64,
    pub seal: Option<Bytes>,
}

#[edgepod::query]
async fn text(ctx: &QueryCtx) -> Result<()> {
    let db = &ctx.db;
    let sql = "SELECT id FROM rooms";
    db.query(edgepod::sql!(sql))?;
    db.query(edgepod::sql!("SELEC id FROM rooms"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms; SELECT id FROM messages"))?;
    db.query(edgepod::sql!(""))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE id = {"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE id = {}"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE id = {1 +}"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE id = ?"))?;
    db.query(edgepod::sql!("SELECT DISTINCT ON (org_id) id FROM rooms"))?;
    db.query(edgepod::sql!("DROP TABLE rooms"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE id = {nobody}"))?;
    Ok(())
}

fn main() {}
