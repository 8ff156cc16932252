//! A point in time.

use std::{
    fmt,
    ops::{Add, AddAssign, Sub, SubAssign},
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::Error as _};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{ColumnType, Never, Range};
use crate::{Error, Result, db::Value, schema::SqlType};

/// A point in time, to the microsecond, from the year 0 to 9999.
///
/// Stored as INTEGER microseconds since 1970 (UTC), so it sorts and subtracts; RFC 3339 in UTC on the wire, always with six
/// digits of a second, so that texts sort as times do: `"2026-11-24T10:42:11.500000Z"`. Any number of digits is read, and any
/// offset. The current time is `ctx.now()`.
///
/// ```
/// use edgepod_runtime::db::Timestamp;
/// let t: Timestamp = "2026-11-24T12:42:11+02:00".parse().unwrap();
/// assert_eq!(t.to_string(), "2026-11-24T10:42:11.000000Z");
/// assert_eq!(t.as_micros(), 1_795_516_931_000_000);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z: what RFC 3339 can write.
const RANGE: std::ops::RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

impl Timestamp {
    /// The time `micros` microseconds after 1970-01-01T00:00:00Z; `None` outside the years 0 to 9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        RANGE.contains(&micros).then_some(Self(micros))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// The time so much later, cut to microseconds; `None` after the year 9999.
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.as_micros()).ok()?;
        Self::from_micros(self.0.checked_add(micros)?)
    }

    /// The time so much earlier, cut to microseconds; `None` before the year 0.
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.as_micros()).ok()?;
        Self::from_micros(self.0.checked_sub(micros)?)
    }

    /// How much time has passed since an earlier one; `None` where that one is later.
    ///
    /// ```
    /// use std::time::Duration;
    /// use edgepod_runtime::db::Timestamp;
    /// let began: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    /// let ended = began + Duration::from_secs(90);
    /// assert_eq!(ended.duration_since(began), Some(Duration::from_secs(90)));
    /// assert_eq!(began.duration_since(ended), None);
    /// assert!(ended > began);
    /// ```
    pub fn duration_since(self, earlier: Self) -> Option<Duration> {
        let micros = self.0.checked_sub(earlier.0)?;
        u64::try_from(micros).ok().map(Duration::from_micros)
    }
}

/// So much later.
///
/// # Panics
/// After the year 9999: see [`Timestamp::checked_add`] for what a client says.
impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        self.checked_add(duration)
            .expect("a timestamp is no later than the year 9999")
    }
}

impl AddAssign<Duration> for Timestamp {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

/// So much earlier.
///
/// # Panics
/// Before the year 0: see [`Timestamp::checked_sub`] for what a client says.
impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        self.checked_sub(duration)
            .expect("a timestamp is no earlier than the year 0")
    }
}

impl SubAssign<Duration> for Timestamp {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

/// A time as a text, which always has as many characters.
struct Written([u8; Self::PATTERN.len()]);

impl Written {
    /// Always with six digits of a second, so that texts sort as the times do.
    const PATTERN: &[u8] = b"0000-00-00T00:00:00.000000Z";

    /// `None` for a time that the calendar does not have.
    ///
    /// A list of rows has thousands of times, and to format each number by itself took a seventh of all that such a list costs.
    fn of(time: Timestamp) -> Option<Self> {
        let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.0) * 1000).ok()?;
        let (year, month, day) = time.to_calendar_date();
        let (hour, minute, second, micros) = time.to_hms_micro();
        let mut text = [0; Self::PATTERN.len()];
        text.copy_from_slice(Self::PATTERN);
        for (range, mut number) in [
            (0..4, u32::try_from(year).ok()?),
            (5..7, u8::from(month).into()),
            (8..10, day.into()),
            (11..13, hour.into()),
            (14..16, minute.into()),
            (17..19, second.into()),
            (20..26, micros),
        ] {
            for digit in text[range].iter_mut().rev() {
                *digit += (number % 10) as u8;
                number /= 10;
            }
        }
        Some(Self(text))
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits and signs")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Written::of(*self).ok_or(fmt::Error)?.as_str())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = Error;

    /// Reads RFC 3339 with any offset; what is finer than a microsecond is cut off.
    fn from_str(text: &str) -> Result<Self> {
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|error| {
            Error::bad_request(format!(
                "`{text}` is not a time such as 2026-11-24T10:42:11Z (RFC 3339): {error}"
            ))
        })?;
        // Not by way of UTC's calendar: with its offset a time of the year 9999 may be one of 10000 there.
        let micros = time.unix_timestamp_nanos().div_euclid(1000);
        i64::try_from(micros)
            .ok()
            .and_then(Self::from_micros)
            .ok_or_else(|| Error::bad_request(format!("`{text}` is not in the years 0 to 9999")))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let written = Written::of(*self);
        let written = written.ok_or_else(|| S::Error::custom("a time out of the calendar"))?;
        serializer.serialize_str(written.as_str())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as \"2026-11-24T10:42:11Z\" (RFC 3339)")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Timestamp, E> {
                text.parse()
                    .map_err(|error: Error| E::custom(error.message()))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl ColumnType for Timestamp {
    const SQL_TYPE: SqlType = SqlType::Integer;
    const MEANING: crate::schema::Meaning = crate::schema::Meaning::Timestamp;
    const HOLDS: Range = Range::Integer(*RANGE.start(), *RANGE.end());
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        Ok(Value::Integer(self.0))
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Integer(n) => Self::from_micros(n),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_range_are_written_and_read() {
        for text in ["0000-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(time.to_string(), text);
            assert_eq!(Timestamp::from_micros(time.as_micros()), Some(time));
        }
        assert_eq!(Timestamp::from_micros(*RANGE.end() + 1), None);
    }

    #[test]
    fn texts_sort_as_their_times_do() {
        let mut times: Vec<Timestamp> = [
            "2026-11-24T10:42:11.5Z",
            "2026-11-24T10:42:11Z",
            "2026-11-24T10:42:11.000001Z",
            "2026-11-24T10:42:11.49Z",
            "1969-12-31T23:59:59.999999Z",
            "0999-01-01T00:00:00Z",
        ]
        .map(|text| text.parse().unwrap())
        .into();
        let mut texts: Vec<String> = times.iter().map(ToString::to_string).collect();
        texts.sort();
        times.sort();
        assert_eq!(
            texts,
            times.iter().map(ToString::to_string).collect::<Vec<_>>()
        );
        assert!(texts.iter().all(|text| text.len() == texts[0].len()));
        let read: Vec<Timestamp> = texts.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(read, times);
    }

    #[test]
    fn a_sum_stays_in_the_range() {
        let [first, last] =
            [*RANGE.start(), *RANGE.end()].map(|it| Timestamp::from_micros(it).unwrap());
        let micro = Duration::from_micros(1);
        assert_eq!(last.checked_add(micro), None);
        assert_eq!(first.checked_sub(micro), None);
        assert_eq!(first.checked_add(Duration::MAX), None);
        assert_eq!(last.checked_sub(Duration::MAX), None);
        let whole = last.duration_since(first).unwrap();
        assert_eq!((first + whole, last - whole), (last, first));
        let mut time = first;
        time += whole;
        time -= Duration::from_nanos(1);
        assert_eq!(time, last);
        assert_eq!(first.duration_since(last), None);
    }

    #[test]
    fn an_offset_may_lead_out_of_the_range_and_into_it() {
        for text in ["9999-12-31T23:30:00-01:00", "0000-01-01T00:30:00+01:00"] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert_eq!(error.code(), crate::Code::BadRequest, "{text}");
            assert!(error.message().contains("years 0 to 9999"), "{error}");
        }
        for (text, utc) in [
            (
                "9999-12-31T23:59:59.9999999-00:00",
                "9999-12-31T23:59:59.999999Z",
            ),
            ("9999-12-31T23:30:00+01:00", "9999-12-31T22:30:00.000000Z"),
            ("0000-01-01T00:30:00-01:00", "0000-01-01T01:30:00.000000Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), utc);
        }
    }

    #[test]
    fn a_time_that_is_none_is_refused_with_an_example() {
        let error = "yesterday".parse::<Timestamp>().unwrap_err();
        assert!(error.message().contains("2026-11-24T10:42:11Z"), "{error}");
    }
}
