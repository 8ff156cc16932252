//! A connection's bytes, each way within its time.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep_until},
};

use super::{
    connections::{Connection, Phase, Place},
    limits::SLOWEST,
};

/// A TCP connection that fails once its client is too slow. It has its place among the connections until it is dropped.
pub(super) struct Stream {
    tcp: TcpStream,
    place: Place,
    reading: Option<Pin<Box<Sleep>>>,
    writing: Option<Writing>,
}

/// What a client is slow to read.
struct Writing {
    since: Instant,
    written: u64,
    timer: Pin<Box<Sleep>>,
}

impl Stream {
    pub(super) fn new(tcp: TcpStream, place: Place) -> Self {
        Self {
            tcp,
            place,
            reading: None,
            writing: None,
        }
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        self.place.connection()
    }

    /// Whether the client has had its time to send.
    fn poll_read_late(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(deadline) = self.connection().deadline() else {
            self.reading = None;
            return false;
        };
        let timer = self
            .reading
            .get_or_insert_with(|| Box::pin(sleep_until(deadline.into())));
        if timer.deadline() != deadline.into() {
            timer.as_mut().reset(deadline.into());
        }
        timer.as_mut().poll(cx).is_ready()
    }

    /// Whether the client has had its time to read.
    fn poll_write_late(&mut self, cx: &mut Context<'_>) -> bool {
        let patience = self.connection().limits().write;
        let now = Instant::now();
        let writing = self.writing.get_or_insert_with(|| Writing {
            since: now,
            written: 0,
            timer: Box::pin(sleep_until((now + patience).into())),
        });
        let deadline = writing.since + patience + Duration::from_secs(writing.written / SLOWEST);
        if writing.timer.deadline() != deadline.into() {
            writing.timer.as_mut().reset(deadline.into());
        }
        writing.timer.as_mut().poll(cx).is_ready()
    }

    /// What came of a write.
    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Pending if self.poll_write_late(cx) => {
                Poll::Ready(Err(late("the client does not read")))
            }
            Poll::Ready(Ok(count)) => {
                if let Some(writing) = &mut self.writing {
                    writing.written += *count as u64;
                }
                written
            }
            _ => written,
        }
    }
}

fn late(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, why)
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.tcp).poll_read(cx, buffer) {
            Poll::Pending if self.poll_read_late(cx) => {
                Poll::Ready(Err(late("the client does not send")))
            }
            Poll::Pending => Poll::Pending,
            ready => {
                if buffer.filled().len() > before && self.connection().phase() == Phase::Idle {
                    self.connection().enter(Phase::Head);
                }
                ready
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.wrote(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write_vectored(cx, slices);
        self.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    /// All that was to be written has been: the next reply has its own time.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.tcp).poll_flush(cx))?;
        self.writing = None;
        if self.connection().phase() == Phase::Reply {
            self.connection().enter(Phase::Idle);
            // What reads may have asked while the reply was on its way, and does not ask again before something comes.
            let _ = self.poll_read_late(cx);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::{
        super::{connections::Connections, limits::Limits},
        *,
    };

    /// A connection to a server that waits so long for a head, and its client.
    async fn connected(header: Duration) -> (Stream, TcpStream) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (tcp, peer) = listener.accept().await.unwrap();
        let all = Connections::new(Arc::new(Limits {
            header,
            ..Limits::default()
        }));
        let place = all.admit(peer.ip()).unwrap();
        (Stream::new(tcp, place), client)
    }

    /// A client is not late because this process was.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_came_while_the_process_stood_still_is_read() {
        for _ in 0..20 {
            let (mut server, mut client) = connected(Duration::from_millis(20)).await;
            client.write_all(b"GET").await.unwrap();
            std::thread::sleep(Duration::from_millis(30));
            let mut bytes = [0; 3];
            server.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"GET");
        }
    }

    /// A reply whose end nobody knows is flushed again and again, and its client is to send nothing.
    #[tokio::test]
    async fn who_is_sent_a_stream_need_not_send() {
        let (mut server, _client) = connected(Duration::from_millis(20)).await;
        server.connection().enter(Phase::Stream);
        server.write_all(b"chunk").await.unwrap();
        server.flush().await.unwrap();
        assert_eq!(server.connection().phase(), Phase::Stream);
        let reading = tokio::time::timeout(Duration::from_millis(100), server.read_u8());
        assert!(reading.await.is_err());
        server.connection().enter(Phase::Reply);
        server.flush().await.unwrap();
        assert_eq!(server.connection().phase(), Phase::Idle);
    }

    #[tokio::test]
    async fn who_does_not_send_is_given_up() {
        let (mut server, _client) = connected(Duration::from_millis(20)).await;
        let began = Instant::now();
        let error = server.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}
