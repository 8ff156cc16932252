//! chrono's times and dates as columns.

use chrono::{DateTime, NaiveDate, Utc};

use super::{ColumnType, Never, Timestamp};
use crate::{
    Error, Result,
    db::{HasDefault, Value, defaults},
    schema::SqlType,
};

impl From<Timestamp> for DateTime<Utc> {
    fn from(time: Timestamp) -> Self {
        Self::from_timestamp_micros(time.as_micros())
            .expect("a Timestamp is in the years 0 to 9999, which chrono has")
    }
}

/// What is finer than a microsecond is cut off.
impl TryFrom<DateTime<Utc>> for Timestamp {
    type Error = Error;

    fn try_from(time: DateTime<Utc>) -> Result<Self> {
        Self::from_micros(time.timestamp_micros()).ok_or_else(|| super::out_of_years(&time))
    }
}

/// As a [`Timestamp`]: INTEGER microseconds since 1970.
impl ColumnType for DateTime<Utc> {
    const SQL_TYPE: SqlType = SqlType::Integer;
    const MEANING: crate::schema::Meaning = crate::schema::Meaning::Timestamp;
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        Timestamp::try_from(self)?.into_value()
    }

    fn from_value(value: Value) -> Option<Self> {
        Timestamp::from_value(value).map(Self::from)
    }
}

impl HasDefault<defaults::Now> for DateTime<Utc> {}

/// TEXT such as `2026-11-24`, which sorts as the dates do.
impl ColumnType for NaiveDate {
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
        for time in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            assert!(time.into_value().is_err());
            assert!(time.date_naive().into_value().is_err());
        }
        let time = DateTime::<Utc>::from_timestamp_nanos(1_001);
        let value = time.into_value().unwrap();
        assert_eq!(value, Value::Integer(1));
        assert_eq!(
            DateTime::<Utc>::from_value(value),
            DateTime::from_timestamp_micros(1)
        );
    }

    #[test]
    fn a_date_is_text() {
        for text in ["0000-01-01", "2026-11-24", "9999-12-31"] {
            let date: NaiveDate = text.parse().unwrap();
            let value = date.into_value().unwrap();
            assert_eq!(value, Value::Text(text.to_owned()));
            assert_eq!(NaiveDate::from_value(value), Some(date));
        }
    }
}
