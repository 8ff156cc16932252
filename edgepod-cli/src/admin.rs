//! The admin address of an app that runs somewhere, `/_edgepod/v1/…`.

use std::{
    io::ErrorKind,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use backon::{BlockingRetryable as _, ExponentialBuilder};
use edgepod_runtime::auth::check_address;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::StatusCode;

use crate::{commands::dev::running, env};

/// The variable that has the key, here and there.
pub use edgepod_manifest::ADMIN_KEY as KEY;

/// How long a reply may take to what only asks, and to a piece of data.
const PATIENCE: Duration = Duration::from_secs(120);

/// The same of what does something: migrations and copies of many gigabytes have much to do.
const WORK: Duration = Duration::from_secs(60 * 60);

/// How long it may take until a server takes a connection.
const CONNECTING: Duration = Duration::from_secs(10);

/// How long a server may be away, or have no room, before the command gives up.
const AWAY: Duration = Duration::from_secs(60);

/// The same before it has answered anything: it may not be there at all.
const ABSENT: Duration = Duration::from_secs(2);

/// What a reply of bytes calls itself.
const BYTES: &str = "application/octet-stream";

/// The most bytes of a reply.
const MOST: u64 = 64 << 20;

/// The first pause before something is asked again; each next one is twice as long, up to [`PAUSES`].
const PAUSE: Duration = Duration::from_millis(100);
const PAUSES: Duration = Duration::from_secs(5);

/// An app's admin address, and the key to it. Several threads may ask at one time.
pub struct Admin {
    agent: ureq::Agent,
    base: String,
    key: String,
    has_answered: AtomicBool,
}

/// The key for the app in `folder`: the one that is given, or that of the environment; where `is_local`, of
/// `.dev.vars`, or of an `edgepod dev` that runs.
///
/// # Errors
/// Where there is none.
pub fn key(given: Option<&str>, folder: &Path, is_local: bool) -> Result<String> {
    if let Some(key) = given {
        return Ok(key.to_owned());
    }
    let set = std::env::var(KEY).ok().filter(|key| !key.trim().is_empty());
    let set = match set {
        Some(key) => Some(key),
        // Else that of an `edgepod dev` which runs.
        None if is_local => env::of_app(folder)?
            .remove(KEY)
            .or_else(|| running::admin_key(folder)),
        None => None,
    };
    set.map(|key| key.trim().to_owned()).with_context(|| {
        format!("{KEY} is not set: put the key of the app into the environment of this command, as the app has it as a secret")
    })
}

/// A name for a request by which the server knows it when it comes again: 32 hexadecimal digits.
pub fn new_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

impl Admin {
    /// The admin address of what answers at `url`.
    ///
    /// # Errors
    /// An address at which the key could be read by others on its way.
    pub fn new(url: &str, key: String) -> Result<Self> {
        check_address(url).map_err(|error| {
            anyhow!(
                "the address of --url {error}: the key is not sent there. What speaks no TLS is reached through a tunnel, as \
                 `ssh -L 8989:localhost:8989 server` makes one for `--url http://localhost:8989`"
            )
        })?;
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECTING));
        // Without TLS it is this machine, which no proxy is to be asked for.
        let agent = match url.starts_with("http://") {
            true => agent.proxy(None),
            false => agent,
        };
        Ok(Self {
            agent: agent.build().into(),
            base: url.trim_end_matches('/').to_owned(),
            key,
            has_answered: AtomicBool::new(false),
        })
    }

    /// Asks for something, and reads it.
    ///
    /// # Errors
    /// What the server refuses, in its words; or that it is away for a minute.
    pub fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T> {
        self.asked("GET", path, query, &[])
    }

    /// The same of what does something. It may be done twice, where the reply was lost.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn post<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T> {
        self.asked("POST", path, query, &[])
    }

    /// The same with a body.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn send<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &[u8],
    ) -> Result<T> {
        self.asked("POST", path, query, body)
    }

    /// Calls a function, once: where no reply comes, it may have been done. The status, and the reply.
    ///
    /// # Errors
    /// As [`get`](Self::get), but for what the function itself refuses.
    pub fn call(&self, query: &[(&str, &str)], arguments: &[u8]) -> Result<(StatusCode, Value)> {
        let reply = self.send_once("POST", "/call", query, arguments, WORK)?;
        let body = reply.json();
        match self.refusal(&reply, message_of(&body)) {
            Some(refusal) => bail!(refusal),
            None if body.get("data").is_some() || body.get("error").is_some() => {
                Ok((reply.status, body))
            }
            None => bail!(self.of_another(reply.status.as_u16())),
        }
    }

    /// Asks once, of whatever kind: where no reply comes, it may have been done. The status, and the reply.
    ///
    /// # Errors
    /// As [`get`](Self::get), but for what is refused with a reason.
    pub fn once(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        body: &[u8],
    ) -> Result<(StatusCode, Value)> {
        let reply = self.send_once(method, path, query, body, PATIENCE)?;
        let body = reply.json();
        match self.refusal(&reply, message_of(&body)) {
            Some(refusal) => bail!(refusal),
            None => Ok((reply.status, body)),
        }
    }

    /// Where the app is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Asks for bytes; None where they are not there.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn bytes(&self, path: &str, query: &[(&str, &str)]) -> Result<Option<Vec<u8>>> {
        match self.patiently("GET", path, query, &[])? {
            Answer::Bytes(bytes) => Ok(Some(bytes)),
            Answer::Missing(_) => Ok(None),
            Answer::Data(_) => Err(self.of_another_version(path)),
            Answer::Refused(refusal) => bail!(refusal),
        }
    }

    fn asked<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        body: &[u8],
    ) -> Result<T> {
        match self.patiently(method, path, query, body)? {
            Answer::Data(data) => {
                serde_json::from_value(data).map_err(|_| self.of_another_version(path))
            }
            Answer::Bytes(_) => Err(self.of_another_version(path)),
            Answer::Missing(refusal) | Answer::Refused(refusal) => bail!(refusal),
        }
    }

    fn of_another_version(&self, path: &str) -> anyhow::Error {
        anyhow!(
            "{} answers {path} as another version does: is the command as new as the app?",
            self.base
        )
    }

    /// Asks until there is an answer, or none is to be expected.
    fn patiently(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        let began = Instant::now();
        let patience = match self.has_answered.load(Ordering::Relaxed) {
            true => AWAY,
            false => ABSENT,
        };
        let answer = (|| self.ask(method, path, query, body))
            .retry(
                ExponentialBuilder::new()
                    .with_min_delay(PAUSE)
                    .with_max_delay(PAUSES)
                    .without_max_times(),
            )
            .when(|_| began.elapsed() < patience)
            .call()?;
        self.has_answered.store(true, Ordering::Relaxed);
        Ok(answer)
    }

    /// One try. An error: it is to be asked again.
    fn ask(&self, method: &str, path: &str, query: &[(&str, &str)], body: &[u8]) -> Result<Answer> {
        let base = &self.base;
        // What brings a body along is a piece of something.
        let patience = match (method, body) {
            ("POST", []) => WORK,
            _ => PATIENCE,
        };
        let reply = self.send_once(method, path, query, body, patience)?;
        let status = reply.status.as_u16();
        if status == 200 && reply.is_bytes {
            return Ok(Answer::Bytes(reply.bytes));
        }
        let body = reply.json();
        let message = message_of(&body);
        if let Some(refusal) = self.refusal(&reply, message) {
            return Ok(Answer::Refused(refusal));
        }
        Ok(match (status, message) {
            (200, _) if body.get("data").is_some() => Answer::Data(body["data"].clone()),
            (502..=504, _) => bail!(
                "{base} cannot answer now ({status}): {}",
                message.unwrap_or("no reason")
            ),
            (_, Some(message)) => {
                let trace = body["error"]["trace_id"].as_str().unwrap_or("unknown");
                let refusal = format!("{base} refuses: {message} ({status}, trace {trace})");
                match status {
                    404 => Answer::Missing(refusal),
                    _ => Answer::Refused(refusal),
                }
            }
            (_, None) => Answer::Refused(self.of_another(status)),
        })
    }

    /// Why the admin address lets nobody in, or is not there.
    fn refusal(&self, reply: &Reply, message: Option<&str>) -> Option<String> {
        let base = &self.base;
        match (reply.status.as_u16(), message) {
            (401, _) if reply.is_locked => Some(format!(
                "{base} refuses the key: {KEY} is to be what the app has as a secret"
            )),
            // As any unknown path.
            (404, Some(message)) if message.contains("/rpc/") => Some(format!(
                "there is no admin address at {base}. It is there once the app has the secret {KEY}: in `.dev.vars` for \
                 `edgepod dev`, in `.prod.vars` for `edgepod deploy`, in the environment of a native server"
            )),
            _ => None,
        }
    }

    fn of_another(&self, status: u16) -> String {
        format!(
            "what answers at {} with {status} is no EdgePod with an admin address: is --url right?",
            self.base
        )
    }

    /// Sends a request, and reads the reply.
    fn send_once(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        body: &[u8],
        patience: Duration,
    ) -> Result<Reply> {
        let base = &self.base;
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(address(base, path, query))
            .header("authorization", format!("Bearer {}", self.key));
        let unsent = || format!("`{base}` is no address, or the key is none");
        let request = request.body(body).with_context(unsent)?;
        let request = self.agent.configure_request(request);
        let sent = self
            .agent
            .run(request.timeout_global(Some(patience)).build());
        let mut reply = sent.map_err(|error| match error {
            ureq::Error::Timeout(ureq::Timeout::Global) => anyhow!(
                "{base} has not answered {path} in {} s. It may be at it still: ask `edgepod pods status` before you try again",
                patience.as_secs()
            ),
            ureq::Error::Io(error) if error.kind() != ErrorKind::ConnectionRefused => {
                anyhow!("{base} broke off before it had answered ({error}): it may have done what it was asked")
            }
            error => anyhow!("nothing answers at {base} ({error}): is --url right?"),
        })?;
        let status = reply.status();
        let header = |name: &str| reply.headers().get(name).and_then(|it| it.to_str().ok());
        let is_bytes = header("content-type") == Some(BYTES);
        let is_locked = header("www-authenticate").is_some();
        let bytes = reply.body_mut().with_config().limit(MOST).read_to_vec();
        let bytes = bytes.with_context(|| format!("the reply of {base} is cut off"))?;
        Ok(Reply {
            status,
            is_locked,
            is_bytes,
            bytes,
        })
    }
}

/// A reply as it came.
struct Reply {
    status: StatusCode,
    /// Whether it asks for the key. A function may refuse its caller, too.
    is_locked: bool,
    is_bytes: bool,
    bytes: Vec<u8>,
}

impl Reply {
    /// Null where it is none.
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }
}

fn message_of(body: &Value) -> Option<&str> {
    body["error"]["message"].as_str()
}

/// What a server answers.
enum Answer {
    Data(Value),
    Bytes(Vec<u8>),
    /// There is nothing of this name, in its words.
    Missing(String),
    /// It refuses, in its words.
    Refused(String),
}

fn address(base: &str, path: &str, query: &[(&str, &str)]) -> String {
    let mut address = format!("{base}/_edgepod/v1{path}");
    if !query.is_empty() {
        address.push('?');
        let end = address.len();
        address = form_urlencoded::Serializer::for_suffix(address, end)
            .extend_pairs(query)
            .finish();
    }
    address
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread::JoinHandle,
    };

    use super::*;

    #[test]
    fn the_key_goes_over_tls_or_stays_on_this_machine() {
        let new = |url: &str| Admin::new(url, "k".repeat(32));
        for url in [
            "https://app.example.com",
            "http://127.0.0.1:8989/",
            "http://localhost",
        ] {
            assert!(new(url).is_ok(), "{url}");
        }
        for url in [
            "http://app.example.com",
            "http://localhost@evil.example",
            "http://localhost.evil.example",
            "app.example.com",
        ] {
            let error = new(url).err().expect(url).to_string();
            assert!(error.contains("the key is not sent there"), "{error}");
        }
    }

    /// A server that answers each connection with the next of these; None hangs up. How many it took, at its end.
    fn answers(all: Vec<Option<(u16, &'static str)>>) -> (String, JoinHandle<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let server = std::thread::spawn(move || {
            for answer in &all {
                let (mut socket, _) = listener.accept().expect("a request");
                let mut request = [0; 4096];
                let _ = socket.read(&mut request).expect("its text");
                if let Some((status, body)) = answer {
                    let length = body.len();
                    write!(
                        socket,
                        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                    )
                    .expect("it is taken");
                }
            }
            all.len()
        });
        (url, server)
    }

    #[test]
    fn a_server_that_restarts_is_asked_again_and_one_that_refuses_is_not() {
        let refusal = r#"{"error":{"code":"CONFLICT","message":"it has data","trace_id":"t"}}"#;
        let starting = r#"{"error":{"code":"UNAVAILABLE","message":"starting"}}"#;
        let (url, server) = answers(vec![
            Some((200, r#"{"data":1}"#)),
            None,
            Some((503, starting)),
            Some((200, r#"{"data":2}"#)),
            Some((409, refusal)),
        ]);
        let admin = Admin::new(&url, "k".repeat(32)).expect("this machine");
        assert_eq!(admin.get::<i64>("/status", &[]).expect("it answers"), 1);
        assert_eq!(admin.send::<i64>("/put", &[], b"x").expect("in time"), 2);
        let error = admin.post::<i64>("/commit", &[]).expect_err("it refuses");
        assert!(
            error.to_string().contains("it has data (409, trace t)"),
            "{error}"
        );
        assert_eq!(server.join().expect("all were asked for"), 5);
    }

    #[test]
    fn a_server_that_was_never_there_is_soon_said_to_be_away() {
        let (url, server) = answers(vec![]);
        server.join().expect("it ends");
        let admin = Admin::new(&url, "k".repeat(32)).expect("this machine");
        let error = admin.get::<i64>("/status", &[]).expect_err("nobody is");
        assert!(error.to_string().contains("nothing answers at"), "{error}");
    }

    #[test]
    fn a_name_of_any_kind_is_one_parameter() {
        let query = [("pod", "a/../b?&=%é"), ("limit", "7")];
        assert_eq!(
            address("http://127.0.0.1:7", "/status", &query),
            "http://127.0.0.1:7/_edgepod/v1/status?pod=a%2F..%2Fb%3F%26%3D%25%C3%A9&limit=7"
        );
    }
}
