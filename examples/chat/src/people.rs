//! Who chats. A device makes itself an account, and keeps its key: there is no password to forget, and none to guess.

use std::time::Duration;

use edgepod::prelude::*;

use crate::key;

/// Somebody with a device.
#[edgepod::table(name = "members")]
pub struct Member {
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

/// What a device keeps while it is signed in.
#[edgepod::data]
pub struct Session {
    /// Sent as `Authorization: Bearer …`.
    pub token: String,
    /// How long it is good, in seconds from now.
    pub expires_in: u32,
    /// The number of whom it is for.
    pub member_id: i64,
    /// What others call them.
    pub name: String,
}

/// A session of a device that is new here.
#[edgepod::data]
pub struct NewDevice {
    /// Its key, which `sign_in` takes. It is told this once.
    pub key: String,
    /// Its session.
    pub session: Session,
}

/// The claims of our tokens.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Me {
    sub: String,
    pub(crate) name: String,
}

/// How long a token is good.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// Makes an account for a device, with a name of 1 to 40 characters.
#[edgepod::function(middleware = [rate_limit(20, Per::Minute)])]
pub async fn sign_up(ctx: &Ctx, name: String) -> Result<NewDevice> {
    let name = text(&name, "name", 40)?;
    let key = key::new::<16>()?;
    let member = NewMember {
        name,
        key: key::hash(&key),
    };
    let member = ctx.db.insert(member).returning()?;
    Ok(NewDevice {
        key,
        session: session(ctx, member)?,
    })
}

/// A new token for a device that has its key.
#[edgepod::function(middleware = [rate_limit(60, Per::Minute)])]
pub async fn sign_in(ctx: &Ctx, key: String) -> Result<Session> {
    let member = ctx
        .db
        .select::<Member>()
        .filter(Member::key.eq(key::hash(&key)))
        .first()?;
    let member = member.ok_or_else(|| Error::forbidden("This device has no account."))?;
    session(ctx, member)
}

fn session(ctx: &Ctx, member: Member) -> Result<Session> {
    let me = Me {
        sub: member.id.to_string(),
        name: member.name.clone(),
    };
    Ok(Session {
        token: ctx.sign_jwt(me, LIFE)?,
        expires_in: u32::try_from(LIFE.as_secs()).unwrap_or(u32::MAX),
        member_id: member.id,
        name: member.name,
    })
}

/// Who calls: the number and the name.
pub(crate) fn me(ctx: &QueryCtx) -> Result<(i64, String)> {
    let me: Me = ctx.user_as()?;
    let id = me.sub.parse();
    let id = id.map_err(|_| Error::unauthorized("This token is for no member."))?;
    Ok((id, me.name))
}

/// A text of a client's, without the spaces around it.
pub(crate) fn text(text: &str, what: &str, most: usize) -> Result<String> {
    let text = text.trim();
    if (1..=most).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(Error::bad_request(format!(
            "A {what} has 1 to {most} characters."
        )))
    }
}
