//! The names of jobs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ColumnType, Never, Range};
use crate::{Result, db::Value, schema::SqlType};

/// The name of a job, as `ctx.jobs().after(…)` gives it. A database never gives one twice.
///
/// It may be a column of a table, an argument and a result: a number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(i64);

impl JobId {
    pub(crate) fn new(id: i64) -> Self {
        Self(id)
    }

    /// The name as a number.
    pub fn as_i64(self) -> i64 {
        self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ColumnType for JobId {
    const SQL_TYPE: SqlType = SqlType::Integer;
    const HOLDS: Range = i64::HOLDS;
    type Optional = Never;

    fn into_value(self) -> Result<Value> {
        Ok(Value::Integer(self.0))
    }

    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value).map(Self)
    }
}
