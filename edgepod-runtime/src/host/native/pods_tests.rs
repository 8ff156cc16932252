//! `global`, whose place is another's than those of other pods, and which is opened as they are.

use std::{
    fs,
    path::Path,
    pin::pin,
    sync::{Arc, mpsc},
    task::{Context, Waker},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc::unbounded_channel,
    task::spawn_blocking,
    time::timeout,
};

use super::{
    calls::Threads,
    database::Location,
    held::Replacement,
    limits::Limits,
    pods::{Databases, Pods, State, World},
    traces::Traces,
};
use crate::engine::PodName;

/// What waits for disks does so one after the other.
fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).max_blocking_threads(1);
    builder.enable_all().build().unwrap()
}

/// The pods of a server whose database is in this folder.
fn pods(folder: &Path) -> Arc<Pods> {
    let limits = Arc::new(Limits::from_vars(&[].into(), 1024, false).unwrap());
    let world = World {
        engines: Arc::new(Databases),
        folder: None,
        global: Location::File(folder.join("data.sqlite")),
        vars: Arc::default(),
        pod_vars: Arc::default(),
        sockets: Arc::default(),
        pods: Arc::default(),
        threads: Threads::start(limits.clone()).unwrap(),
        limits,
        keep: None,
        traces: Traces::default(),
    };
    let global = world.try_open(&PodName::global()).unwrap();
    Pods::new(world, global)
}

/// From here on `global` cannot be opened.
async fn close_and_damage(pods: &Pods, folder: &Path) {
    *pods.hold(&PodName::global()).await = State::Closed;
    fs::write(folder.join("data.sqlite"), "no database".repeat(1000)).unwrap();
}

#[test]
fn no_piece_is_written_to_a_file_that_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let pods = pods(folder.path());
        let file = folder.path().join("0123");
        fs::write(&file, "all of it").unwrap();
        // On its way to the disk, whether its client has left or not.
        let piece = pods.pieces.clone().read_owned().await;
        let mut whole = pin!(pods.whole(file.clone()));
        let mut context = Context::from_waker(Waker::noop());
        assert!(whole.as_mut().poll(&mut context).is_pending());
        assert!(file.is_file());
        drop(piece);
        let named = whole.await.unwrap();
        assert!(named.is_file() && !file.exists());
        // Asked for again, as its answer was lost.
        assert_eq!(pods.whole(file).await.unwrap(), named);
        assert_eq!(fs::read(named).unwrap(), b"all of it");
    });
}

#[test]
fn who_leaves_while_global_is_opened_leaves_it_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let pods = pods(folder.path());
    runtime().block_on(async {
        *pods.hold(&PodName::global()).await = State::Closed;
        let (jobs, mut opened) = unbounded_channel();
        pods.tell_of_jobs(jobs);
        let (go_on, waits) = mpsc::channel::<()>();
        let busy = spawn_blocking(move || waits.recv());
        {
            let mut leaves = pin!(pods.get(None));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(leaves.as_mut().poll(&mut cx).is_pending());
        }
        drop(go_on);
        let _ = busy.await.unwrap();
        // Behind it in the queue.
        spawn_blocking(|| {}).await.unwrap();
        let first = opened.try_recv();
        let (_, alarm) = first.expect("it is open, though nobody waits for it");
        let pod = pods.get(None).await.expect("it is open");
        assert!(Arc::ptr_eq(&pod.alarm, &alarm), "and was not opened again");
        assert!(opened.try_recv().is_err());
    });
}

#[test]
fn global_that_could_not_be_opened_serves_at_once_when_it_was_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let pods = pods(folder.path());
    runtime().block_on(async {
        close_and_damage(&pods, folder.path()).await;
        assert!(pods.get(None).await.is_err());
        let status = pods.status(&PodName::global()).await.unwrap();
        assert!(status.failure.is_some());
        let new = folder.path().join("new");
        fs::write(&new, "").unwrap();
        let with = Replacement {
            file: new,
            bytes: 0,
            id: "0".repeat(32),
            over: true,
            keep: None,
        };
        assert!(pods.replace(&PodName::global(), with).await.unwrap());
        assert!(pods.get(None).await.is_ok());
        let status = pods.status(&PodName::global()).await.unwrap();
        assert_eq!(status.failure, None);
    });
}

#[test]
fn global_that_cannot_be_opened_is_held_as_others_are() {
    let folder = tempfile::tempdir().unwrap();
    let pods = pods(folder.path());
    runtime().block_on(async {
        close_and_damage(&pods, folder.path()).await;
        let held = pods.held(&PodName::global()).await.unwrap();
        let mut caller = pin!(pods.get(None));
        let waits = timeout(Duration::ZERO, caller.as_mut()).await;
        assert!(waits.is_err(), "who calls it waits");
        drop(held);
        assert!(caller.await.is_err());
    });
}
