//! Who is in a room, and who types there: in no table, and gone with the window.

use edgepod::prelude::*;

use crate::enters;

/// Somebody who types in a room.
#[edgepod::presence(key = room_id, at_most = "6s")]
pub struct Typing {
    /// The room.
    pub room_id: i64,
    /// Who.
    pub member_id: i64,
    /// What they are called.
    pub name: String,
}

/// Somebody who has a room open.
#[edgepod::presence(key = room_id)]
pub struct Here {
    /// The room.
    pub room_id: i64,
    /// Who.
    pub member_id: i64,
    /// What they are called.
    pub name: String,
}

/// The caller types in a room. It goes away by itself; whoever types on says it again.
#[edgepod::function]
pub async fn type_in(ctx: &Ctx, room_id: i64) -> Result<()> {
    let me = enters(ctx, room_id)?;
    ctx.present(Typing {
        room_id,
        member_id: me.id,
        name: me.name,
    })
}

/// Who types in a room.
#[edgepod::query]
pub async fn get_typing(ctx: &QueryCtx, room_id: i64) -> Result<Vec<Typing>> {
    enters(ctx, room_id)?;
    ctx.who::<Typing>(room_id)
}

/// The caller has a room open, for as long as the window is there, and no longer the one that was open before.
#[edgepod::function]
pub async fn enter(ctx: &Ctx, room_id: i64, from: Option<i64>) -> Result<()> {
    let me = enters(ctx, room_id)?;
    if let Some(from) = from {
        ctx.absent::<Here>(from)?;
    }
    ctx.present(Here {
        room_id,
        member_id: me.id,
        name: me.name,
    })
}

/// Who has a room open.
#[edgepod::query]
pub async fn get_here(ctx: &QueryCtx, room_id: i64) -> Result<Vec<Here>> {
    enters(ctx, room_id)?;
    ctx.who::<Here>(room_id)
}
