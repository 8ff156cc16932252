//! Calls of functions in other pods, from actions and routes.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::{Mutex, PoisonError},
};

use futures_channel::oneshot;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value as Json, value::RawValue};
use sha2::{Digest, Sha256};

use super::{
    ActionCtx, Callable, Fetching, FunctionDef, Invocation, LocationHint, NoAnswer, PodName,
    RawReply, Returns, call::CallState, no_pod,
};
use crate::{Code, Error, Result, auth::Claims};

/// How many pods may wait for each other, one in the other.
const DEPTH: u32 = 8;

/// Where a call comes from that no client makes: another pod, or the admin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The name of that pod; nothing where it is the admin.
    pub pod: String,
    /// How many calls between pods it is part of, with this one.
    pub depth: u32,
    /// What stands for this call, where a job or the admin makes it: the same in each try. A function is done once for it.
    pub key: Option<String>,
}

impl Origin {
    /// The admin, who asks for this call under this key.
    pub fn admin(key: String) -> Self {
        Self {
            pod: String::new(),
            depth: 0,
            key: Some(key),
        }
    }
}

/// A call of a function in another pod, as a host passes it on.
pub struct PodCall {
    /// Which pod.
    pub pod: PodName,
    /// The function, which may be an internal one.
    pub function: &'static FunctionDef,
    /// Its arguments, as JSON.
    pub args: String,
    /// Who calls: the user of the call that this is a part of.
    pub user: Option<Claims>,
    /// The name of that call in the log.
    pub trace_id: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The headers that hand on the trace that it is a part of, as JSON.
    #[cfg(not(target_arch = "wasm32"))]
    pub headers: String,
}

/// The pods of the app. What [`ActionCtx::pods`] returns.
pub struct Pods<'a> {
    ctx: &'a ActionCtx,
}

/// A pod, to call functions in. What [`Pods::get`] returns.
pub struct OtherPod<'a> {
    ctx: &'a ActionCtx,
    name: PodName,
}

impl ActionCtx {
    /// The pods of the app, to call functions in them.
    ///
    /// ```ignore
    /// #[edgepod::action]
    /// pub async fn total(ctx: &ActionCtx, orgs: Vec<String>) -> Result<u64> {
    ///     let mut total = 0;
    ///     for org in orgs {
    ///         total += ctx.pods().get(&org)?.call(stats::call()).await?.notes;
    ///     }
    ///     Ok(total)
    /// }
    /// ```
    pub fn pods(&self) -> Pods<'_> {
        Pods { ctx: self }
    }
}

impl<'a> Pods<'a> {
    /// The pod of this name. Its first call makes it, whoever calls. The app's rule is not asked: this is the app itself, so a name
    /// that a client gave is to be looked at first.
    ///
    /// # Errors
    /// `BAD_REQUEST` for what is no name, `NOT_FOUND` in an app with one database.
    pub fn get(&self, name: impl AsRef<str>) -> Result<OtherPod<'a>> {
        let name = PodName::new(name)?;
        if !name.is_global() && self.ctx.state().engine.registry().pod().is_none() {
            return Err(no_pod());
        }
        Ok(OtherPod {
            ctx: self.ctx,
            name,
        })
    }
}

impl OtherPod<'_> {
    /// The same pod. Where this call makes it, Cloudflare is asked to make it here, as by [`PodName::near`].
    ///
    /// ```ignore
    /// ctx.pods().get(&org)?.near(LocationHint::Weur).call(admit::call(user)).await?;
    /// ```
    #[must_use]
    pub fn near(mut self, hint: LocationHint) -> Self {
        self.name = self.name.near(hint);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Calls a function there, an internal one as well, as the user of this call. It has a transaction of its own there, which this
    /// call neither sees nor takes back.
    ///
    /// In a job, a function there is done once, however often the job is tried: what it answered is remembered there for a week,
    /// under a key that this job, the function, its arguments and the how manieth such call it is make up. A call that is no job's
    /// and breaks off may have been done.
    ///
    /// # Errors
    /// What the function returns: an error has the code, message and data that it had there. `UNAVAILABLE` where the pod cannot be
    /// opened or reached, `INTERNAL` where the function fails, and where pods wait for each other more than 8 deep: the log has it
    /// under the trace id of this call.
    pub async fn call<F>(&self, call: Invocation<F>) -> Result<<F::Returned as Returns>::Ok>
    where
        F: Callable<Returned: Returns>,
        <F::Returned as Returns>::Ok: DeserializeOwned,
    {
        let reply = self.send(F::DEFINITION, call.args()?.to_owned()).await?;
        let data = data(&reply).map_err(|error| match error.code() {
            Code::Internal => error.with_cause(self.what(F::DEFINITION)),
            _ => error,
        })?;
        Ok(serde_json::from_str(data.get())?)
    }

    async fn send(&self, function: &'static FunctionDef, args: String) -> Result<RawReply> {
        let state = self.ctx.state();
        let origin = self.origin(function, &args)?;
        let (giver, waiting) = oneshot::channel();
        let call = PodCall {
            pod: self.name.clone(),
            function,
            args,
            user: state.user.clone(),
            trace_id: state.id().trace_id.to_owned(),
            origin,
            #[cfg(not(target_arch = "wasm32"))]
            headers: super::traces::passed_on(state.place(), &state.headers()),
        };
        state.engine.host().call_pod(call, Fetching::new(giver));
        let reply = waiting.await;
        let reply = reply.unwrap_or_else(|_| Err(NoAnswer::given_up()));
        reply.map_err(|why| {
            let error = "Another part of this app's data cannot be reached: try again later.";
            Error::unavailable(error).with_cause(format_args!("{}: {why}", self.what(function)))
        })
    }

    fn origin(&self, function: &FunctionDef, args: &str) -> Result<Origin> {
        let state = self.ctx.state();
        let pod = state.engine.pod().as_str();
        let outer = state.origin();
        let depth = outer.map_or(0, |origin| origin.depth) + 1;
        if depth > DEPTH {
            return Err(Error::internal(format!(
                "{} is not called: {DEPTH} calls between pods wait for each other already. Do they call each other in a circle?",
                self.what(function)
            )));
        }
        let base = state.job().map(super::Job::key);
        let base = base.or_else(|| outer?.key.clone());
        let key = base.map(|base| {
            let what = format!("{base}\n{pod}\n{}\n{}\n{args}", self.name, function.name);
            let what = digest(&what);
            let count = sent(self.ctx).count(&what);
            digest(&format!("{count}\n{what}"))
        });
        Ok(Origin {
            pod: pod.to_owned(),
            depth,
            key,
        })
    }

    fn what(&self, function: &FunctionDef) -> String {
        format!("`{}` in the pod `{}`", function.name, self.name)
    }
}

fn digest(text: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(text.as_bytes()))
}

/// The calls that an action has made of other pods, and how often each.
#[derive(Default)]
struct Sent(Mutex<BTreeMap<String, u32>>);

impl Sent {
    fn count(&self, what: &str) -> u32 {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(what.to_owned()).or_default();
        *count += 1;
        *count
    }
}

fn sent(ctx: &ActionCtx) -> Rc<Sent> {
    let known = ctx.state().extensions.get();
    known.unwrap_or_else(|| {
        ctx.state().extensions.set(Sent::default());
        ctx.state().extensions.get().expect("just set")
    })
}

/// The data of a reply.
fn data(reply: &RawReply) -> Result<Box<RawValue>> {
    #[derive(Deserialize)]
    struct Reply {
        data: Box<RawValue>,
    }
    #[derive(Deserialize)]
    struct Refusal {
        error: Details,
    }
    #[derive(Deserialize)]
    struct Details {
        code: String,
        message: String,
        data: Option<Json>,
    }
    if reply.status == 200 {
        return Ok(serde_json::from_slice::<Reply>(&reply.body)?.data);
    }
    let Refusal { error } = serde_json::from_slice(&reply.body)?;
    let mut told = Error::new(code(&error.code, reply.status), error.message);
    if let Some(data) = error.data {
        told = told.with_data(data);
    }
    let wait = reply.headers.iter().find(|(name, _)| name == RETRY_AFTER);
    Err(match wait.and_then(|(_, seconds)| seconds.parse().ok()) {
        Some(seconds) => told.retry_after(std::time::Duration::from_secs(seconds)),
        None => told,
    })
}

/// The code of this name. One of the app's own is known by its name for as long as the program runs: there are as many as its
/// source says.
fn code(name: &str, status: u16) -> Code {
    static OWN: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    if let Some(code) = Code::SYSTEM.iter().find(|code| code.as_str() == name) {
        return *code;
    }
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    let name = own.get(name).copied().unwrap_or_else(|| {
        let name: &str = name.to_owned().leak();
        own.insert(name);
        name
    });
    Code::App { name, status }
}

const RETRY_AFTER: &str = "retry-after";

/// An outcome as a host gives it back to whoever called.
#[cfg(all(not(target_arch = "wasm32"), feature = "native"))]
pub(crate) fn answer_of(outcome: super::Outcome) -> RawReply {
    let wait = outcome.retry_after;
    let wait = wait.map(|seconds| (RETRY_AFTER.to_owned(), seconds.to_string()));
    RawReply {
        status: outcome.status,
        headers: wait.into_iter().collect(),
        body: outcome.body.into(),
    }
}

impl CallState {
    /// Whether no client makes this call: but a job, another pod, or the admin.
    pub(super) fn is_own(&self) -> bool {
        self.job().is_some() || self.origin().is_some()
    }

    /// Whether a job makes this call, here or in another pod, or the admin: it has no user then.
    pub(super) fn is_of_nobody(&self) -> bool {
        self.job().is_some() || self.origin().is_some_and(|origin| origin.key.is_some())
    }
}
