//! What a presence is asked for by, and how long it lasts.

#[edgepod::presence]
pub struct NoKey {
    pub room_id: i64,
}

#[edgepod::presence(key = room)]
pub struct NoSuchField {
    pub room_id: i64,
}

#[edgepod::presence(key = room_id, at_most = "8")]
pub struct NoUnit {
    pub room_id: i64,
}

#[edgepod::presence(key = room_id, at_most = "0s")]
pub struct NoTime {
    pub room_id: i64,
}

#[edgepod::presence(key = room_id, lasts = "8s")]
pub struct NoSuchKey {
    pub room_id: i64,
}

#[edgepod::presence(key = room_id)]
pub enum NoStruct {
    RoomId(i64),
}

#[edgepod::presence(key = room_id)]
pub struct Generic<T> {
    pub room_id: T,
}

fn main() {}
