//! Ends of a WebAssembly instance that are no panic: nothing unwinds, no hook is called. On the native host each of them ends
//! the process.

use std::{future::poll_fn, hint::black_box, task::Poll};

use edgepod::prelude::*;

use crate::{NewNote, Note};

/// Goes wrong as `how` says: `stack`, `unreachable`, `bounds` or `memory`.
fn trap(how: &str) -> Result<u64> {
    match how {
        "stack" => Ok(deepen(1)),
        "unreachable" => std::process::abort(),
        "bounds" => {
            let wild = black_box(u32::MAX as usize - 15) as *const u64;
            // SAFETY: there is none. An address behind the end of the memory is a trap in WebAssembly, and that is wanted.
            Ok(unsafe { wild.read_volatile() })
        }
        "memory" => {
            // An address space of 4 GB has no room for both.
            let both: Vec<Vec<u8>> = (0..2)
                .map(|_| Vec::with_capacity(i32::MAX as usize))
                .collect();
            Ok(black_box(both).len() as u64)
        }
        _ => Err(Error::bad_request(
            "Say `stack`, `unreachable`, `bounds` or `memory`.",
        )),
    }
}

/// Calls itself until the stack is full.
#[expect(unconditional_recursion, reason = "that is what it is for")]
fn deepen(depth: u64) -> u64 {
    black_box(deepen(black_box(depth) + 1)) + depth
}

/// Waits once.
async fn wait() {
    let mut waited = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Reads, and goes wrong.
#[edgepod::query]
pub async fn get_notes_and_trap(ctx: &QueryCtx, how: String) -> Result<u64> {
    ctx.db.select::<Note>().all()?;
    trap(&how)
}

/// Adds a note, and goes wrong.
#[edgepod::function]
pub async fn add_note_and_trap(ctx: &Ctx, text: String, how: String) -> Result<u64> {
    ctx.db.insert(NewNote { text }).exec()?;
    trap(&how)
}

/// Adds a note in a transaction that goes wrong before it commits; where `waits`, after the action has waited.
#[edgepod::action]
pub async fn transact_and_trap(
    ctx: &ActionCtx,
    text: String,
    how: String,
    waits: bool,
) -> Result<u64> {
    if waits {
        wait().await;
    }
    ctx.transaction(|tx| {
        tx.db.insert(NewNote { text }).exec()?;
        trap(&how)
    })
}

/// Goes wrong; where `waits`, after it has waited.
#[edgepod::action]
pub async fn act_and_trap(ctx: &ActionCtx, how: String, waits: bool) -> Result<u64> {
    ctx.db.select::<Note>().all()?;
    if waits {
        wait().await;
    }
    trap(&how)
}

/// Waits for what does not come.
#[edgepod::action]
pub async fn act_for_ever(ctx: &ActionCtx) -> Result<()> {
    ctx.db.select::<Note>().all()?;
    std::future::pending().await
}

/// Fills memory that is never given back.
#[edgepod::query]
pub async fn keep_memory(ctx: &QueryCtx, megabytes: u32) -> Result<u64> {
    ctx.db.select::<Note>().limit(1).all()?;
    let bytes = megabytes as usize * 1_000_000;
    let kept = black_box(vec![1_u8; bytes]).leak();
    Ok(kept.len() as u64)
}
