//! The timer of jobs, and the thread that they are done on. Actions among them await there, beside each other.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    sync::{Notify, mpsc},
    task::{spawn_local, yield_now},
    time::timeout,
};

use super::{http::Shared, pods::Opened};
use crate::engine::{JobStep, PodName};

/// How long the wall's clock is trusted: it may be set, and the timer's never is.
const TRUST: Duration = Duration::from_secs(1);

/// After how many microseconds a pod that cannot be opened is tried again.
const LATER: i64 = 60_000_000;

/// When an engine is to be woken.
#[derive(Default)]
pub(super) struct Alarm {
    /// Microseconds since 1970.
    at: Mutex<Option<i64>>,
    changed: Notify,
    is_closed: AtomicBool,
}

impl Alarm {
    /// Wakes it then.
    pub(super) fn set(&self, micros: i64) {
        *self.at() = Some(micros);
        self.changed.notify_one();
    }

    fn at(&self) -> std::sync::MutexGuard<'_, Option<i64>> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its engine has ended, and sets it no more.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.changed.notify_one();
    }

    /// Waits until its time has come; `false` where none will.
    async fn rings(&self) -> bool {
        loop {
            let at = *self.at();
            let wait = at.map(|at| u64::try_from(at - now_micros()).unwrap_or(0));
            match wait {
                Some(0) => {
                    *self.at() = None;
                    return true;
                }
                Some(micros) => {
                    let wait = Duration::from_micros(micros).min(TRUST);
                    let _ = timeout(wait, self.changed.notified()).await;
                }
                None if self.is_closed.load(Ordering::Acquire) => return false,
                None => self.changed.notified().await,
            }
        }
    }
}

/// The thread of jobs, until this is dropped: then what it is at ends at its next await.
pub(super) struct JobThread {
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl JobThread {
    /// Does the jobs of all pods from now on.
    pub(super) fn start(shared: &Arc<Shared>) -> Self {
        let stop = Arc::new(Notify::new());
        let (opened, pods) = mpsc::unbounded_channel();
        shared.pods.tell_of_jobs(opened);
        let (shared, stopped) = (Arc::downgrade(shared), stop.clone());
        let thread = thread::Builder::new()
            .name("edgepod-jobs".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("what serves has a runtime, too");
                let local = tokio::task::LocalSet::new();
                local.block_on(&runtime, async move {
                    tokio::select! {
                        () = watch(shared, pods) => {}
                        () = stopped.notified() => {}
                    }
                });
            })
            .expect("what serves has threads, too");
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for JobThread {
    fn drop(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            // What ended it is in the log.
            let _ = thread.join();
        }
    }
}

/// Watches each pod that is opened. Those from before are opened once, and then known.
async fn watch(shared: Weak<Shared>, mut pods: mpsc::UnboundedReceiver<Opened>) {
    let before = shared.clone();
    spawn_local(async move {
        let names = before.upgrade().map_or_else(Vec::new, |shared| {
            let has_jobs = shared.registry().has_jobs();
            if has_jobs {
                shared.pods.all()
            } else {
                Vec::new()
            }
        });
        for name in names {
            if let Some(shared) = before.upgrade() {
                // What cannot be opened is in the log.
                let _ = shared.pods.get(Some(&name)).await;
            }
        }
    });
    while let Some((name, alarm)) = pods.recv().await {
        spawn_local(drive(shared.clone(), name, alarm));
    }
}

/// Does what comes due in a pod: it may be closed meanwhile, and is opened again.
async fn drive(shared: Weak<Shared>, name: PodName, alarm: Arc<Alarm>) {
    while alarm.rings().await {
        while let Some(shared) = shared.upgrade() {
            let pod = match shared.pods.get(Some(&name)).await {
                Ok(pod) => pod,
                Err(_) => {
                    alarm.set(now_micros() + LATER);
                    break;
                }
            };
            if !Arc::ptr_eq(&pod.alarm, &alarm) {
                // It was opened again, and is watched again.
                return;
            }
            match pod.engine.run_job() {
                JobStep::Ran(_) => {}
                JobStep::Action(action) => {
                    // For as long as it runs its pod is in use.
                    let pod = pod.clone();
                    spawn_local(async move { pod.engine.run_action_job(action).await });
                }
                JobStep::Idle => break,
            }
            // Jobs may come due without an end: between two of them others may have the pod for themselves.
            drop(pod);
            yield_now().await;
        }
    }
}

/// Microseconds since 1970.
pub(super) fn now_micros() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_micros().try_into().unwrap_or(i64::MAX))
}
