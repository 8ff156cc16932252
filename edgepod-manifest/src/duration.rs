//! A span of time as attributes, settings and the command have it: `10m`.

use std::{fmt, time::Duration};

const DAY: u64 = 24 * 60 * 60;

/// Why a text is no span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DurationError {
    /// It is no whole number above 0 with a unit: what it is.
    NoTime(String),
    /// It is more than a year: what it is.
    MoreThanAYear(String),
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTime(text) => write!(
                f,
                "`{text}` is no time: write a whole number and s, m, h or d, such as \"10m\" for ten minutes"
            ),
            Self::MoreThanAYear(text) => write!(f, "`{text}` is more than a year"),
        }
    }
}

impl std::error::Error for DurationError {}

/// Reads a whole number of `s`, `m`, `h` or `d` above 0, at most a year.
///
/// ```
/// use std::time::Duration;
/// use edgepod_manifest::read_duration;
///
/// assert_eq!(read_duration("10m"), Ok(Duration::from_secs(600)));
/// assert!(read_duration("10").is_err());
/// ```
///
/// # Errors
/// See [`DurationError`].
pub fn read_duration(text: &str) -> Result<Duration, DurationError> {
    let no_time = || DurationError::NoTime(text.to_owned());
    let (count, unit) = match text.char_indices().next_back() {
        Some((end, 's')) => (&text[..end], 1),
        Some((end, 'm')) => (&text[..end], 60),
        Some((end, 'h')) => (&text[..end], 60 * 60),
        Some((end, 'd')) => (&text[..end], DAY),
        _ => return Err(no_time()),
    };
    let seconds = match count.parse::<u32>() {
        Ok(count) if count > 0 => u64::from(count) * unit,
        _ => return Err(no_time()),
    };
    if seconds > 366 * DAY {
        return Err(DurationError::MoreThanAYear(text.to_owned()));
    }
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_numbers_with_a_unit() {
        assert_eq!(read_duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(read_duration("1s"), Ok(Duration::from_secs(1)));
        for text in ["", "10", "m", "0m", "-1h", "1.5h", "10 m", "1ü"] {
            let no_time = DurationError::NoTime(text.to_owned());
            assert_eq!(read_duration(text), Err(no_time));
        }
        let long = DurationError::MoreThanAYear("1000d".to_owned());
        assert_eq!(read_duration("1000d"), Err(long));
    }
}
