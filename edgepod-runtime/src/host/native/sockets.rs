//! The WebSockets of this process.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::engine::SocketId;

/// The open sockets, each by its outgoing queue.
#[derive(Default)]
pub(super) struct Sockets {
    next: AtomicU32,
    open: Mutex<HashMap<SocketId, UnboundedSender<String>>>,
}

impl Sockets {
    /// A new socket, and what is to be sent through it.
    pub(super) fn open(&self) -> (SocketId, UnboundedReceiver<String>) {
        let socket = SocketId(self.next.fetch_add(1, Ordering::Relaxed));
        let (sender, receiver) = unbounded_channel();
        self.lock().insert(socket, sender);
        (socket, receiver)
    }

    pub(super) fn close(&self, socket: SocketId) {
        self.lock().remove(&socket);
    }

    pub(super) fn send(&self, socket: SocketId, message: &str) {
        if let Some(sender) = self.lock().get(&socket) {
            // The receiver is gone when the socket is closing.
            let _ = sender.send(message.to_owned());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketId, UnboundedSender<String>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
