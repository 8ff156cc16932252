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

#[edgepod::function]
async fn writes(ctx: &Ctx, topic: Option<String>) -> Result<()> {
    let db = &ctx.db;
    db.execute(edgepod::sql!("DELETE FROM rooms"))?;
    db.execute(edgepod::sql!("UPDATE rooms SET open = TRUE"))?;
    db.execute(edgepod::sql!("DELETE FROM rooms WHERE 1 = 1"))?;
    db.execute(edgepod::sql!("DELETE FROM rooms WHERE id = id"))?;
    db.execute(edgepod::sql!("UPDATE rooms SET colour = 1 WHERE id = 1"))?;
    db.execute(edgepod::sql!("UPDATE rooms SET name = NULL WHERE id = 1"))?;
    db.execute(edgepod::sql!("UPDATE rooms SET name = 7 WHERE id = 1"))?;
    db.execute(edgepod::sql!("UPDATE rooms SET name = {topic} WHERE id = 1"))?;
    db.execute(edgepod::sql!("UPDATE rooms SET open = FALSE WHERE id = 1 LIMIT 1"))?;
    db.execute(edgepod::sql!("INSERT INTO rooms VALUES (1, 2, 'a', NULL, TRUE)"))?;
    db.execute(edgepod::sql!("INSERT INTO rooms (org_id, name) VALUES (1, 'a')"))?;
    db.execute(edgepod::sql!("INSERT INTO rooms (org_id, name, open) VALUES (1, 'a')"))?;
    db.execute(edgepod::sql!("INSERT INTO rooms (org_id, name, open, name) VALUES (1, 'a', TRUE, 'b')"))?;
    db.execute(edgepod::sql!("INSERT INTO messages (room_id, text, score) SELECT id, name FROM rooms"))?;
    db.execute(edgepod::sql!("DELETE FROM rooms WHERE id = 1 RETURNING count(*) AS n"))?;
    db.execute(edgepod::sql!("DELETE FROM rooms WHERE id = 1 RETURNING id + {1} AS n"))?;
    db.execute(edgepod::sql!("SELECT id FROM rooms"))?;
    db.query(edgepod::sql!("DELETE FROM rooms WHERE id = 1"))?;
    Ok(())
}

#[edgepod::query]
async fn reads(ctx: &QueryCtx) -> Result<()> {
    ctx.db.execute(edgepod::sql!("DELETE FROM rooms WHERE id = 1"))?;
    Ok(())
}

fn main() {}
