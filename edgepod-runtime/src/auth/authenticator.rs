//! Who calls: from the text of a token to its claims, without a clock, a network or cryptography.
//!
//! [`Authenticator::check`] says what is to be done next; the host does it, tells the outcome, and asks again:
//!
//! ```text
//!            check ──▶ Fetch ──▶ host fetches the keys ──▶ keys_loaded / keys_failed ──▶ check
//!                  ──▶ Wait ───▶ another call fetches them: a moment later ────────────▶ check
//!                  ──▶ Verify ─▶ host verifies the signature ──▶ verified ─────────────▶ claims, or refused
//!                  ──▶ Known, Refused, Unavailable: done
//! ```

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    Algorithm, Claims, KeySet, KeySetError, LocalKeys, Policy, PublicKey, Rejection,
    key::Found,
    policy::{begins, ends},
    steady::Steady,
    token::Token,
    verified::{Known, Verified},
};

/// How long one fetch of keys may take, in milliseconds: after it the host gives up.
pub const FETCH_LIMIT: i64 = 5_000;

/// The largest key set that is read, in bytes: 256 KiB.
pub const KEYS_LIMIT: usize = 256 * 1024;

/// How long others wait for one fetch, in milliseconds: longer than it may take.
const FETCH_LOST: i64 = FETCH_LIMIT + 1_000;

/// How long after an unknown key made the keys be fetched the next one may, in milliseconds. A flood of unknown keys is
/// no flood of fetches.
const COOL_DOWN: i64 = 10_000;

/// How long after a fetch failed the next one begins, while there are no keys at all, in milliseconds.
const RETRY: i64 = 1_000;

/// The age at which keys are fetched again, beside the calls, in milliseconds: ten minutes. A key that its issuer has
/// withdrawn is accepted no longer than this, as long as the issuer can be reached.
const FRESH: i64 = 10 * 60_000;

/// The age beyond which keys are not believed any more, should their issuer be out of reach so long: a day.
const STALE: i64 = 24 * 3_600_000;

/// Where the keys of tokens come from.
pub enum Mode {
    /// There are no tokens: every call is anonymous, and a token that comes along is not looked at.
    None,
    /// From another issuer.
    Remote {
        /// Where the issuer publishes its keys.
        url: String,
        /// Which claims are accepted.
        policy: Policy,
    },
    /// From this app: it signs and verifies.
    Local {
        /// The keys.
        keys: LocalKeys,
        /// Which claims are accepted.
        policy: Policy,
    },
}

/// How many bits of a version say which key of a set it is: a set has at most 100.
const KEY_BITS: u32 = 7;

/// How many tokens are remembered whose next key is to be tried. They are forgotten within milliseconds.
const NEXT_KEYS: usize = 64;

/// Turns tokens into claims. One for a process, or for a Worker's isolate.
pub struct Authenticator {
    mode: Mode,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: KeySet,
    /// Counts the times below, in milliseconds: a clock that is set back must not stop the keys from being fetched.
    steady: Steady,
    /// When the keys were loaded, if they were.
    loaded: Option<i64>,
    /// When the fetch began that is under way.
    fetching: Option<i64>,
    /// When the last fetch failed.
    failed: Option<i64>,
    /// When an unknown key last made the keys be fetched.
    cooling: Option<i64>,
    /// When keys that are no longer fresh were last fetched again.
    refreshed: Option<i64>,
    /// Counts the key sets: a token is accepted under the keys that it was checked with.
    version: u32,
    /// Of tokens whose name is that of several keys, which of them is to be tried next. The oldest come first.
    next_keys: Vec<(String, usize)>,
    verified: Verified,
}

/// What a token needs next.
#[derive(Debug, PartialEq)]
pub enum Check {
    /// It is valid.
    Known(Claims),
    /// It is not.
    Refused(Rejection),
    /// Its signature is to be verified.
    Verify(Verification),
    /// The keys are to be fetched from this URL.
    Fetch(String),
    /// Somebody else fetches them: check again in a few milliseconds.
    Wait,
    /// There are no keys, and the issuer cannot be reached.
    Unavailable,
}

/// A signature to verify.
#[derive(Debug, PartialEq)]
pub struct Verification {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The key.
    pub key: PublicKey,
    /// What was signed.
    pub signed: String,
    /// The signature: of ECDSA the two numbers side by side.
    pub signature: Vec<u8>,
    /// Of the keys, and which of them it is, for [`Authenticator::verified`].
    pub version: u32,
}

impl Authenticator {
    /// An authenticator that knows no keys yet, except local ones.
    pub fn new(mode: Mode) -> Self {
        let keys = match &mode {
            Mode::Local { keys, .. } => keys.public(),
            _ => KeySet::default(),
        };
        Self {
            mode,
            state: Mutex::new(State {
                keys,
                ..State::default()
            }),
        }
    }

    /// The key set to publish, where this app issues tokens itself.
    pub fn published(&self) -> Option<&str> {
        match &self.mode {
            Mode::Local { keys, .. } => Some(keys.published()),
            _ => None,
        }
    }

    /// Whether tokens are looked at.
    pub fn is_on(&self) -> bool {
        !matches!(self.mode, Mode::None)
    }

    fn policy(&self) -> Option<&Policy> {
        match &self.mode {
            Mode::None => None,
            Mode::Remote { policy, .. } | Mode::Local { policy, .. } => Some(policy),
        }
    }

    /// What a token needs next, at a time in milliseconds since 1970.
    pub fn check(&self, token: &str, now: i64) -> Check {
        self.examine(token, now).unwrap_or_else(Check::Refused)
    }

    fn examine(&self, text: &str, now: i64) -> Result<Check, Rejection> {
        let Some(policy) = self.policy() else {
            return Err(Rejection::UnknownKey);
        };
        let mut state = self.state();
        let passed = state.steady.read(now);
        state.forget_stale_keys(passed);
        match state.verified.get(text, now) {
            Some(Known::Valid(claims)) => return Ok(Check::Known(claims)),
            Some(Known::Expired) => return Err(Rejection::Expired),
            None => {}
        }
        let token = Token::parse(text)?;
        // Before the signature: a token that is over makes nobody fetch keys.
        policy.check(&token.claims, now)?;
        let nth = state.next_key(text);
        match state.keys.find(token.kid.as_deref(), token.algorithm, nth) {
            Found::Key(key) => Ok(Check::Verify(Verification {
                algorithm: token.algorithm,
                key: key.clone(),
                signed: token.signed.to_owned(),
                signature: token.signature,
                version: state.version << KEY_BITS | nth as u32,
            })),
            Found::Mismatch => Err(Rejection::KeyMismatch),
            Found::Ambiguous => Err(Rejection::AmbiguousKey),
            Found::Unknown => match &self.mode {
                Mode::Remote { url, .. } => state.look_for_key(url, passed),
                _ => Err(Rejection::UnknownKey),
            },
        }
    }

    /// Until when a token with these claims, which was accepted, is: in milliseconds since 1970.
    pub fn expires(&self, claims: &Claims) -> Option<i64> {
        Some(ends(claims.get("exp")?, self.policy()?.leeway))
    }

    /// A signature of [`Check::Verify`] was verified: whether it is right. Returns the claims.
    ///
    /// # Errors
    /// The token is refused; or `None`, check again: the keys have changed meanwhile, or there is another of its name.
    pub fn verified(
        &self,
        text: &str,
        version: u32,
        right: bool,
        now: i64,
    ) -> Result<Claims, Option<Rejection>> {
        if !right {
            let is_another = self.state().try_another(text, version);
            return Err((!is_another).then_some(Rejection::Signature));
        }
        let policy = self.policy().ok_or(Some(Rejection::UnknownKey))?;
        let token = Token::parse(text).map_err(Some)?;
        let expires = policy.check(&token.claims, now).map_err(Some)?;
        let mut state = self.state();
        if state.version << KEY_BITS != version >> KEY_BITS << KEY_BITS {
            return Err(None);
        }
        state.next_keys.retain(|(token, _)| token != text);
        let begins = begins(&token.claims, policy.leeway);
        let claims = Claims::from(token.claims);
        state.verified.insert(text, claims.clone(), begins..expires);
        Ok(claims)
    }

    /// The keys were fetched: the text that came. What it says of a text that holds no key; the keys stay as they were then.
    ///
    /// # Errors
    /// See [`KeySet::parse`].
    pub fn keys_loaded(&self, json: &str, now: i64) -> Result<(), KeySetError> {
        let keys = KeySet::parse(json).and_then(|keys| {
            if keys.is_empty() {
                Err(KeySetError::Unusable)
            } else {
                Ok(keys)
            }
        });
        let mut state = self.state();
        let passed = state.steady.read(now);
        state.fetching = None;
        match keys {
            Ok(keys) => {
                state.loaded = Some(passed);
                state.failed = None;
                if state.keys != keys {
                    state.replace_keys(keys);
                }
                Ok(())
            }
            Err(error) => {
                state.failed = Some(passed);
                Err(error)
            }
        }
    }

    /// The keys could not be fetched. Those that are known are kept.
    pub fn keys_failed(&self, now: i64) {
        let mut state = self.state();
        state.fetching = None;
        state.failed = Some(state.steady.read(now));
    }

    /// Where to fetch the keys again, beside the calls that go on, if it is time for that. To be asked once for each call
    /// that brings a token.
    pub fn refresh(&self, now: i64) -> Option<String> {
        let Mode::Remote { url, .. } = &self.mode else {
            return None;
        };
        let mut state = self.state();
        let passed = state.steady.read(now);
        let old = passed - state.loaded? >= FRESH;
        let tried = state.refreshed.is_some_and(|at| passed - at < COOL_DOWN);
        if !old || tried || state.is_fetching(passed) {
            return None;
        }
        state.refreshed = Some(passed);
        state.fetching = Some(passed);
        Some(url.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Which of the keys of a token's name it is to be verified with.
    fn next_key(&self, text: &str) -> usize {
        let next = self.next_keys.iter().find(|(token, _)| token == text);
        next.map_or(0, |(_, nth)| *nth)
    }

    /// A token was not signed by the key that `version` tells: whether there is another of that name, which is next.
    fn try_another(&mut self, text: &str, version: u32) -> bool {
        let nth = (version & ((1 << KEY_BITS) - 1)) as usize + 1;
        let tried = self.next_key(text);
        self.next_keys.retain(|(token, _)| token != text);
        let Ok(token) = Token::parse(text) else {
            return false;
        };
        let Some(kid) = token.kid.as_deref() else {
            return false;
        };
        if !matches!(
            self.keys.find(Some(kid), token.algorithm, nth),
            Found::Key(_)
        ) {
            return false;
        }
        if self.next_keys.len() == NEXT_KEYS {
            self.next_keys.remove(0);
        }
        // Another request with the same token may be ahead.
        self.next_keys.push((text.to_owned(), nth.max(tried)));
        true
    }

    fn is_fetching(&self, passed: i64) -> bool {
        self.fetching.is_some_and(|at| passed - at < FETCH_LOST)
    }

    fn look_for_key(&mut self, url: &str, passed: i64) -> Result<Check, Rejection> {
        if self.is_fetching(passed) {
            return Ok(Check::Wait);
        }
        if self.loaded.is_none() {
            if self.failed.is_some_and(|at| passed - at < RETRY) {
                return Ok(Check::Unavailable);
            }
        } else {
            if self.cooling.is_some_and(|at| passed - at < COOL_DOWN) {
                return Err(Rejection::UnknownKey);
            }
            self.cooling = Some(passed);
        }
        self.fetching = Some(passed);
        Ok(Check::Fetch(url.to_owned()))
    }

    fn forget_stale_keys(&mut self, passed: i64) {
        if self.loaded.is_some_and(|at| passed - at >= STALE) {
            self.loaded = None;
            self.replace_keys(KeySet::default());
        }
    }

    /// What a withdrawn key has signed is not to be accepted any more.
    fn replace_keys(&mut self, keys: KeySet) {
        self.keys = keys;
        self.version = self.version.wrapping_add(1);
        self.verified.clear();
        self.next_keys.clear();
    }
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64UrlUnpadded, Encoding};

    use super::*;

    const URL: &str = "https://issuer.example/jwks.json";
    const POINT: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
    const HOUR: i64 = 3_600_000;

    fn remote() -> Authenticator {
        Authenticator::new(Mode::Remote {
            url: URL.to_owned(),
            policy: Policy::default(),
        })
    }

    fn jwks(kids: &[&str]) -> String {
        let keys: Vec<_> = kids
            .iter()
            .map(|kid| format!(r#"{{{POINT},"kid":"{kid}"}}"#))
            .collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    /// A token by a key, good for a year.
    fn token(kid: &str) -> String {
        let part = |json: String| Base64UrlUnpadded::encode_string(json.as_bytes());
        format!(
            "{}.{}.c2ln",
            part(format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#)),
            part(r#"{"sub":"u1","exp":31536000}"#.to_owned())
        )
    }

    fn fetch() -> Check {
        Check::Fetch(URL.to_owned())
    }

    #[track_caller]
    fn verify(auth: &Authenticator, kid: &str, now: i64) -> u32 {
        match auth.check(&token(kid), now) {
            Check::Verify(verification) => verification.version,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_are_fetched_once_and_a_token_is_verified_once() {
        let auth = remote();
        assert_eq!(auth.check(&token("a"), 0), fetch());
        assert_eq!(auth.check(&token("a"), 1), Check::Wait);
        auth.keys_loaded(&jwks(&["a"]), 2).unwrap();
        let version = verify(&auth, "a", 3);
        let claims = auth.verified(&token("a"), version, true, 4).unwrap();
        assert_eq!(claims.subject(), Some("u1"));
        assert_eq!(auth.check(&token("a"), 5), Check::Known(claims));
    }

    #[test]
    fn a_wrong_signature_is_refused_every_time() {
        let auth = remote();
        auth.check(&token("a"), 0);
        auth.keys_loaded(&jwks(&["a"]), 0).unwrap();
        for now in 1..4 {
            let version = verify(&auth, "a", now);
            assert_eq!(
                auth.verified(&token("a"), version, false, now),
                Err(Some(Rejection::Signature))
            );
        }
    }

    #[test]
    fn every_key_of_a_tokens_name_is_tried_also_by_requests_at_once() {
        let auth = remote();
        auth.check(&token("a"), 0);
        auth.keys_loaded(&jwks(&["a", "a", "b"]), 0).unwrap();
        let first = verify(&auth, "a", 1);
        assert_eq!(verify(&auth, "a", 1), first);
        for _ in 0..2 {
            assert_eq!(auth.verified(&token("a"), first, false, 1), Err(None));
        }
        let second = verify(&auth, "a", 1);
        assert_ne!(second, first);
        assert_eq!(
            auth.verified(&token("a"), second, false, 1),
            Err(Some(Rejection::Signature))
        );
        // From the beginning.
        assert_eq!(verify(&auth, "a", 2), first);
        assert_eq!(auth.verified(&token("a"), first, false, 2), Err(None));
        assert!(auth.verified(&token("a"), second, true, 2).is_ok());
        assert!(matches!(auth.check(&token("a"), 3), Check::Known(_)));
    }

    #[test]
    fn a_rotated_key_is_found_at_once_and_a_flood_of_unknown_ones_fetches_once() {
        let auth = remote();
        auth.check(&token("a"), 0);
        auth.keys_loaded(&jwks(&["a"]), 0).unwrap();
        assert_eq!(auth.check(&token("b"), 1), fetch());
        auth.keys_loaded(&jwks(&["a", "b"]), 2).unwrap();
        verify(&auth, "b", 3);
        let mut fetches = 0;
        for i in 0..10_000 {
            match auth.check(&token(&format!("evil{i}")), 4 + i) {
                Check::Fetch(_) => {
                    fetches += 1;
                    auth.keys_loaded(&jwks(&["a", "b"]), 4 + i).unwrap();
                }
                check => assert_eq!(check, Check::Refused(Rejection::UnknownKey)),
            }
        }
        assert_eq!(fetches, 1, "in ten seconds");
    }

    #[test]
    fn what_a_withdrawn_key_signed_is_refused_once_the_keys_are_fetched_again() {
        let auth = remote();
        auth.check(&token("a"), 0);
        auth.keys_loaded(&jwks(&["a", "b"]), 0).unwrap();
        let version = verify(&auth, "a", 0);
        auth.verified(&token("a"), version, true, 0).unwrap();
        assert_eq!(auth.refresh(FRESH - 1), None);
        assert_eq!(auth.refresh(FRESH), Some(URL.to_owned()));
        assert_eq!(auth.refresh(FRESH), None, "one fetch at a time");
        assert!(matches!(auth.check(&token("a"), FRESH), Check::Known(_)));
        // Verified under the old keys, told after the new ones came: to be looked at again.
        auth.keys_loaded(&jwks(&["b"]), FRESH).unwrap();
        assert_eq!(auth.verified(&token("a"), version, true, FRESH), Err(None));
        assert_eq!(auth.check(&token("a"), FRESH + 1), fetch());
        auth.keys_loaded(&jwks(&["b"]), FRESH + 2).unwrap();
        assert_eq!(
            auth.check(&token("a"), FRESH + 3),
            Check::Refused(Rejection::UnknownKey)
        );
    }

    #[test]
    fn known_keys_outlive_an_issuer_that_is_out_of_reach_for_a_day() {
        let auth = remote();
        auth.check(&token("a"), 0);
        auth.keys_loaded(&jwks(&["a"]), 0).unwrap();
        let mut tried = 0;
        for now in (0..STALE).step_by(60_000) {
            verify(&auth, "a", now);
            if auth.refresh(now).is_some() {
                tried += 1;
                auth.keys_failed(now);
            }
        }
        assert!(tried > 1000, "every minute from the tenth on: {tried}");
        assert_eq!(auth.check(&token("a"), STALE + 60_000), fetch());
        auth.keys_failed(STALE + 60_000);
        assert_eq!(auth.check(&token("a"), STALE + 60_001), Check::Unavailable);
    }

    #[test]
    fn an_issuer_that_is_out_of_reach_is_not_asked_by_every_call() {
        let auth = remote();
        assert_eq!(auth.check(&token("a"), 0), fetch());
        auth.keys_failed(10);
        assert_eq!(auth.check(&token("a"), 10 + RETRY - 1), Check::Unavailable);
        assert_eq!(auth.check(&token("a"), 10 + RETRY), fetch());
        assert!(auth.keys_loaded("<html>", 10 + RETRY).is_err());
        assert!(auth.keys_loaded(r#"{"keys":[]}"#, 10 + RETRY).is_err());
        assert_eq!(auth.check(&token("a"), 11 + RETRY), Check::Unavailable);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_the_fetching_of_keys() {
        let auth = remote();
        auth.check(&token("a"), 10 * HOUR);
        auth.keys_loaded(&jwks(&["a"]), 10 * HOUR).unwrap();
        // Nine hours back.
        assert_eq!(auth.refresh(HOUR), None);
        assert_eq!(auth.refresh(HOUR + FRESH - 1), None);
        assert_eq!(auth.refresh(HOUR + FRESH), Some(URL.to_owned()));
        auth.keys_loaded(&jwks(&["b"]), HOUR + FRESH).unwrap();
        // The one that was withdrawn is not accepted; it may be new, so it is looked for, and after the pause again.
        let mut fetched = 0;
        for now in (0..HOUR).step_by(1000) {
            if auth.check(&token("a"), now) == fetch() {
                fetched += 1;
                auth.keys_loaded(&jwks(&["b"]), now).unwrap();
            }
        }
        assert!(fetched > 300, "every ten seconds: {fetched}");
    }

    #[test]
    fn a_fetch_that_is_lost_is_made_up_for() {
        let auth = remote();
        assert_eq!(auth.check(&token("a"), 0), fetch());
        assert_eq!(auth.check(&token("a"), FETCH_LOST - 1), Check::Wait);
        assert_eq!(auth.check(&token("a"), FETCH_LOST), fetch());
    }

    #[test]
    fn an_expired_token_fetches_nothing() {
        let auth = remote();
        assert_eq!(
            auth.check(&token("a"), 365 * 24 * HOUR),
            Check::Refused(Rejection::Expired)
        );
    }
}
