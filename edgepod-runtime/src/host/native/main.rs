//! The native program: what `edgepod::app!()` makes of a crate.

use std::{
    collections::HashMap,
    fmt, io,
    net::{AddrParseError, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use tokio::net::TcpListener;

use super::{
    Location, Server, ServerError,
    frames::called_from,
    migrate::{apply_migrations, check_statements, migration_statuses},
};
use crate::{
    engine::log_panic,
    manifest::{ManifestError, manifest},
    migrations::Status,
};

/// The address that is served unless `EDGEPOD_LISTEN` says otherwise.
const LISTEN: &str = "127.0.0.1:8989";

/// The database's file unless `EDGEPOD_DATABASE` says otherwise.
const DATABASE: &str = ".edgepod/data.sqlite";

/// Serves the app until it is told to stop. Configured by the environment:
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `EDGEPOD_LISTEN` | address and port | `127.0.0.1:8989` |
/// | `EDGEPOD_DATABASE` | the database's file, or `:memory:` | `.edgepod/data.sqlite` |
/// | `EDGEPOD_WEB` | the folder of the built page, served beside the app | `web` beside the program, where there is a page in it |
/// | `EDGEPOD_API_KEY` | the publishable key | none: it must be set |
/// | `EDGEPOD_LOG` | the lowest level of the log: `off`, `error`, `warn`, `info`, `debug`, `trace` | `warn` |
/// | `EDGEPOD_MIGRATE` | `status`: print the migrations as JSON and exit; `apply`: apply them first; `rehearse`: the same, whatever the structs say | |
/// | `EDGEPOD_MANIFEST` | `1`: print the app's manifest as JSON and exit | |
pub fn main() -> ExitCode {
    let mut vars: HashMap<String, String> = std::env::vars().collect();
    if !vars.contains_key("EDGEPOD_WEB")
        && let Some(web) = page_beside()
    {
        vars.insert("EDGEPOD_WEB".to_owned(), web);
    }
    ended(run(vars))
}

fn ended(served: Result<(), Failure>) -> ExitCode {
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// [`main`] for whoever loads the app as a library, beside whose program no page is.
#[unsafe(no_mangle)]
extern "C" fn edgepod_main() -> i32 {
    i32::from(ended(run(std::env::vars().collect())) != ExitCode::SUCCESS)
}

/// Why the process ends before its time.
enum Failure {
    Manifest(ManifestError),
    /// `EDGEPOD_API_KEY` is not set.
    NoKey,
    /// `EDGEPOD_LISTEN` is no address: what it is, and why.
    Listen(String, AddrParseError),
    /// An address cannot be listened on.
    Bind(SocketAddr, io::Error),
    /// `EDGEPOD_MIGRATE` is something else: what.
    Migrate(String),
    /// The database's folder cannot be made.
    Folder(PathBuf, io::Error),
    Runtime(io::Error),
    Server(ServerError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest(error) => error.fmt(f),
            Self::NoKey => f.write_str(
                "EDGEPOD_API_KEY is not set. Clients must send it, so choose one: EDGEPOD_API_KEY=ep_pk_…",
            ),
            Self::Listen(text, error) => write!(
                f,
                "EDGEPOD_LISTEN is `{text}`, which is no address such as {LISTEN}: {error}"
            ),
            Self::Bind(listen, error) => write!(
                f,
                "{listen} cannot be served: {error}. Choose another with EDGEPOD_LISTEN."
            ),
            Self::Migrate(mode) => write!(
                f,
                "EDGEPOD_MIGRATE is `{mode}`; it is `status`, `apply` or `rehearse`."
            ),
            Self::Folder(folder, error) => {
                write!(f, "The folder {} cannot be made: {error}", folder.display())
            }
            Self::Runtime(error) => write!(f, "The runtime does not start: {error}"),
            Self::Server(error) => error.fmt(f),
        }
    }
}

/// The page that `edgepod build --native` has put beside the program.
fn page_beside() -> Option<String> {
    let web = std::env::current_exe().ok()?.parent()?.join("web");
    let is_page = web.join("index.html").is_file();
    is_page.then(|| web.to_str().map(str::to_owned)).flatten()
}

fn run(vars: HashMap<String, String>) -> Result<(), Failure> {
    if vars.get("EDGEPOD_MANIFEST").is_some_and(|v| v == "1") {
        println!("{}", manifest().map_err(Failure::Manifest)?);
        return Ok(());
    }
    if let Some(mode) = vars.get("EDGEPOD_MIGRATE") {
        let mode = mode.clone();
        return migrate(&mode, location(&vars)?, vars);
    }
    if vars
        .get("EDGEPOD_API_KEY")
        .is_none_or(|key| key.trim().is_empty())
    {
        return Err(Failure::NoKey);
    }
    let listen: SocketAddr = {
        let text = vars.get("EDGEPOD_LISTEN").map_or(LISTEN, String::as_str);
        text.parse()
            .map_err(|error| Failure::Listen(text.to_owned(), error))?
    };
    let location = location(&vars)?;
    // What is built to develop says what SQLite refuses before somebody calls it.
    if cfg!(debug_assertions) {
        check_statements().map_err(Failure::Server)?;
    }
    log_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::Runtime)?;
    let served = runtime.block_on(async {
        let server = Server::start(location, vars).map_err(Failure::Server)?;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| Failure::Bind(listen, error))?;
        eprintln!("Serving on http://{listen}");
        let served = server.serve(listener, stop_signal()).await;
        let traces = server.traces();
        server.end();
        traces.end();
        served.map_err(Failure::Server)
    });
    // Whatever is under way still had its time.
    runtime.shutdown_background();
    served
}

/// What panics say goes through the log: a client's words may be in it, and Rust's own hook writes them as they are, lines of
/// their own included.
fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        let place = place.unwrap_or_default();
        let words = info.payload_as_str().unwrap_or("a panic without a message");
        log_panic(&format!(
            "panicked at {place}: {words}{}",
            called_from(&place)
        ));
    }));
}

fn location(vars: &HashMap<String, String>) -> Result<Location, Failure> {
    Ok(
        match vars
            .get("EDGEPOD_DATABASE")
            .map_or(DATABASE, String::as_str)
        {
            ":memory:" => Location::Memory,
            path => {
                let path = PathBuf::from(path);
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)
                        .map_err(|error| Failure::Folder(folder.to_owned(), error))?;
                }
                Location::File(path)
            }
        },
    )
}

fn statuses(location: &Location) -> Result<Vec<Status>, Failure> {
    migration_statuses(location).map_err(Failure::Server)
}

/// Shows or applies the migrations, and prints them with what became of them.
fn migrate(mode: &str, location: Location, vars: HashMap<String, String>) -> Result<(), Failure> {
    let statuses = match mode {
        "status" => statuses(&location)?,
        "apply" => {
            check_statements().map_err(Failure::Server)?;
            // A database in memory is another one each time: it is the start alone that shows whether they apply.
            drop(Server::start(location.clone(), vars).map_err(Failure::Server)?);
            statuses(&location)?
        }
        "rehearse" => {
            apply_migrations(&location).map_err(Failure::Server)?;
            statuses(&location)?
        }
        other => return Err(Failure::Migrate(other.to_owned())),
    };
    let json = serde_json::to_string(&statuses).expect("names and states are JSON");
    println!("{json}");
    Ok(())
}

/// Waits until the process is told to end.
pub(super) async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
