//! From starting the process to the first reply.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{
    client,
    contender::Contender,
    load,
    options::Options,
    server::{Answers, Server, Storage},
};

/// The case's name.
pub(crate) const NAME: &str = "cold-start";

const USERS: usize = 100;
const PATIENCE: Duration = Duration::from_secs(20);

/// For each contender and round, the time from starting workerd, with a database of 100 users on disk, to the
/// whole reply of `getUserById`.
///
/// # Errors
/// When one does not start or does not answer.
pub(crate) async fn measure(
    options: &Options,
    contenders: &[Contender],
) -> Result<Vec<Vec<Duration>>> {
    let mut storages = Vec::new();
    for contender in contenders {
        let storage = Storage::new()?;
        let server = Server::start_on(contender, Answers::Kept, &storage)?;
        let ids = client::add_users(server.address(), USERS).await?;
        let Some(id) = ids.last() else {
            bail!("{USERS} users were added")
        };
        storages.push((storage, *id));
    }
    let mut times: Vec<Vec<Duration>> = contenders.iter().map(|_| Vec::new()).collect();
    // One round more: the first fills the file cache.
    for round in 0..=options.rounds {
        for index in load::in_turn(round, contenders.len()) {
            let (storage, id) = &storages[index];
            let time = start(&contenders[index], storage, *id).await;
            let time = time.with_context(|| contenders[index].name.clone())?;
            if round > 0 {
                times[index].push(time);
            }
        }
    }
    Ok(times)
}

async fn start(contender: &Contender, storage: &Storage, id: i64) -> Result<Duration> {
    let start = Instant::now();
    let server = Server::start_on(contender, Answers::Kept, storage)?;
    load::first_reply(server.address(), id, PATIENCE).await?;
    Ok(start.elapsed())
}
