//! Reads and writes by a number: what they are is drawn from it, so the same number is the same statement. A read, a write and the
//! read again show whether the write said all that it touched.

use edgepod::{
    db::{
        Predicate,
        sea_query::{Cond, Expr, ExprTrait, OnConflict, Order, Query},
    },
    prelude::*,
};

/// A room.
#[edgepod::table(name = "triple_rooms")]
pub struct TripleRoom {
    /// Chosen by the caller.
    #[primary_key]
    pub id: i64,
    /// Whose it is.
    pub org: i64,
    /// What it is called.
    pub name: Option<String>,
}

/// A message. It goes with its room.
#[edgepod::table(name = "triple_messages")]
pub struct TripleMessage {
    /// Chosen by the caller.
    #[primary_key]
    pub id: i64,
    /// Where it stands.
    #[index]
    #[references(TripleRoom::id, on_delete = cascade)]
    pub room: i64,
    /// Who wrote it.
    pub author: Option<String>,
    /// How many like it.
    pub stars: i64,
}

/// A note on a message. It goes with it, and stays when its room goes.
#[edgepod::table(name = "triple_notes")]
pub struct TripleNote {
    /// Chosen by the caller.
    #[primary_key]
    pub id: i64,
    /// On what.
    #[references(TripleMessage::id, on_delete = cascade)]
    pub message: i64,
    /// Where, if that is still there.
    #[references(TripleRoom::id, on_delete = set_null)]
    pub room: Option<i64>,
    /// What it says.
    pub text: String,
}

/// Numbers drawn from one (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 1) as i64 % end
    }

    fn room(&mut self) -> i64 {
        1 + self.below(5)
    }

    fn id(&mut self) -> i64 {
        1 + self.below(20)
    }

    fn author(&mut self) -> Option<String> {
        let author = ["ada", "ADA", "bob", "", "é\0"][self.below(5) as usize];
        (self.below(3) > 0).then(|| author.to_owned())
    }

    fn message(&mut self) -> TripleMessage {
        TripleMessage {
            id: self.id(),
            room: self.room(),
            author: self.author(),
            stars: self.below(3),
        }
    }

    fn of_messages(&mut self, depth: u8) -> Predicate<TripleMessage> {
        match self.below(if depth > 0 { 11 } else { 8 }) {
            0 | 1 => TripleMessage::room.eq(self.room()),
            2 => TripleMessage::id.eq(self.id()),
            3 => TripleMessage::author.eq(self.author()),
            4 => TripleMessage::room.is_in([self.room(), self.room()]),
            5 => TripleMessage::stars.ge(self.below(3)),
            6 => TripleMessage::author.is_null(),
            7 => TripleMessage::stars.eq(TripleMessage::room),
            8 | 9 => self.of_messages(depth - 1).and(self.of_messages(depth - 1)),
            _ => self.of_messages(depth - 1).or(self.of_messages(depth - 1)),
        }
    }

    fn conditions(&mut self) -> Cond {
        let mut all = Cond::all();
        for _ in 0..=self.below(2) {
            all = match self.below(5) {
                0 | 1 => all.add(Expr::col("room").eq(self.room())),
                2 => all.add(Expr::col("id").eq(self.id())),
                3 => all.add(Expr::col("room").is_in([self.room(), self.room()])),
                _ => all.add(Expr::col("stars").gte(self.below(3))),
            };
        }
        all
    }
}

/// The rows of a read that is drawn from a number.
#[edgepod::query(keep = false)]
pub async fn triple_read(ctx: &QueryCtx, draw: i64) -> Result<String> {
    let mut draw = Draw(draw as u64);
    let messages = || ctx.db.select::<TripleMessage>();
    Ok(match draw.below(12) {
        0..=2 => {
            let rows = messages().filter(draw.of_messages(2));
            format!("{:?}", rows.order_by(TripleMessage::id.asc()).all()?)
        }
        3 => messages().filter(draw.of_messages(1)).count()?.to_string(),
        4 => messages().filter(draw.of_messages(1)).exists()?.to_string(),
        5 => {
            let rows = messages().filter(draw.of_messages(1));
            let page = rows.order_by(TripleMessage::id.desc()).page(None, 2)?;
            format!("{:?}", page.items)
        }
        6 => {
            let rows = ctx.db.select::<TripleRoom>();
            let rows = match draw.below(2) {
                0 => rows.filter(TripleRoom::id.eq(draw.room())),
                _ => rows.filter(TripleRoom::org.eq(draw.below(3))),
            };
            format!("{:?}", rows.order_by(TripleRoom::id.asc()).all()?)
        }
        7 | 8 => {
            let rows = ctx
                .db
                .select::<TripleRoom>()
                .join::<TripleMessage>(TripleMessage::room.eq(TripleRoom::id))
                .filter(TripleRoom::id.eq(draw.room()))
                .order_by(TripleMessage::id.asc());
            format!("{:?}", rows.all()?)
        }
        9 => {
            let rows = ctx.db.select::<TripleNote>();
            let rows = match draw.below(3) {
                0 => rows.filter(TripleNote::message.eq(draw.id())),
                1 => rows.filter(TripleNote::room.eq(Some(draw.room()))),
                _ => rows.filter(TripleNote::room.is_null()),
            };
            format!("{:?}", rows.order_by(TripleNote::id.asc()).all()?)
        }
        _ => {
            let mut select = Query::select();
            select.columns(["id", "author"]).from("triple_messages");
            select
                .cond_where(draw.conditions())
                .order_by("id", Order::Asc);
            format!("{:?}", ctx.db.query::<(i64, Option<String>)>(&select)?)
        }
    })
}

/// A write that is drawn from a number. It may change nothing, and be refused for what it breaks.
#[edgepod::function]
pub async fn triple_write(ctx: &Ctx, draw: i64) -> Result<()> {
    let mut draw = Draw(draw as u64);
    let db = &ctx.db;
    match draw.below(17) {
        0 | 1 => db.insert(draw.message()).exec(),
        2 => {
            let upsert = db.insert(draw.message()).on_conflict(TripleMessage::id);
            upsert.update(TripleMessage::stars).exec()
        }
        3 => {
            let upsert = db.insert(draw.message()).on_conflict(TripleMessage::id);
            upsert.update(TripleMessage::room).exec()
        }
        4 => {
            let of = draw.of_messages(1);
            let update = db.update::<TripleMessage>().filter(of);
            update
                .set(TripleMessage::author, draw.author())
                .exec()
                .map(drop)
        }
        5 => {
            let of = draw.of_messages(1);
            let update = db.update::<TripleMessage>().filter(of);
            update
                .set(TripleMessage::room, draw.room())
                .returning()
                .map(drop)
        }
        6 => {
            let of = draw.of_messages(1);
            let update = db.update::<TripleMessage>().filter(of);
            let more = TripleMessage::stars + 1;
            update.set(TripleMessage::stars, more).exec().map(drop)
        }
        7 => {
            let delete = db.delete::<TripleMessage>();
            delete.filter(draw.of_messages(1)).exec().map(drop)
        }
        8 => {
            let delete = db.delete::<TripleRoom>();
            delete
                .filter(TripleRoom::id.eq(draw.room()))
                .exec()
                .map(drop)
        }
        9 | 10 => {
            let room = TripleRoom {
                id: draw.room(),
                org: draw.below(3),
                name: draw.author(),
            };
            let upsert = db.insert(room).on_conflict(TripleRoom::id);
            upsert
                .update(TripleRoom::org)
                .update(TripleRoom::name)
                .exec()
        }
        11 | 12 => {
            let note = TripleNote {
                id: 1 + draw.below(30),
                message: draw.id(),
                room: (draw.below(3) > 0).then(|| draw.room()),
                text: draw.author().unwrap_or_default(),
            };
            let upsert = db.insert(note).on_conflict(TripleNote::id);
            upsert.update(TripleNote::text).exec()
        }
        13 => {
            let mut delete = Query::delete();
            delete
                .from_table("triple_messages")
                .cond_where(draw.conditions());
            db.execute(delete).map(drop)
        }
        14 => {
            let mut update = Query::update();
            update
                .table("triple_messages")
                .cond_where(draw.conditions());
            match draw.below(3) {
                0 => update.value("room", draw.room()),
                1 => update.value("author", draw.author()),
                _ => update.value("stars", Expr::col("stars").add(1)),
            };
            db.execute(update).map(drop)
        }
        what => {
            let mut insert = Query::insert();
            let columns = ["id", "room", "author", "stars"];
            insert.into_table("triple_messages").columns(columns);
            for _ in 0..=draw.below(2) {
                let TripleMessage {
                    id,
                    room,
                    author,
                    stars,
                } = draw.message();
                insert.values_panic([id.into(), room.into(), author.into(), stars.into()]);
            }
            if what == 16 {
                let mut conflict = OnConflict::column("id");
                let set = ["room", "stars"][draw.below(2) as usize];
                insert.on_conflict(conflict.update_column(set).to_owned());
            }
            db.execute(insert).map(drop)
        }
    }
}
