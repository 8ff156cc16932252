//! The folder `migrations` of the crate: numbered SQL files, each split into its statements.
//!
//! This is done while compiling, so that a Worker carries neither a parser of SQL nor a hash, and a mistake in a file stops
//! the build and not the start.

use std::{fs, path::Path};

use sha2::{Digest, Sha256};

/// What is changed last when a migration is written. The compiler looks at it, and so notices new files.
pub(crate) const SNAPSHOT: &str = "snapshot.json";

/// One file of the folder.
pub(crate) struct MigrationFile {
    pub(crate) number: u32,
    /// The file's name without its ending.
    pub(crate) name: String,
    /// SHA-256 of the text, in hex.
    pub(crate) checksum: String,
    pub(crate) statements: Vec<String>,
}

/// What a migration must not do: it is in a transaction already, and both hosts refuse the rest.
const REFUSED: [&str; 9] = [
    "BEGIN",
    "COMMIT",
    "END",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "ATTACH",
    "DETACH",
    "VACUUM",
];

/// Reads the files, by number. A folder that is not there has none.
///
/// # Errors
/// A sentence about the first file that is no migration, or about two with one number.
pub(crate) fn read_folder(folder: &Path) -> Result<Vec<MigrationFile>, String> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable =
        |error: std::io::Error| format!("{} cannot be read: {error}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some(name) = file.strip_suffix(".sql") else {
            continue;
        };
        let number = number_of(name).ok_or_else(|| {
            format!("migrations/{file} has no number: it is called `0001_name.sql`")
        })?;
        let text = fs::read_to_string(entry.path())
            .map_err(|error| format!("migrations/{file} cannot be read: {error}"))?
            // Version control may write lines as Windows does; that edits nothing.
            .replace("\r\n", "\n");
        let statements = split_statements(&text);
        for statement in &statements {
            let word: String = first_word(statement);
            if REFUSED.contains(&word.as_str()) {
                return Err(format!(
                    "migrations/{file} has a statement that begins with {word}: a migration is one transaction, and that is \
                     made for it. Remove the statement"
                ));
            }
        }
        files.push(MigrationFile {
            number,
            name: name.to_owned(),
            checksum: checksum(&text),
            statements,
        });
    }
    files.sort_by(|a, b| (a.number, &a.name).cmp(&(b.number, &b.name)));
    for pair in files.windows(2) {
        if pair[0].number == pair[1].number {
            return Err(format!(
                "two migrations have the number {}: {} and {}. Give the newer one the next free number",
                pair[0].number, pair[0].name, pair[1].name
            ));
        }
    }
    Ok(files)
}

/// The number that a migration's name begins with: 2 of `0002_add_posts`.
pub(crate) fn number_of(name: &str) -> Option<u32> {
    let (number, rest) = name.split_once('_')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !rest.is_empty())
        .then(|| number.parse().ok())
        .flatten()
}

/// SHA-256, in hex.
pub(crate) fn checksum(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The text's statements without their semicolons. Semicolons in texts, names, comments and in the body of a trigger are
/// none that end a statement.
pub(crate) fn split_statements(text: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut start = 0;
    // The words of the statement so far, and how many BEGIN and CASE are open in a trigger's body.
    let (mut words, mut depth) = (Vec::<String>::new(), 0_usize);
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let rest = &text[i..];
        let length = match bytes[i] {
            b'-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            quote @ (b'\'' | b'"' | b'`') => closing(&rest[1..], quote as char) + 1,
            b'[' => closing(&rest[1..], ']') + 1,
            b';' => {
                if depth == 0 {
                    push(&mut statements, &text[start..i], !words.is_empty());
                    start = i + 1;
                    words.clear();
                }
                1
            }
            byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                let length = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .unwrap_or(rest.len());
                let word = rest[..length].to_ascii_uppercase();
                let is_trigger = words.first().is_some_and(|first| first == "CREATE")
                    && words.iter().take(3).any(|word| word == "TRIGGER");
                match word.as_str() {
                    "BEGIN" if is_trigger && depth == 0 => depth = 1,
                    "CASE" if depth > 0 => depth += 1,
                    "END" if depth > 0 => depth -= 1,
                    _ => {}
                }
                words.push(word);
                length
            }
            _ => {
                let c = rest.chars().next().map_or(1, char::len_utf8);
                if !bytes[i].is_ascii_whitespace() && words.is_empty() {
                    words.push(String::new());
                }
                c
            }
        };
        i += length;
    }
    push(&mut statements, &text[start..], !words.is_empty());
    statements
}

/// How many bytes there are up to a quote's end; a doubled one does not end it (it ends one and begins the next).
fn closing(rest: &str, quote: char) -> usize {
    rest.find(quote).map_or(rest.len(), |end| end + 1)
}

fn push(statements: &mut Vec<String>, statement: &str, has_words: bool) {
    if has_words {
        statements.push(statement.trim().to_owned());
    }
}

/// The first word after comments, in upper case.
fn first_word(statement: &str) -> String {
    let mut rest = statement.trim_start();
    loop {
        rest = if rest.starts_with("--") {
            rest.split_once('\n').map_or("", |(_, rest)| rest)
        } else if rest.starts_with("/*") {
            rest.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            break;
        }
        .trim_start();
    }
    rest.chars()
        .take_while(char::is_ascii_alphabetic)
        .collect::<String>()
        .to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_ends_a_statement_where_it_stands_for_itself() {
        let text = "-- one; two\nCREATE TABLE a (x TEXT DEFAULT 'it''s; so');;\n/* ; */ INSERT INTO \"a;b\" VALUES (1);\n-- end;\n";
        assert_eq!(
            split_statements(text),
            [
                "-- one; two\nCREATE TABLE a (x TEXT DEFAULT 'it''s; so')",
                "/* ; */ INSERT INTO \"a;b\" VALUES (1)",
            ]
        );
    }

    #[test]
    fn the_body_of_a_trigger_is_part_of_it() {
        let trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  UPDATE a SET x = CASE WHEN 1 THEN 2 ELSE 3 END;\n  DELETE FROM b;\nEND";
        assert_eq!(
            split_statements(&format!("{trigger};\nDROP TABLE c")),
            [trigger, "DROP TABLE c"]
        );
    }

    #[test]
    fn a_file_that_ends_the_transaction_or_shares_a_number_is_refused() {
        let folder = std::env::temp_dir().join(format!("edgepod-macros-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        write("0001_a.sql", "CREATE TABLE a (x);");
        assert_eq!(read_folder(&folder).unwrap().len(), 1);
        write("0002_b.sql", "-- why\ncommit;");
        assert!(read_folder(&folder).err().unwrap().contains("COMMIT"));
        write("0002_b.sql", "SELECT 1;");
        write("2_c.sql", "SELECT 1;");
        assert!(read_folder(&folder).err().unwrap().contains("number 2"));
        write("2_c.sql", "");
        fs::remove_file(folder.join("2_c.sql")).unwrap();
        write("c.sql", "SELECT 1;");
        assert!(read_folder(&folder).err().unwrap().contains("0001_name"));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_checksum_is_sha_256() {
        assert!(checksum("abc").starts_with("ba7816bf8f01cfea"));
    }
}
