//! A connection on which requests need not wait for the replies to those before them: HTTP/1.1's pipelining, which clients of HTTP
//! libraries do not do.

use std::{collections::VecDeque, net::SocketAddr};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::client::{KEY, OF_A_BROWSER};

/// The most headers of a reply.
const HEADERS: usize = 64;

/// The connection.
pub(crate) struct Pipeline {
    stream: TcpStream,
    /// What every request says before its length.
    head: String,
    /// What has come and was not read yet.
    received: VecDeque<u8>,
}

impl Pipeline {
    /// Connects, for calls of the function `name`.
    ///
    /// # Errors
    /// When nobody listens at `address`.
    pub(crate) async fn open(address: SocketAddr, name: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut head = format!(
            "POST /rpc/{name} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nx-edgepod-key: {KEY}\r\n"
        );
        for (name, value) in OF_A_BROWSER {
            head.extend([name, ": ", value, "\r\n"]);
        }
        Ok(Self {
            stream,
            head,
            received: VecDeque::new(),
        })
    }

    /// Sends a call with these arguments.
    ///
    /// # Errors
    /// When the server has closed the connection.
    pub(crate) async fn send(&mut self, arguments: &str) -> Result<()> {
        let length = arguments.len();
        let request = format!("{}content-length: {length}\r\n\r\n{arguments}", self.head);
        Ok(self.stream.write_all(request.as_bytes()).await?)
    }

    /// The body of the next reply.
    ///
    /// # Errors
    /// When it is not a 200, or does not come.
    pub(crate) async fn reply(&mut self) -> Result<Vec<u8>> {
        loop {
            if let Some(body) = self.take()? {
                return Ok(body);
            }
            let mut bytes = [0; 16 * 1024];
            let read = self.stream.read(&mut bytes).await?;
            ensure!(read > 0, "the server closed the connection");
            self.received.extend(&bytes[..read]);
        }
    }

    /// The next reply's body, where it is there to its end.
    fn take(&mut self) -> Result<Option<Vec<u8>>> {
        let received = self.received.make_contiguous();
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut reply = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(start) = reply.parse(received)? else {
            return Ok(None);
        };
        let mut lengths = reply.headers.iter();
        let length = lengths.find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length = length.context("a reply without its length")?.value;
        let end = start + std::str::from_utf8(length)?.parse::<usize>()?;
        let status = reply.code;
        let Some(body) = received.get(start..end) else {
            return Ok(None);
        };
        ensure!(
            status == Some(200),
            "{status:?}: {}",
            String::from_utf8_lossy(body)
        );
        let body = body.to_vec();
        self.received.drain(..end);
        Ok(Some(body))
    }
}
