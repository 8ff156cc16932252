//! What is said in rooms, and what others think of it.

use edgepod::{
    db::{Page, count},
    prelude::*,
};

use crate::{Member, Room, Seat, Typing, enters, member, text};

/// A message.
#[edgepod::table(name = "messages")]
#[index(room_id, id)]
pub struct Message {
    /// Its number: later ones have larger ones.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// Where it was said.
    #[references(Room::id, on_delete = cascade)]
    pub room_id: i64,
    /// Who said it: a member's number, also of one who has left since, or `GITHUB`.
    pub author_id: i64,
    /// What they were called then.
    pub author: String,
    /// What it says.
    pub text: String,
    /// When.
    #[default(now)]
    pub sent_at: Timestamp,
}

/// What somebody thinks of a message.
#[edgepod::table(name = "reactions")]
pub struct Reaction {
    /// The message.
    #[primary_key]
    #[references(Message::id, on_delete = cascade)]
    pub message_id: i64,
    /// Who.
    #[primary_key]
    #[index]
    #[references(Member::id, on_delete = cascade)]
    pub member_id: i64,
    /// An emoji.
    #[primary_key]
    pub emoji: String,
    /// The message's room, so that a reaction is its room's affair alone.
    #[index]
    #[references(Room::id, on_delete = cascade)]
    pub room_id: i64,
}

/// How many think the same of a message.
#[edgepod::row]
pub struct ReactionCount {
    /// The message.
    pub message_id: i64,
    /// An emoji.
    pub emoji: String,
    /// How many.
    pub count: i64,
}

/// The most characters of a message.
pub(crate) const MESSAGE_LENGTH: usize = 4_000;

/// What may be thought of a message.
const EMOJIS: [&str; 4] = ["👍", "🎉", "❤️", "😄"];

/// The messages of a room by pages, the newest first.
#[edgepod::query]
pub async fn get_messages(
    ctx: &QueryCtx,
    room_id: i64,
    cursor: Option<String>,
) -> Result<Page<Message>> {
    enters(ctx, room_id)?;
    ctx.db
        .select::<Message>()
        .filter(Message::room_id.eq(room_id))
        .order_by(Message::id.desc())
        .page(cursor.as_deref(), 30)
}

/// Says something in a room.
#[edgepod::function]
pub async fn send(ctx: &Ctx, room_id: i64, text: String) -> Result<Message> {
    let me = enters(ctx, room_id)?;
    let text = crate::text(&text, "message", MESSAGE_LENGTH)?;
    let message = say(ctx, room_id, me.id, me.name, text)?;
    // Whoever has said it no longer types.
    ctx.absent::<Typing>(room_id)?;
    Ok(message)
}

/// Says something in a room, and counts it as unread for all others.
pub(crate) fn say(
    ctx: &Ctx,
    room_id: i64,
    author_id: i64,
    author: String,
    text: String,
) -> Result<Message> {
    let message = NewMessage {
        room_id,
        author_id,
        author,
        text,
    };
    let message = ctx.db.insert(message).returning()?;
    ctx.db
        .update::<Seat>()
        .set(Seat::unread, Seat::unread + 1)
        .filter(Seat::room_id.eq(room_id).and(Seat::member_id.ne(author_id)))
        .exec()?;
    Ok(message)
}

/// What is thought of the messages of a room, from the oldest that the caller shows on.
#[edgepod::query]
pub async fn get_reactions(
    ctx: &QueryCtx,
    room_id: i64,
    from_message: i64,
) -> Result<Vec<ReactionCount>> {
    enters(ctx, room_id)?;
    ctx.db
        .select::<Reaction>()
        .columns((Reaction::message_id, Reaction::emoji, count()))
        .into::<ReactionCount>()
        .filter(
            Reaction::room_id
                .eq(room_id)
                .and(Reaction::message_id.ge(from_message)),
        )
        .group_by((Reaction::message_id, Reaction::emoji))
        .order_by(Reaction::message_id)
        .order_by(Reaction::emoji)
        .all()
}

/// Thinks something of a message, or no longer.
#[edgepod::function]
pub async fn react(ctx: &Ctx, message_id: i64, emoji: String) -> Result<()> {
    let me = member(ctx)?;
    let emoji = text(&emoji, "reaction", 8)?;
    if !EMOJIS.contains(&emoji.as_str()) {
        return Err(Error::bad_request(format!(
            "A reaction is one of {}.",
            EMOJIS.join(" ")
        )));
    }
    let message = ctx
        .db
        .select::<Message>()
        .filter(Message::id.eq(message_id))
        .one()?;
    let mine = Reaction::message_id
        .eq(message_id)
        .and(Reaction::member_id.eq(me.id))
        .and(Reaction::emoji.eq(emoji.as_str()));
    if ctx.db.delete::<Reaction>().filter(mine).exec()? > 0 {
        return Ok(());
    }
    ctx.db
        .insert(NewReaction {
            message_id,
            member_id: me.id,
            emoji,
            room_id: message.room_id,
        })
        .exec()?;
    Ok(())
}
