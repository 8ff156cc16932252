//! Accounts and private notes. Whoever signs up or logs in gets a token that this app signs itself; the token says whose
//! notes a call may see.

mod password;

use std::time::Duration;

use edgepod::prelude::*;

/// Somebody who signed up.
#[edgepod::table(name = "accounts")]
pub struct Account {
    /// Its number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// The address, in lower case.
    #[unique]
    pub email: String,
    /// The password's hash: in no reply, whatever a function returns.
    #[private]
    pub password: String,
}

/// A note, for its owner alone.
#[edgepod::table(name = "notes")]
pub struct Note {
    /// Its number.
    #[primary_key]
    #[auto_inc]
    pub id: i64,
    /// Whose it is.
    #[index]
    #[references(Account::id, on_delete = cascade)]
    pub owner: i64,
    /// What it says.
    pub text: String,
    /// When it was written.
    #[default(now)]
    pub created_at: Timestamp,
}

/// What a client keeps while somebody is signed in.
#[edgepod::data]
pub struct Session {
    /// Sent as `Authorization: Bearer …`.
    token: String,
    /// Who it is for.
    email: String,
    /// How long it is good, in seconds from now.
    expires_in: u32,
}

/// The claims of our tokens.
#[derive(serde::Serialize, serde::Deserialize)]
struct Member {
    /// The account's number; `sub` is always a text.
    sub: String,
    email: String,
}

impl Member {
    fn id(&self) -> Result<i64> {
        self.sub
            .parse()
            .map_err(|_| Error::unauthorized("This token is for no account."))
    }
}

/// How long a session lasts unless the client asks for less, in seconds: a quarter of an hour.
const SESSION: u32 = 15 * 60;

/// The longest note, in characters.
const NOTE: usize = 2_000;

/// Makes an account, and signs its owner in. `seconds` shortens the session. Hashing is slow on purpose: nobody may keep the app
/// at it.
#[edgepod::action(middleware = [rate_limit(20, Per::Minute)])]
pub async fn sign_up(
    ctx: &ActionCtx,
    email: String,
    password: String,
    seconds: Option<u32>,
) -> Result<Session> {
    let email = address(&email)?;
    if !(8..=200).contains(&password.chars().count()) {
        return Err(Error::bad_request("A password has 8 to 200 characters."));
    }
    let is_taken = |db: &edgepod::db::ReadDb| {
        let account = db.select::<Account>();
        account.filter(Account::email.eq(email.as_str())).exists()
    };
    let taken = || Error::conflict("This address has an account. Log in instead.");
    if is_taken(&ctx.db)? {
        return Err(taken());
    }
    // Beside the calls that go on: an action, because a function may not wait.
    let password = ctx.blocking(move || password::hash(&password)).await?;
    let account = ctx.transaction(|tx| {
        // Somebody may have come meanwhile.
        if is_taken(&tx.db)? {
            return Err(taken());
        }
        let email = email.clone();
        tx.db.insert(NewAccount { email, password }).returning()
    })?;
    session(ctx, &account, seconds)
}

/// Signs somebody in. `seconds` shortens the session. Passwords are not guessed at ten a minute: not from one address, whatever
/// token comes along, and not of one account, however many addresses there are.
#[edgepod::action(middleware = [rate_limit(10, Per::Minute, by = "email")])]
pub async fn log_in(
    ctx: &ActionCtx,
    email: String,
    password: String,
    seconds: Option<u32>,
) -> Result<Session> {
    let email = email.trim().to_lowercase();
    let account = ctx
        .db
        .select::<Account>()
        .filter(Account::email.eq(email))
        .first()?;
    let hash = account.as_ref().map(|account| account.password.clone());
    let is_right = ctx.blocking(move || password::is_right(&password, hash.as_deref()));
    match (is_right.await, &account) {
        (true, Some(account)) => session(ctx, account, seconds),
        // One answer for both, so that it tells nobody which addresses have an account.
        _ => Err(Error::forbidden("Address or password is wrong.")),
    }
}

/// The caller's own notes, the newest first.
#[edgepod::query]
pub async fn get_notes(ctx: &QueryCtx) -> Result<Vec<Note>> {
    let me: Member = ctx.user_as()?;
    ctx.db
        .select::<Note>()
        .filter(Note::owner.eq(me.id()?))
        .order_by(Note::id.desc())
        .all()
}

/// Writes a note.
#[edgepod::function]
pub async fn add_note(ctx: &Ctx, text: String) -> Result<Note> {
    let me: Member = ctx.user_as()?;
    let text = text.trim();
    if text.is_empty() || text.chars().count() > NOTE {
        return Err(Error::bad_request(format!(
            "A note has 1 to {NOTE} characters."
        )));
    }
    let note = NewNote {
        owner: me.id()?,
        text: text.to_owned(),
    };
    ctx.db.insert(note).returning()
}

/// Deletes one of the caller's own notes. Somebody else's is not found, as if it were not there.
#[edgepod::function]
pub async fn delete_note(ctx: &Ctx, id: i64) -> Result<()> {
    let me: Member = ctx.user_as()?;
    let deleted = ctx
        .db
        .delete::<Note>()
        .filter(Note::id.eq(id).and(Note::owner.eq(me.id()?)))
        .exec()?;
    if deleted == 0 {
        return Err(Error::not_found("You have no such note."));
    }
    Ok(())
}

fn session(ctx: &QueryCtx, account: &Account, seconds: Option<u32>) -> Result<Session> {
    let expires_in = seconds.unwrap_or(SESSION).clamp(1, SESSION);
    let member = Member {
        sub: account.id.to_string(),
        email: account.email.clone(),
    };
    Ok(Session {
        token: ctx.sign_jwt(member, Duration::from_secs(expires_in.into()))?,
        email: account.email.clone(),
        expires_in,
    })
}

/// An address as it is stored.
fn address(email: &str) -> Result<String> {
    let email = email.trim().to_lowercase();
    let parts = email.split_once('@');
    let sound = parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && email.len() <= 254
        && !email.contains(char::is_whitespace);
    if sound {
        Ok(email)
    } else {
        Err(Error::bad_request("This is no email address."))
    }
}

edgepod::app!();

#[cfg(test)]
mod tests;
