//! Who chats. A device makes itself an account, and keeps its key: there is no password to forget, and none to guess.

use std::time::Duration;

use edgepod::prelude::*;

use crate::{belongs, in_directory, key, text};

/// Somebody with a device.
#[edgepod::table(name = "users")]
pub struct User {
    /// Their number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// What others call them.
    pub name: String,
    /// The hash of the device's key.
    #[private]
    #[unique]
    pub key: String,
    /// Since when.
    #[default(now)]
    pub created_at: Timestamp,
}

/// What a device keeps of its account.
#[edgepod::data]
pub struct Device {
    /// Its key, which `sign_in` takes. It is told this once.
    pub key: String,
    /// The number of whom it is for.
    pub user_id: i64,
    /// What others call them.
    pub name: String,
}

/// The claims of our tokens.
#[derive(serde::Serialize, serde::Deserialize)]
struct Token {
    sub: String,
    /// The organisation that it is for; without one it is for the directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<String>,
}

/// How long a token is good.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// Makes an account for a device, with a name of 1 to 40 characters.
#[edgepod::function(middleware = [rate_limit(60, Per::Minute)])]
pub async fn sign_up(ctx: &Ctx, name: String) -> Result<Device> {
    in_directory(ctx)?;
    let name = text(&name, "name", 40)?;
    let key = key::new::<16>()?;
    let user = NewUser {
        name,
        key: key::hash(&key),
    };
    let user = ctx.db.insert(user).returning()?;
    Ok(Device {
        key,
        user_id: user.id,
        name: user.name,
    })
}

/// A token for a device that has its key: for the directory, or for an organisation of the user's. It is sent as
/// `Authorization: Bearer …`.
#[edgepod::function(middleware = [rate_limit(600, Per::Minute)])]
pub async fn sign_in(ctx: &Ctx, key: String, org: Option<String>) -> Result<String> {
    in_directory(ctx)?;
    let user = ctx
        .db
        .select::<User>()
        .filter(User::key.eq(key::hash(&key)))
        .first()?;
    let user = user.ok_or_else(|| Error::forbidden("This device has no account."))?;
    if let Some(org) = &org {
        belongs(ctx, org, user.id)?;
    }
    let sub = user.id.to_string();
    ctx.sign_jwt(Token { sub, org }, LIFE)
}

/// Who calls, in the directory.
pub(crate) fn user(ctx: &QueryCtx) -> Result<User> {
    in_directory(ctx)?;
    let id = caller(ctx)?;
    let user = ctx.db.select::<User>().filter(User::id.eq(id)).first()?;
    user.ok_or_else(|| Error::unauthorized("This token's account is gone."))
}

/// The number of who calls, in any pod.
pub(crate) fn caller(ctx: &QueryCtx) -> Result<i64> {
    let token: Token = ctx.user_as()?;
    let id = token.sub.parse();
    id.map_err(|_| Error::unauthorized("This token is for no user."))
}
