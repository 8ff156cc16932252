//! One list of statements, and one answer to each: what a host accepts, the other does.

use edgepod_tests::{cases, server};
use serde_json::json;

cases![both_hosts_accept_and_refuse_the_same];

/// What passes.
const ACCEPTED: &[&str] = &[
    "SELECT json_group_array(value ->> 'a') FROM json_each('[{\"a\":1}]')",
    "SELECT unhex('00'), octet_length('ä'), concat_ws('-', 1, 2), format('%d', 7), string_agg('a', ',')",
    "SELECT sum(1) OVER (), row_number() OVER (), lag(1) OVER ()",
    "SELECT sqrt(2), log2(8), pow(2, 3), trunc(1.5), pi()",
    "SELECT unixepoch('subsec'), strftime('%Y'), timediff('2026-01-01', '2025-01-01')",
    "SELECT jsonb_array(1), json_set('{}', '$.a', 1), json_quote('x')",
    "SELECT zeroblob(9), quote(x'00'), iif(1, 2, 3), likely(1)",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT max(i) FROM n",
    "CREATE TABLE dialect (a INTEGER PRIMARY KEY, b TEXT, c TEXT AS (lower(b)) STORED) STRICT",
    "CREATE INDEX dialect_lower ON dialect (lower(b)) WHERE b > 'a'",
    "CREATE VIEW dialect_view AS SELECT a FROM dialect",
    "CREATE TRIGGER dialect_trigger AFTER INSERT ON dialect BEGIN SELECT RAISE(ABORT, 'no') WHERE NEW.b = 'no'; END",
    "INSERT INTO dialect (b) VALUES ('yes') RETURNING a",
    "ALTER TABLE dialect ADD COLUMN d INTEGER",
    "ALTER TABLE dialect RENAME COLUMN d TO e",
    "ALTER TABLE dialect DROP COLUMN e",
    "CREATE VIRTUAL TABLE dialect_text USING fts5(b)",
    "INSERT INTO dialect_text VALUES ('bread and milk')",
    "SELECT highlight(dialect_text, 0, '<', '>'), snippet(dialect_text, 0, '<', '>', '', 5), bm25(dialect_text) FROM dialect_text('milk')",
    "INSERT INTO dialect_text (dialect_text) VALUES ('optimize')",
    "CREATE VIRTUAL TABLE dialect_words USING fts5vocab(dialect_text, row)",
    "SELECT term FROM dialect_words",
    "DROP TABLE dialect_words",
    "DROP TABLE dialect_text",
    "SELECT name FROM sqlite_schema",
    "SELECT name FROM pragma_table_info('dialect')",
    "PRAGMA table_xinfo(dialect)",
    "PRAGMA table_list",
    "PRAGMA index_list(dialect)",
    "PRAGMA foreign_key_check",
    "PRAGMA foreign_keys",
    "ANALYZE",
    "REINDEX dialect",
    "DROP VIEW dialect_view",
    "DROP TABLE dialect",
];

/// What does not.
const REFUSED: &[&str] = &[
    "SELECT json_pretty('{}')",
    "SELECT unistr('a')",
    "SELECT unistr_quote('a')",
    "SELECT json_error_position('{}')",
    "SELECT sqlite_version()",
    "SELECT sqlite_source_id()",
    "SELECT sqlite_compileoption_used('x')",
    "SELECT load_extension('x')",
    "SELECT median(1)",
    "SELECT soundex('a')",
    "SELECT fts3_tokenizer('x')",
    "CREATE VIRTUAL TABLE old USING fts3(b)",
    "CREATE VIRTUAL TABLE old USING fts4(b)",
    "CREATE VIRTUAL TABLE statistics USING dbstat",
    "CREATE TEMP TABLE x (a)",
    "CREATE TEMPORARY VIEW x AS SELECT 1",
    "CREATE TABLE _cf_mine (a)",
    "CREATE TABLE _CF_MINE (a)",
    "CREATE INDEX _cf_index ON notes (text)",
    "SELECT * FROM _cf_KV",
    "DELETE FROM sqlite_schema",
    "UPDATE sqlite_schema SET sql = ''",
    "PRAGMA journal_mode",
    "PRAGMA user_version",
    "PRAGMA integrity_check",
    "PRAGMA compile_options",
    "SELECT name FROM pragma_function_list",
    "ATTACH ':memory:' AS other",
    "SAVEPOINT x",
];

fn both_hosts_accept_and_refuse_the_same() {
    let outcomes = |statements: &[&str]| {
        let error = server()
            .call("trySql")
            .args(json!({"statements": statements}))
            .error(409);
        error["data"]
            .as_array()
            .expect("an outcome for each")
            .clone()
    };
    let accepted = outcomes(ACCEPTED);
    let wrong: Vec<_> = ACCEPTED
        .iter()
        .zip(&accepted)
        .filter(|(_, outcome)| !outcome.is_null())
        .collect();
    assert!(wrong.is_empty(), "should be accepted: {wrong:#?}");
    let refused = outcomes(REFUSED);
    let wrong: Vec<_> = REFUSED
        .iter()
        .zip(&refused)
        .filter(|(_, outcome)| outcome.is_null())
        .collect();
    assert!(wrong.is_empty(), "should be refused: {wrong:#?}");
    // The tables behind FTS5's hold together only if nobody else writes to them.
    let shadow = outcomes(&[
        "CREATE VIRTUAL TABLE dialect_text USING fts5(b)",
        "INSERT INTO dialect_text_data VALUES (99, x'00')",
        "DROP TABLE dialect_text_idx",
    ]);
    assert!(
        shadow[0].is_null() && !shadow[1].is_null() && !shadow[2].is_null(),
        "{shadow:?}"
    );
}
