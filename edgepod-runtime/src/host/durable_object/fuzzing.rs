//! The crossing, for the fuzzer: both directions, held to what JavaScript would read and write in their place.

use serde_json::{Map, Value as Json, json};

use super::crossing::{
    Message, VERSION, read_counted, read_head, read_rows, write_call, write_outcome,
    write_parameters, write_tables,
};
use crate::{
    engine::{Outcome, PodName},
    sqlite::Value,
    tracking::{TableName, TableSet},
};

/// Reads the input as everything that JavaScript hands over, and writes what is made of it.
///
/// # Panics
/// When something is read as another thing than was written.
pub fn crossing(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let _ = Message::read(&text).args.len() + read_head(&text).query.len();
    if let Ok((_, rest)) = read_counted(&text) {
        assert!(text.ends_with(rest));
    }
    if let Ok(output) = read_rows(&text) {
        let width = output.rows.iter().next().map_or(0, <[Value]>::len);
        assert!(output.rows.iter().all(|row| row.len() == width));
    }

    let mut parts = text.splitn(6, '\u{1}');
    let mut part = || parts.next().unwrap_or_default();
    let lines: Vec<String> = (0..4).map(|_| part().replace('\n', " ")).collect();
    a_call_arrives(&lines, part(), part());
    an_outcome_arrives(&text, input.len());
    heads_arrive(&lines);
    let values = values(input);
    parameters_arrive(&values);
    rows_arrive(
        &values,
        1 + input.first().map_or(0, |byte| usize::from(*byte % 5)),
    );
    tables_arrive(&lines);
}

/// What the gateway decides, JavaScript's `writeCall` adds to and the object reads.
fn a_call_arrives(lines: &[String], headers: &str, args: &str) {
    let [name, session, trace_id, _] = lines else {
        return;
    };
    let session = Some(session.clone()).filter(|session| !session.is_empty());
    let decision = write_call('C', PodName::GLOBAL, name, &session, trace_id, &None);
    let headers = headers.replace('\n', " ");
    let message = format!("{VERSION}{decision}\n{headers}\n{args}");
    let read = Message::read(&message);
    assert_eq!(
        (
            read.name,
            read.session,
            read.trace_id,
            read.headers,
            read.args
        ),
        (&**name, session.as_deref(), &**trace_id, &*headers, args)
    );
    assert!(read.user().is_none());
}

/// What the object answers, as JavaScript's `readOutcome` takes it apart.
fn an_outcome_arrives(text: &str, number: usize) {
    let outcome = Outcome {
        status: 100 + (number % 500) as u16,
        body: format!("{{{text}"),
        retry_after: (!number.is_multiple_of(2)).then_some(number as u32),
        raw: None,
    };
    let written = write_outcome(&outcome);
    let body = written.find('{').expect("a body");
    assert!(written.starts_with(VERSION));
    assert_eq!(written[1..4].parse(), Ok(outcome.status));
    assert_eq!(written[4..body].parse().ok(), outcome.retry_after);
    assert_eq!(written[body..], outcome.body);
}

/// A head as JavaScript's `headOf` writes it: a line each, NUL for a header that is absent.
fn heads_arrive(lines: &[String]) {
    let absent = |line: &str| match line.is_empty() {
        true => "\0".to_owned(),
        false => line.to_owned(),
    };
    let [key, authorization, session, length] = [0, 1, 2, 3].map(|i| absent(&lines[i]));
    let text =
        format!("GET\n/path\nquery\n{key}\n{authorization}\n{session}\n\0\n\0\n\0\n{length}");
    let head = read_head(&text);
    for (read, written) in [
        (head.key, key),
        (head.authorization, authorization),
        (head.session, session),
        (head.content_length, length),
    ] {
        assert_eq!(read, (written != "\0").then_some(&*written));
    }
    assert_eq!(
        (head.reactive, head.upgrade, head.request_headers),
        (None, None, None)
    );
}

/// Values that the input spells: a byte says of what kind, the next ones what.
fn values(mut input: &[u8]) -> Vec<Value> {
    let mut values = Vec::new();
    while let Some((kind, rest)) = input.split_first() {
        let length = match kind % 6 {
            0 => 0,
            1 | 2 => 8,
            _ => usize::from(kind / 6) % 12,
        };
        let (taken, rest) = rest.split_at(length.min(rest.len()));
        input = rest;
        let mut eight = [0; 8];
        let count = taken.len().min(8);
        eight[..count].copy_from_slice(&taken[..count]);
        values.push(match kind % 6 {
            0 => Value::Null,
            1 => Value::Integer(i64::from_le_bytes(eight) >> (kind / 6)),
            2 => match f64::from_le_bytes(eight) {
                x if x.is_finite() => Value::Real(x),
                _ => Value::Null,
            },
            3 | 4 => Value::Text(String::from_utf8_lossy(taken).into_owned()),
            _ => Value::Blob(taken.to_vec()),
        });
    }
    values
}

/// What JavaScript binds for each value that the core writes: JSON's, but for bytes, and for integers that a number cannot hold.
fn parameters_arrive(values: &[Value]) {
    let written = write_parameters(values);
    if values.is_empty() {
        assert_eq!(written, "");
        return;
    }
    let read: Vec<Json> = serde_json::from_str(&written).expect("an array");
    assert_eq!(read.len(), values.len());
    for (read, value) in read.iter().zip(values) {
        let arrived = match value {
            Value::Null => read.is_null(),
            Value::Integer(n) => match read.as_str() {
                Some(text) => text.parse() == Ok(*n) && n.unsigned_abs() >= 1 << 53,
                None => read.as_i64() == Some(*n) && n.unsigned_abs() < 1 << 53,
            },
            Value::Real(x) => read
                .as_f64()
                .is_some_and(|read| read.to_bits() == x.to_bits()),
            Value::Text(text) => read.as_str() == Some(&**text),
            Value::Blob(bytes) => {
                let hex = read["$blob"].as_str().expect("hexadecimal digits");
                base16ct::lower::decode_vec(hex).as_ref() == Ok(bytes)
            }
        };
        assert!(arrived, "{value:?} arrived as {read}");
    }
}

/// Rows as JavaScript's `writeRows` writes them: a number is a number there, whether it was an integer or not.
fn rows_arrive(values: &[Value], width: usize) {
    let to_js = |value: &Value| match value {
        Value::Null => Json::Null,
        Value::Integer(n) => json!(n >> 11),
        Value::Real(x) => json!(x),
        Value::Text(text) => json!(text),
        Value::Blob(bytes) => {
            let mut object = Map::new();
            object.insert(
                "$blob".to_owned(),
                json!(base16ct::lower::encode_string(bytes)),
            );
            Json::Object(object)
        }
    };
    let rows: Vec<&[Value]> = values.chunks_exact(width).collect();
    let js: Vec<Vec<Json>> = rows
        .iter()
        .map(|row| row.iter().map(to_js).collect())
        .collect();
    let output = read_rows(&format!("{}|{}", values.len(), json!(js))).expect("rows");
    assert_eq!(output.changes, values.len() as u64);
    assert_eq!(output.rows.iter().count(), rows.len());
    for (read, row) in output
        .rows
        .iter()
        .flatten()
        .zip(rows.iter().copied().flatten())
    {
        let is_same = match (read, row) {
            (Value::Integer(read), Value::Integer(n)) => *read == n >> 11,
            (Value::Integer(read), Value::Real(x)) => *read as f64 == *x,
            (Value::Real(read), Value::Real(x)) => read == x,
            (read, value) => read == value,
        };
        assert!(is_same, "{row:?} arrived as {read:?}");
    }
}

/// Names of tables, as JavaScript's `readTables` splits them.
fn tables_arrive(lines: &[String]) {
    let mut tables = TableSet::default();
    for line in lines.iter().filter(|line| !line.is_empty()) {
        tables.insert(TableName::new(line));
    }
    if !tables.is_empty() {
        assert_eq!(
            write_tables(&tables).split('\n').count(),
            tables.iter().count()
        );
    }
}
