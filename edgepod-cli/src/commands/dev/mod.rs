//! `edgepod dev`: build, generate, serve, and again after each change.
//!
//! - [`plan`] settles what was asked for: app, addresses, folders, variables
//! - [`server`] is the app being served, on either host
//! - [`page`] is the front end, served by Vite
//! - [`watch`] says which files have changed, and [`sources`] which of them a build reads
//! - [`history`] keeps the database as it was before migrations
//! - [`pending`] is what is still to be done
//! - [`revive`] starts a server again that died
//!
//! One loop owns everything. Threads (the watcher, the ends of processes) only send it what [`Happened`].

mod history;
pub(super) mod key;
pub(super) mod page;
mod pending;
mod plan;
mod revive;
pub(crate) mod running;
mod server;
mod sources;
mod watch;

use std::{
    process::{ExitCode, ExitStatus},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    time::Instant,
};

use anyhow::{Context, Result};
use edgepod_codegen::Client;

use self::{
    page::{Install, Page},
    pending::{Event, Pending, Task},
    plan::Plan,
    revive::Revival,
    running::Running,
    server::{Build, Server},
    sources::{Kind, Sources},
    watch::{Seen, Watcher},
};
use super::{
    generate, migrations,
    studio::{self, Studio},
};
use crate::{
    args::{Dev, Host},
    build::{self, Profile, Worker},
    native::Program,
    process, term,
};

/// What the threads tell the loop.
#[derive(Debug)]
enum Happened {
    /// The watcher saw something.
    Seen(Seen),
    /// The process with this number ended.
    Ended(End),
    /// The command was asked to end.
    Stop,
}

/// The end of a process: its number, and how it ended.
type End = (u32, ExitStatus);

pub(super) fn run(args: &Dev) -> Result<ExitCode> {
    let started = Instant::now();
    let (sender, happened) = mpsc::channel();
    let on_signal = sender.clone();
    process::stop_on_signals(move || {
        // When nobody listens, the command is ending already.
        let _ = on_signal.send(Happened::Stop);
    })?;
    let plan = Plan::new(args)?;
    let _running = Running::write(&plan)?;
    // Its page may have to be built, which is done beside the app.
    let studio = match plan.studio {
        Some(port) => Some(Studio::start(port, facts(&plan))?),
        None => None,
    };
    let sources = Sources::new(&plan.app);
    // Before the first build, so that nothing that is saved meanwhile is missed.
    let watcher = Watcher::new(&sources, &sender)?;
    // npm mostly waits for the network, cargo mostly computes.
    let install = match &plan.web {
        Some(web) => Some(Install::start(web, plan.app.framework)?),
        None => None,
    };

    let mut session = Session {
        plan,
        sender,
        sources,
        watcher,
        program: None,
        server: None,
        revival: Revival::new(),
        page: None,
        studio,
    };
    let built = session.rebuild();
    if let Some(install) = install {
        install.finish()?;
        session.serve_page()?;
    }
    match built {
        Ok(()) => session.summarize(started),
        Err(error) if process::stopping() => return Err(error),
        Err(error) => {
            term::error(&error);
            session.say_where_the_studio_is();
            term::status("Waiting", "until this is corrected");
        }
    }
    term::status("Watching", "for changes; Ctrl-C ends everything");
    session.react(&happened);
    Ok(ExitCode::SUCCESS)
}

struct Session {
    plan: Plan,
    sender: Sender<Happened>,
    sources: Sources,
    watcher: Watcher,
    /// What the client was last generated from.
    program: Option<Program>,
    server: Option<Server>,
    /// What is served again when the server died.
    revival: Revival,
    page: Option<Page>,
    /// It outlives every build.
    studio: Option<Studio>,
}

/// What the studio is to know of the app before it is built.
fn facts(plan: &Plan) -> studio::Facts {
    studio::Facts {
        name: plan.app.name.clone(),
        host: match plan.host {
            Host::Native => studio::Where::Native,
            Host::Workerd => studio::Where::Workerd,
        },
        url: plan.url(),
        base: format!("http://{}", plan.local()),
        page: None,
        pod: None,
        development: Some(plan.profile == Profile::Dev),
        write: true,
        folder: Some(plan.app.folder.clone()),
        manifest: None,
        vars: plan.vars.clone(),
        admin_key: plan.admin_key().unwrap_or_default().to_owned(),
    }
}

impl Session {
    fn react(&mut self, happened: &Receiver<Happened>) {
        let mut pending = Pending::new();
        loop {
            // What came meanwhile is judged by what is known now: the last build says which files it read.
            while let Ok(next) = happened.try_recv() {
                self.note(next, &mut pending);
            }
            let now = Instant::now();
            let task = match pending.take(now) {
                Ok(task) => task,
                Err(due) => {
                    let next = match due {
                        Some(due) => happened.recv_timeout(due - now),
                        None => happened.recv().map_err(|_| RecvTimeoutError::Disconnected),
                    };
                    match next {
                        Ok(next) => self.note(next, &mut pending),
                        Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                    continue;
                }
            };
            if process::stopping() {
                return;
            }
            match task {
                Task::Stop => return,
                Task::Build { settings: false } => self.update(Self::rebuild),
                Task::Build { settings: true } => self.update(|session| {
                    session.reload()?;
                    session.rebuild()
                }),
                Task::Ended(end) => self.on_end(end, &mut pending),
                Task::Revive => self.revive(&mut pending),
            }
        }
    }

    /// Notes what follows from it.
    fn note(&mut self, happened: Happened, pending: &mut Pending<End>) {
        let now = Instant::now();
        match happened {
            Happened::Stop => pending.note(Event::Stop, now),
            Happened::Ended(end) => pending.note(Event::Ended(end), now),
            Happened::Seen(Seen::Anything) => pending.note(Event::SettingsChanged, now),
            Happened::Seen(Seen::Changed { path, is_new }) => {
                let files = if is_new && path.is_dir() {
                    self.watcher.look_into(&self.sources, &path)
                } else {
                    vec![path]
                };
                for file in files {
                    match self.sources.kind(&file, is_new) {
                        Some(Kind::Source) => pending.note(Event::SourceChanged, now),
                        Some(Kind::Settings) => pending.note(Event::SettingsChanged, now),
                        None => {}
                    }
                }
            }
        }
    }

    fn on_end(&mut self, (id, status): End, pending: &mut Pending<End>) {
        if let Some(server) = self.server.take_if(|server| server.id() == id) {
            let pause = self.revival.after(server);
            term::warning(format_args!(
                "the server died: {}; it is started again in {:.1} s",
                process::describe(status),
                pause.as_secs_f32()
            ));
            pending.revive_at(Instant::now() + pause);
        } else if self.page.take_if(|page| page.id() == id).is_some() {
            if let Some(studio) = &self.studio {
                studio.update(|facts| facts.page = None);
            }
            term::warning(format_args!(
                "Vite ended ({}); start `edgepod dev` again to see the page",
                process::describe(status)
            ));
        }
    }

    /// Starts the server again that died, unless a build has already brought another.
    fn revive(&mut self, pending: &mut Pending<End>) {
        let (None, Some(build)) = (&self.server, self.revival.build()) else {
            return;
        };
        match Server::start(build, &self.plan, &self.sender) {
            Ok(server) => {
                self.server = Some(server);
                term::status("Serving", "again");
            }
            Err(_) if process::stopping() => {}
            Err(error) => {
                let pause = self.revival.failed();
                term::error(&error);
                term::warning(format_args!(
                    "the server is started again in {:.1} s, or after the next change",
                    pause.as_secs_f32()
                ));
                pending.revive_at(Instant::now() + pause);
            }
        }
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
        let result = self.build_and_serve();
        if result.is_err() {
            self.sources.failed();
        }
        result
    }

    fn build_and_serve(&mut self) -> Result<()> {
        let Plan {
            app, profile, host, ..
        } = &self.plan;
        migrations::ensure_distinct(app)?;
        // For workerd the program only has to describe itself, which nobody waits minutes for.
        let native_profile = match host {
            Host::Native => *profile,
            Host::Workerd => Profile::Dev,
        };
        let built = Program::new(app, build::native(app, native_profile)?);
        self.sources.built(&[built.file().to_owned()]);
        self.watcher.follow(&self.sources)?;
        let program = match &self.program {
            Some(program) if program.is_same_as(&built) => program.clone(),
            _ => {
                let program = built.copy_into(self.plan.programs.path())?;
                let manifest = program.manifest_text()?;
                if let Err(error) = migrations::ensure_written(app, &program, &manifest) {
                    program.remove()?;
                    return Err(error);
                }
                let client = Client::new(
                    &serde_json::from_str(&manifest)
                        .context("the app's manifest is not understood")?,
                    app.framework,
                )
                .with_sources(&app.workspace);
                if let Some(folder) = &app.client {
                    generate::write(app, &client, folder)?;
                }
                if let Some(studio) = &self.studio {
                    studio.update(|facts| facts.manifest = Some(manifest));
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
        let last = match self.server.take() {
            Some(server) => Some(server.stop()),
            None => self.revival.forget(),
        };
        let started = self
            .prepare_database()
            .and_then(|()| Server::start(build, &self.plan, &self.sender));
        match started {
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

    /// Keeps a copy before migrations, and gives one back where one was edited. Only of the native host: workerd's files are its own.
    fn prepare_database(&self) -> Result<()> {
        let Plan {
            app,
            host,
            data,
            redo_migrations,
            ..
        } = &self.plan;
        match host {
            Host::Native => {
                history::prepare(data, &app.folder.join("migrations"), *redo_migrations)
            }
            Host::Workerd => Ok(()),
        }
    }

    /// Reads Cargo.toml, `.dev.vars` and the wrangler configuration again.
    fn reload(&mut self) -> Result<()> {
        let has_new_vars = self.plan.reload()?;
        self.sources.set_app(&self.plan.app);
        self.watcher.follow(&self.sources)?;
        if has_new_vars && let Some(studio) = &self.studio {
            let known = facts(&self.plan);
            studio.update(|facts| {
                facts.vars = known.vars;
                facts.admin_key = known.admin_key;
            });
        }
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
        if let Some(studio) = &self.studio {
            studio.update(|facts| facts.page = Some(page.url()));
        }
        self.page = Some(page);
        Ok(())
    }

    fn say_where_the_studio_is(&self) {
        if let Some(url) = self.studio.as_ref().and_then(Studio::url) {
            term::fact("studio", url);
        }
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
        self.say_where_the_studio_is();
        term::fact("database", app.display(data));
        term::fact("key", vars.get(key::NAME).map_or("none", String::as_str));
    }
}
