//! What GitHub says in a room: a webhook, whose signature is over the bytes of its body.

use edgepod::prelude::*;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

use crate::{MESSAGE_LENGTH, Room, enters, key, say, text};

/// The author of what GitHub says: members' numbers begin with 1.
const GITHUB: i64 = 0;

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
        path: format!("/hooks/github/{}/{room_id}", ctx.pod()),
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

/// What of GitHub's request counts.
#[edgepod::data]
pub struct FromGithub {
    /// `X-GitHub-Event`
    pub kind: String,
    /// `X-GitHub-Delivery`
    pub delivery: String,
    /// `X-Hub-Signature-256`
    pub signature: String,
    /// The body.
    pub body: String,
}

/// GitHub tells of an event: the directory passes it on.
#[edgepod::function(internal)]
pub(crate) async fn hear_github(ctx: &Ctx, room_id: i64, request: FromGithub) -> Result<()> {
    let hook = ctx
        .db
        .select::<Hook>()
        .filter(Hook::room_id.eq(room_id))
        .first()?;
    // Whoever asks does not learn which rooms there are.
    if !hook.is_some_and(|hook| is_signed(&hook.secret, &request)) {
        return Err(not_signed());
    }
    let event: Event = serde_json::from_str(&request.body)
        .map_err(|error| Error::bad_request(format!("This is no event: {error}.")))?;
    let id = text(&request.delivery, "delivery", 100)?;
    if ctx
        .db
        .select::<Delivery>()
        .filter(Delivery::id.eq(&*id))
        .exists()?
    {
        return Ok(());
    }
    ctx.db.insert(NewDelivery { id, room_id }).exec()?;
    // A secret is no promise of few words.
    let text = event.in_words(&request.kind);
    let text = text.chars().take(MESSAGE_LENGTH).collect();
    say(ctx, room_id, GITHUB, "GitHub".to_owned(), text)?;
    Ok(())
}

pub(crate) fn not_signed() -> Error {
    Error::unauthorized("This is not signed by GitHub.")
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

/// Whether a request is signed with this secret. The time it takes says nothing of where it differs.
fn is_signed(secret: &str, request: &FromGithub) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(request.body.as_bytes());
    let hex = request.signature.strip_prefix("sha256=");
    base16ct::lower::decode_vec(hex.unwrap_or_default())
        .is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
}
