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
async fn names(ctx: &QueryCtx) -> Result<()> {
    let db = &ctx.db;
    db.query(edgepod::sql!("SELECT id FROM room"))?;
    db.query(edgepod::sql!("SELECT id FROM customers"))?;
    db.query(edgepod::sql!("SELECT nmae FROM rooms"))?;
    db.query(edgepod::sql!("SELECT color FROM rooms"))?;
    db.query(edgepod::sql!("SELECT r.txt FROM rooms r"))?;
    db.query(edgepod::sql!("SELECT rooms.id FROM rooms r"))?;
    db.query(edgepod::sql!("SELECT x.* FROM rooms r"))?;
    db.query(edgepod::sql!("SELECT id FROM rooms r JOIN messages m ON m.room_id = r.id"))?;
    db.query(edgepod::sql!("SELECT r.id FROM rooms r JOIN messages r ON r.id = 1"))?;
    db.query(edgepod::sql!("SELECT r.id FROM rooms r JOIN messages m USING (org_id)"))?;
    db.query(edgepod::sql!("SELECT name FROM rooms WHERE name = \"hall\""))?;
    db.query(edgepod::sql!("SELECT lenght(name) AS n FROM rooms"))?;
    db.query(edgepod::sql!("SELECT substr(name) AS n FROM rooms"))?;
    db.query(edgepod::sql!("SELECT *"))?;
    db.query(edgepod::sql!(
        "SELECT r.id
         FROM rooms r
         WHERE r.organisation = 1"
    ))?;
    let rows = db.query(edgepod::sql!("SELECT id FROM rooms"))?;
    let name = &rows[0].name;
    Ok(())
}

fn main() {}
