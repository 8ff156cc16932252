//! What the parameters of `edgepod::sql!` may be.

use std::convert::Infallible;

use crate::{
    Result,
    db::{Bytes, ColumnType, Int64, Value},
};

/// A value that a parameter of `edgepod::sql!` may have where the statement has a `V`: the column's type, or a reference to
/// it; for text a `&str`. A column that may be NULL is set to an `Option` or to the value alone.
#[diagnostic::on_unimplemented(
    message = "a parameter of this statement is a `{Self}`, where it takes `{V}`",
    label = "expected `{V}`",
    note = "a parameter has the type of the column beside it; `= NULL` is never true, so a comparison takes no `Option`: write \
            `IS {{…}}`"
)]
pub trait Binds<V> {
    /// The value as SQLite has it.
    ///
    /// # Errors
    /// A value that SQLite cannot hold, such as NaN.
    fn bind(&self) -> Result<Value>;
}

impl<V: ColumnType + Clone> Binds<V> for V {
    fn bind(&self) -> Result<Value> {
        self.clone().into_value()
    }
}

impl<V: ColumnType + Clone> Binds<V> for &V {
    fn bind(&self) -> Result<Value> {
        (*self).clone().into_value()
    }
}

impl<V: ColumnType<Optional = Infallible> + Clone> Binds<Option<V>> for V {
    fn bind(&self) -> Result<Value> {
        self.clone().into_value()
    }
}

impl<V: ColumnType<Optional = Infallible> + Clone> Binds<Option<V>> for &V {
    fn bind(&self) -> Result<Value> {
        (*self).clone().into_value()
    }
}

macro_rules! borrowed {
    ($($borrowed:ty as $owned:ty: $value:expr;)*) => {$(
        impl Binds<$owned> for $borrowed {
            fn bind(&self) -> Result<Value> {
                Ok($value(self))
            }
        }

        impl Binds<Option<$owned>> for $borrowed {
            fn bind(&self) -> Result<Value> {
                Ok($value(self))
            }
        }

        impl Binds<Option<$owned>> for Option<$borrowed> {
            fn bind(&self) -> Result<Value> {
                Ok(self.as_ref().map_or(Value::Null, $value))
            }
        }
    )*};
}

borrowed! {
    &str as String: |text: &&str| Value::Text((*text).to_owned());
    &[u8] as Bytes: |bytes: &&[u8]| Value::Blob(bytes.to_vec());
}

/// Any integer: where a statement counts.
pub enum AnyInteger {}

/// Any number: where a statement calculates.
pub enum AnyNumber {}

/// Any text.
pub enum AnyText {}

/// Any bytes.
pub enum AnyBytes {}

/// Any value that a column can have.
pub enum Anything {}

impl<V: ColumnType + Clone> Binds<Anything> for V {
    fn bind(&self) -> Result<Value> {
        self.clone().into_value()
    }
}

impl Binds<Anything> for &str {
    fn bind(&self) -> Result<Value> {
        Ok(Value::Text((*self).to_owned()))
    }
}

macro_rules! any {
    ($($any:ident: $($value:ty),*;)*) => {$($(
        impl Binds<$any> for $value {
            fn bind(&self) -> Result<Value> {
                self.clone().into_value()
            }
        }

        impl Binds<$any> for &$value {
            fn bind(&self) -> Result<Value> {
                (*self).clone().into_value()
            }
        }
    )*)*};
}

any! {
    AnyInteger: i64, i32, i16, i8, u64, u32, u16, u8, bool, Int64;
    AnyNumber: i64, i32, i16, i8, u64, u32, u16, u8, f64, f32, Int64;
    AnyText: String;
    AnyBytes: Bytes;
}

impl Binds<AnyInteger> for usize {
    fn bind(&self) -> Result<Value> {
        (*self as u64).into_value()
    }
}

impl Binds<AnyText> for &str {
    fn bind(&self) -> Result<Value> {
        Ok(Value::Text((*self).to_owned()))
    }
}
