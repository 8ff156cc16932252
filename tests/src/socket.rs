//! The invalidation socket, from a client's side.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::Value;
use tungstenite::{
    Error, Message, WebSocket,
    client::IntoClientRequest,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding::CloseCode},
    stream::MaybeTlsStream,
};

/// How long anything may take that must happen: only who fails waits for so long, so that a busy machine is no failure.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An open socket.
pub struct Socket(WebSocket<MaybeTlsStream<TcpStream>>);

/// What a server sent.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// The server closed the socket, with this code.
    Closed(Option<u16>),
    /// The connection ended without a word.
    Broken,
}

impl Socket {
    /// Opens a socket.
    ///
    /// # Errors
    /// When the server refuses; [`Error::Http`] holds its reply.
    pub fn open(url: &str) -> Result<Self, Error> {
        let (socket, _) = tungstenite::connect(url)?;
        Ok(Self(socket))
    }

    /// Opens a socket with a token.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with_token(url: &str, token: &str) -> Result<Self, Error> {
        Self::open_with_header(url, "authorization", &format!("Bearer {token}"))
    }

    /// Opens a socket with a header of any kind.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with_header(url: &str, name: &'static str, value: &str) -> Result<Self, Error> {
        Self::open_with_headers(url, &[(name, value)])
    }

    /// Opens a socket with some of them.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with_headers(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            let value = value.parse().expect("a header is text");
            request.headers_mut().insert(*name, value);
        }
        let (socket, _) = tungstenite::connect(request)?;
        Ok(Self(socket))
    }

    /// Opens a socket as a page with a token does; returns the protocol that the server chose.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_as_a_page(url: &str, token: &str) -> Result<(Self, Option<String>), Error> {
        let mut request = url.into_client_request()?;
        let protocols = format!("edgepod, edgepod.bearer.{token}");
        let protocols = protocols.parse().expect("a token is text");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocols);
        let (socket, reply) = tungstenite::connect(request)?;
        let chosen = reply.headers().get("sec-websocket-protocol");
        let chosen = chosen.and_then(|value| value.to_str().ok());
        Ok((Self(socket), chosen.map(str::to_owned)))
    }

    /// What came next, or nothing within that time.
    ///
    /// # Panics
    /// When the server breaks the protocol.
    #[track_caller]
    pub fn next_within(&mut self, time: Duration) -> Option<Heard> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            if let MaybeTlsStream::Plain(stream) = self.0.get_mut() {
                stream
                    .set_read_timeout(Some(left))
                    .expect("a time that is not zero");
            }
            match self.0.read() {
                Ok(Message::Text(text)) => return Some(Heard::Text(text.to_string())),
                Ok(Message::Binary(bytes)) => return Some(Heard::Binary(bytes.to_vec())),
                Ok(Message::Close(frame)) => {
                    return Some(Heard::Closed(frame.map(|frame| frame.code.into())));
                }
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => {
                    return Some(Heard::Closed(None));
                }
                Err(
                    Error::Io(_) | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
                ) => {
                    return Some(Heard::Broken);
                }
                Err(error) => panic!("the server does not keep to the WebSocket protocol: {error}"),
            }
        }
    }

    /// The next message, which must be a stale signal; returns its tables.
    ///
    /// # Panics
    /// When something else comes, or nothing.
    #[track_caller]
    pub fn stale(&mut self) -> BTreeSet<String> {
        match self.next_within(PATIENCE) {
            Some(Heard::Text(text)) => tables_of(&text),
            other => panic!("a stale signal was expected, and this came: {other:?}"),
        }
    }

    /// Waits for a stale signal that names this table, whatever else is announced before.
    ///
    /// # Panics
    /// When none comes.
    #[track_caller]
    pub fn stale_of(&mut self, table: &str) {
        while !self.stale().contains(table) {}
    }

    /// Fails if anything comes within a time in which a wrong signal would have come.
    #[track_caller]
    pub fn assert_silent(&mut self) {
        if let Some(heard) = self.next_within(Duration::from_millis(300)) {
            panic!("nothing was expected, and this came: {heard:?}");
        }
    }

    /// Takes what is on its way, so that the next message has a cause after this line: what was sent before an answer to a ping,
    /// however late that comes, and what follows.
    #[track_caller]
    pub fn drain(&mut self) {
        self.drain_to_pong();
        while let Some(Heard::Text(_)) = self.next_within(Duration::from_millis(150)) {}
    }

    /// Sends a message.
    #[track_caller]
    pub fn send(&mut self, message: Message) {
        self.0
            .send(message)
            .expect("an open socket takes a message");
    }

    /// Asks whether the connection is alive, and waits for the answer.
    #[track_caller]
    pub fn ping(&mut self) {
        self.send(Message::text("ping"));
        assert_eq!(self.next_within(PATIENCE), Some(Heard::Text("pong".into())));
    }

    /// Asks whether the connection is alive, and takes what comes before the answer: a greeting, a signal of an earlier cause.
    #[track_caller]
    pub fn drain_to_pong(&mut self) {
        self.send(Message::text("ping"));
        loop {
            match self.next_within(PATIENCE) {
                Some(Heard::Text(text)) if text.contains("pong") => return,
                Some(Heard::Text(_)) => {}
                other => panic!("an answer was expected, and this came: {other:?}"),
            }
        }
    }

    /// Waits for the server to close the socket, and returns the code.
    ///
    /// # Panics
    /// When it sends something else, or stays open.
    #[track_caller]
    pub fn closed(&mut self) -> Option<u16> {
        match self.next_within(PATIENCE) {
            Some(Heard::Closed(code)) => code,
            other => panic!("the socket should have been closed, and this came: {other:?}"),
        }
    }

    /// Closes the socket as a page does, and returns the code that the server answers with.
    #[track_caller]
    pub fn close(mut self) -> Option<u16> {
        let frame = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        self.0
            .close(Some(frame))
            .expect("an open socket can be closed");
        self.closed()
    }
}

/// The tables in a stale signal, after checking its form.
#[track_caller]
fn tables_of(text: &str) -> BTreeSet<String> {
    let message: Value = serde_json::from_str(text)
        .unwrap_or_else(|error| panic!("a message that is not JSON ({error}): {text}"));
    assert_eq!(message["type"], "stale", "{text}");
    let tables = message["tables"]
        .as_array()
        .unwrap_or_else(|| panic!("`tables` is a list: {text}"));
    assert!(!tables.is_empty(), "a signal without a table: {text}");
    tables
        .iter()
        .map(|table| {
            table
                .as_str()
                .unwrap_or_else(|| panic!("a table is a name: {text}"))
                .to_owned()
        })
        .collect()
}
