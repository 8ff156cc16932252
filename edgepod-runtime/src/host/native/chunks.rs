//! Bodies of replies that are streams: chunks go from the thread of actions to the connection, as its client reads them.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::mpsc;

use super::connections::{Connection, Phase};
use crate::engine::ByteStream;

/// What a connection is given of a stream. Dropped, it ends the stream.
pub(super) struct Chunks {
    /// Chunks, and nothing once at the end: where that does not come, the stream broke off.
    receiver: mpsc::Receiver<Option<Bytes>>,
    connection: Option<Arc<Connection>>,
}

/// Where the chunks of a stream go.
pub(super) struct Giver(mpsc::Sender<Option<Bytes>>);

/// Both ends. Beside what the connection has of it, one chunk waits.
pub(super) fn chunks() -> (Giver, Chunks) {
    let (sender, receiver) = mpsc::channel(1);
    let chunks = Chunks {
        receiver,
        connection: None,
    };
    (Giver(sender), chunks)
}

impl Giver {
    /// Gives what the stream has, until it ends or nobody takes it any more.
    pub(super) async fn give(self, stream: Rc<dyn ByteStream>) {
        loop {
            let next = tokio::select! {
                next = stream.clone().next() => next,
                // A client may go while its stream has nothing to say.
                () = self.0.closed() => return,
            };
            let (chunk, is_over) = match next {
                Some(Ok(chunk)) => (Some(chunk), false),
                Some(Err(_)) => return,
                None => (None, true),
            };
            if self.0.send(chunk).await.is_err() || is_over {
                return;
            }
        }
    }
}

impl Chunks {
    /// While they come, the connection waits for no request.
    pub(super) fn are_of(&mut self, connection: &Arc<Connection>) {
        connection.enter(Phase::Stream);
        self.connection = Some(connection.clone());
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.receiver.poll_recv(cx).map(|next| match next {
            Some(Some(chunk)) => Some(Ok(Frame::data(chunk))),
            Some(None) => {
                if let Some(connection) = &self.connection {
                    connection.enter(Phase::Reply);
                }
                None
            }
            None => Some(Err(io::Error::other("the stream of the reply broke off"))),
        })
    }
}
