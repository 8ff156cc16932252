//! `edgepod call`: one function of the app that runs.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::Value;
use ureq::http::StatusCode;

use super::dev::{key, running};
use crate::{
    admin::new_id,
    app::App,
    args::{AdminAddress, Call},
    env, term,
};

/// An action may wait for the outside world.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where `edgepod dev` serves unless it is told another port.
pub(super) const USUAL: &str = "http://127.0.0.1:8989";

pub(super) fn run(args: &Call) -> Result<ExitCode> {
    let arguments: Value = serde_json::from_str(&args.arguments).with_context(|| {
        format!(
            "the arguments `{}` are no JSON: write an object in quotes, as in '{{\"id\": 7}}'",
            args.arguments
        )
    })?;
    if !arguments.is_object() {
        bail!(
            "the arguments `{}` are no JSON object: arguments are named, as in '{{\"id\": 7}}'",
            args.arguments
        );
    }
    let (base, status, body) = match args.admin {
        true => of_admin(args)?,
        false => of_client(args)?,
    };
    if let Some(error) = body.get("error") {
        let part = |name: &str| error[name].as_str().unwrap_or("unknown");
        let data = error
            .get("data")
            .map(|data| format!("; data: {data}"))
            .unwrap_or_default();
        bail!(
            "{} refuses: {} ({}, {status}, trace {}{data})",
            args.name,
            part("message"),
            part("code"),
            part("trace_id")
        );
    }
    for warning in body["warnings"].as_array().into_iter().flatten() {
        term::warning(warning.as_str().unwrap_or_default());
    }
    anstream::println!("{}", serde_json::to_string_pretty(&body["data"])?);
    if args.explain {
        match serde_json::from_value(body["meta"]["explain"].clone()) {
            Ok(explained) => {
                let is_kept = body["meta"]["cached"] == true;
                anstream::eprint!("{}", explanation(&args.name, is_kept, &explained));
            }
            Err(_) => bail!(
                "what answers at {base} does not say how: only an app that is built for development does, as `edgepod dev` builds it"
            ),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the call went, the status, and the reply.
type Called = (String, StatusCode, Value);

/// Calls it through the admin address.
fn of_admin(args: &Call) -> Result<Called> {
    let admin = super::pods::admin(&AdminAddress {
        app: args.app.clone(),
        url: args.url.clone(),
        admin_key: args.admin_key.clone(),
    })?;
    // Another for each call: the app does it once for it.
    let id = new_id();
    let mut query = vec![("function", &*args.name), ("id", &id)];
    query.extend(args.pod.as_deref().map(|pod| ("pod", pod)));
    let (status, body) = admin.call(&query, args.arguments.as_bytes())?;
    Ok((admin.base().to_owned(), status, body))
}

/// Calls it as a page would.
fn of_client(args: &Call) -> Result<Called> {
    let key = match &args.key {
        Some(key) => key.clone(),
        None => development_key(args)?,
    };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let base = match &args.url {
        Some(url) => url.clone(),
        None => running::url(&args.app).unwrap_or_else(|| USUAL.to_owned()),
    };
    let url = format!("{}/rpc/{}", base.trim_end_matches('/'), args.name);
    let mut request = agent
        .post(&url)
        .header("content-type", "application/json")
        .header("x-edgepod-key", &key);
    if let Some(token) = &args.token {
        request = request.header("authorization", &format!("Bearer {token}"));
    }
    if let Some(pod) = &args.pod {
        request = request.header("x-edgepod-pod", pod);
    }
    if args.explain {
        request = request.header("x-edgepod-explain", "true");
    }
    let mut reply = request.send(args.arguments.as_bytes()).map_err(|error| {
        anyhow!(
            "nothing answers at {base} ({error}): start `edgepod dev`, or name the address with --url"
        )
    })?;
    let status = reply.status();
    let text = reply.body_mut().read_to_string()?;
    let body: Value = serde_json::from_str(&text).with_context(|| {
        format!("what answers at {base} with {status} is no EdgePod: is --url right?")
    })?;
    Ok((base, status, body))
}

/// What a server in development says of how it has answered.
#[derive(Deserialize)]
struct Explained {
    reads: Vec<String>,
    writes: Vec<String>,
    kept: bool,
    told: u64,
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    sql: String,
    plan: Vec<String>,
    reads: Vec<String>,
    writes: Vec<String>,
    rows_read: u64,
    rows_written: u64,
}

/// How a call was answered, for people.
fn explanation(name: &str, was_kept: bool, explained: &Explained) -> String {
    let answer = match (was_kept, explained.kept) {
        (true, _) => "the kept answer; its handler ran once more, to show its statements",
        (false, true) => "computed, and kept from now on",
        (false, false) => "computed",
    };
    let mut text = format!("\n{name}: {answer}\n");
    let mut line = |what: &str, topics: &[String]| {
        if !topics.is_empty() {
            text += &format!("  {what} {}\n", topics.join(", "));
        }
    };
    line("depends on", &explained.reads);
    line("touched", &explained.writes);
    if !explained.writes.is_empty() {
        text += &match explained.told {
            1 => "  told 1 socket\n".to_owned(),
            told => format!("  told {told} sockets\n"),
        };
    }
    for (i, statement) in explained.statements.iter().enumerate() {
        text += &format!("{}. {}\n", i + 1, statement.sql);
        for line in &statement.plan {
            text += &format!("     {line}\n");
        }
        let mut parts = Vec::new();
        for (what, topics) in [("reads", &statement.reads), ("writes", &statement.writes)] {
            if !topics.is_empty() {
                parts.push(format!("{what} {}", topics.join(", ")));
            }
        }
        for (what, rows) in [
            ("returned", statement.rows_read),
            ("changed", statement.rows_written),
        ] {
            if rows > 0 || what == "returned" && statement.writes.is_empty() {
                parts.push(format!(
                    "{what} {rows} {}",
                    if rows == 1 { "row" } else { "rows" }
                ));
            }
        }
        text += &format!("   {}\n", parts.join("; "));
    }
    text
}

/// The key that `edgepod dev` uses.
fn development_key(args: &Call) -> Result<String> {
    let app =
        App::find(&args.app).context("the key in development is not known; name one with --key")?;
    let mut vars = env::of_app(&app.folder)?;
    key::ensure(&mut vars, &app.state()?)?;
    vars.remove(key::NAME).context("the app has no key")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(body: &str) -> Explained {
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn an_explanation_is_for_people() {
        let read = explained(
            r#"{"reads":["messages.room_id = 7"],"writes":[],"kept":true,"told":0,"statements":[{"sql":"SELECT 1","plan":
            ["SEARCH messages USING INDEX i"],"reads":["messages.room_id = 7"],"writes":[],"rows_read":1,"rows_written":0}]}"#,
        );
        assert_eq!(
            explanation("getMessages", false, &read),
            "\ngetMessages: computed, and kept from now on\n  depends on messages.room_id = 7\n1. SELECT 1\n     \
             SEARCH messages USING INDEX i\n   reads messages.room_id = 7; returned 1 row\n"
        );
        let write = explained(
            r#"{"reads":[],"writes":["messages"],"kept":false,"told":2,"statements":[{"sql":"DELETE FROM messages","plan":[],
            "reads":[],"writes":["messages"],"rows_read":0,"rows_written":3}]}"#,
        );
        assert_eq!(
            explanation("clear", false, &write),
            "\nclear: computed\n  touched messages\n  told 2 sockets\n1. DELETE FROM messages\n   writes messages; \
             changed 3 rows\n"
        );
    }
}
