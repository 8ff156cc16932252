//! The mathematical functions of SQLite, which the platform has and the SQLite that rusqlite builds has not.

use rusqlite::{
    Connection, Result,
    functions::{Context, FunctionFlags},
    types::{Value, ValueRef},
};

type OfOne = fn(f64) -> f64;
type OfTwo = fn(f64, f64) -> f64;

/// Those of one number.
const OF_ONE: &[(&str, OfOne)] = &[
    ("acos", f64::acos),
    ("acosh", f64::acosh),
    ("asin", f64::asin),
    ("asinh", f64::asinh),
    ("atan", f64::atan),
    ("atanh", f64::atanh),
    ("cos", f64::cos),
    ("cosh", f64::cosh),
    ("degrees", f64::to_degrees),
    ("exp", f64::exp),
    ("ln", logarithm),
    ("log", |x| logarithm(x) / std::f64::consts::LN_10),
    ("log2", |x| logarithm(x) / std::f64::consts::LN_2),
    ("radians", f64::to_radians),
    ("sin", f64::sin),
    ("sinh", f64::sinh),
    ("sqrt", f64::sqrt),
    ("tan", f64::tan),
    ("tanh", f64::tanh),
];

/// Those of two numbers.
const OF_TWO: &[(&str, OfTwo)] = &[
    ("atan2", f64::atan2),
    ("log", |base, x| logarithm(x) / logarithm(base)),
    ("mod", |x, y| x % y),
    ("pow", f64::powf),
];

/// Those that leave an integer as it is.
const ROUNDING: &[(&str, OfOne)] = &[
    ("ceil", f64::ceil),
    ("floor", f64::floor),
    ("trunc", f64::trunc),
];

/// Of what has none, no number, which SQLite keeps as NULL.
fn logarithm(x: f64) -> f64 {
    if x > 0.0 { x.ln() } else { f64::NAN }
}

/// Adds them to the connection.
pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    for &(name, compute) in OF_ONE {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(number(context, 0).map(compute))
        })?;
    }
    for &(name, compute) in OF_TWO {
        connection.create_scalar_function(name, 2, flags, move |context| {
            Ok(number(context, 0)
                .zip(number(context, 1))
                .map(|(x, y)| compute(x, y)))
        })?;
    }
    for &(name, compute) in ROUNDING {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(match context.get_raw(0) {
                ValueRef::Integer(n) => Value::Integer(n),
                _ => number(context, 0).map_or(Value::Null, |x| Value::Real(compute(x))),
            })
        })?;
    }
    connection.create_scalar_function("pi", 0, flags, |_| Ok(std::f64::consts::PI))
}

/// The argument, where it is a number or the text of one.
fn number(context: &Context<'_>, at: usize) -> Option<f64> {
    match context.get_raw(at) {
        ValueRef::Integer(n) => Some(n as f64),
        ValueRef::Real(x) => Some(x),
        ValueRef::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_give_what_sqlite_says() {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        for (sql, expected) in [
            ("sqrt(9)", Value::Real(3.0)),
            ("sqrt(-1)", Value::Null),
            ("sqrt('x')", Value::Null),
            ("sqrt(NULL)", Value::Null),
            ("pow(2, 10)", Value::Real(1024.0)),
            ("mod(7.5, 2)", Value::Real(1.5)),
            ("mod(1, 0)", Value::Null),
            ("round(log(1000), 9)", Value::Real(3.0)),
            ("round(log(2, 8), 9)", Value::Real(3.0)),
            ("log2(0)", Value::Null),
            ("ln(1)", Value::Real(0.0)),
            ("ceil(1.2)", Value::Real(2.0)),
            ("ceil(7)", Value::Integer(7)),
            ("floor(-1.2)", Value::Real(-2.0)),
            ("trunc('1.7')", Value::Real(1.0)),
            ("round(degrees(pi()), 9)", Value::Real(180.0)),
        ] {
            let value: Value = connection
                .query_row(&format!("SELECT {sql}"), [], |row| row.get(0))
                .unwrap();
            assert_eq!(value, expected, "{sql}");
        }
    }
}
