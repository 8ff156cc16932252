//! A client that keeps to no rule: bytes over TCP, as they are given.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// How long anything may take that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A connection.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    #[track_caller]
    pub(crate) fn connect(authority: &str) -> Self {
        let stream = TcpStream::connect(authority).expect("the server listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a time that is not zero");
        Self(stream)
    }

    /// Sends bytes. That the server has gone meanwhile is no error.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.write_all(bytes.as_ref());
    }

    /// The head of a reply and as much of its body as its length says; empty where the server closed without one.
    #[track_caller]
    pub(crate) fn reply(&mut self) -> String {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .filter_map(|line| line.split_once(':'))
                    .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                    .and_then(|(_, value)| value.trim().parse().ok())
                    .unwrap_or(0);
                if body.len() >= length {
                    return text;
                }
            }
            match self.0.read(&mut chunk) {
                Ok(0) => return text,
                Ok(count) => bytes.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return text,
                Err(error) => panic!("no reply in time: {error}"),
            }
        }
    }

    /// Whether the server has said nothing, nor closed, since what was read.
    #[track_caller]
    pub(crate) fn is_silent(&mut self) -> bool {
        self.0.set_nonblocking(true).expect("it is open");
        let peeked = self.0.peek(&mut [0]);
        self.0.set_nonblocking(false).expect("it is open");
        matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// The status of a reply.
    #[track_caller]
    pub(crate) fn status(&mut self) -> u16 {
        let reply = self.reply();
        reply
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or_else(|| panic!("no HTTP reply: {reply:?}"))
    }

    /// Waits until the server closes the connection, and returns how long that took.
    ///
    /// # Panics
    /// When it stays open.
    #[track_caller]
    pub(crate) fn closed(&mut self) -> Duration {
        let began = Instant::now();
        let mut chunk = [0; 4096];
        loop {
            match self.0.read(&mut chunk) {
                Ok(0) => return began.elapsed(),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                    return began.elapsed();
                }
                Err(error) => panic!("the connection is still open: {error}"),
            }
        }
    }

    /// Asks for a WebSocket at this path and query, and returns the reply's status.
    #[track_caller]
    pub(crate) fn upgrade(&mut self, target: &str) -> u16 {
        self.send(format!(
            "GET {target} HTTP/1.1\r\nhost: hostile\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ));
        // Byte by byte: what follows the head is a frame already.
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            self.0.read_exact(&mut byte).expect("the handshake's reply");
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head);
        head.split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or_else(|| panic!("no HTTP reply: {head}"))
    }

    /// The next frame's first byte and payload, of a server that sends them unmasked; `None` at the connection's end.
    pub(crate) fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).ok()?;
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.0.read_exact(&mut length).ok()?;
                u64::from(u16::from_be_bytes(length))
            }
            127 => {
                let mut length = [0; 8];
                self.0.read_exact(&mut length).ok()?;
                u64::from_be_bytes(length)
            }
            short => u64::from(short),
        };
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).ok()?;
        Some((head[0], payload))
    }

    /// Reads on to the frame that closes the socket, and returns its code.
    #[track_caller]
    pub(crate) fn close_code(&mut self) -> u16 {
        while let Some((first, payload)) = self.frame() {
            if first == 0x88 {
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
        panic!("the connection ended without a word");
    }
}

/// A call of a function, as bytes.
pub(crate) fn call(name: &str, key: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /rpc/{name} HTTP/1.1\r\nhost: hostile\r\nx-edgepod-key: {key}\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
