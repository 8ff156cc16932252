//! The built page: the folder that `EDGEPOD_WEB` names, beside the app at one address.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use http_body_util::{BodyExt as _, Either, Empty, Full};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::Bytes,
    header::{self, HeaderName, HeaderValue},
    http::request::Parts,
};
use tower::ServiceExt as _;
use tower_http::{compression::Compression, services::ServeDir};

use super::http::Reply;
use crate::{
    engine::{Found, Registry},
    gateway,
};

/// Where bundlers put files whose names change with what is in them.
const HASHED: &str = "/assets/";

/// What stands for every path that only the page's own code knows.
const INDEX: &str = "index.html";

/// A folder of files.
pub(super) struct Page(Compression<ServeDir>);

/// There is no page in the folder that `EDGEPOD_WEB` names.
#[derive(Debug)]
pub struct NoPage(PathBuf);

impl fmt::Display for NoPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "EDGEPOD_WEB is {}, and there is no {INDEX} in it: name the folder of the built page, such as web/dist.",
            self.0.display()
        )
    }
}

impl Page {
    /// That in a folder.
    ///
    /// # Errors
    /// There is none in it.
    pub(super) fn at(folder: &str) -> Result<Self, NoPage> {
        let folder = Path::new(folder);
        match folder.join(INDEX).is_file() {
            true => Ok(Self(Compression::new(ServeDir::new(folder)))),
            false => Err(NoPage(folder.to_owned())),
        }
    }

    /// A file, where one is asked for and not the app; for a browser that goes to a path without one, the page itself.
    pub(super) async fn answer(&self, parts: &Parts, registry: &Registry) -> Option<Reply> {
        let (method, path) = (&parts.method, parts.uri.path());
        if ![Method::GET, Method::HEAD].contains(method)
            || gateway::is_taken(path)
            || is_hidden(path)
            || !matches!(registry.find(method.as_str(), path), Found::Nothing)
        {
            return None;
        }
        let reply = self.file(parts, parts.uri.clone()).await?;
        if reply.status() != StatusCode::NOT_FOUND {
            return Some(with_rules(reply, path.starts_with(HASHED)));
        }
        let accepted = parts.headers.get(header::ACCEPT);
        let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
        if !accepted.is_some_and(|accepted| accepted.contains("text/html")) {
            return None;
        }
        let index = self.file(parts, Uri::from_static("/index.html")).await?;
        Some(with_rules(index, false))
    }

    async fn file(&self, parts: &Parts, uri: Uri) -> Option<Reply> {
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = parts.headers.clone();
        let (parts, body) = self.0.clone().oneshot(request).await.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        Some(Response::from_parts(parts, Either::Left(Full::new(body))))
    }
}

/// Whether a segment begins with a dot: what a tool has left in the folder is no file of the page.
fn is_hidden(path: &str) -> bool {
    let path = path.to_ascii_lowercase().replace("%2e", ".");
    path.contains("/.") && !path.starts_with("/.well-known/")
}

fn with_rules(mut reply: Reply, is_hashed: bool) -> Reply {
    let cache = match is_hashed && reply.status().is_success() {
        true => "public, max-age=31536000, immutable",
        // Kept, and asked for each time whether it is still so.
        false => "no-cache",
    };
    let headers = reply.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    );
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_a_dot_is_hidden() {
        for path in ["/.env", "/a/.git/config", "/%2Eenv", "/../x", "/a/%2e%2e/x"] {
            assert!(is_hidden(path), "{path}");
        }
        for path in ["/", "/a.b", "/.well-known/assetlinks.json", "/a/b.c.d"] {
            assert!(!is_hidden(path), "{path}");
        }
    }

    #[test]
    fn a_folder_without_a_page_is_named() {
        let folder = std::env::temp_dir().join("edgepod-no-page-here");
        let error = Page::at(folder.to_str().unwrap()).err().expect("no page");
        assert!(
            error.to_string().contains("edgepod-no-page-here"),
            "{error}"
        );
    }
}
