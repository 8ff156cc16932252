//! Functions that may be called again without being done again: the reply is stored under the caller's key, in the
//! transaction of the writes.

use std::{cell::RefCell, rc::Rc};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    Args, Ctx, FunctionDef, Kind, Origin, Reply, call::CallState, engine::in_transaction,
    system::idempotency,
};
use crate::{Code, Error, Result, auth::Claims, tracking::Footprint};

/// The header with the key, as it is in the headers' JSON.
pub(super) const HEADER: &str = "x-edgepod-idempotency-key";

/// The longest key, in bytes.
const KEY: usize = 128;

/// How long a reply is kept at least, in milliseconds: a day.
const KEPT: i64 = 24 * 60 * 60 * 1000;

/// How much longer one is kept that is for a job of another pod: for as long as a job can be tried again.
const KEPT_FOR_JOBS: i64 = 7 * KEPT;

/// The largest reply that is stored, in bytes: a row holds 2 MB on the platform.
const REPLY: usize = 1024 * 1024;

/// A call that is to be done once.
pub(super) struct Once {
    caller: String,
    key: String,
    /// The function, and what stands for its arguments.
    call: String,
    /// How much longer than others its reply is kept, in milliseconds.
    longer: i64,
}

/// A reply as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
    read: Vec<String>,
    written: Vec<String>,
    warnings: Vec<String>,
}

impl Once {
    /// The call's key, if it has one.
    ///
    /// # Errors
    /// `BAD_REQUEST`: a key that is none, a caller without a name, an action.
    pub(super) fn of(
        state: &CallState,
        function: &FunctionDef,
        args: &Args,
    ) -> Result<Option<Self>> {
        let call = || format!("{} {}", function.name, digest(args.as_json()));
        if let Some(Origin { pod, key, .. }) = state.origin() {
            // No client's caller is called so, and a client cannot take a job's key first.
            let once = key.as_ref().map(|key| Self {
                caller: format!("pod {pod}"),
                key: key.clone(),
                call: call(),
                longer: KEPT_FOR_JOBS,
            });
            return Ok(once);
        }
        let headers = state.headers();
        // Most calls have no key, and are not to pay for reading their headers.
        if !headers.may_have(HEADER) {
            return Ok(None);
        }
        let Some(key) = headers.peek(HEADER) else {
            return Ok(None);
        };
        if function.kind() == Kind::Action {
            return Err(Error::bad_request(format!(
                "`{}` is an action: what it does outside cannot be remembered with its reply, so it takes no \
                 X-EdgePod-Idempotency-Key. Call it without.",
                function.name
            )));
        }
        if key.is_empty() || key.len() > KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::bad_request(format!(
                "An X-EdgePod-Idempotency-Key has 1 to {KEY} visible ASCII characters, such as a UUID."
            )));
        }
        Ok(Some(Self {
            caller: caller(state.user.as_ref())?,
            key: key.to_owned(),
            call: call(),
            longer: 0,
        }))
    }

    /// Runs the function, or returns the reply that is stored for it.
    pub(super) fn run(
        &self,
        state: &Rc<CallState>,
        body: impl FnOnce(&Ctx) -> Result<Reply>,
    ) -> Result<Reply> {
        let replayed = RefCell::new(None);
        let reply = in_transaction(state, |ctx| {
            if let Some(text) = self.find(state)? {
                let stored: Stored<'_> = serde_json::from_str(&text)?;
                let reply = Reply::from_json(stored.data.get());
                replayed.replace(Some((stored.read, stored.written, stored.warnings)));
                return Ok(reply);
            }
            let reply = body(ctx)?;
            self.store(state, &reply)?;
            Ok(reply)
        })?;
        // After the transaction, which else would announce it again.
        if let Some((read, written, warnings)) = replayed.take() {
            let tables =
                |names: Vec<String>| names.iter().map(String::as_str).collect::<Footprint>();
            state.replay(&tables(read), &tables(written), warnings);
        }
        Ok(reply)
    }

    /// The stored reply, if there is one.
    fn find(&self, state: &CallState) -> Result<Option<String>> {
        let found = idempotency::find(&**state.engine.host(), &self.caller, &self.key)?;
        let Some((call, reply)) = found else {
            return Ok(None);
        };
        if call != self.call {
            return Err(Error::conflict(
                "This X-EdgePod-Idempotency-Key was used for another function or other arguments. A key stands for one call: \
                 send a new one.",
            ));
        }
        Ok(Some(reply))
    }

    fn store(&self, state: &CallState, reply: &Reply) -> Result<()> {
        if reply.as_json().len() > REPLY {
            return Err(Error::new(
                Code::PayloadTooLarge,
                format!(
                    "The reply has {} bytes, and one that is remembered under an X-EdgePod-Idempotency-Key may have {REPLY}. \
                     Nothing was written. Return less, or call without the key.",
                    reply.as_json().len()
                ),
            ));
        }
        let (read, written, warnings) = state.so_far();
        let data: &RawValue = serde_json::from_str(reply.as_json())?;
        let stored = serde_json::to_string(&Stored {
            data,
            read,
            written,
            warnings,
        })?;
        let host = state.engine.host();
        let now = host.now_micros().div_euclid(1000);
        let texts = [&self.caller, &self.key, &self.call, &stored].map(String::clone);
        idempotency::store(&**host, texts, now + self.longer, now - KEPT)?;
        Ok(())
    }
}

/// Who calls: nobody may hear a reply that was another's.
fn caller(user: Option<&Claims>) -> Result<String> {
    let Some(claims) = user else {
        return Ok(String::new());
    };
    let Some(subject) = claims.subject() else {
        return Err(Error::bad_request(
            "The token has no `sub`, so its caller cannot be told from others: call without X-EdgePod-Idempotency-Key, or \
             issue tokens with a subject.",
        ));
    };
    let issuer: String = claims.get("iss").unwrap_or_default();
    Ok(serde_json::to_string(&(issuer, subject))?)
}

/// What stands for the arguments: the same for objects that differ in white space and in the order of their members.
/// Text that is no JSON stands for itself: the function is going to refuse it.
fn digest(args: &str) -> String {
    let canonical = serde_json::from_str::<serde_json::Value>(args).map(|args| args.to_string());
    let digest = Sha256::digest(canonical.as_deref().unwrap_or(args).as_bytes());
    base16ct::lower::encode_string(&digest)
}
