//! The app of a test on a port: for browsers, and for tests in other languages.

use std::{
    error::Error,
    io::{self, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    process::ExitCode,
    thread::{self, JoinHandle},
};

use serde_json::json;
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
    task::AbortHandle,
};

use super::{
    super::{
        ServerError,
        control::{Control, Reset},
        main::stop_signal,
        server::Server,
    },
    TestApp,
    clock::Clock,
};

/// How many seconds calls have that are under way when a server of a test stops, unless it says otherwise.
const STOP: (&str, &str) = ("EDGEPOD_STOP_TIMEOUT", "1");

/// A server of the app of a test: see [`TestApp::serve`]. It ends, and its port is free, when this is dropped.
pub struct Served {
    url: String,
    key: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Whoever notices for the test what clients do, where it does not do so itself.
    following: Option<AbortHandle>,
}

impl Served {
    fn start(app: &TestApp, control: Option<Control>) -> Result<Self, ServerError> {
        let mut vars = app.inner.host.vars();
        vars.entry(STOP.0.to_owned())
            .or_insert_with(|| STOP.1.to_owned());
        let key = vars.get("EDGEPOD_API_KEY").map_or("", String::as_str);
        let key = key.split(',').next().unwrap_or_default().trim().to_owned();
        let (listener, address) = listen().map_err(ServerError::Io)?;
        let runtime = runtime().map_err(ServerError::Io)?;
        let listener = {
            let _of = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(ServerError::Io)?
        };
        let clients = app.clients();
        let server = Server::of_test(app.engines(), clients.sockets(), vars, control)?;
        clients.add(server.shared(), runtime.handle().clone());
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let thread = thread::Builder::new().name("edgepod-serve".to_owned());
        let thread = thread.spawn(move || {
            let served = runtime.block_on(async {
                let served = server.serve(listener, stopped).await;
                server.end();
                served
            });
            runtime.shutdown_background();
            if let Err(error) = served {
                eprintln!("The server of the test ended: {error}");
            }
        });
        Ok(Self {
            url: format!("http://{address}"),
            key,
            stop: Some(stop),
            thread: Some(thread.map_err(ServerError::Io)?),
            following: None,
        })
    }

    /// Its address: `http://127.0.0.1:41234`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The publishable key that its clients send: `EDGEPOD_API_KEY`, which is `ep_pk_test` unless the test sets another.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(following) = self.following.take() {
            following.abort();
        }
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // What ended it was printed.
            let _ = thread.join();
        }
    }
}

impl TestApp {
    /// Serves this app on a free port of 127.0.0.1, over HTTP and WebSockets, until what this returns is dropped. Clients call the
    /// engines of this test: what they write the test sees, and the other way round; its clock and its answers to requests count
    /// for them. Variables of the server itself, such as `EDGEPOD_API_KEY` or `EDGEPOD_WEB`, are those that are set before.
    ///
    /// ```ignore
    /// let served = app.serve();
    /// let seen = app.watch(get_notes::call());
    /// browser.goto(served.url()).await?;
    /// browser.fill("Note", "milk").await?;
    /// assert_eq!(seen.data()?[0].text, "milk");
    /// ```
    ///
    /// # Panics
    /// Where it does not start: there is no port, or a variable cannot be used. Outside of a test with `#[edgepod::test]`, and of
    /// tokio's `LocalSet`.
    pub fn serve(&self) -> Served {
        let served = Served::start(self, None);
        let mut served = served.unwrap_or_else(|error| panic!("{error}"));
        let following = tokio::task::spawn_local(self.clone().follow());
        served.following = Some(following.abort_handle());
        served
    }
}

/// Serves the app on an empty database in memory for tests in other languages, until the process is told to stop. `begin` writes
/// what every test begins with, at the start and after each reset. It prints one line, an object in JSON:
///
/// | field | |
/// |---|---|
/// | `url` | the address, on a free port of 127.0.0.1 |
/// | `key` | the publishable key that clients send |
/// | `reset` | a `POST` there empties the databases and begins again; open pages read again. The address is another each time |
///
/// Its clock goes. Variables of the environment are not the app's: `begin` sets those that it has, and answers requests to other
/// servers with [`TestApp::answer`]. What nothing answers fails, and is told on standard error.
///
/// ```no_run
/// # use edgepod_runtime as edgepod;
/// # use edgepod_runtime::host::native::testing as testing;
/// fn main() -> std::process::ExitCode {
///     testing::serve(async |app| {
///         app.set_var("GREETING", "Hello");
///         Ok(())
///     })
/// }
/// ```
pub fn serve(begin: impl AsyncFn(TestApp) -> Result<(), Box<dyn Error>>) -> ExitCode {
    let served = runtime().map_err(Into::into).and_then(|runtime| {
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, serve_until_stopped(&begin))
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve_until_stopped(
    begin: &impl AsyncFn(TestApp) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut stop = pin!(stop_signal());
    let app = TestApp::start_with(Clock::going(), "warn", |why| eprintln!("{why}"));
    begin(app.clone()).await?;
    let (control, mut orders) = Control::new();
    let reset = control.reset().to_owned();
    let served = Served::start(&app, Some(control))?;
    let (url, key) = (served.url(), served.key());
    let line = json!({ "url": url, "key": key, "reset": format!("{url}{reset}") });
    writeln!(io::stdout(), "{line}")?;
    let mut following = pin!(app.clone().follow());
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            never = &mut following => match never {},
            Some(Reset(done)) = orders.recv() => {
                // What made it panic was printed.
                let reset = catch_unwind(AssertUnwindSafe(|| app.reset()));
                let begun = match reset {
                    Ok(()) => begin(app.clone()).await.map_err(|error| error.to_string()),
                    Err(_) => Err("resetting the app panicked".to_owned()),
                };
                let _ = done.send(begun);
            }
        }
    }
}

fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
