//! A time as attributes have it: `"10m"`.

use std::{fmt, time::Duration};

use syn::LitStr;

use crate::errors::Errors;

const DAY: u64 = 24 * 60 * 60;

/// Why a text is no time.
#[derive(Debug, PartialEq, Eq)]
enum DurationError<'a> {
    NoTime(&'a str),
    MoreThanAYear(&'a str),
}

impl fmt::Display for DurationError<'_> {
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

/// Reads a whole number of `s`, `m`, `h` or `d` above 0, at most a year.
pub(super) fn duration(text: &LitStr, errors: &mut Errors) -> Option<Duration> {
    read(&text.value())
        .map_err(|error| errors.at(text, error))
        .ok()
}

fn read(text: &str) -> Result<Duration, DurationError<'_>> {
    let no_time = DurationError::NoTime(text);
    let (count, unit) = match text.char_indices().next_back() {
        Some((end, 's')) => (&text[..end], 1),
        Some((end, 'm')) => (&text[..end], 60),
        Some((end, 'h')) => (&text[..end], 60 * 60),
        Some((end, 'd')) => (&text[..end], DAY),
        _ => return Err(no_time),
    };
    let seconds = match count.parse::<u32>() {
        Ok(count) if count > 0 => u64::from(count) * unit,
        _ => return Err(no_time),
    };
    if seconds > 366 * DAY {
        return Err(DurationError::MoreThanAYear(text));
    }
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_numbers_with_a_unit() {
        assert_eq!(read("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(read("1s"), Ok(Duration::from_secs(1)));
        for text in ["", "10", "m", "0m", "-1h", "1.5h", "10 m", "1ü"] {
            assert_eq!(read(text), Err(DurationError::NoTime(text)));
        }
        assert_eq!(read("1000d"), Err(DurationError::MoreThanAYear("1000d")));
    }
}
