//! Values as SQLite stores them.

use crate::{Error, Result};

/// One value of a row or a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A 64-bit signed integer.
    Integer(i64),
    /// A 64-bit float, always finite.
    Real(f64),
    /// UTF-8 text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    /// A float.
    ///
    /// # Errors
    /// NaN, for which SQLite would keep NULL, and the infinities, which JSON cannot write.
    pub fn real(value: f64) -> Result<Self> {
        if value.is_finite() {
            Ok(Value::Real(value))
        } else {
            Err(Error::bad_request(format!(
                "{value} cannot be stored: SQLite keeps NULL in place of NaN, and JSON cannot write an infinity."
            )))
        }
    }

    /// The name of the value's storage class, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "NULL",
            Value::Integer(_) => "INTEGER",
            Value::Real(_) => "REAL",
            Value::Text(_) => "TEXT",
            Value::Blob(_) => "BLOB",
        }
    }
}

/// The rows of a result: all values in one vector, row after row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    width: usize,
    values: Vec<Value>,
}

impl Rows {
    /// Rows of `width` columns each.
    pub fn new(width: usize, values: Vec<Value>) -> Self {
        debug_assert!(
            width == 0 && values.is_empty() || width > 0 && values.len().is_multiple_of(width)
        );
        Self { width, values }
    }

    /// Columns in each row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The rows, each a slice of its values.
    pub fn iter(&self) -> impl Iterator<Item = &[Value]> {
        self.values.chunks(self.width.max(1))
    }

    /// Takes the last `columns` columns away; what they held, row after row.
    pub fn split_off(&mut self, columns: usize) -> Self {
        let left = self.width.saturating_sub(columns);
        let mut kept = Vec::with_capacity(self.len() * left);
        let mut taken = Vec::with_capacity(self.len() * (self.width - left));
        for (place, value) in std::mem::take(&mut self.values).into_iter().enumerate() {
            match place % self.width < left {
                true => kept.push(value),
                false => taken.push(value),
            }
        }
        let taken = Self::new(self.width - left, taken);
        *self = Self::new(left, kept);
        taken
    }

    /// All values, row after row.
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }
}
