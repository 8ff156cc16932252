//! A table whose key is two columns, and that has an index of two.

use edgepod::prelude::*;

use crate::guards::Item;

/// Which item lies where.
#[edgepod::table(name = "places")]
#[unique(shelf, slot)]
#[index(slot, shelf)]
pub struct Place {
    /// The item.
    #[primary_key]
    #[references(Item::id, on_delete = cascade)]
    pub item_id: i64,
    /// The day.
    #[primary_key]
    pub day: String,
    /// The shelf.
    pub shelf: i64,
    /// The slot on the shelf.
    pub slot: i64,
}

/// Puts an item somewhere for a day.
#[edgepod::function]
pub async fn put(ctx: &Ctx, place: NewPlace) -> Result<Place> {
    ctx.db.insert(place).returning()
}

/// Puts an item somewhere for a day, wherever it was on that day.
#[edgepod::function]
pub async fn move_item(ctx: &Ctx, place: NewPlace) -> Result<()> {
    ctx.db
        .insert(place)
        .on_conflict((Place::item_id, Place::day))
        .update(Place::shelf)
        .update(Place::slot)
        .exec()
}

/// What lies in a slot is another item from now on.
#[edgepod::function]
pub async fn exchange(ctx: &Ctx, place: NewPlace) -> Result<()> {
    ctx.db
        .insert(place)
        .on_conflict((Place::shelf, Place::slot))
        .update(Place::item_id)
        .update(Place::day)
        .exec()
}

/// One page of all places, by shelf.
#[edgepod::query]
pub async fn get_places(
    ctx: &QueryCtx,
    cursor: Option<String>,
) -> Result<edgepod::db::Page<Place>> {
    ctx.db
        .select::<Place>()
        .order_by(Place::shelf.asc())
        .page(cursor.as_deref(), 2)
}
