//! An app with what the client's features need: a list, its pages, and a way to fail.
//!
//! `tests/browser/src/features.test.ts` looks at it through the page in `tests/browser/page`, on both hosts.

use edgepod::{db::Page, prelude::*};

/// Somebody on the list.
#[edgepod::table(name = "users")]
pub struct User {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// Nobody else has it.
    #[unique]
    pub email: Option<String>,
    /// What to call them.
    pub name: String,
}

/// All users, the first one first.
#[edgepod::query]
pub async fn get_users(ctx: &QueryCtx) -> Result<Vec<User>> {
    ctx.db.select::<User>().order_by(User::id.asc()).all()
}

/// All users, the newest first, five at a time.
#[edgepod::query]
pub async fn get_user_page(ctx: &QueryCtx, cursor: Option<String>) -> Result<Page<User>> {
    ctx.db
        .select::<User>()
        .order_by(User::id.desc())
        .page(cursor.as_deref(), 5)
}

/// Adds a user. An address that is taken is refused.
#[edgepod::function]
pub async fn insert_user(ctx: &Ctx, name: String, email: Option<String>) -> Result<User> {
    ctx.db.insert(NewUser { email, name }).returning()
}

/// Deletes all users.
#[edgepod::function]
pub async fn delete_users(ctx: &Ctx) -> Result<u64> {
    ctx.db.delete::<User>().without_where().exec()
}

edgepod::app!();
