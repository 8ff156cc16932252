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
async fn rows(ctx: &QueryCtx) -> Result<()> {
    let db = &ctx.db;
    db.query(edgepod::sql!("SELECT count(*) FROM rooms"))?;
    db.query(edgepod::sql!("SELECT r.id, m.id FROM rooms r JOIN messages m ON m.room_id = r.id"))?;
    db.query(edgepod::sql!("SELECT id AS \"the id\" FROM rooms"))?;
    db.query(edgepod::sql!("SELECT json_extract(name, '$.n') AS n FROM rooms"))?;
    db.query(edgepod::sql!("SELECT NULL AS n"))?;
    db.query(edgepod::sql!("SELECT {1} AS n"))?;
    db.query(edgepod::sql!("SELECT id AS \"n: i 64\" FROM rooms"))?;
    db.query(edgepod::sql!("SELECT id, count(*) AS n FROM rooms"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE count(*) > 1"))?;
    db.query(edgepod::sql!("SELECT max(count(*)) AS n FROM rooms"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE row_number() OVER (ORDER BY id) = 1"))?;
    db.query(edgepod::sql!("SELECT rank() AS n FROM rooms"))?;
    db.query(edgepod::sql!("SELECT id, name FROM rooms UNION SELECT id FROM messages"))?;
    db.query(edgepod::sql!("SELECT (SELECT id, name FROM rooms) AS n"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms WHERE id IN (SELECT id, room_id FROM messages)"))?;
    db.query(edgepod::sql!("WITH a (x, y) AS (SELECT id FROM rooms) SELECT x FROM a"))?;
    Ok(())
}

fn main() {}
