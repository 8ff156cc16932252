//! jiff's times and dates as columns.

use jiff::{Timestamp as Time, civil::Date};

use super::{ColumnType, Never, Timestamp};
use crate::{
    Error, Result,
    db::{HasDefault, Value, defaults},
    schema::SqlType,
};

/// jiff's times end on 9999-12-30, a day before the others.
impl TryFrom<Timestamp> for Time {
    type Error = Error;

    fn try_from(time: Timestamp) -> Result<Self> {
        // Its own conversion of microseconds leaves out the last second.
        let (seconds, micros) = (
            time.as_micros().div_euclid(1_000_000),
            time.as_micros().rem_euclid(1_000_000),
        );
        Self::new(seconds, (micros * 1000) as i32)
            .map_err(|error| Error::bad_request(format!("`{time}` is no time of jiff's: {error}")))
    }
}

/// What is finer than a microsecond is cut off.
impl TryFrom<Time> for Timestamp {
    type Error = Error;

    fn try_from(time: Time) -> Result<Self> {
        // Towards the past, as everywhere else; jiff's own cut is towards 1970.
        let micros = time.as_nanosecond().div_euclid(1000);
        i64::try_from(micros)
            .ok()
            .and_then(Self::from_micros)
            .ok_or_else(|| super::out_of_years(&time))
    }
}

/// As a [`Timestamp`]: INTEGER microseconds since 1970.
impl ColumnType for Time {
    const SQL_TYPE: SqlType = SqlType::Integer;
    const MEANING: crate::schema::Meaning = crate::schema::Meaning::Timestamp;
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        Timestamp::try_from(self)?.into_value()
    }

    fn from_value(value: Value) -> Option<Self> {
        Self::try_from(Timestamp::from_value(value)?).ok()
    }
}

impl HasDefault<defaults::Now> for Time {}

/// TEXT such as `2026-11-24`, which sorts as the dates do.
impl ColumnType for Date {
    const SQL_TYPE: SqlType = SqlType::Text;
    const MEANING: crate::schema::Meaning = crate::schema::Meaning::Date;
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        let text = self.to_string();
        // Other years have a sign and more digits.
        if text.len() == "0000-00-00".len() {
            Ok(Value::Text(text))
        } else {
            Err(super::out_of_years(&self))
        }
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_dates_outside_of_the_years_0_to_9999_are_refused() {
        assert!(Time::MIN.into_value().is_err());
        assert!(Date::MIN.into_value().is_err());
        let last = Timestamp::from_micros(253_402_300_799_999_999).unwrap();
        assert!(Time::try_from(last).is_err());
        assert_eq!(Time::from_value(last.into_value().unwrap()), None);
        let value = Time::MAX.into_value().unwrap();
        let read = Time::from_value(value).unwrap();
        assert_eq!(read.to_string(), "9999-12-30T22:00:00.999999Z");
        for (nanos, micros) in [(1_001, 1), (-1, -1)] {
            let time = Time::from_nanosecond(nanos).unwrap();
            let value = time.into_value().unwrap();
            assert_eq!(value, Value::Integer(micros));
            assert_eq!(
                Time::from_value(value),
                Some(Time::from_microsecond(micros).unwrap())
            );
        }
    }

    #[test]
    fn a_date_is_text() {
        for text in ["0000-01-01", "2026-11-24", "9999-12-31"] {
            let date: Date = text.parse().unwrap();
            let value = date.into_value().unwrap();
            assert_eq!(value, Value::Text(text.to_owned()));
            assert_eq!(Date::from_value(value), Some(date));
        }
    }
}
