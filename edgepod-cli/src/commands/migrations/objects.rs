//! Views and triggers: one SQL file each, in the folder `schema`, taken in the order of their names.

use std::path::Path;

use anyhow::{Result, bail};
use edgepod_runtime::schema::{Object, ObjectKind};
use fs_err as fs;

/// Reads the folder; one that is not there has none.
pub(super) fn read(folder: &Path) -> Result<Vec<Object>> {
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let file = entry?.path();
            if file.extension().is_some_and(|extension| extension == "sql") {
                files.push(file);
            }
        }
    }
    files.sort();
    files
        .iter()
        .map(|file| {
            let text = fs::read_to_string(file)?.replace("\r\n", "\n");
            match parse(&text) {
                Some(object) => Ok(object),
                None => bail!(
                    "{} makes no view and no trigger: it begins with `CREATE VIEW name` or `CREATE TRIGGER name`, and is one \
                     statement",
                    file.display()
                ),
            }
        })
        .collect()
}

fn parse(text: &str) -> Option<Object> {
    let sql = text.trim().trim_end_matches(';').trim_end();
    let mut words = sql.split_whitespace();
    if !words.next()?.eq_ignore_ascii_case("create") {
        return None;
    }
    let kind = words.next()?;
    let kind = if kind.eq_ignore_ascii_case("view") {
        ObjectKind::View
    } else if kind.eq_ignore_ascii_case("trigger") {
        ObjectKind::Trigger
    } else {
        return None;
    };
    let name = words.next()?.split('(').next()?.trim_matches('"');
    (!name.is_empty() && !name.eq_ignore_ascii_case("if")).then(|| Object {
        kind,
        name: name.to_owned(),
        sql: sql.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_and_the_name_are_read() {
        let object = parse("create view \"names\" AS SELECT 1;\n").unwrap();
        assert_eq!(
            (object.kind, object.name.as_str()),
            (ObjectKind::View, "names")
        );
        assert_eq!(object.sql, "create view \"names\" AS SELECT 1");
        assert!(parse("CREATE TABLE a (x)").is_none());
        assert!(parse("CREATE VIEW IF NOT EXISTS a AS SELECT 1").is_none());
    }
}
