//! What simulated clients read and write: rooms, messages that move between them, members and their unread counts.
//!
//! Each write carries a text of its own, which stands in `ledger` as often as it was applied.

#![allow(missing_docs, reason = "the names say it")]

use edgepod::{
    db::{count, count_of, max},
    prelude::*,
};

/// A room.
#[edgepod::table(name = "rooms")]
pub struct Room {
    #[primary_key]
    pub id: i64,
    pub name: String,
}

/// A message.
#[edgepod::table(name = "messages")]
pub struct Message {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    #[index]
    #[references(Room::id, on_delete = cascade)]
    pub room_id: i64,
    #[index]
    pub author: String,
    pub text: String,
}

/// What is thought of a message: gone with it, by a cascade.
#[edgepod::table(name = "reactions")]
pub struct Reaction {
    #[primary_key]
    #[references(Message::id, on_delete = cascade)]
    pub message_id: i64,
    #[primary_key]
    pub author: String,
    pub emoji: String,
}

/// What somebody has not read.
#[edgepod::table(name = "seats")]
pub struct Seat {
    #[primary_key]
    pub room_id: i64,
    #[primary_key]
    #[index]
    pub member: String,
    #[default(0)]
    pub unread: i64,
}

/// Where somebody is: in one room at a time.
#[edgepod::table(name = "places")]
pub struct Place {
    #[primary_key]
    pub member: String,
    #[index]
    pub room_id: i64,
}

/// What was applied.
#[edgepod::table(name = "ledger")]
pub struct Entry {
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    pub mark: String,
}

/// A room, and what is in it.
#[edgepod::row]
pub struct Summary {
    pub id: i64,
    pub name: String,
    pub messages: i64,
    pub last: Option<i64>,
}

#[edgepod::query]
pub async fn get_rooms(ctx: &QueryCtx) -> Result<Vec<Room>> {
    ctx.db.select::<Room>().order_by(Room::id).all()
}

#[edgepod::query]
pub async fn get_room(ctx: &QueryCtx, id: i64) -> Result<Option<Room>> {
    ctx.db.select::<Room>().filter(Room::id.eq(id)).first()
}

#[edgepod::query]
pub async fn get_summaries(ctx: &QueryCtx) -> Result<Vec<Summary>> {
    ctx.db
        .select::<Room>()
        .left_join::<Message>(Message::room_id.eq(Room::id))
        .columns((
            Room::id,
            Room::name,
            count_of(Message::id),
            max(Message::id),
        ))
        .into::<Summary>()
        .group_by(Room::id)
        .order_by(Room::id)
        .all()
}

#[edgepod::query]
pub async fn get_messages(ctx: &QueryCtx, room_id: i64) -> Result<Vec<Message>> {
    ctx.db
        .select::<Message>()
        .filter(Message::room_id.eq(room_id))
        .order_by(Message::id.desc())
        .limit(20)
        .all()
}

#[edgepod::query]
pub async fn get_messages_of_both(
    ctx: &QueryCtx,
    rooms: Vec<i64>,
    author: String,
) -> Result<Vec<Message>> {
    ctx.db
        .select::<Message>()
        .filter(
            Message::room_id
                .is_in(rooms)
                .and(Message::author.eq(author)),
        )
        .order_by(Message::id)
        .all()
}

#[edgepod::query]
pub async fn get_message(ctx: &QueryCtx, id: i64) -> Result<Option<Message>> {
    ctx.db
        .select::<Message>()
        .filter(Message::id.eq(id))
        .first()
}

#[edgepod::query]
pub async fn count_of_author(ctx: &QueryCtx, author: String) -> Result<i64> {
    ctx.db
        .select::<Message>()
        .columns(count())
        .filter(Message::author.eq(author))
        .one()
}

#[edgepod::query]
pub async fn get_reactions(ctx: &QueryCtx, message_id: i64) -> Result<Vec<Reaction>> {
    ctx.db
        .select::<Reaction>()
        .filter(Reaction::message_id.eq(message_id))
        .order_by(Reaction::author)
        .all()
}

#[edgepod::query]
pub async fn get_unread(ctx: &QueryCtx, member: String) -> Result<Vec<(Seat, Room)>> {
    ctx.db
        .select::<Seat>()
        .join::<Room>(Room::id.eq(Seat::room_id))
        .filter(Seat::member.eq(member))
        .order_by(Seat::room_id)
        .all()
}

#[edgepod::query]
pub async fn get_places(ctx: &QueryCtx, room_id: i64) -> Result<Vec<Place>> {
    ctx.db
        .select::<Place>()
        .filter(Place::room_id.eq(room_id))
        .order_by(Place::member)
        .all()
}

/// Goes to a room: an upsert that moves the row.
#[edgepod::function]
pub async fn go(ctx: &Ctx, mark: String, member: String, room_id: i64) -> Result<()> {
    note(ctx, &mark)?;
    ctx.db
        .insert(NewPlace { member, room_id })
        .on_conflict(Place::member)
        .update(Place::room_id)
        .exec()?;
    Ok(())
}

fn note(ctx: &Ctx, mark: &str) -> Result<()> {
    ctx.db
        .insert(NewEntry { mark: mark.into() })
        .exec()
        .map(drop)
}

#[edgepod::function]
pub async fn open_room(ctx: &Ctx, mark: String, id: i64, name: String) -> Result<()> {
    note(ctx, &mark)?;
    ctx.db
        .insert(NewRoom { id, name })
        .on_conflict(Room::id)
        .update(Room::name)
        .exec()?;
    let seats = ["ada", "bob"].map(|member| NewSeat {
        room_id: id,
        member: member.into(),
    });
    for seat in seats {
        ctx.db
            .insert(seat)
            .on_conflict((Seat::room_id, Seat::member))
            .do_nothing()
            .exec()?;
    }
    Ok(())
}

#[edgepod::function]
pub async fn close_room(ctx: &Ctx, mark: String, id: i64) -> Result<()> {
    note(ctx, &mark)?;
    ctx.db.delete::<Room>().filter(Room::id.eq(id)).exec()?;
    ctx.db
        .delete::<Seat>()
        .filter(Seat::room_id.eq(id))
        .exec()?;
    Ok(())
}

#[edgepod::function]
pub async fn send(
    ctx: &Ctx,
    mark: String,
    room_id: i64,
    author: String,
    text: String,
) -> Result<i64> {
    note(ctx, &mark)?;
    if !ctx
        .db
        .select::<Room>()
        .filter(Room::id.eq(room_id))
        .exists()?
    {
        return Ok(0);
    }
    ctx.db
        .update::<Seat>()
        .set(Seat::unread, Seat::unread + 1)
        .filter(
            Seat::room_id
                .eq(room_id)
                .and(Seat::member.ne(author.as_str())),
        )
        .exec()?;
    let message = NewMessage {
        room_id,
        author,
        text,
    };
    Ok(ctx.db.insert(message).returning()?.id)
}

#[edgepod::function]
pub async fn send_many(
    ctx: &Ctx,
    mark: String,
    room_id: i64,
    author: String,
    texts: Vec<String>,
) -> Result<u64> {
    note(ctx, &mark)?;
    let rooms = ctx.db.select::<Room>().filter(Room::id.eq(room_id));
    if !rooms.exists()? {
        return Ok(0);
    }
    let messages = texts.into_iter().map(|text| NewMessage {
        room_id,
        author: author.clone(),
        text,
    });
    ctx.db.insert_many(messages).exec()
}

#[edgepod::function]
pub async fn move_message(ctx: &Ctx, mark: String, id: i64, room_id: i64) -> Result<u64> {
    note(ctx, &mark)?;
    let rooms = ctx.db.select::<Room>().filter(Room::id.eq(room_id));
    if !rooms.exists()? {
        return Ok(0);
    }
    ctx.db
        .update::<Message>()
        .set(Message::room_id, room_id)
        .filter(Message::id.eq(id))
        .exec()
}

#[edgepod::function]
pub async fn rename_author(ctx: &Ctx, mark: String, from: String, to: String) -> Result<u64> {
    note(ctx, &mark)?;
    ctx.db
        .update::<Message>()
        .set(Message::author, to)
        .filter(Message::author.eq(from))
        .exec()
}

#[edgepod::function]
pub async fn edit(ctx: &Ctx, mark: String, id: i64, text: String) -> Result<u64> {
    note(ctx, &mark)?;
    ctx.db
        .update::<Message>()
        .set(Message::text, text)
        .filter(Message::id.eq(id))
        .exec()
}

#[edgepod::function]
pub async fn remove(ctx: &Ctx, mark: String, id: i64) -> Result<u64> {
    note(ctx, &mark)?;
    ctx.db.delete::<Message>().filter(Message::id.eq(id)).exec()
}

#[edgepod::function]
pub async fn react(
    ctx: &Ctx,
    mark: String,
    message_id: i64,
    author: String,
    emoji: String,
) -> Result<()> {
    note(ctx, &mark)?;
    let messages = ctx
        .db
        .select::<Message>()
        .filter(Message::id.eq(message_id));
    if !messages.exists()? {
        return Ok(());
    }
    let reaction = NewReaction {
        message_id,
        author,
        emoji,
    };
    ctx.db
        .insert(reaction)
        .on_conflict((Reaction::message_id, Reaction::author))
        .update(Reaction::emoji)
        .exec()?;
    Ok(())
}

#[edgepod::function]
pub async fn mark_read(ctx: &Ctx, mark: String, room_id: i64, member: String) -> Result<u64> {
    note(ctx, &mark)?;
    ctx.db
        .update::<Seat>()
        .set(Seat::unread, 0)
        .filter(Seat::room_id.eq(room_id).and(Seat::member.eq(member)))
        .exec()
}

/// Writes, and then fails: nothing of it may be seen.
#[edgepod::function]
pub async fn fail(ctx: &Ctx, mark: String, room_id: i64) -> Result<()> {
    note(ctx, &mark)?;
    ctx.db
        .delete::<Message>()
        .filter(Message::room_id.eq(room_id))
        .exec()?;
    if ctx
        .db
        .select::<Entry>()
        .filter(Entry::mark.eq("never"))
        .exists()?
    {
        return Ok(());
    }
    Err(Error::bad_request("It was not to be."))
}

edgepod::app!();
