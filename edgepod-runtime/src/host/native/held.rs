//! Pods that are held as they are: nobody opens or closes them, while their files are copied or replaced.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use super::{
    database::{Location, check_log},
    pods::{Pod, Pods, State},
};
use crate::{Error, engine::PodName};

/// A pod that stays as it is for as long as this lives.
pub(super) enum Held {
    /// Open, and serving.
    #[expect(dead_code, reason = "who has it keeps it open")]
    Open(Arc<Pod>),
    /// Closed, and nobody opens it: who would waits.
    #[expect(dead_code, reason = "who has it keeps it closed")]
    Closed(OwnedMutexGuard<State>),
}

impl Pods {
    /// Holds a pod which is there: open, where it can be opened.
    ///
    /// # Errors
    /// A write-ahead log that is damaged: who opened the file would lose what is left of it.
    pub(super) async fn held(&self, name: &PodName) -> Result<Held, Error> {
        if let Ok(pod) = self.get(Some(name)).await {
            return Ok(Held::Open(pod));
        }
        let state = self.hold(name).await;
        if let State::Open(pod) = &*state {
            return Ok(Held::Open(pod.clone()));
        }
        if let Location::File(file) = self.location(name) {
            check_log(&file).map_err(|error| Error::conflict(error.message))?;
        }
        Ok(Held::Closed(state))
    }
}
