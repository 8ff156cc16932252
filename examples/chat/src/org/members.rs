//! Who belongs to the organisation. Only this pod knows for sure: a token is good for some minutes after its user has left.

use std::time::Duration;

use edgepod::prelude::*;

use crate::{DIRECTORY, NewRoom, NewSeat, Room, Seat, caller, in_org, strike};

/// A user of the directory who belongs here.
#[edgepod::table(name = "members")]
pub struct Member {
    /// The user's number.
    #[primary_key]
    pub id: i64,
    /// What others call them.
    pub name: String,
}

/// Somebody comes in, and sits down in all rooms. The first finds one. Done again, it changes nothing.
#[edgepod::function(internal)]
pub(crate) async fn admit(ctx: &Ctx, user_id: i64, name: String) -> Result<()> {
    in_org(ctx)?;
    ctx.db
        .insert(NewMember { id: user_id, name })
        .on_conflict(Member::id)
        .do_nothing()
        .exec()?;
    if !ctx.db.select::<Room>().exists()? {
        let name = "general".to_owned();
        ctx.db.insert(NewRoom { name }).exec()?;
    }
    for room in ctx.db.select::<Room>().all()? {
        ctx.db
            .insert(NewSeat {
                room_id: room.id,
                member_id: user_id,
            })
            .on_conflict((Seat::room_id, Seat::member_id))
            .do_nothing()
            .exec()?;
    }
    Ok(())
}

/// The caller leaves the organisation: from here on their tokens open nothing.
#[edgepod::function]
pub async fn leave_org(ctx: &Ctx) -> Result<()> {
    let me = member(ctx)?;
    ctx.db
        .delete::<Member>()
        .filter(Member::id.eq(me.id))
        .exec()?;
    // It is there exactly if they have left.
    ctx.jobs()
        .after(Duration::ZERO, tell_directory::call(me.id))?;
    Ok(())
}

/// Has an organisation taken off the list of somebody who has left: tried again until the directory has answered.
#[edgepod::action(internal)]
async fn tell_directory(ctx: &ActionCtx, user_id: i64) -> Result<()> {
    // Who has come back meanwhile keeps it; who does so in this very moment joins once more.
    if find(ctx, user_id)?.is_some() {
        return Ok(());
    }
    let directory = ctx.pods().get(DIRECTORY)?;
    directory.call(strike::call(ctx.pod(), user_id)).await
}

/// Who calls: a member.
pub(crate) fn member(ctx: &QueryCtx) -> Result<Member> {
    in_org(ctx)?;
    find(ctx, caller(ctx)?)?.ok_or_else(not_a_member)
}

fn find(ctx: &QueryCtx, user_id: i64) -> Result<Option<Member>> {
    ctx.db
        .select::<Member>()
        .filter(Member::id.eq(user_id))
        .first()
}

pub(crate) fn not_a_member() -> Error {
    Error::forbidden("You are not a member of this organisation.")
}
