//! A time as attributes have it: `"10m"`.

use std::time::Duration;

use syn::LitStr;

use crate::errors::Errors;

const DAY: u64 = 24 * 60 * 60;

/// Reads a whole number of `s`, `m`, `h` or `d` above 0, at most a year.
pub(super) fn duration(text: &LitStr, errors: &mut Errors) -> Option<Duration> {
    read(&text.value())
        .map_err(|message| errors.at(text, message))
        .ok()
}

fn read(text: &str) -> Result<Duration, String> {
    let message = || {
        format!(
            "`{text}` is no time: write a whole number and s, m, h or d, such as \"10m\" for ten minutes"
        )
    };
    let unit = text.chars().next_back().ok_or_else(message)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => DAY,
        _ => return Err(message()),
    };
    let count = text[..text.len() - 1]
        .parse::<u32>()
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(message)?;
    let seconds = u64::from(count) * seconds;
    if seconds > 366 * DAY {
        return Err(format!("`{text}` is more than a year"));
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
        for text in ["", "10", "m", "0m", "-1h", "1.5h", "10 m", "1000d", "1ü"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
