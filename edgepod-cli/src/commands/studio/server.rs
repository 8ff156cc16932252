//! The server: this machine's own, for whoever has the address with its token.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::{HeaderMap, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use subtle::ConstantTimeEq as _;

use super::{
    api,
    page::Page,
    refusal::{Answer, Refusal},
    target::Target,
};

/// The most bytes of a request's body.
const BODY: usize = 8 << 20;

/// How long a browser may take until its request is there.
const PATIENCE: Duration = Duration::from_secs(30);

/// What every reply says: the page is this server's alone, in no other page, and nobody is told its address.
const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];

/// What the requests need.
struct Serving {
    /// `127.0.0.1:PORT` and `localhost:PORT`.
    hosts: [String; 2],
    token: String,
    page: Page,
    target: Arc<Target>,
}

/// Serves on this port of the machine, or a free one, until the command ends; where it is.
///
/// # Errors
/// Where the port is in use.
pub(super) fn start(
    port: u16,
    token: String,
    page: Page,
    target: Arc<Target>,
) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
        anyhow!("the studio cannot listen on port {port} of 127.0.0.1 ({error}): choose another with `--studio-port`")
    })?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let serving = Arc::new(Serving {
        hosts: ["127.0.0.1", "localhost"].map(|host| format!("{host}:{}", address.port())),
        token,
        page,
        target,
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the studio's server does not start")?;
    std::thread::Builder::new()
        .name("studio".to_owned())
        .spawn(move || runtime.block_on(accept(listener, serving)))
        .context("the studio's server does not start")?;
    Ok(address)
}

async fn accept(listener: TcpListener, serving: Arc<Serving>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No descriptor is free, mostly: one will be.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let serving = serving.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| reply(serving.clone(), request));
            // A browser that hangs up is no error of anybody's.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn reply(
    serving: Arc<Serving>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, kind, body) = match answer(&serving, request).await {
        Ok(found) => found,
        Err(refusal) => {
            let (status, body) = api::written(&Err(refusal));
            (status, JSON, body)
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status.try_into().unwrap_or_default();
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers.insert("content-type", HeaderValue::from_static(kind));
    Ok(response)
}

const JSON: &str = "application/json";

async fn answer(
    serving: &Arc<Serving>,
    request: Request<Incoming>,
) -> Answer<(u16, &'static str, Vec<u8>)> {
    let (head, body) = request.into_parts();
    serving.ensure_own(
        head.uri.authority().map(|authority| authority.as_str()),
        &head.headers,
    )?;
    let path = head.uri.path();
    let Some(path) = path
        .strip_prefix("/api")
        .filter(|path| path.starts_with('/'))
    else {
        if !["GET", "HEAD"].contains(&head.method.as_str()) {
            return Err(Refusal {
                status: 405,
                ..Refusal::bad("The page is asked for with GET.")
            });
        }
        return serving.file(path);
    };
    serving.ensure_known(&head.headers)?;
    let body = Limited::new(body, BODY).collect().await.map_err(|_| {
        Refusal::bad(format!(
            "The body did not come, or has more than {} MiB.",
            BODY >> 20
        ))
    })?;
    let query = head.uri.query().unwrap_or_default();
    let query: HashMap<String, String> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let request = api::Request {
        method: head.method.as_str().to_owned(),
        path: path.to_owned(),
        query,
        body: body.to_bytes().to_vec(),
    };
    let target = serving.target.clone();
    // It waits for the app.
    let done = tokio::task::spawn_blocking(move || api::written(&api::answer(&target, &request)));
    let (status, body) = done
        .await
        .map_err(|_| Refusal::strange("The studio could not answer: its terminal says why."))?;
    Ok((status, JSON, body))
}

impl Serving {
    /// Refuses what comes from another page: one that has led a name of its own here, and one of another origin.
    fn ensure_own(&self, authority: Option<&str>, headers: &HeaderMap) -> Answer<()> {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
        let is_own = |host: &str| self.hosts.iter().any(|own| own == host);
        let mut hosts = text("host").into_iter().chain(authority).peekable();
        if hosts.peek().is_none() || !hosts.all(is_own) {
            return Err(Refusal::forbidden(format!(
                "The studio is asked for at {}, and under no other name.",
                self.hosts.join(" and ")
            )));
        }
        match text("origin") {
            Some(origin) if !origin.strip_prefix("http://").is_some_and(is_own) => Err(
                Refusal::forbidden("The studio answers its own page, and no other."),
            ),
            _ => Ok(()),
        }
    }

    /// Refuses whoever has no token.
    fn ensure_known(&self, headers: &HeaderMap) -> Answer<()> {
        let given = headers.get("authorization").map(HeaderValue::as_bytes);
        let given = given.and_then(|text| text.strip_prefix(b"Bearer "));
        // How long it takes does not tell how much is alike.
        if given.is_some_and(|given| given.ct_eq(self.token.as_bytes()).into()) {
            return Ok(());
        }
        Err(Refusal::unknown(
            "The token of the studio is missing, or of an earlier start: open the address that the terminal of `edgepod dev` shows.",
        ))
    }

    fn file(&self, path: &str) -> Answer<(u16, &'static str, Vec<u8>)> {
        if let Some(asset) = self.page.file(path) {
            return Ok((200, asset.kind, asset.bytes));
        }
        if self.page.is_being_built() {
            return Err(Refusal::away(
                "The studio's page is being built: load this again in a moment.",
            ));
        }
        Err(Refusal::not_found(format!("The studio has no {path}.")))
    }
}
