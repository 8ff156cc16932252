//! What is present, and its key, are of types.

use edgepod::prelude::*;

#[edgepod::data]
pub struct Typing {
    pub room_id: i64,
}

#[edgepod::presence(key = place)]
pub struct Here {
    pub place: Place,
}

#[edgepod::data]
pub struct Place {
    pub name: String,
}

#[edgepod::presence(key = room_id)]
pub struct InRoom {
    pub room_id: i64,
}

#[edgepod::function]
async fn type_in(ctx: &Ctx, room_id: i64) -> Result<()> {
    ctx.present(Typing { room_id })
}

#[edgepod::query]
async fn a_query_does_not_say_it(ctx: &QueryCtx, room_id: i64) -> Result<()> {
    ctx.present(InRoom { room_id })
}

fn main() {}
