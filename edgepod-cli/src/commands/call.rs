//! `edgepod call`: one function of the app that runs.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use super::dev::{key, running};
use crate::app::App;
use crate::args::Call;
use crate::{env, term};

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
    Ok(ExitCode::SUCCESS)
}

/// The key that `edgepod dev` uses.
fn development_key(args: &Call) -> Result<String> {
    let app =
        App::find(&args.app).context("the key in development is not known; name one with --key")?;
    let mut vars = env::of_app(&app.folder)?;
    key::ensure(&mut vars, &app.state()?)?;
    vars.remove(key::NAME).context("the app has no key")
}
