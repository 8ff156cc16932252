//! What was asked for, settled: after this there is no option left to interpret.

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use anyhow::{Result, anyhow, bail};
use fs_err as fs;
use tempfile::TempDir;

use super::key;
use crate::{
    admin,
    app::App,
    args::{Dev, Host},
    build::Profile,
    env::{self, Vars},
    http, term,
    wrangler::Bindings,
};

pub(super) struct Plan {
    pub app: App,
    pub host: Host,
    pub profile: Profile,
    /// Where the API listens.
    pub address: SocketAddr,
    /// The front end to serve; `None` without one, and with `--no-page`.
    pub web: Option<PathBuf>,
    /// The port of the page, where one was chosen.
    pub page_port: Option<u16>,
    pub open: bool,
    /// Whether migrations that were edited are applied anew without a question.
    pub redo_migrations: bool,
    /// The database's file (native), or the folder of the objects' databases (workerd).
    pub data: PathBuf,
    /// The app's variables, the keys among them.
    pub vars: Vars,
    /// The port of the studio, 0 for a free one; `None` with `--no-studio`.
    pub studio: Option<u16>,
    /// The key to the admin address that the app gets where it has none: of this run alone.
    admin_key: Option<String>,
    /// What wrangler's configuration binds beside.
    pub bindings: Bindings,
    /// Where programs are copied to before they run.
    pub programs: TempDir,
}

impl Plan {
    pub fn new(args: &Dev) -> Result<Self> {
        let app = App::find(&args.app)?;
        let address = SocketAddr::from((args.listen, args.port));
        // Before anything that takes time.
        ensure_free(address, "--port")?;
        if let Some(port) = args.page_port {
            if port == args.port {
                bail!(
                    "the API and the page need a port each, and --port and --page-port name {port}"
                );
            }
            ensure_free(SocketAddr::from((args.listen, port)), "--page-port")?;
        }
        if !address.ip().is_loopback() {
            term::warning(format_args!(
                "the app listens on {}: whoever reaches this machine can call it, with the key that its page contains, and read and \
                 change what is in its database as far as the functions allow",
                address.ip()
            ));
        }
        if app.client.is_none() {
            term::warning(
                "no client is generated: Cargo.toml has no `[package.metadata.edgepod] client = \"web/src/edgepod\"`",
            );
        }
        if let Some(file) = args.data.as_ref().filter(|data| data.is_file()) {
            bail!(
                "--data names the file {}: name a folder, which is made where it is missing",
                file.display()
            );
        }
        let web = if args.no_page { None } else { web(&app)? };
        let state = app.state()?;
        let bindings = Bindings::of_app(&app.folder)?;
        if args.host == Host::Workerd {
            warn_of_absent(&bindings);
        }
        let studio = (!args.no_studio).then(|| args.studio_port.unwrap_or(0));
        let admin_key = studio.map(|_| key::admin());
        let vars = vars(&app, &bindings, &state, admin_key.as_deref())?;
        let folder = match &args.data {
            Some(folder) => {
                fs::create_dir_all(folder)?;
                fs::canonicalize(folder)?
            }
            None => state.clone(),
        };
        remove_leftovers(&state)?;
        Ok(Self {
            host: args.host,
            profile: if args.release {
                Profile::Release
            } else {
                Profile::Dev
            },
            address,
            web,
            page_port: args.page_port,
            open: args.open,
            redo_migrations: args.redo_migrations,
            data: folder.join(match args.host {
                Host::Native => "data.sqlite",
                Host::Workerd => "workerd-data",
            }),
            vars,
            studio,
            admin_key,
            bindings,
            programs: tempfile::Builder::new()
                .prefix(&format!("{PROGRAMS}{}-", std::process::id()))
                .tempdir_in(state)?,
            app,
        })
    }

    /// Reads the app's Cargo.toml and variables again, and says whether the variables are others.
    /// Where things listen and are kept stays.
    pub fn reload(&mut self) -> Result<bool> {
        self.app = App::find(&self.app.folder)?;
        let bindings = Bindings::of_app(&self.app.folder)?;
        if self.host == Host::Workerd && bindings.absent != self.bindings.absent {
            warn_of_absent(&bindings);
        }
        let vars = vars(
            &self.app,
            &bindings,
            &self.app.state()?,
            self.admin_key.as_deref(),
        )?;
        let is_changed = vars != self.vars || bindings != self.bindings;
        self.vars = vars;
        self.bindings = bindings;
        Ok(is_changed)
    }

    /// Where clients reach the API: on another machine, too, where it listens for them.
    pub fn url(&self) -> String {
        format!("http://{}", http::reachable(self.address))
    }

    /// The key to the app's admin address.
    pub fn admin_key(&self) -> Option<&str> {
        self.vars.get(admin::KEY).map(|key| key.trim())
    }

    /// Where this machine reaches the API.
    pub fn local(&self) -> SocketAddr {
        http::local(self.address)
    }
}

/// The variables of the app, its environment's before those of its wrangler configuration, and the keys that it needs.
fn vars(app: &App, bindings: &Bindings, state: &Path, admin_key: Option<&str>) -> Result<Vars> {
    let mut vars = bindings.texts.clone();
    vars.extend(env::of_app(&app.folder)?);
    key::ensure(&mut vars, state)?;
    if app.signs {
        key::ensure_private(&mut vars, state)?;
    }
    if let Some(key) = admin_key {
        vars.entry(admin::KEY.to_owned())
            .or_insert_with(|| key.to_owned());
    }
    Ok(vars)
}

fn warn_of_absent(bindings: &Bindings) {
    for (binding, kind) in &bindings.absent {
        term::warning(format_args!(
            "`{binding}` ({kind}) of the wrangler configuration is not there in `edgepod dev`, and `ctx.env.worker()` says so where \
             it is used: `npx wrangler dev` has it"
        ));
    }
}

/// Whether the address that `option` names can be listened on.
fn ensure_free(address: SocketAddr, option: &str) -> Result<()> {
    let port = address.port();
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let other = http::free_port(port.saturating_add(1))?;
            bail!(
                "port {port} of {} is in use: stop what listens there, or choose another with `{option} {other}`",
                address.ip()
            )
        }
        Err(error) => Err(anyhow!(
            "{address} cannot be listened on ({error}): choose another with `{option}`"
        )),
    }
}

fn web(app: &App) -> Result<Option<PathBuf>> {
    let Some(web) = &app.web else {
        term::warning(
            "no page is served: Cargo.toml has no `[package.metadata.edgepod] web = \"web\"`",
        );
        return Ok(None);
    };
    if !web.join("package.json").is_file() {
        bail!(
            "there is no package.json in {}, which Cargo.toml names as the front end \
             ([package.metadata.edgepod] web): correct it, or use --no-page",
            web.display()
        );
    }
    Ok(Some(web.clone()))
}

/// Begins the names of folders with copies of programs; the number of the process that made them follows.
const PROGRAMS: &str = "programs-";

/// Removes copies that a command which was killed has left behind.
fn remove_leftovers(state: &Path) -> Result<()> {
    for entry in fs::read_dir(state)? {
        let entry = entry?;
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(PROGRAMS)?.split('-').next()?.parse().ok());
        if owner.is_some_and(|owner: i32| !is_running(owner)) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(unix)]
pub(super) fn is_running(process: i32) -> bool {
    use nix::{errno::Errno, sys::signal::kill, unistd::Pid};

    kill(Pid::from_raw(process), None) != Err(Errno::ESRCH)
}

#[cfg(not(unix))]
pub(super) fn is_running(_process: i32) -> bool {
    true
}
