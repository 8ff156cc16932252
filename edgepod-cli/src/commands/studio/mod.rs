//! The studio: a page of this machine that shows an app that runs, its tables, functions, jobs and calls.
//!
//! - [`server`] lets in who has the token, and nobody else's page
//! - [`page`] has the files of the page
//! - [`api`] is what the page asks
//! - [`target`] is the app, and asks it: by its admin address and by `/rpc`. The page never holds the app's keys
//! - [`table`], [`rows`], [`edit`] make SQL of what the page asks, each a [`statement`]
//! - [`tokens`] signs in as a user
//! - [`refusal`] is what goes wrong
//!
//! `edgepod dev` starts one for its app; [`run`] is `edgepod studio`, for an app elsewhere.

mod api;
mod edit;
mod page;
mod refusal;
mod rows;
mod server;
mod statement;
mod table;
mod target;
mod tokens;

use std::{net::SocketAddr, process::ExitCode, sync::Arc, sync::mpsc};

use anyhow::{Context, Result, bail};
use rand::distr::{Alphanumeric, SampleString};

pub(super) use self::target::{Facts, Where};
use self::{page::Page, target::Target};
use super::{
    call::USUAL,
    dev::{key, running},
};
use crate::{
    admin,
    app::App,
    args::Studio as Args,
    build,
    env::{self, Vars},
    native::Program,
    process, term,
};

/// Random letters and digits in a token: 238 bits.
const TOKEN: usize = 40;

/// A studio that is served, until the command ends.
pub(super) struct Studio {
    address: SocketAddr,
    token: String,
    page: Page,
    target: Arc<Target>,
}

impl Studio {
    /// Serves it on this port, or on a free one (0).
    ///
    /// # Errors
    /// Where the port is in use.
    pub fn start(port: u16, facts: Facts) -> Result<Self> {
        let token = Alphanumeric.sample_string(&mut rand::rng(), TOKEN);
        let (page, target) = (Page::new(), Arc::new(Target::new(facts)));
        Ok(Self {
            address: server::start(port, token.clone(), page.clone(), target.clone())?,
            token,
            page,
            target,
        })
    }

    /// The address to open; `None` where there is no page to see.
    pub fn url(&self) -> Option<String> {
        let there = self.page.is_there();
        there.then(|| format!("http://{}/#token={}", self.address, self.token))
    }

    /// The app was built anew, or is configured otherwise.
    pub fn update(&self, change: impl FnOnce(&mut Facts)) {
        self.target.update(change);
    }
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let (stop, stopped) = mpsc::channel();
    process::stop_on_signals(move || {
        // When nobody listens, the command is ending already.
        let _ = stop.send(());
    })?;
    let studio = Studio::start(args.port.unwrap_or(0), facts(args)?)?;
    let url = studio.url().context(
        "this command was built without the studio's page: build it in a checkout with npm, or install a published one",
    )?;
    term::fact("studio", &url);
    if !args.write {
        term::status(
            "Reading",
            "only; --write lets it call functions and change jobs",
        );
    }
    if args.open {
        open::that_detached(&url)
            .with_context(|| format!("the browser could not be opened at {url}"))?;
    }
    // Nobody else sends: an error is an end, too.
    let _ = stopped.recv();
    Ok(ExitCode::SUCCESS)
}

/// What is known of the app that is asked for.
fn facts(args: &Args) -> Result<Facts> {
    let is_local = args.url.is_none();
    let admin_key = admin::key(args.admin_key.as_deref(), &args.app, is_local)?;
    let url = match &args.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => running::url(&args.app).unwrap_or_else(|| USUAL.to_owned()),
    };
    // Before it says where it is: is anything there, and is the key right?
    let admin = admin::Admin::new(&url, admin_key.clone())?;
    let (status, reply) = admin.once("GET", "/pods", &[("limit", "1")], &[])?;
    if !status.is_success() {
        bail!(
            "{url} refuses: {} ({status})",
            reply["error"]["message"].as_str().unwrap_or("no reason")
        );
    }
    let app = match args.app.join("Cargo.toml").is_file() {
        true => Some(App::find(&args.app)?),
        false => None,
    };
    let manifest = app.as_ref().map(manifest).transpose()?;
    if manifest.is_none() {
        term::warning(format_args!(
            "there is no app in {}, so the functions are not shown: name its folder",
            args.app.display()
        ));
    }
    let mut vars = Vars::new();
    if let Some(key) = client_key(args, app.as_ref(), is_local)? {
        vars.insert(key::NAME.to_owned(), key);
    }
    Ok(Facts {
        name: app
            .as_ref()
            .map_or_else(|| url.clone(), |app| app.name.clone()),
        host: Where::Remote,
        base: url.clone(),
        url,
        page: None,
        pod: args.pod.clone(),
        development: None,
        write: args.write,
        folder: app.map(|app| app.folder),
        manifest,
        vars,
        admin_key,
    })
}

/// What the app in this folder says of itself.
fn manifest(app: &App) -> Result<String> {
    let built = build::native(app, build::Profile::Dev)?;
    Program::new(app, built).manifest_text()
}

/// The key that clients send, where it is known.
fn client_key(args: &Args, app: Option<&App>, is_local: bool) -> Result<Option<String>> {
    if let Some(key) = &args.key {
        return Ok(Some(key.clone()));
    }
    let Some(app) = app else {
        return Ok(None);
    };
    let file = app.folder.join(super::deploy::SECRETS);
    let mut vars = match (is_local, file.is_file()) {
        (true, _) => {
            let mut vars = env::of_app(&app.folder)?;
            key::ensure(&mut vars, &app.state()?)?;
            vars
        }
        (false, true) => env::read(&file)?,
        (false, false) => Vars::new(),
    };
    Ok(vars.remove(key::NAME))
}
