//! When a cron comes: `"0 3 * * *"` or `every = "10m"`.

use std::fmt;

use syn::LitStr;

use super::duration::duration;
use crate::errors::Errors;

/// A schedule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// Five fields: a bit for each value.
    Fields(Fields),
    /// So many microseconds.
    Every(i64),
}

/// The values of five fields.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) minutes: u64,
    pub(crate) hours: u32,
    pub(crate) days: u32,
    pub(crate) months: u16,
    pub(crate) weekdays: u8,
    /// Both days and weekdays are said, and either will do.
    pub(crate) either: bool,
}

/// What a field may hold.
#[derive(Debug)]
struct Field {
    noun: &'static str,
    from: u32,
    to: u32,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

static FIELDS: [Field; 5] = [
    Field {
        noun: "minute",
        from: 0,
        to: 59,
        names: &[],
    },
    Field {
        noun: "hour",
        from: 0,
        to: 23,
        names: &[],
    },
    Field {
        noun: "day of the month",
        from: 1,
        to: 31,
        names: &[],
    },
    Field {
        noun: "month",
        from: 1,
        to: 12,
        names: MONTHS,
    },
    // Sunday has two numbers.
    Field {
        noun: "weekday",
        from: 0,
        to: 7,
        names: WEEKDAYS,
    },
];

/// Days of each month, in a leap year.
const LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

impl Schedule {
    /// Reads five fields.
    pub(crate) fn fields(text: &LitStr, errors: &mut Errors) -> Option<Self> {
        fields(&text.value())
            .map(Self::Fields)
            .map_err(|error| errors.at(text, error))
            .ok()
    }

    /// Reads a time such as `10m`.
    pub(crate) fn every(text: &LitStr, errors: &mut Errors) -> Option<Self> {
        let time = duration(text, errors)?;
        i64::try_from(time.as_micros()).ok().map(Self::Every)
    }
}

/// Why a text is no schedule.
#[derive(Debug)]
enum ScheduleError<'a> {
    /// It has so many fields.
    NotFiveFields(usize),
    NeverComes {
        month: &'a str,
        day: &'a str,
    },
    NoStep {
        noun: &'static str,
        part: &'a str,
    },
    RangeGoesDown {
        noun: &'static str,
        part: &'a str,
    },
    NoValue {
        field: &'static Field,
        text: &'a str,
    },
}

impl fmt::Display for ScheduleError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFiveFields(count) => write!(
                f,
                "a cron has five fields, and this has {count}: minute, hour, day of the month, month, weekday, such as \
                 \"0 3 * * *\" for three in the morning, UTC"
            ),
            Self::NeverComes { month, day } => write!(
                f,
                "no month of `{month}` has a day of `{day}`: this never comes"
            ),
            Self::NoStep { noun, part } => write!(
                f,
                "in the {noun}, `{part}`: a step is a number above 0, such as `*/5`"
            ),
            Self::RangeGoesDown { noun, part } => {
                write!(f, "in the {noun}, `{part}`: a range goes upwards")
            }
            Self::NoValue { field, text } => {
                write!(
                    f,
                    "`{text}` is no {}: that is a number from {} to {}",
                    field.noun, field.from, field.to
                )?;
                match field.names {
                    [first, .., last] => write!(f, ", or {first} to {last}"),
                    _ => Ok(()),
                }
            }
        }
    }
}

fn fields(text: &str) -> Result<Fields, ScheduleError<'_>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let words: [&str; 5] = words
        .try_into()
        .map_err(|words: Vec<&str>| ScheduleError::NotFiveFields(words.len()))?;
    let mut bits = [0_u64; 5];
    for ((bits, field), word) in bits.iter_mut().zip(&FIELDS).zip(words) {
        for part in word.split(',') {
            *bits |= field.part(part)?;
        }
    }
    let [minutes, hours, days, months, weekdays] = bits;
    let weekdays = (weekdays | weekdays >> 7) & 0x7f;
    let is_said = |word: &str| !word.starts_with('*');
    let (by_day, by_weekday) = (is_said(words[2]), is_said(words[4]));
    let comes = |(month, length): (usize, &u32)| {
        months >> (month + 1) & 1 == 1 && u64::from(days.trailing_zeros()) <= u64::from(*length)
    };
    if !by_weekday && !LENGTHS.iter().enumerate().any(comes) {
        return Err(ScheduleError::NeverComes {
            month: words[3],
            day: words[2],
        });
    }
    let narrow = "the field is checked against its range";
    Ok(Fields {
        minutes,
        hours: hours.try_into().expect(narrow),
        days: days.try_into().expect(narrow),
        months: months.try_into().expect(narrow),
        weekdays: weekdays.try_into().expect(narrow),
        either: by_day && by_weekday,
    })
}

impl Field {
    /// `*`, `5`, `1-5`, each with `/2` behind it or not.
    fn part<'a>(&'static self, part: &'a str) -> Result<u64, ScheduleError<'a>> {
        let noun = self.noun;
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                let read = step.parse().ok().filter(|step| *step > 0);
                let step = read.ok_or(ScheduleError::NoStep { noun, part })?;
                (range, Some(step))
            }
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.from, self.to),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            // `5/10` is from five on.
            None if step.is_some() => (self.value(range)?, self.to),
            None => {
                let value = self.value(range)?;
                (value, value)
            }
        };
        if from > to {
            return Err(ScheduleError::RangeGoesDown { noun, part });
        }
        let values = (from..=to).step_by(step.unwrap_or(1));
        Ok(values.fold(0, |bits, value| bits | 1 << value))
    }

    fn value<'a>(&'static self, text: &'a str) -> Result<u32, ScheduleError<'a>> {
        let named = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        let number = match named {
            Some(place) => Some(self.from + u32::try_from(place).expect("a few names")),
            None => text.parse().ok(),
        };
        number
            .filter(|number| (self.from..=self.to).contains(number))
            .ok_or(ScheduleError::NoValue { field: self, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_bits() {
        let read = fields("*/15 9-17 1,15 JAN-mar mon").unwrap();
        assert_eq!(
            read,
            Fields {
                minutes: 1 | 1 << 15 | 1 << 30 | 1 << 45,
                hours: 0x3_fe00,
                days: 1 << 1 | 1 << 15,
                months: 0b1110,
                weekdays: 0b10,
                either: true,
            }
        );
        assert_eq!(fields("0 3 * * 7").unwrap().weekdays, 1);
        assert_eq!(fields("0 3 * * 5-7").unwrap().weekdays, 0b110_0001);
        assert_eq!(
            fields("5/20 * * * *").unwrap().minutes,
            1 << 5 | 1 << 25 | 1 << 45
        );
        assert!(!fields("0 3 29 2 *").unwrap().either);
    }

    #[test]
    fn what_is_no_schedule_is_said_by_its_field() {
        for (text, words) in [
            ("0 3 * *", "five fields, and this has 4"),
            ("60 3 * * *", "no minute"),
            ("0 24 * * *", "no hour"),
            ("0 3 0 * *", "no day of the month"),
            ("0 3 * XYZ *", "no month"),
            ("0 3 * * FRY", "no weekday"),
            ("0 3 * * 5-1", "upwards"),
            ("*/0 3 * * *", "step"),
            ("0 3 30 2 *", "never comes"),
            ("0 3 31 4,6,9,11 *", "never comes"),
        ] {
            let message = fields(text).unwrap_err().to_string();
            assert!(message.contains(words), "{text}: {message}");
        }
    }
}
