//! Middleware that everyone needs: [`require_user`], [`require_role`] and [`rate_limit`].

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value as Json;

use super::{Args, Middleware, Named, Next, QueryCtx, Reply};
use crate::{Error, Result, auth::Claims};

/// Lets in who is signed in; anyone else is told 401 `UNAUTHORIZED`. A job has no user, and
/// is let in, as the app itself asked for it; so is a call of the admin.
///
/// It stands in a list by its name: `middleware = [require_user]`.
#[expect(
    non_camel_case_types,
    reason = "in lists it reads like the functions that it stands beside"
)]
#[derive(Clone, Copy, Debug)]
pub struct require_user {}

/// The same, for those who call it.
pub fn require_user() -> require_user {
    require_user {}
}

#[diagnostic::do_not_recommend]
impl Named for require_user {
    fn named() -> Self {
        Self {}
    }
}

impl Middleware for require_user {
    type Ctx = QueryCtx;

    async fn call(&self, ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
        if !ctx.state().is_of_nobody() {
            signed_in(ctx)?;
        }
        next.run(ctx, args).await
    }
}

fn signed_in(ctx: &QueryCtx) -> Result<&Claims> {
    ctx.user()
        .ok_or_else(|| Error::unauthorized("This needs a signed-in user: send a bearer token."))
}

/// Lets in who has a role: whose token has this claim with this value.
///
/// The claim may be a text, or an array that contains the value. `scope` and `scp` may also be words separated by spaces, as
/// OAuth has them. A name that is no claim is a path into objects: `realm_access.roles` is Keycloak's.
///
/// ```
/// use edgepod_runtime::engine::require_role;
/// let admins = require_role("role", "admin");
/// ```
///
/// Who is not signed in is told 401 `UNAUTHORIZED`, who has not the role 403 `FORBIDDEN`. A job and the admin are let in.
pub fn require_role(claim: impl Into<String>, value: impl Into<String>) -> RequireRole {
    RequireRole {
        claim: claim.into(),
        value: value.into(),
    }
}

/// The name without its arguments, as a type that is no middleware: so the compiler says that they are missing, and does not
/// offer [`require_user`] for it, which lets in everybody who is signed in.
#[doc(hidden)]
#[expect(non_camel_case_types, reason = "it is the function's name")]
#[derive(Debug)]
pub enum require_role {}

/// As [`require_role`] without its arguments.
#[doc(hidden)]
#[expect(non_camel_case_types, reason = "it is the function's name")]
#[derive(Debug)]
pub enum rate_limit {}

/// What [`require_role`] returns.
#[derive(Clone, Debug)]
pub struct RequireRole {
    claim: String,
    value: String,
}

impl Middleware for RequireRole {
    type Ctx = QueryCtx;

    async fn call(&self, ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
        if !ctx.state().is_of_nobody() && !self.is_in(signed_in(ctx)?) {
            return Err(Error::forbidden(format!(
                "This needs a token whose `{}` is `{}`.",
                self.claim, self.value
            )));
        }
        next.run(ctx, args).await
    }
}

impl RequireRole {
    fn is_in(&self, claims: &Claims) -> bool {
        match claims.at(&self.claim) {
            Some(Json::String(text)) => {
                *text == self.value
                    || matches!(&*self.claim, "scope" | "scp")
                        && text.split(' ').any(|word| word == self.value)
            }
            Some(Json::Array(values)) => values
                .iter()
                .any(|value| value.as_str() == Some(&*self.value)),
            _ => false,
        }
    }
}

/// The time in which a [`rate_limit`] allows its calls. A [`Duration`] does as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// 24 hours.
    Day,
}

impl From<Per> for Duration {
    fn from(per: Per) -> Self {
        Self::from_secs(match per {
            Per::Second => 1,
            Per::Minute => 60,
            Per::Hour => 60 * 60,
            Per::Day => 24 * 60 * 60,
        })
    }
}

/// Lets a caller in so many times in so much time: a token bucket, which a caller may empty at once, and which fills up again
/// evenly.
///
/// ```
/// use edgepod_runtime::engine::{Per, rate_limit};
/// let limit = rate_limit(10, Per::Minute);
/// ```
///
/// A caller has a bucket for their user (`iss` and `sub` of the token) and one for the [address](QueryCtx::client_address) of the
/// client (an IPv6 address by its first 64 bits: those are one customer's), and a call takes from both: whoever makes themselves
/// ever new accounts still has one address. All users of an address together may call ten times as often as one, and those without
/// a token as often as one. Where there is neither user nor address, the session has a bucket; it is last because a client chooses
/// it. [`by`](RateLimit::by) tells callers apart otherwise. [`by_argument`](RateLimit::by_argument) adds a bucket for what is asked
/// for. Who is too fast is told 429 `TOO_MANY_REQUESTS`, with the seconds to wait in the header `Retry-After` and in the error's
/// data, `{"retry_after": 12}`.
///
/// A job is let in and counts for nobody, as does a call from another pod. Each place where it stands has buckets of its own, and each pod there. They are in
/// memory, and end with the process or the Worker's isolate. There are at most 10,000, all pods together; those that are full are forgotten first, since a new one is full, and then the ones unused for longest.
///
/// # Panics
/// Where `calls` is 0, or the time is.
pub fn rate_limit(calls: u32, per: impl Into<Duration>) -> RateLimit {
    let per = per.into().as_micros() as f64;
    assert!(
        calls > 0 && per > 0.0,
        "rate_limit allows no call at all: give it a number of calls and a time above 0"
    );
    RateLimit {
        calls: f64::from(calls),
        per_micro: f64::from(calls) / per,
        by: By::Caller,
        argument: None,
        hasher: RandomState::new(),
        buckets: Mutex::default(),
    }
}

/// What [`rate_limit`] returns.
pub struct RateLimit {
    calls: f64,
    per_micro: f64,
    by: By,
    argument: Option<&'static str>,
    hasher: RandomState,
    /// Of all pods, each with buckets of its own. They outlive engines: an object that was idle for seconds has another.
    buckets: Mutex<Buckets>,
}

/// What a limit remembers of its callers.
type Buckets = HashMap<u64, Bucket>;

/// What callers are told apart by.
#[derive(Clone, Copy)]
enum By {
    /// Their user and their address, both.
    Caller,
    /// What this says.
    Key(fn(&QueryCtx) -> Option<String>),
}

/// The name of a bucket, and how large it is.
struct Key {
    pod: String,
    name: Option<String>,
    share: f64,
}

impl Key {
    fn of(name: Option<String>) -> Self {
        Self {
            pod: String::new(),
            name,
            share: 1.0,
        }
    }
}

/// How many times as often as one user all users at an address may call.
const USERS: f64 = 10.0;

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    /// How many times as large it is as that of one caller.
    share: f64,
    at: i64,
}

/// The buckets that one limit remembers at most.
const BUCKETS: usize = 10_000;

impl RateLimit {
    /// Tells callers apart by what `key` returns; all whose key is `None` share a bucket.
    ///
    /// ```
    /// use edgepod_runtime::engine::{Per, rate_limit};
    /// let per_tenant = rate_limit(1000, Per::Hour).by(|ctx| ctx.user()?.get("tenant"));
    /// ```
    #[must_use]
    pub fn by(mut self, key: fn(&QueryCtx) -> Option<String>) -> Self {
        self.by = By::Key(key);
        self
    }

    /// Counts for an argument, too, such as the account that somebody wants to sign in to: whoever has many addresses still
    /// has that one. Texts that differ in case and in white space around them are one.
    ///
    /// ```
    /// use edgepod_runtime::engine::{Per, rate_limit};
    /// let guesses = rate_limit(10, Per::Minute).by_argument("email");
    /// ```
    #[must_use]
    pub fn by_argument(mut self, name: &'static str) -> Self {
        self.argument = Some(name);
        self
    }

    /// The buckets of a call.
    fn keys(&self, ctx: &QueryCtx, args: &Args) -> Vec<Key> {
        let mut keys = match self.by {
            By::Key(key) => vec![Key::of(key(ctx))],
            By::Caller => match (user(ctx), address(ctx)) {
                (Some(user), Some(address)) => vec![
                    Key::of(Some(user)),
                    Key {
                        share: USERS,
                        ..Key::of(Some(format!("users at {address}")))
                    },
                ],
                (user, address) => vec![Key::of(user.or(address).or_else(|| session(ctx)))],
            },
        };
        // Arguments that cannot be read are refused further in.
        if let Some(name) = self.argument
            && let Ok(Some(value)) = args.get::<Json>(name)
        {
            let text = match value {
                Json::String(text) => text.trim().to_lowercase(),
                other => other.to_string(),
            };
            keys.push(Key::of(Some(format!("argument {text}"))));
        }
        keys
    }

    /// Takes a token of each bucket, or says how many microseconds to wait until all have one. Nothing is taken then.
    fn take_all(&self, buckets: &mut Buckets, keys: &[Key], now: i64) -> Result<(), f64> {
        for (taken, key) in keys.iter().enumerate() {
            if let Err(micros) = self.take(buckets, key, now) {
                for key in &keys[..taken] {
                    self.give_back(buckets, key);
                }
                return Err(micros);
            }
        }
        Ok(())
    }

    fn give_back(&self, buckets: &mut Buckets, key: &Key) {
        if let Some(bucket) = buckets.get_mut(&self.hasher.hash_one((&key.pod, &key.name))) {
            bucket.tokens += 1.0;
        }
    }

    /// Takes a token of a bucket, or says how many microseconds to wait for one.
    fn take(&self, buckets: &mut Buckets, key: &Key, now: i64) -> Result<(), f64> {
        let hash = self.hasher.hash_one((&key.pod, &key.name));
        if buckets.len() >= BUCKETS && !buckets.contains_key(&hash) {
            self.forget(buckets, now);
        }
        let bucket = buckets.entry(hash).or_insert(Bucket {
            tokens: self.calls * key.share,
            share: key.share,
            at: now,
        });
        bucket.tokens = self.filled(bucket, now);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            return Err((1.0 - bucket.tokens) / (self.per_micro * key.share));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }

    /// What is in a bucket now. A clock that was set back fills nothing.
    fn filled(&self, bucket: &Bucket, now: i64) -> f64 {
        let passed = now.saturating_sub(bucket.at).max(0) as f64;
        (bucket.tokens + passed * self.per_micro * bucket.share).min(self.calls * bucket.share)
    }

    fn forget(&self, buckets: &mut Buckets, now: i64) {
        buckets.retain(|_, bucket| self.filled(bucket, now) < self.calls * bucket.share);
        if buckets.len() >= BUCKETS {
            // A tenth at once, so that a flood of callers does not sort them at every call.
            let mut times: Vec<i64> = buckets.values().map(|bucket| bucket.at).collect();
            let (_, oldest, _) = times.select_nth_unstable(BUCKETS / 10);
            let oldest = *oldest;
            buckets.retain(|_, bucket| bucket.at > oldest);
        }
    }
}

impl Middleware for RateLimit {
    type Ctx = QueryCtx;

    async fn call(&self, ctx: &QueryCtx, args: &Args, next: Next<'_>) -> Result<Reply> {
        if ctx.state().is_own() {
            return next.run(ctx, args).await;
        }
        let mut keys = self.keys(ctx, args);
        for key in &mut keys {
            ctx.pod().clone_into(&mut key.pod);
        }
        let taken = self.take_all(
            &mut self.buckets.lock().unwrap_or_else(PoisonError::into_inner),
            &keys,
            ctx.now().as_micros(),
        );
        if let Err(micros) = taken {
            return Err(
                Error::too_many_requests("Too many calls: wait, then try again.")
                    .retry_after(Duration::from_micros(micros.ceil() as u64)),
            );
        }
        next.run(ctx, args).await
    }
}

fn user(ctx: &QueryCtx) -> Option<String> {
    let user = ctx.user()?;
    let subject = user.subject()?;
    let issuer: String = user.get("iss").unwrap_or_default();
    Some(format!("user {issuer} {subject}"))
}

fn address(ctx: &QueryCtx) -> Option<String> {
    Some(format!("address {}", network(ctx.client_address()?)))
}

fn session(ctx: &QueryCtx) -> Option<String> {
    Some(format!("session {}", ctx.session()?))
}

/// The part of an address that one customer has.
fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn key(name: &str) -> Key {
        Key::of(Some(name.to_owned()))
    }

    #[test]
    fn a_bucket_is_emptied_at_once_and_fills_evenly() {
        let limit = rate_limit(3, Duration::from_secs(30));
        let mut buckets = Buckets::new();
        for _ in 0..3 {
            assert_eq!(limit.take(&mut buckets, &key("a"), 0), Ok(()));
        }
        assert_eq!(
            limit.take(&mut buckets, &key("a"), 0),
            Err(10.0 * SECOND as f64)
        );
        assert_eq!(
            limit.take(&mut buckets, &key("b"), 0),
            Ok(()),
            "another caller"
        );
        assert_eq!(
            limit
                .take(&mut buckets, &key("a"), 4 * SECOND)
                .map_err(f64::round),
            Err(6.0 * SECOND as f64)
        );
        assert_eq!(limit.take(&mut buckets, &key("a"), 10 * SECOND + 1), Ok(()));
        assert!(
            limit
                .take(&mut buckets, &key("a"), 10 * SECOND + 1)
                .is_err()
        );
        // A long time fills it once, not more.
        for _ in 0..3 {
            assert_eq!(limit.take(&mut buckets, &key("a"), 10_000 * SECOND), Ok(()));
        }
        assert!(
            limit
                .take(&mut buckets, &key("a"), 10_000 * SECOND)
                .is_err()
        );
    }

    #[test]
    fn a_call_takes_of_all_its_buckets_or_of_none() {
        let limit = rate_limit(2, Per::Hour);
        let mut buckets = Buckets::new();
        let mut take = |names: [&str; 2]| limit.take_all(&mut buckets, &names.map(key), 0);
        assert_eq!(take(["ada", "here"]), Ok(()));
        assert_eq!(take(["bob", "here"]), Ok(()));
        assert!(take(["eve", "here"]).is_err());
        // What was refused has cost nothing.
        assert_eq!(take(["eve", "there"]), Ok(()));
        assert_eq!(take(["eve", "there"]), Ok(()));
        assert!(take(["eve", "elsewhere"]).is_err());
    }

    #[test]
    fn the_users_of_an_address_have_a_bucket_together_that_fills_as_much_faster() {
        let limit = rate_limit(1, Duration::from_secs(10));
        let mut buckets = Buckets::new();
        let all = Key {
            share: USERS,
            ..key("all")
        };
        for _ in 0..10 {
            assert_eq!(limit.take(&mut buckets, &all, 0), Ok(()));
        }
        assert_eq!(
            limit.take(&mut buckets, &all, 0).map_err(f64::round),
            Err(SECOND as f64)
        );
        assert_eq!(limit.take(&mut buckets, &all, SECOND + 1), Ok(()));
        assert!(limit.take(&mut buckets, &all, SECOND + 1).is_err());
    }

    #[test]
    fn a_clock_that_is_set_back_gives_nothing_and_takes_nothing() {
        let limit = rate_limit(1, Per::Second);
        let mut buckets = Buckets::new();
        assert_eq!(
            limit.take(&mut buckets, &Key::of(None), 100 * SECOND),
            Ok(())
        );
        assert!(
            limit
                .take(&mut buckets, &Key::of(None), 50 * SECOND)
                .is_err()
        );
        assert_eq!(
            limit.take(&mut buckets, &Key::of(None), 51 * SECOND),
            Ok(())
        );
    }

    #[test]
    fn a_flood_of_callers_stays_in_bounds_and_does_not_free_the_one_who_is_limited_now() {
        let limit = rate_limit(1, Per::Hour);
        let mut buckets = Buckets::new();
        for caller in 0..(3 * BUCKETS as i64) {
            assert_eq!(
                limit.take(&mut buckets, &key(&caller.to_string()), caller),
                Ok(())
            );
            if caller % 1000 == 0 {
                assert!(
                    caller == 0
                        || limit.take(&mut buckets, &key("busy"), caller).is_err()
                        || caller == 1000
                );
                let _ = limit.take(&mut buckets, &key("busy"), caller);
            }
        }
        assert!(buckets.len() <= BUCKETS);
        assert!(
            limit
                .take(&mut buckets, &key("busy"), 3 * BUCKETS as i64)
                .is_err()
        );
    }

    #[test]
    fn a_role_is_a_text_a_member_of_an_array_or_a_word_of_a_scope() {
        let claims: Claims = serde_json::from_value(serde_json::json!({
            "role": "admin",
            "roles": ["reader", "writer"],
            "scope": "read:notes write:notes",
            "note": "admin writer",
            "level": 7,
            "realm_access": { "roles": ["boss"] },
            "https://example.com/roles": ["owner"],
        }))
        .unwrap();
        for (claim, value, expected) in [
            ("role", "admin", true),
            ("role", "Admin", false),
            ("role", "adm", false),
            ("roles", "writer", true),
            ("roles", "admin", false),
            ("scope", "write:notes", true),
            ("scope", "write", false),
            ("note", "admin", false),
            ("level", "7", false),
            ("realm_access.roles", "boss", true),
            ("realm_access", "boss", false),
            ("https://example.com/roles", "owner", true),
            ("none", "", false),
        ] {
            assert_eq!(
                require_role(claim, value).is_in(&claims),
                expected,
                "{claim} {value}"
            );
        }
    }

    #[test]
    fn one_customer_has_one_address() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_ne!(network("::ffff:192.0.2.1"), network("::ffff:192.0.2.2"));
    }
}
