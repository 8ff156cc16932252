//! Rooms and their notes: each question is asked by a query whose answers are kept and by one whose answers are not.

use std::sync::atomic::{AtomicI64, Ordering};

use edgepod::{
    db::{
        Value,
        sea_query::{Expr, ExprTrait, Func, Order, Query},
    },
    prelude::*,
};

/// A room.
#[edgepod::table(name = "kept_rooms")]
pub struct KeptRoom {
    /// Chosen by the caller.
    #[primary_key]
    pub id: i64,
    /// What it is called.
    pub name: String,
}

/// A note in a room. It goes with its room.
#[edgepod::table(name = "kept_notes")]
pub struct KeptNote {
    /// Chosen by the caller.
    #[primary_key]
    pub id: i64,
    /// Where it hangs.
    #[index]
    #[references(KeptRoom::id, on_delete = cascade)]
    pub room_id: i64,
    /// Who wrote it.
    pub author: String,
    /// How many like it.
    pub likes: i64,
}

/// A table that nobody writes but those who write elsewhere.
#[edgepod::table(name = "kept_others")]
pub struct KeptOther {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// A number.
    pub value: i64,
}

fn numbers(notes: Vec<KeptNote>) -> Vec<i64> {
    let each = |note: KeptNote| [note.id, note.room_id, note.likes];
    notes.into_iter().flat_map(each).collect()
}

/// The answer to a question about a room, a note or a number.
fn look(ctx: &QueryCtx, question: &str, at: i64) -> Result<Vec<i64>> {
    let notes = || ctx.db.select::<KeptNote>();
    let in_order = |select: edgepod::db::Select<'_, KeptNote>| {
        Ok(numbers(select.order_by(KeptNote::id.asc()).all()?))
    };
    match question {
        "room" => in_order(notes().filter(KeptNote::room_id.eq(at))),
        "rooms" => in_order(notes().filter(KeptNote::room_id.is_in([at, at + 1]))),
        "note" => in_order(notes().filter(KeptNote::id.eq(at))),
        "liked" => in_order(notes().filter(KeptNote::likes.gt(at))),
        "count" => {
            let count = notes().filter(KeptNote::room_id.eq(at)).count()?;
            Ok(vec![count as i64])
        }
        "exists" => {
            let exists = notes().filter(KeptNote::id.eq(at)).exists()?;
            Ok(vec![exists.into()])
        }
        "author" => {
            let author = ["ada", "ben", "cy"][at.unsigned_abs() as usize % 3];
            let found = notes()
                .filter(KeptNote::author.eq(author).and(KeptNote::room_id.eq(at)))
                .order_by(KeptNote::id.asc());
            Ok(numbers(found.all()?))
        }
        "joined" => {
            let found = ctx
                .db
                .select::<KeptRoom>()
                .join::<KeptNote>(KeptNote::room_id.eq(KeptRoom::id))
                .filter(KeptRoom::id.eq(at))
                .order_by(KeptNote::id.asc())
                .all()?;
            let each =
                |(room, note): (KeptRoom, KeptNote)| [room.name.len() as i64, note.id, note.likes];
            Ok(found.into_iter().flat_map(each).collect())
        }
        "page" => Ok(numbers(
            notes().order_by(KeptNote::id.asc()).page(None, 3)?.items,
        )),
        "text" => {
            let mut select = Query::select();
            select
                .expr(Func::sum(Expr::col("likes")))
                .from("kept_notes")
                .and_where(Expr::col("room_id").eq(at));
            let found = ctx.db.query::<(Option<i64>,)>(&select)?;
            Ok(found.into_iter().filter_map(|(sum,)| sum).collect())
        }
        _ => Err(Error::not_found("There is no such question.")),
    }
}

/// The answer, which is kept.
#[edgepod::query]
pub async fn ask_kept(ctx: &QueryCtx, question: String, at: i64) -> Result<Vec<i64>> {
    look(ctx, &question, at)
}

/// The same, computed each time.
#[edgepod::query(keep = false)]
pub async fn ask_computed(ctx: &QueryCtx, question: String, at: i64) -> Result<Vec<i64>> {
    look(ctx, &question, at)
}

/// What nobody sees that an answer depends on.
static UNSEEN: AtomicI64 = AtomicI64::new(0);

/// An answer that is kept and must not be: it reads a static.
#[edgepod::query]
pub async fn ask_unseen(ctx: &QueryCtx, at: i64) -> Result<Vec<i64>> {
    let _ = (ctx, at);
    Ok(vec![UNSEEN.load(Ordering::SeqCst)])
}

/// The same, computed each time.
#[edgepod::query(keep = false)]
pub async fn ask_unseen_computed(ctx: &QueryCtx, at: i64) -> Result<Vec<i64>> {
    let _ = (ctx, at);
    Ok(vec![UNSEEN.load(Ordering::SeqCst)])
}

/// Writes step by step, and fails in the end where it is told to. A step is what to do and two numbers.
#[edgepod::function]
pub async fn write_kept(ctx: &Ctx, steps: Vec<(String, i64, i64)>, fail: bool) -> Result<()> {
    UNSEEN.fetch_add(1, Ordering::SeqCst);
    let author = |n: i64| ["ada", "ben", "cy"][n.unsigned_abs() as usize % 3].to_owned();
    for (step, a, b) in steps {
        let note = |id: i64, room_id: i64| KeptNote {
            id,
            room_id,
            author: author(id),
            likes: 0,
        };
        match step.as_str() {
            "room" => {
                let name = "x".repeat(b.unsigned_abs() as usize);
                let room = KeptRoom { id: a, name };
                let insert = ctx.db.insert(room).on_conflict(KeptRoom::id);
                insert.update(KeptRoom::name).exec()?;
            }
            "note" => {
                let insert = ctx.db.insert(note(a, b)).on_conflict(KeptNote::id);
                insert.update(KeptNote::room_id).exec()?;
            }
            "new" => ctx.db.insert(note(a, b)).exec().map(drop)?,
            "notes" => {
                let many = (100 + a * 10..100 + a * 10 + 3).map(|id| note(id, b));
                ctx.db
                    .delete::<KeptNote>()
                    .filter(
                        KeptNote::id
                            .ge(100 + a * 10)
                            .and(KeptNote::id.lt(103 + a * 10)),
                    )
                    .exec()?;
                ctx.db.insert_many(many).exec()?;
            }
            "move" => {
                let notes = ctx.db.update::<KeptNote>().filter(KeptNote::id.eq(a));
                notes.set(KeptNote::room_id, b).exec()?;
            }
            "like" => {
                let notes = ctx.db.update::<KeptNote>().filter(KeptNote::room_id.eq(a));
                notes.set(KeptNote::likes, b).exec()?;
            }
            "rewrite" => {
                let notes = ctx.db.update::<KeptNote>().filter(KeptNote::likes.ge(a));
                notes.set(KeptNote::author, author(b)).exec()?;
            }
            "take" => drop(
                ctx.db
                    .delete::<KeptNote>()
                    .filter(KeptNote::id.eq(a))
                    .exec()?,
            ),
            "close" => drop(
                ctx.db
                    .delete::<KeptRoom>()
                    .filter(KeptRoom::id.eq(a))
                    .exec()?,
            ),
            "raw" => {
                let params = [Value::Integer(b), Value::Integer(a)];
                let sql = "UPDATE kept_notes SET likes = ? WHERE id = ?";
                ctx.unsafe_raw_db.run(sql, &params)?;
            }
            "other" => ctx.db.insert(NewKeptOther { value: a }).exec().map(drop)?,
            _ => return Err(Error::not_found("There is no such step.")),
        }
    }
    match fail {
        true => Err(Error::conflict("It was told to fail.")),
        false => Ok(()),
    }
}

/// Reads something beside its arguments and rows, as it is told.
#[edgepod::query(middleware = [hands_over])]
pub async fn ask_beside(ctx: &QueryCtx, what: String) -> Result<bool> {
    let asked = ctx.db.select::<KeptOther>().count()? < 1_000_000;
    match what.as_str() {
        "rows" => {}
        "user" => drop(ctx.user().cloned()),
        "user as" => drop(ctx.user_as::<String>().ok()),
        "header" => drop(ctx.headers.get("accept").map(str::to_owned)),
        "address" => drop(ctx.client_address().map(str::to_owned)),
        "variable" => drop(ctx.env.var("NOTHING")),
        "token" => drop(ctx.sign_jwt((), std::time::Duration::ZERO).is_ok()),
        "clock" => drop(ctx.now().to_string()),
        "session" => drop(ctx.session().map(str::to_owned)),
        "handed over" => drop(ctx.get::<Handed>()),
        "hands on" => ctx.set(Handed),
        function => {
            // SQL that gives something else another time.
            let mut select = Query::select();
            select
                .column("value")
                .from("kept_others")
                .order_by_expr(Func::cust(function.to_owned()).into(), Order::Asc);
            ctx.db.query::<(i64,)>(&select)?;
        }
    }
    Ok(asked)
}

struct Handed;

/// Counts how often it runs, into the log; reads what a handler may not, and hands a value over.
#[edgepod::middleware]
pub async fn hands_over(ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
    ctx.set(Handed);
    ctx.headers.get("accept");
    let _ = (ctx.user(), ctx.now(), ctx.session());
    if args.get::<String>("what")?.as_deref() == Some("refused") {
        return Err(Error::forbidden("The middleware does not let that in."));
    }
    let runs = MIDDLEWARE.fetch_add(1, Ordering::SeqCst) + 1;
    let reply = next.run(ctx, args).await?;
    Reply::new(&(runs, reply.parse::<bool>()?))
}

static MIDDLEWARE: AtomicI64 = AtomicI64::new(0);

/// Fails while there is no room with this id.
#[edgepod::query]
pub async fn room_name(ctx: &QueryCtx, id: i64) -> Result<String> {
    let room = ctx
        .db
        .select::<KeptRoom>()
        .filter(KeptRoom::id.eq(id))
        .first()?;
    room.map(|room| room.name)
        .ok_or_else(|| Error::not_found("There is no such room."))
}
