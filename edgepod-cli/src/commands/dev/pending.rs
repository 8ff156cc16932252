//! What is still to be done: a state, and no queue. Whatever is noted stays noted until it is taken to be done, so that nothing
//! that comes while something else is done can be lost, in whatever order it comes.

use std::time::{Duration, Instant};

/// Editors write a file in several steps; they are over when there was no other for so long.
const QUIET: Duration = Duration::from_millis(50);

/// A file that never comes to rest does not put off for longer what was saved beside it.
const IMPATIENCE: Duration = Duration::from_millis(500);

/// What can happen while the app is served. `E` tells of a process that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event<E> {
    /// A source file was saved.
    SourceChanged,
    /// A Cargo.toml, `.dev.vars` or the wrangler configuration was saved.
    SettingsChanged,
    /// A process ended.
    Ended(E),
    /// The command was asked to end.
    Stop,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Task<E> {
    /// To end.
    Stop,
    /// To do what the end of a process asks for.
    Ended(E),
    /// To build, and before that, with `settings`, to read them again.
    Build {
        /// Whether they may be others.
        settings: bool,
    },
    /// To start the server again.
    Revive,
}

/// Everything that was noted and is not taken yet.
#[derive(Debug)]
pub(super) struct Pending<E> {
    stop: bool,
    ended: Vec<E>,
    /// Whether settings are among the changes.
    settings: bool,
    /// When the first and the last change were noted of those that are not taken.
    changed: Option<[Instant; 2]>,
    revive: Option<Instant>,
}

impl<E> Pending<E> {
    /// Nothing.
    pub fn new() -> Self {
        Self {
            stop: false,
            ended: Vec::new(),
            settings: false,
            changed: None,
            revive: None,
        }
    }

    /// Notes what happened at `now`.
    pub fn note(&mut self, event: Event<E>, now: Instant) {
        match event {
            Event::Stop => self.stop = true,
            Event::Ended(end) => self.ended.push(end),
            Event::SourceChanged => self.change(now),
            Event::SettingsChanged => {
                self.settings = true;
                self.change(now);
            }
        }
    }

    fn change(&mut self, now: Instant) {
        let [first, _] = self.changed.unwrap_or([now, now]);
        self.changed = Some([first, now]);
    }

    /// Notes that the server is to be started again at `due`.
    pub fn revive_at(&mut self, due: Instant) {
        self.revive = Some(due);
    }

    /// Takes what is to be done at `now`; before it is done, so that what comes meanwhile is noted anew.
    ///
    /// # Errors
    /// When to ask again, if nothing is noted until then; `None`: there is nothing to wait for.
    pub fn take(&mut self, now: Instant) -> Result<Task<E>, Option<Instant>> {
        if self.stop {
            return Ok(Task::Stop);
        }
        if !self.ended.is_empty() {
            return Ok(Task::Ended(self.ended.remove(0)));
        }
        let build = self
            .changed
            .map(|[first, last]| (last + QUIET).min(first + IMPATIENCE));
        if build.is_some_and(|due| due <= now) {
            self.changed = None;
            return Ok(Task::Build {
                settings: std::mem::take(&mut self.settings),
            });
        }
        if self.revive.is_some_and(|due| due <= now) {
            self.revive = None;
            return Ok(Task::Revive);
        }
        Err([build, self.revive].into_iter().flatten().min())
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    /// Events of all kinds come at random, also while something is done. What was saved last is always built after it was saved.
    #[test]
    fn whatever_comes_when_nothing_is_forgotten() {
        let seed = rand::random();
        println!("seed {seed}");
        let mut random = StdRng::seed_from_u64(seed);
        for _ in 0..2000 {
            let mut pending = Pending::new();
            let mut now = Instant::now();
            // The number of the last save of sources and of settings, and what the last build has seen of them.
            let (mut saved, mut built) = ([0, 0], [0, 0]);
            let (mut ends, mut handled) = (0, Vec::new());
            let mut happen = |pending: &mut Pending<i32>,
                              saved: &mut [i32; 2],
                              random: &mut StdRng,
                              now: Instant| {
                match random.random_range(0..3) {
                    0 => {
                        saved[0] += 1;
                        pending.note(Event::SourceChanged, now);
                    }
                    1 => {
                        saved[1] += 1;
                        pending.note(Event::SettingsChanged, now);
                    }
                    _ => {
                        ends += 1;
                        pending.note(Event::Ended(ends), now);
                    }
                }
            };
            let mut left = 40;
            loop {
                if left > 0 && random.random_bool(0.4) {
                    left -= 1;
                    happen(&mut pending, &mut saved, &mut random, now);
                }
                match pending.take(now) {
                    Ok(Task::Build { settings }) => {
                        built[0] = saved[0];
                        if settings {
                            built[1] = saved[1];
                        }
                        // It takes its time, and what happens meanwhile is noted afterwards.
                        for _ in 0..random.random_range(0..3) {
                            if left > 0 {
                                left -= 1;
                                happen(&mut pending, &mut saved, &mut random, now);
                            }
                            now += Duration::from_millis(random.random_range(0..600));
                        }
                    }
                    Ok(Task::Ended(end)) => handled.push(end),
                    Ok(other) => panic!("{other:?}"),
                    Err(Some(due)) => {
                        assert!(due > now);
                        now = due;
                    }
                    Err(None) if left == 0 => break,
                    Err(None) => now += Duration::from_millis(random.random_range(0..100)),
                }
            }
            assert_eq!(built, saved, "seed {seed}");
            assert_eq!(handled, (1..=ends).collect::<Vec<_>>(), "seed {seed}");
        }
    }

    #[test]
    fn a_change_waits_until_it_is_quiet_but_not_for_ever() {
        let start = Instant::now();
        let mut pending = Pending::<()>::new();
        let mut now = start;
        while pending.take(now) != Ok(Task::Build { settings: false }) {
            pending.note(Event::SourceChanged, now);
            now += Duration::from_millis(10);
        }
        assert!(now - start >= IMPATIENCE && now - start < IMPATIENCE * 2);
        pending.note(Event::SourceChanged, now);
        assert_eq!(pending.take(now), Err(Some(now + QUIET)));
        let built = Ok(Task::Build { settings: false });
        assert_eq!(pending.take(now + QUIET), built);
        assert_eq!(pending.take(now + QUIET), Err(None));
    }

    #[test]
    fn a_server_is_started_again_when_it_is_time_and_a_build_goes_first() {
        let now = Instant::now();
        let mut pending = Pending::<()>::new();
        let due = now + Duration::from_secs(1);
        pending.revive_at(due);
        assert_eq!(pending.take(now), Err(Some(due)));
        pending.note(Event::SourceChanged, now);
        assert_eq!(pending.take(due), Ok(Task::Build { settings: false }));
        assert_eq!(pending.take(due), Ok(Task::Revive));
        assert_eq!(pending.take(due), Err(None));
        pending.note(Event::SettingsChanged, due);
        pending.note(Event::Stop, due);
        assert_eq!(pending.take(due), Ok(Task::Stop));
    }
}
