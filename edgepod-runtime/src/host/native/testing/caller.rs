//! Who calls in a test.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json, value::RawValue};

use super::{Answer, CallError, TestApp, Watch};
use crate::{
    auth::Claims,
    engine::{
        AtOnce, Call, Callable, Callee, Ctx, Headers, Invocation, Outcome, QueryCtx, Returns,
    },
};

/// How long tokens of tests are good.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A client of the app: with a token, or without one.
///
/// ```ignore
/// let admin = app.user("ada").claim("role", "admin").header("accept-language", "en");
/// assert_eq!(admin.call(get_secret::call()).await?, "for en");
/// assert_eq!(app.user("bob").call(get_secret::call()).await.unwrap_err().status(), 403);
/// ```
#[derive(Clone)]
pub struct Caller {
    app: TestApp,
    claims: Map<String, Json>,
    headers: Map<String, Json>,
}

impl Caller {
    pub(super) fn new(app: TestApp) -> Self {
        Self {
            app,
            claims: Map::new(),
            headers: Map::new(),
        }
    }

    /// With this claim in the token.
    ///
    /// # Panics
    /// Where the value has no JSON.
    pub fn claim(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value)
            .unwrap_or_else(|error| panic!("the claim `{name}` has no JSON: {error}"));
        self.claims.insert(name.to_owned(), value);
        self
    }

    /// With this header in each request.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.into());
        self
    }

    /// A token with these claims, signed with the key of the test, for a day: as [a server of the app](TestApp::serve) takes it.
    ///
    /// # Panics
    /// Where the app's settings of tokens cannot be used.
    ///
    /// ```ignore
    /// let token = app.user("ada").token();
    /// page.set_header("authorization", &format!("Bearer {token}"));
    /// ```
    pub fn token(&self) -> String {
        let sign = |ctx: &Ctx| ctx.sign_jwt(&self.claims, DAY);
        let token = self.app.engine().transaction_of_a_test(sign);
        token.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Calls a function of any kind, internal ones as well. When this returns, every window that had to has read again.
    ///
    /// # Errors
    /// What a client would get.
    pub async fn call<F>(&self, call: Invocation<F>) -> Result<Answer<F>, CallError>
    where
        F: Callable<Returned: Returns>,
        Answer<F>: DeserializeOwned,
    {
        let json = self.call_json(call).await?;
        serde_json::from_str(json.get()).map_err(|error| {
            let name = F::DEFINITION.name;
            CallError::local(format!("the reply of `{name}` is not read back: {error}"))
        })
    }

    /// The same, with the JSON that the client gets: for results that are only written.
    ///
    /// # Errors
    /// What a client would get.
    pub async fn call_json<F: Callable>(
        &self,
        call: Invocation<F>,
    ) -> Result<Box<RawValue>, CallError> {
        self.app.hear();
        let args = call
            .args()
            .map_err(|error| CallError::local(error.to_string()))?;
        let outcome = match F::DEFINITION.callee() {
            Callee::AtOnce(function) => self.run(function, args, None),
            Callee::Action(action) => {
                let trace_id = self.app.next_trace_id();
                let call = self.call_of(args, None, &trace_id);
                self.app.engine().call_action(action, call).await
            }
        };
        let who = match self.claims.get("sub") {
            Some(Json::String(subject)) => format!("{} by {subject}", F::DEFINITION.name),
            _ => F::DEFINITION.name.to_owned(),
        };
        self.app.settle(&who);
        self.answer(&outcome)
    }

    /// A window of this client that shows what a query gives: it reads now, and again whenever it is told that its data is
    /// stale. It is closed when what this returns is dropped.
    pub fn watch<F>(&self, query: Invocation<F>) -> Watch<F>
    where
        F: Callable<Ctx = QueryCtx, Returned: Returns>,
    {
        Watch::open(self, &query)
    }

    pub(super) fn app(&self) -> &TestApp {
        &self.app
    }

    pub(super) fn headers(&self) -> &Map<String, Json> {
        &self.headers
    }

    /// The claims of its token, if it has one.
    pub(super) fn user(&self) -> Option<Claims> {
        (!self.claims.is_empty()).then(|| Claims::from(self.claims.clone()))
    }

    /// The data of a reply.
    pub(super) fn answer(&self, outcome: &Outcome) -> Result<Box<RawValue>, CallError> {
        #[derive(serde::Deserialize)]
        struct Body {
            data: Box<RawValue>,
        }
        if outcome.status != 200 {
            return Err(CallError::of(outcome, &self.app.log()));
        }
        serde_json::from_str::<Body>(&outcome.body)
            .map(|body| body.data)
            .map_err(|error| CallError::local(format!("the reply has no data: {error}")))
    }

    /// Runs a query or a function.
    pub(super) fn run(&self, function: AtOnce, args: &str, session: Option<&str>) -> Outcome {
        let trace_id = self.app.next_trace_id();
        let call = self.call_of(args, session, &trace_id);
        self.app.engine().call(function, call)
    }

    fn call_of<'a>(&self, args: &'a str, session: Option<&'a str>, trace_id: &'a str) -> Call<'a> {
        Call {
            args,
            session,
            user: self.user(),
            headers: Headers::from_json(Json::Object(self.headers.clone()).to_string()),
            trace_id,
            origin: None,
        }
    }
}
