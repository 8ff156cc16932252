//! Time that passes, whatever is done to the clock.

/// A clock that only goes forward, made of readings of one that may be set: where that was set back, no time has passed between
/// two readings, and from then on it passes as before. The same on every host; a Worker has no better one, since its
/// `performance.now()` follows the same clock.
#[derive(Default)]
pub(super) struct Steady {
    last: Option<i64>,
    passed: i64,
}

impl Steady {
    /// The milliseconds that have passed since the first reading, at a time in milliseconds since 1970.
    pub(super) fn read(&mut self, now: i64) -> i64 {
        let last = self.last.replace(now).unwrap_or(now);
        self.passed = self.passed.saturating_add(now.saturating_sub(last).max(0));
        self.passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_though_the_clock_was_set_back() {
        let mut steady = Steady::default();
        let passed = [1000, 1500, 100, 300, i64::MIN, 0, i64::MAX].map(|now| steady.read(now));
        assert_eq!(passed[..4], [0, 500, 500, 700]);
        assert!(passed.is_sorted());
    }
}
