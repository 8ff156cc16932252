//! What GitHub says in a room: a webhook, whose signature is over the bytes of its body.

use edgepod::{
    http::{Bytes, Request, Response, StatusCode},
    prelude::*,
};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

use crate::{Member, NewMember, Room, enters, key, say};

/// A room's webhook.
#[edgepod::table(name = "hooks")]
pub struct Hook {
    /// The room.
    #[primary_key]
    #[references(Room::id, on_delete = cascade)]
    pub room_id: i64,
    /// With what its requests are signed.
    #[private]
    pub secret: String,
}

/// A request that has come: GitHub sends one again that was not answered in time.
#[edgepod::table(name = "deliveries")]
pub struct Delivery {
    /// Its number, GitHub's.
    #[primary_key]
    pub id: String,
    /// The room.
    #[index]
    #[references(Room::id, on_delete = cascade)]
    pub room_id: i64,
}

/// What is entered at GitHub, beside the content type `application/json`.
#[edgepod::data]
pub struct HookAddress {
    /// The address, after this server's own.
    pub path: String,
    /// The secret. It is told this once; another one replaces it.
    pub secret: String,
}

/// Lets GitHub speak in a room.
#[edgepod::function]
pub async fn open_hook(ctx: &Ctx, room_id: i64) -> Result<HookAddress> {
    enters(ctx, room_id)?;
    let secret = key::new::<20>()?;
    ctx.db
        .delete::<Hook>()
        .filter(Hook::room_id.eq(room_id))
        .exec()?;
    let hook = NewHook {
        room_id,
        secret: secret.clone(),
    };
    ctx.db.insert(hook).exec()?;
    Ok(HookAddress {
        path: format!("/hooks/github/{room_id}"),
        secret,
    })
}

/// What is read of an event.
#[derive(Deserialize)]
struct Event {
    action: Option<String>,
    sender: Named,
    repository: Option<Named>,
    issue: Option<Titled>,
    pull_request: Option<Titled>,
    #[serde(default)]
    commits: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(alias = "login", alias = "full_name")]
    name: String,
}

#[derive(Deserialize)]
struct Titled {
    number: u64,
    title: String,
}

/// GitHub tells of an event.
#[edgepod::route(POST, "/hooks/github/:room_id")]
async fn of_github(
    ctx: &ActionCtx,
    request: Request<Bytes>,
    room_id: i64,
) -> Result<Response<Bytes>> {
    let hook = ctx
        .db
        .select::<Hook>()
        .filter(Hook::room_id.eq(room_id))
        .first()?;
    let signature = header(&request, "x-hub-signature-256");
    // Whoever asks does not learn which rooms there are.
    if !hook.is_some_and(|hook| is_signed(&hook.secret, request.body(), signature)) {
        return Err(Error::unauthorized("This is not signed by GitHub."));
    }
    let kind = header(&request, "x-github-event");
    let event: Event = serde_json::from_slice(request.body())
        .map_err(|error| Error::bad_request(format!("This is no event: {error}.")))?;
    let id = header(&request, "x-github-delivery").to_owned();
    ctx.transaction(|tx| {
        if tx
            .db
            .select::<Delivery>()
            .filter(Delivery::id.eq(&*id))
            .exists()?
        {
            return Ok(());
        }
        tx.db.insert(NewDelivery { id, room_id }).exec()?;
        say(
            tx,
            room_id,
            speaker(tx)?,
            "GitHub".to_owned(),
            event.in_words(kind),
        )?;
        Ok(())
    })?;
    Ok(Response::builder()
        .status(StatusCode::ACCEPTED)
        .body(Bytes::new())?)
}

impl Event {
    fn in_words(&self, kind: &str) -> String {
        let Named { name } = &self.sender;
        let what = match (&self.issue, &self.pull_request, self.commits.len()) {
            (Some(Titled { number, title }), ..) => format!("the issue #{number}, {title}"),
            (_, Some(Titled { number, title }), _) => {
                format!("the pull request #{number}, {title}")
            }
            (_, _, 0) => kind.replace('_', " "),
            (_, _, 1) => "1 commit".to_owned(),
            (_, _, count) => format!("{count} commits"),
        };
        let did = self.action.as_deref().unwrap_or("push");
        let did = if kind == "push" { "pushed" } else { did };
        let place = self.repository.as_ref();
        let place = place.map_or(String::new(), |place| format!(" ({})", place.name));
        format!("{name} {did} {what}{place}")
    }
}

/// The member who says what GitHub says. Its key is no hash, so no device has it.
fn speaker(ctx: &Ctx) -> Result<i64> {
    const KEY: &str = "github";
    let known = ctx
        .db
        .select::<Member>()
        .filter(Member::key.eq(KEY))
        .first()?;
    if let Some(member) = known {
        return Ok(member.id);
    }
    let member = NewMember {
        name: "GitHub".to_owned(),
        key: KEY.to_owned(),
    };
    Ok(ctx.db.insert(member).returning()?.id)
}

/// Whether `signature` is that of these bytes. The time it takes says nothing of where it differs.
fn is_signed(secret: &str, bytes: &[u8], signature: &str) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(bytes);
    let hex = signature.strip_prefix("sha256=").unwrap_or_default();
    base16ct::lower::decode_vec(hex).is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
}

fn header<'a>(request: &'a Request<Bytes>, name: &str) -> &'a str {
    let value = request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}
