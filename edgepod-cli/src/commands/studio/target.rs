//! The app that the studio shows: what is known of it, and how it is asked.

use std::{
    path::PathBuf,
    sync::{PoisonError, RwLock},
    time::{Duration, Instant},
};

use edgepod_sql::cell;
use serde_json::{Map, Value, json};

use super::{
    refusal::{Answer, Refusal},
    statement::Statement,
    tokens,
};
use crate::{
    admin::{Admin, new_id},
    commands::dev::key,
    env::Vars,
};

/// An action may wait for the outside world.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the app runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Where {
    /// In this `edgepod dev`, as a program.
    Native,
    /// In this `edgepod dev`, on workerd.
    Workerd,
    /// Wherever an address leads to.
    Remote,
}

impl Where {
    fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Workerd => "workerd",
            Self::Remote => "remote",
        }
    }
}

/// What is known of the app.
#[derive(Debug, Clone)]
pub(in crate::commands) struct Facts {
    pub name: String,
    pub host: Where,
    /// Where others reach it.
    pub url: String,
    /// Where this machine reaches it.
    pub base: String,
    /// Where its page is served.
    pub page: Option<String>,
    /// The pod that is meant where none is named.
    pub pod: Option<String>,
    /// Whether its build is for development; `None` where that has to be asked.
    pub development: Option<bool>,
    /// Whether anything may be changed.
    pub write: bool,
    pub folder: Option<PathBuf>,
    /// What the app prints of itself, as JSON.
    pub manifest: Option<String>,
    /// Its variables, with the key that clients send; of an app elsewhere none that signs.
    pub vars: Vars,
    pub admin_key: String,
}

/// What one function of the studio answers to another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rows {
    pub rows: Vec<Vec<Value>>,
    pub more: bool,
}

/// The app, which may be built anew at any time.
pub(super) struct Target {
    state: RwLock<State>,
    agent: ureq::Agent,
}

struct State {
    facts: Facts,
    /// Changes with each build.
    build: u64,
    /// Whether the app has the functions of the studio, once that is known.
    development: Option<bool>,
}

/// The functions that an app has for the studio where it is built for development.
const SELECT: &str = "_edgepod_select";
const EXECUTE: &str = "_edgepod_execute";
const EVENTS: &str = "_edgepod_events";

impl Target {
    pub fn new(facts: Facts) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE));
        // Without TLS it is this machine, which no proxy is to be asked for.
        let agent = match facts.base.starts_with("http://") {
            true => agent.proxy(None),
            false => agent,
        };
        Self {
            state: RwLock::new(State {
                development: facts.development,
                facts,
                build: 1,
            }),
            agent: agent.build().into(),
        }
    }

    /// The app was built anew, or is configured otherwise.
    pub fn update(&self, change: impl FnOnce(&mut Facts)) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut state.facts);
        state.build += 1;
    }

    pub fn facts(&self) -> Facts {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.facts.clone()
    }

    /// `GET /api/app`.
    pub fn describe(&self) -> Answer<Value> {
        let facts = self.facts();
        let build = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            state.build
        };
        let manifest: Option<Value> = facts
            .manifest
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| Refusal::strange(format!("The app's manifest is no JSON: {error}")))?;
        let has_pods = match (&manifest, facts.host) {
            (Some(manifest), _) => manifest["pods"] == true,
            (None, Where::Remote) => self.has_pods()?,
            (None, _) => false,
        };
        Ok(json!({
            "name": facts.name,
            "host": facts.host.as_str(),
            "url": facts.url,
            "page": facts.page,
            "development": self.is_for_development(facts.pod.as_deref(), has_pods)?,
            "write": facts.write,
            "signs": tokens::signs(&facts.vars),
            "folder": facts.folder,
            "pods": has_pods,
            "pod": facts.pod,
            "build": build.to_string(),
            "manifest": manifest,
        }))
    }

    /// Whether there is more than the one that an app has which says nothing of pods.
    fn has_pods(&self) -> Answer<bool> {
        let page = self.admin("GET", "/pods", &[("limit", "2")], &[])?;
        let pods = page["pods"].as_array().into_iter().flatten();
        let mut names = pods.filter_map(|entry| entry["pod"].as_str());
        Ok(names.any(|name| name != "global"))
    }

    /// Whether the app tells of calls and edits. Of one with pods it is known once one was asked.
    fn is_for_development(&self, pod: Option<&str>, has_pods: bool) -> Answer<bool> {
        let known = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            state.development
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let first;
        let pod = match pod {
            None if has_pods => {
                let page = self.admin("GET", "/pods", &[("limit", "1")], &[])?;
                match page["pods"][0]["pod"].as_str() {
                    Some(name) => first = name.to_owned(),
                    None => return Ok(false),
                }
                Some(&*first)
            }
            pod => pod,
        };
        let arguments = json!({"sql": "SELECT 1", "columns": ["x"], "limit": 1});
        let (status, reply) = self.function(pod, SELECT, &arguments)?;
        let is_there = !is_missing(status, &reply, SELECT);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.development = Some(is_there);
        Ok(is_there)
    }

    /// Refuses unless things may be changed.
    pub fn ensure_writes(&self) -> Answer<()> {
        match self.facts().write {
            true => Ok(()),
            false => Err(Refusal::forbidden(
                "The studio only reads here: start it with `edgepod studio --write` to call functions and to change jobs.",
            )),
        }
    }

    fn admin_address(&self) -> Answer<Admin> {
        let facts = self.facts();
        Admin::new(&facts.base, facts.admin_key).map_err(|error| Refusal::bad(error.to_string()))
    }

    /// What the admin address says to this.
    pub fn admin(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        body: &[u8],
    ) -> Answer<Value> {
        let asked = self.admin_address()?.once(method, path, query, body);
        let (status, mut reply) = asked.map_err(|error| self.away(&error))?;
        taken(status.as_u16(), &mut reply)
    }

    /// Calls a function through the admin address; the status, and the reply.
    pub fn function(
        &self,
        pod: Option<&str>,
        name: &str,
        arguments: &Value,
    ) -> Answer<(u16, Value)> {
        let id = new_id();
        let mut query = vec![("function", name), ("id", &*id)];
        query.extend(pod.map(|pod| ("pod", pod)));
        let body = arguments.to_string();
        let asked = self.admin_address()?.call(&query, body.as_bytes());
        let (status, reply) = asked.map_err(|error| self.away(&error))?;
        Ok((status.as_u16(), reply))
    }

    /// The app does not answer.
    fn away(&self, error: &anyhow::Error) -> Refusal {
        match self.facts().host {
            Where::Remote => Refusal::away(format!("The app does not answer: {error:#}.")),
            _ => Refusal::away(format!(
                "The app is not there now: it is being built, or does not start. The terminal of `edgepod dev` says which. ({error:#})"
            )),
        }
    }

    /// Rows of a SELECT with these columns, where the app tells them.
    pub fn select(
        &self,
        pod: Option<&str>,
        select: &Statement,
        columns: &[String],
        limit: u64,
        offset: u64,
    ) -> Answer<Rows> {
        if self.is_for_development(pod, pod.is_some())? {
            let arguments = json!({
                "sql": select.sql, "values": select.values, "columns": columns, "limit": limit, "offset": offset,
            });
            let (status, mut reply) = self.function(pod, SELECT, &arguments)?;
            let reply = taken(status, &mut reply)?;
            let rows: Vec<Vec<Value>> =
                serde_json::from_value(reply["rows"].clone()).map_err(|_| of_another_version())?;
            // Whoever asked takes them by their places.
            if rows.iter().any(|row| row.len() != columns.len()) {
                return Err(of_another_version());
            }
            return Ok(Rows {
                rows,
                more: reply["more"] == true,
            });
        }
        self.select_of_object(pod, select, columns.len(), limit, offset)
    }

    /// The same of an object whose build is for release: there `edgepod data` reads, in SQL. No values are bound, which came as floats.
    fn select_of_object(
        &self,
        pod: Option<&str>,
        select: &Statement,
        width: usize,
        limit: u64,
        offset: u64,
    ) -> Answer<Rows> {
        if self.admin("GET", "/data", &[], &[])?["format"] != "lines" {
            return Err(Refusal::cannot(
                "This app is built for release and runs natively, where no request reads rows: `edgepod data pull FILE` brings its \
                 data as a SQLite file to look at.",
            ));
        }
        let names: Vec<String> = (0..width).map(|place| format!("c{place}")).collect();
        let cells: Vec<String> = names.iter().map(|name| cell(name)).collect();
        let sql = format!(
            "WITH \"_edgepod\" ({}) AS (\n{}\n) SELECT {} FROM \"_edgepod\" LIMIT {} OFFSET {offset}",
            names.join(", "),
            select.inlined()?,
            cells.join(", "),
            limit + 1
        );
        let body = json!({"steps": [["rows", sql]]}).to_string();
        let query: Vec<_> = pod.into_iter().map(|pod| ("pod", pod)).collect();
        let said = self.admin("POST", "/data/run", &query, body.as_bytes())?;
        if let Some(why) = said.as_str() {
            return Err(Refusal::bad(why));
        }
        let texts: Vec<Vec<String>> =
            serde_json::from_value(said[0].clone()).map_err(|_| of_another_version())?;
        let read = |row: Vec<String>| {
            let cells = row.iter().map(|cell| serde_json::from_str(cell));
            cells.collect::<Result<Vec<Value>, _>>()
        };
        let rows: Result<Vec<_>, _> = texts.into_iter().map(read).collect();
        let mut rows = rows.map_err(|_| of_another_version())?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Rows { rows, more })
    }

    /// Has a statement done that writes one row, as a call of the app's own; these columns of the row.
    pub fn execute(
        &self,
        pod: Option<&str>,
        statement: &Statement,
        returning: &[String],
    ) -> Answer<Vec<Value>> {
        let arguments = json!({
            "sql": statement.sql, "values": statement.values, "returning": returning, "rows": 1,
        });
        let (status, mut reply) = self.function(pod, EXECUTE, &arguments)?;
        if is_missing(status, &reply, EXECUTE) {
            return Err(Refusal::forbidden(
                "A build for release has no code that edits cells: its functions hold the rules for its data. Call one of them.",
            ));
        }
        let reply = taken(status, &mut reply)?;
        serde_json::from_value(reply["rows"][0].clone()).map_err(|_| of_another_version())
    }

    /// What has happened since.
    pub fn events(&self, pod: Option<&str>, after: u64) -> Answer<Value> {
        let (status, mut reply) = self.function(pod, EVENTS, &json!({ "after": after }))?;
        if is_missing(status, &reply, EVENTS) {
            return Err(Refusal::cannot(
                "A build for release does not tell of its calls.",
            ));
        }
        taken(status, &mut reply)
    }

    /// Calls a function as somebody. The reply is that of a page, whatever its status.
    pub fn call(
        &self,
        pod: Option<&str>,
        function: &str,
        arguments: &Value,
        who: &Value,
    ) -> Answer<Value> {
        let began = Instant::now();
        let (status, reply) = if who == "admin" {
            self.function(pod, function, arguments)?
        } else {
            let token = self.token(who)?;
            self.call_as_client(pod, function, arguments, token.as_deref())?
        };
        let ms = began.elapsed().as_secs_f64() * 1_000.0;
        Ok(json!({"status": status, "ms": (ms * 10.0).round() / 10.0, "reply": reply}))
    }

    /// The token of whoever is to call.
    fn token(&self, who: &Value) -> Answer<Option<String>> {
        if who.is_null() {
            return Ok(None);
        }
        if let Some(token) = who["token"].as_str() {
            let token = token.trim();
            if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Refusal::bad(
                    "The token has characters that none has, such as a line break: paste it alone.",
                ));
            }
            return Ok(Some(token.to_owned()));
        }
        let claims: &Map<String, Value> = who["claims"].as_object().ok_or_else(|| {
            Refusal::bad("`as` is null, \"admin\", {\"claims\": {…}} or {\"token\": \"…\"}.")
        })?;
        let vars = self.facts().vars;
        if !tokens::signs(&vars) {
            return Err(Refusal::bad(
                "The command has no key to sign a token with: this app's tokens are another issuer's. Give a token.",
            ));
        }
        let token = tokens::sign(&vars, claims);
        Ok(Some(token.map_err(|error| {
            Refusal::bad(format!("No token can be signed: {error:#}."))
        })?))
    }

    fn call_as_client(
        &self,
        pod: Option<&str>,
        function: &str,
        arguments: &Value,
        token: Option<&str>,
    ) -> Answer<(u16, Value)> {
        let facts = self.facts();
        let Some(key) = facts.vars.get(key::NAME) else {
            return Err(Refusal::bad(
                "The key that clients send to this app is not known: start `edgepod studio` with --key, or call it as the admin.",
            ));
        };
        let name: String = form_urlencoded::byte_serialize(function.as_bytes()).collect();
        let mut request = self
            .agent
            .post(format!("{}/rpc/{name}", facts.base))
            .header("content-type", "application/json")
            .header("x-edgepod-key", key::of_page(key))
            .header("x-edgepod-explain", "true");
        if let Some(token) = token {
            request = request.header("authorization", &format!("Bearer {token}"));
        }
        if let Some(pod) = pod {
            if !pod.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Refusal::bad("A pod's name has visible ASCII characters."));
            }
            request = request.header("x-edgepod-pod", pod);
        }
        let sent = request.send(arguments.to_string());
        let mut reply = sent.map_err(|error| self.away(&error.into()))?;
        let status = reply.status().as_u16();
        let body = reply.body_mut().with_config().limit(64 << 20).read_json();
        let body = body.map_err(|error| {
            Refusal::strange(format!(
                "What answers at {} with {status} is no EdgePod: {error}.",
                facts.base
            ))
        })?;
        Ok((status, body))
    }
}

/// What an answer brings, or why there is none.
fn taken(status: u16, reply: &mut Value) -> Answer<Value> {
    if let Some(data) = reply.get_mut("data") {
        return Ok(data.take());
    }
    Err(match reply.get("error") {
        Some(error) => Refusal::of_app(status, error),
        None => of_another_version(),
    })
}

fn of_another_version() -> Refusal {
    Refusal::strange("The app answers as another version does: is the command as new as the app?")
}

/// Whether the app does not know a function.
fn is_missing(status: u16, reply: &Value, function: &str) -> bool {
    let message = reply["error"]["message"].as_str().unwrap_or_default();
    status == 404 && message.contains(function)
}
