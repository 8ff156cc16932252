//! Users and their posts: the smallest complete EdgePod app.

use edgepod::prelude::*;

/// Somebody who writes posts.
#[edgepod::table(name = "users")]
pub struct User {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// Nobody else has it.
    #[unique]
    pub email: String,
    /// What to call them.
    pub name: Option<String>,
    /// When they signed up.
    #[default(now)]
    pub created_at: Timestamp,
}

/// What a user wrote. It goes when its author goes.
#[edgepod::table(name = "posts")]
pub struct Post {
    /// Counted up by the database.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// The headline.
    pub title: String,
    /// The text, if there is one.
    pub content: Option<String>,
    /// Who wrote it.
    #[index]
    #[references(User::id, on_delete = cascade)]
    pub author_id: i64,
}

/// All users, in the order in which they signed up.
#[edgepod::query]
pub async fn get_users(ctx: &QueryCtx) -> Result<Vec<User>> {
    ctx.db.select::<User>().order_by(User::id.asc()).all()
}

/// One user, or `null` where there is none with this id.
#[edgepod::query]
pub async fn get_user_by_id(ctx: &QueryCtx, id: i64) -> Result<Option<User>> {
    ctx.db.select::<User>().filter(User::id.eq(id)).first()
}

/// Adds a user by address, by name, or both. Where there is no address, one is made up of the name and the time.
#[edgepod::function]
pub async fn insert_user(ctx: &Ctx, email: Option<String>, name: Option<String>) -> Result<User> {
    let email = match (email, &name) {
        (Some(email), _) => email,
        (None, Some(name)) => make_up_email(name, ctx.now()),
        (None, None) => {
            return Err(Error::bad_request("A user needs an `email` or a `name`."));
        }
    };
    ctx.db.insert(NewUser { email, name }).returning()
}

/// Deletes a user with all their posts, and returns who it was.
#[edgepod::function]
pub async fn delete_user(ctx: &Ctx, id: i64) -> Result<User> {
    let deleted = ctx
        .db
        .delete::<User>()
        .filter(User::id.eq(id))
        .returning()?;
    deleted
        .into_iter()
        .next()
        .ok_or_else(|| Error::not_found(format!("There is no user {id}.")))
}

/// All posts, in the order in which they were written.
#[edgepod::query]
pub async fn get_posts(ctx: &QueryCtx) -> Result<Vec<Post>> {
    ctx.db.select::<Post>().order_by(Post::id.asc()).all()
}

/// Publishes a post.
#[edgepod::function]
pub async fn create_post(
    ctx: &Ctx,
    author_id: i64,
    title: String,
    content: Option<String>,
) -> Result<Post> {
    ctx.db
        .insert(NewPost {
            title,
            content,
            author_id,
        })
        .returning()
}

fn make_up_email(name: &str, now: Timestamp) -> String {
    let word: String = name
        .to_ascii_lowercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    format!("{word}-{}@example.com", now.as_micros())
}

edgepod::app!();

#[cfg(test)]
mod tests;
