//! Rooms, and who sits in them.

use edgepod::prelude::*;

use crate::{Member, Membership, Org, belongs, me, members_of, text};

/// A room of an organisation.
#[edgepod::table(name = "rooms")]
#[unique(org_id, name)]
pub struct Room {
    /// Its number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// Whose it is.
    #[references(Org::id, on_delete = cascade)]
    pub org_id: i64,
    /// What it is called.
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

/// The caller's rooms in an organisation, the oldest first. Who shows them is told when a count of theirs changes, and of nobody else's.
#[edgepod::query]
pub async fn get_rooms(ctx: &QueryCtx, org_id: i64) -> Result<Vec<RoomInList>> {
    let (me, _) = me(ctx)?;
    ctx.db
        .select::<Seat>()
        .join::<Room>(Room::id.eq(Seat::room_id))
        .filter(Seat::member_id.eq(me).and(Room::org_id.eq(org_id)))
        .columns((Room::id, Room::name, Seat::unread))
        .into::<RoomInList>()
        .order_by(Room::id)
        .all()
}

/// Opens a room in an organisation, with a seat for each of its members.
#[edgepod::function]
pub async fn create_room(ctx: &Ctx, org_id: i64, name: String) -> Result<Room> {
    let (me, _) = me(ctx)?;
    belongs(ctx, org_id, me)?;
    let name = text(&name, "name", 40)?;
    let taken = Room::org_id.eq(org_id).and(Room::name.eq(name.as_str()));
    if ctx.db.select::<Room>().filter(taken).exists()? {
        return Err(Error::conflict(format!(
            "There is a room `{name}` already."
        )));
    }
    add(ctx, org_id, name)
}

pub(crate) fn add(ctx: &Ctx, org_id: i64, name: String) -> Result<Room> {
    let room = ctx.db.insert(NewRoom { org_id, name }).returning()?;
    let seats = members_of(ctx, org_id)?
        .into_iter()
        .map(|member_id| NewSeat {
            room_id: room.id,
            member_id,
        });
    ctx.db.insert_many(seats).exec()?;
    Ok(room)
}

/// The caller has seen all messages of a room.
#[edgepod::function]
pub async fn mark_read(ctx: &Ctx, room_id: i64) -> Result<()> {
    let (me, _) = me(ctx)?;
    let mine = Seat::room_id.eq(room_id).and(Seat::member_id.eq(me));
    ctx.db
        .update::<Seat>()
        .set(Seat::unread, 0)
        .filter(mine.and(Seat::unread.gt(0)))
        .exec()?;
    Ok(())
}

/// The caller's number and name, if a room is one of their organisations'; to others it is not there. This reads what a message
/// does not change, so that no message elsewhere makes it read again.
pub(crate) fn enters(ctx: &QueryCtx, room_id: i64) -> Result<(i64, String)> {
    let (me, name) = me(ctx)?;
    let open = ctx
        .db
        .select::<Room>()
        .join::<Membership>(Membership::org_id.eq(Room::org_id))
        .filter(Room::id.eq(room_id).and(Membership::member_id.eq(me)))
        .exists()?;
    if open {
        Ok((me, name))
    } else {
        Err(Error::not_found("You have no such room."))
    }
}
