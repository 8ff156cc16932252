//! A server that died, and when it is started again: soon at first, and ever later while it dies at once.

use std::time::Duration;

use super::server::{Build, Server};

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);

/// One that lived for so long did not die of its start.
const LONG_LIFE: Duration = Duration::from_secs(20);

/// What is started again, and after which pause.
#[derive(Debug)]
pub(super) struct Revival {
    build: Option<Build>,
    pause: Duration,
}

impl Revival {
    /// Nothing died yet.
    pub fn new() -> Self {
        Self {
            build: None,
            pause: FIRST,
        }
    }

    /// `server` died. The pause after which it is started again.
    pub fn after(&mut self, server: Server) -> Duration {
        if server.age() >= LONG_LIFE {
            self.pause = FIRST;
        }
        self.build = Some(server.stop());
        self.next()
    }

    /// It did not start. The pause after which it is tried again.
    pub fn failed(&mut self) -> Duration {
        self.next()
    }

    /// What is to be started.
    pub fn build(&self) -> Option<Build> {
        self.build.clone()
    }

    /// There is another build: begins anew, and gives back what is not started any more.
    pub fn forget(&mut self) -> Option<Build> {
        self.pause = FIRST;
        self.build.take()
    }

    fn next(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_limit_and_another_build_begins_anew() {
        let mut revival = Revival::new();
        let pauses: Vec<_> = (0..10).map(|_| revival.failed()).collect();
        assert!(pauses[0] == FIRST && pauses[1] == FIRST * 2 && pauses[9] == LONGEST);
        assert!(pauses.is_sorted());
        revival.forget();
        assert_eq!(revival.failed(), FIRST);
    }
}
