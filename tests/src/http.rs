//! Requests and replies.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

/// How long any one reply may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections to a server, kept alive between requests as a browser keeps them.
pub(crate) struct Agent(ureq::Agent);

impl Agent {
    pub(crate) fn new() -> Self {
        Self(
            ureq::Agent::config_builder()
                .http_status_as_error(false)
                .allow_non_standard_methods(true)
                .max_redirects(0)
                .timeout_global(Some(PATIENCE))
                .build()
                .into(),
        )
    }
}

/// One request, before it is sent.
pub struct Call<'a> {
    agent: &'a Agent,
    method: String,
    url: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(agent: &'a Agent, method: &str, url: String) -> Self {
        Self {
            agent,
            method: method.to_owned(),
            url,
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Sets a header, in place of an earlier one of that name (lower case).
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self = self.without_header(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a header away.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(there, _)| there != name);
        self
    }

    /// Leaves out the key.
    #[must_use]
    pub fn without_key(self) -> Self {
        self.without_header("x-edgepod-key")
    }

    /// Adds a parameter to the address, percent-encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Names the session whose socket this call's reads subscribe.
    #[must_use]
    pub fn session(self, session: &str) -> Self {
        self.header("x-edgepod-session-id", session)
    }

    /// Sends these arguments as JSON.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a test writes `args(json!({…}))`"
    )]
    pub fn args(self, args: Value) -> Self {
        self.header("content-type", "application/json")
            .body(args.to_string())
    }

    /// Sends these bytes.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends the request.
    ///
    /// # Errors
    /// When no reply came. A reply of any status is no error.
    pub fn try_send(self) -> Result<Reply, ureq::Error> {
        let mut request = ureq::http::Request::builder()
            .method(self.method.as_str())
            .uri(self.address());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = self.agent.0.run(request.body(self.body)?)?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let body = response
            .into_body()
            .into_with_config()
            .limit(64 << 20)
            .read_to_vec()?;
        Ok(Reply {
            status,
            headers,
            body,
        })
    }

    /// Sends the request.
    ///
    /// # Panics
    /// When no reply came.
    #[track_caller]
    pub fn send(self) -> Reply {
        let what = format!("{} {}", self.method, self.address());
        match self.try_send() {
            Ok(reply) => reply,
            Err(error) => panic!("{what}: no reply: {error}"),
        }
    }

    /// Sends the request and takes `data` out of its 200.
    ///
    /// # Panics
    /// On any other status.
    #[track_caller]
    pub fn ok(self) -> Value {
        let what = format!("{} {}", self.method, self.address());
        let reply = self.send();
        assert_eq!(reply.status, 200, "{what}: {}", reply.text());
        reply.json()["data"].take()
    }

    /// Sends the request and takes the error out of a reply with this status, after checking its form.
    ///
    /// # Panics
    /// On another status, or when the body is not DESIGN.md's error.
    #[track_caller]
    pub fn error(self, status: u16) -> Value {
        self.send().assert_error(status)
    }

    fn address(&self) -> String {
        let mut address = self.url.clone();
        for (name, value) in &self.query {
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(&format!(
                "{}={}",
                percent_encoded(name),
                percent_encoded(value)
            ));
        }
        address
    }
}

/// Sends a request byte by byte, as it is given, and reads what comes back.
///
/// For bodies that a server may refuse before it has read them: it answers and closes while this side still
/// sends, which client libraries report as a broken connection although the reply has arrived.
///
/// # Panics
/// When nothing that looks like a reply comes back.
#[track_caller]
pub fn send_raw(authority: &str, request: Vec<u8>) -> Reply {
    let mut stream = TcpStream::connect(authority).expect("the server listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a time that is not zero");
    let mut writer = stream.try_clone().expect("one more handle");
    let sender = std::thread::spawn(move || writer.write_all(&request));
    let mut bytes = Vec::new();
    // A reset after the reply is no loss: what came before it is kept.
    let ending = stream.read_to_end(&mut bytes);
    let _ = sender.join();
    let text = String::from_utf8_lossy(&bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        panic!("no reply came: {ending:?} {text:?}");
    };
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no HTTP reply: {head}"));
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    Reply {
        status,
        headers,
        body: body.as_bytes().to_vec(),
    }
}

/// A reply, read to its end.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Names (lower case) and values, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body, as it came.
    pub body: Vec<u8>,
}

impl Reply {
    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(there, _)| there == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!(
                "status {}, and a body that is not JSON ({error}): {}",
                self.status,
                self.text()
            ),
        }
    }

    /// The error in a reply with this status.
    ///
    /// # Panics
    /// On another status, or when the body is not `{"error": {"code", "message", "trace_id"}}` in JSON.
    #[track_caller]
    pub fn assert_error(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        let media = self.header("content-type").unwrap_or_default();
        assert!(
            media.starts_with("application/json"),
            "content-type: {media:?}"
        );
        let error = self.json()["error"].take();
        let code = error["code"].as_str().unwrap_or_default();
        assert!(
            !code.is_empty() && code.chars().all(|c| c.is_ascii_uppercase() || c == '_'),
            "a code in capitals: {error}"
        );
        for field in ["message", "trace_id"] {
            assert!(
                error[field].as_str().is_some_and(|text| !text.is_empty()),
                "{field}: {error}"
            );
        }
        error
    }
}

/// Whether `word` stands in the text by itself: "id" does in "`id`: a number", and not in "invalid".
pub fn names(text: &str, word: &str) -> bool {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|part| part == word)
}

pub(crate) fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_inside_another_is_not_named() {
        assert!(names("`id`: expected a number", "id"));
        assert!(!names("invalid type", "id"));
        assert!(!names("author_id", "id"));
    }

    #[test]
    fn every_byte_that_is_not_unreserved_is_encoded() {
        assert_eq!(
            percent_encoded("{\"id\":1} é"),
            "%7B%22id%22%3A1%7D%20%C3%A9"
        );
    }
}
