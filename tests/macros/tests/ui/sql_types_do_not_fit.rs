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
async fn types(ctx: &QueryCtx, name: String, id: i64, topic: Option<String>) -> Result<()> {
    let db = &ctx.db;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE org_id = 'one'"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE name = 1"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE topic = NULL"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE name"))?;
    db.query(edgepod::sql!("SELECT name + 1 AS n FROM rooms"))?;
    db.query(edgepod::sql!("SELECT sum(name) AS n FROM rooms"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE org_id LIKE '1%'"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms LIMIT 'ten'"))?;
    db.query(edgepod::sql!("SELECT CAST(id AS DATE) AS n FROM rooms"))?;
    db.query(edgepod::sql!("SELECT coalesce(topic, 0) AS n FROM rooms"))?;
    db.query(edgepod::sql!("SELECT r.id FROM rooms r JOIN messages m ON m.text = r.id"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE org_id = {name}"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE name = {id}"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE topic = {topic}"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms LIMIT {name}"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE name LIKE {id}"))?;
    let n: String = db.query(edgepod::sql!("SELECT count(*) AS n FROM rooms"))?.remove(0).n;
    let topic: String = db.query(edgepod::sql!("SELECT topic FROM rooms"))?.remove(0).topic;
    Ok(())
}

fn main() {}
