//! The types of columns: whatever a client sends for one and whatever a database holds of it, it is taken or refused, and what
//! was taken reads again as it was written.

use edgepod_runtime::{
    db::{Bytes, ColumnType, Int64, Json, Timestamp, Uuid, Value},
    engine::Args,
};
use serde::{Serialize, de::DeserializeOwned};

/// An argument for each type, and a stored value of each storage.
pub fn columns(input: &[u8]) {
    let text = String::from_utf8_lossy(input).into_owned();
    let quoted = serde_json::to_string(&text).expect("a text is JSON");
    let number = input.iter().fold(0_i64, |number, byte| {
        number.wrapping_mul(257).wrapping_add(i64::from(*byte))
    });
    let bits = f64::from_bits(number.cast_unsigned());
    let values = [
        Value::Null,
        Value::Integer(number),
        Value::Real(bits),
        Value::Text(text.clone()),
        Value::Blob(input.to_vec()),
    ];
    // The input as JSON, and as the text of a value.
    for json in [
        &*text,
        &*quoted,
        &*number.to_string(),
        &*format!("{bits:e}"),
    ] {
        let arguments = format!("{{\"value\":{json}}}");
        let args = Args::new(&arguments);
        macro_rules! each {
            ($($ty:ty)*) => {$(
                taken::<$ty>(&args);
                taken::<Option<$ty>>(&args);
            )*};
        }
        each! {
            i64 i32 i16 i8 u64 u32 u16 u8 bool f64 f32 String Bytes Int64 Timestamp Uuid
            chrono::DateTime<chrono::Utc> chrono::NaiveDate jiff::Timestamp jiff::civil::Date
            Json<serde_json::Value> Json<Vec<Timestamp>> Json<(f32, Bytes)>
        }
    }
    for value in values {
        macro_rules! each {
            ($($ty:ty)*) => {$(stored::<$ty>(value.clone());)*};
        }
        each! {
            i64 i32 i16 i8 u64 u32 u16 u8 bool f64 f32 String Bytes Int64 Timestamp Uuid
            chrono::DateTime<chrono::Utc> chrono::NaiveDate jiff::Timestamp jiff::civil::Date
            Json<serde_json::Value> Json<Vec<Timestamp>> Json<(f32, Bytes)> Option<Timestamp>
        }
    }
}

/// What an argument gives is stored and read again, or refused; what a client is told of the refusal is a message.
fn taken<T: ColumnType + DeserializeOwned + Serialize>(args: &Args) {
    match args.get::<T>("value") {
        Ok(Some(value)) => {
            if let Ok(written) = value.into_value() {
                reads_again::<T>(written);
            }
        }
        Ok(None) => {}
        Err(error) => assert_eq!(error.code().status(), 400, "{error}"),
    }
}

/// What the database holds is of the type or it is not; what is can be sent to a client.
fn stored<T: ColumnType + Serialize>(value: Value) {
    if let Some(value) = T::from_value(value) {
        serde_json::to_string(&value).expect("a column's value is JSON");
        if let Ok(written) = value.into_value() {
            reads_again::<T>(written);
        }
    }
}

fn reads_again<T: ColumnType + Serialize>(written: Value) {
    if let Value::Real(x) = written {
        assert!(x.is_finite());
    }
    let name = std::any::type_name::<T>();
    let Some(read) = T::from_value(written.clone()) else {
        panic!("{written:?} was written as {name}, and is none");
    };
    serde_json::to_string(&read).expect("a column's value is JSON");
    let again = read.into_value().expect("what was read is written");
    // A float in JSON text may change in its last digit.
    if !name.contains("Json<") {
        assert_eq!(again, written, "{name}");
    }
}
