//! `edgepod dev`: build, generate, serve, and again after each change.
//!
//! - [`plan`] settles what was asked for: app, addresses, folders, variables
//! - [`server`] is the app being served, on either host
//! - [`page`] is the front end, served by Vite
//! - [`watch`] says when a source file has changed
//!
//! One loop owns everything. Threads (the watcher, the ends of processes) only send it an [`Event`].

pub(super) mod key;
mod page;
mod plan;
mod server;
mod watch;

use std::process::{ExitCode, ExitStatus};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Instant;

use anyhow::{Context, Result};
use edgepod_codegen::Client;

use self::page::{Install, Page};
use self::plan::Plan;
use self::server::{Build, Server};
use self::watch::Watcher;
use super::{generate, migrations};
use crate::args::{Dev, Host};
use crate::build::{self, Profile, Worker};
use crate::native::Program;
use crate::{process, term};

/// What can happen while the app is served.
#[derive(Debug)]
enum Event {
    /// A source file was saved.
    SourceChanged,
    /// A Cargo.toml, `.dev.vars` or the wrangler configuration was saved, or there is another folder to watch.
    SettingsChanged,
    /// The process with this number ended.
    Ended(u32, ExitStatus),
    /// The command was asked to end.
    Stop,
}

pub(super) fn run(args: &Dev) -> Result<ExitCode> {
    let started = Instant::now();
    let (sender, events) = mpsc::channel();
    let on_signal = sender.clone();
    process::stop_on_signals(move || {
        // When nobody listens, the command is ending already.
        let _ = on_signal.send(Event::Stop);
    })?;
    let plan = Plan::new(args)?;
    // Before the first build, so that nothing that is saved meanwhile is missed.
    let watcher = Watcher::new(&plan.app, &sender)?;
    // npm mostly waits for the network, cargo mostly computes.
    let install = plan.web.as_deref().map(Install::start).transpose()?;

    let mut session = Session {
        plan,
        sender,
        watcher,
        program: None,
        server: None,
        page: None,
    };
    session.rebuild()?;
    if let Some(install) = install {
        install.finish()?;
        session.serve_page()?;
    }
    session.summarize(started);
    session.react(&events);
    Ok(ExitCode::SUCCESS)
}

struct Session {
    plan: Plan,
    sender: Sender<Event>,
    watcher: Watcher,
    /// What the client was last generated from.
    program: Option<Program>,
    server: Option<Server>,
    page: Option<Page>,
}

impl Session {
    fn react(&mut self, events: &Receiver<Event>) {
        while let Ok(mut event) = events.recv() {
            // What was saved during the last build is one reason to build, not several.
            while let Ok(next) = events.try_recv() {
                event = match (event, next) {
                    (Event::SourceChanged, next) => next,
                    (event, Event::SourceChanged) => event,
                    (event, next) => {
                        if !self.on_event(&event) {
                            return;
                        }
                        next
                    }
                };
            }
            if !self.on_event(&event) {
                return;
            }
        }
    }

    /// Whether to go on.
    fn on_event(&mut self, event: &Event) -> bool {
        match event {
            Event::Stop => return false,
            _ if process::stopping() => return false,
            Event::SourceChanged => self.update(|session| session.rebuild()),
            Event::SettingsChanged => self.update(|session| {
                session.reload()?;
                session.rebuild()
            }),
            Event::Ended(id, status) => {
                if self
                    .server
                    .as_ref()
                    .is_some_and(|server| server.id() == *id)
                {
                    term::warning(format_args!(
                        "the server ended ({status}); it is started again after the next change"
                    ));
                    self.server = None;
                } else if self.page.as_ref().is_some_and(|page| page.id() == *id) {
                    term::warning(format_args!(
                        "Vite ended ({status}); start `edgepod dev` again to see the page"
                    ));
                    self.page = None;
                }
            }
        }
        true
    }

    fn update(&mut self, update: impl FnOnce(&mut Self) -> Result<()>) {
        let started = Instant::now();
        match update(self) {
            Ok(()) => term::status(
                "Ready",
                format_args!("after {:.1} s", started.elapsed().as_secs_f32()),
            ),
            Err(_) if process::stopping() => {}
            Err(error) => {
                term::error(&error);
                if self.server.is_some() {
                    term::status("Serving", "what was built last, until this is corrected");
                }
            }
        }
    }

    /// Builds, and does what the result makes necessary. When it does not compile, nothing else changes.
    fn rebuild(&mut self) -> Result<()> {
        let Plan {
            app, profile, host, ..
        } = &self.plan;
        // For workerd the program only has to describe itself, which nobody waits minutes for.
        let native_profile = match host {
            Host::Native => *profile,
            Host::Workerd => Profile::Dev,
        };
        let built = Program::new(app, build::native(app, native_profile)?);
        let program = match &self.program {
            Some(program) if program.is_same_as(&built) => program.clone(),
            _ => {
                let program = built.copy_into(self.plan.programs.path())?;
                let manifest = program.manifest_text()?;
                if let Err(error) = migrations::ensure_written(app, &manifest) {
                    program.remove()?;
                    return Err(error);
                }
                let client = Client::new(
                    &serde_json::from_str(&manifest)
                        .context("the app's manifest is not understood")?,
                    app.framework,
                );
                if let Some(folder) = &app.client {
                    generate::write(app, &client, folder)?;
                }
                let last = self.program.replace(program.clone());
                // A Worker does not run it; a native server may, and removes it when it is replaced.
                if let (Some(last), Host::Workerd) = (last, host) {
                    last.remove()?;
                }
                program
            }
        };
        self.serve(match host {
            Host::Native => Build::Program(program),
            Host::Workerd => {
                Build::worker(&Worker::build(app, *profile)?, self.plan.programs.path())?
            }
        })
    }

    /// Serves `build`, unless it is served already. If it does not come up, the last one is served again.
    fn serve(&mut self, build: Build) -> Result<()> {
        if let Some(server) = &self.server
            && server.build().is_same_as(&build)?
        {
            // A Worker is copied for each build, a program is not.
            if let Build::Worker(_) = build {
                build.remove()?;
            }
            return Ok(());
        }
        // Two servers cannot have one port and one database, so the last one goes first.
        let last = self.server.take().map(Server::stop);
        match Server::start(build, &self.plan, &self.sender) {
            Ok(server) => self.server = Some(server),
            Err(error) => {
                if let Some(last) = last {
                    self.server = Some(Server::start(last, &self.plan, &self.sender)?);
                }
                return Err(error);
            }
        }
        last.map_or(Ok(()), Build::remove)
    }

    /// Reads Cargo.toml, `.dev.vars` and the wrangler configuration again.
    fn reload(&mut self) -> Result<()> {
        let has_new_vars = self.plan.reload()?;
        self.watcher = Watcher::new(&self.plan.app, &self.sender)?;
        if has_new_vars && let Some(server) = self.server.take() {
            let build = server.stop();
            self.server = Some(Server::start(build, &self.plan, &self.sender)?);
            if self.page.take().is_some() {
                self.serve_page()?;
            }
        }
        Ok(())
    }

    fn serve_page(&mut self) -> Result<()> {
        let web = self
            .plan
            .web
            .as_deref()
            .context("the app has no front end")?;
        let page = Page::serve(web, &self.plan, &self.sender)?;
        if self.plan.open {
            open::that_detached(page.url())
                .with_context(|| format!("the browser could not be opened at {}", page.url()))?;
        }
        self.page = Some(page);
        Ok(())
    }

    fn summarize(&self, started: Instant) {
        let Plan {
            app,
            host,
            data,
            vars,
            ..
        } = &self.plan;
        let host = match host {
            Host::Native => "natively",
            Host::Workerd => "on workerd",
        };
        term::status(
            "Ready",
            format_args!(
                "{} {host}, after {:.1} s",
                app.name,
                started.elapsed().as_secs_f32()
            ),
        );
        if let Some(page) = &self.page {
            term::fact("page", page.url());
        }
        term::fact("API", self.plan.url());
        term::fact("database", app.display(data));
        term::fact("key", vars.get(key::NAME).map_or("none", String::as_str));
        term::status("Watching", "for changes; Ctrl-C ends everything");
    }
}
