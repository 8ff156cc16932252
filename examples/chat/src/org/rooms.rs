//! Rooms, and who sits in them.

use edgepod::prelude::*;

use crate::{Member, member, text};

/// A room.
#[edgepod::table(name = "rooms")]
pub struct Room {
    /// Its number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What it is called.
    #[unique]
    pub name: String,
}

/// Somebody's seat in a room: what they have not read there.
#[edgepod::table(name = "seats")]
pub struct Seat {
    /// The room.
    #[primary_key]
    #[references(Room::id, on_delete = cascade)]
    pub room_id: i64,
    /// Who sits there.
    #[primary_key]
    #[index]
    #[references(Member::id, on_delete = cascade)]
    pub member_id: i64,
    /// Messages since they last looked.
    #[default(0)]
    pub unread: i64,
}

/// A room, as its member sees it in the list.
#[edgepod::row]
pub struct RoomInList {
    /// Its number.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// Messages since the caller last looked.
    pub unread: i64,
}

/// The caller's rooms, the oldest first. Who shows them is told when a count of theirs changes, and of nobody else's.
#[edgepod::query]
pub async fn get_rooms(ctx: &QueryCtx) -> Result<Vec<RoomInList>> {
    let me = member(ctx)?;
    ctx.db
        .select::<Seat>()
        .join::<Room>(Room::id.eq(Seat::room_id))
        .filter(Seat::member_id.eq(me.id))
        .columns((Room::id, Room::name, Seat::unread))
        .into::<RoomInList>()
        .order_by(Room::id)
        .all()
}

/// Opens a room, with a seat for each member.
#[edgepod::function]
pub async fn create_room(ctx: &Ctx, name: String) -> Result<Room> {
    member(ctx)?;
    let name = text(&name, "name", 40)?;
    if ctx
        .db
        .select::<Room>()
        .filter(Room::name.eq(name.as_str()))
        .exists()?
    {
        return Err(Error::conflict(format!(
            "There is a room `{name}` already."
        )));
    }
    let room = ctx.db.insert(NewRoom { name }).returning()?;
    let members = ctx.db.select::<Member>().columns(Member::id).all()?;
    let seats = members.into_iter().map(|member_id| NewSeat {
        room_id: room.id,
        member_id,
    });
    ctx.db.insert_many(seats).exec()?;
    Ok(room)
}

/// The caller has seen all messages of a room.
#[edgepod::function]
pub async fn mark_read(ctx: &Ctx, room_id: i64) -> Result<()> {
    let me = member(ctx)?;
    let mine = Seat::room_id.eq(room_id).and(Seat::member_id.eq(me.id));
    ctx.db
        .update::<Seat>()
        .set(Seat::unread, 0)
        .filter(mine.and(Seat::unread.gt(0)))
        .exec()?;
    Ok(())
}

/// Who calls, if there is such a room. This reads what a message does not change, so that no message elsewhere makes it read again.
pub(crate) fn enters(ctx: &QueryCtx, room_id: i64) -> Result<Member> {
    let me = member(ctx)?;
    if ctx
        .db
        .select::<Room>()
        .filter(Room::id.eq(room_id))
        .exists()?
    {
        Ok(me)
    } else {
        Err(Error::not_found("There is no such room."))
    }
}
