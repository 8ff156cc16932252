//! The folder `migrations` of the crate: numbered SQL files, each split into its statements.
//!
//! This is done while compiling, so that a Worker carries neither a parser of SQL nor a hash, and a mistake in a file stops
//! the build and not the start.

use std::{
    fs,
    path::{Path, PathBuf},
};

use edgepod_manifest::sql_checksum;
use edgepod_sql::{forbidden_word, statements};
use proc_macro2::Span;

use crate::errors::Errors;

/// What is changed last when a migration is written. The compiler looks at it, and so notices new files.
const SNAPSHOT: &str = "snapshot.json";

/// One file of the folder.
pub(crate) struct MigrationFile {
    pub(crate) number: u32,
    /// The file's name without its ending.
    pub(crate) name: String,
    /// SHA-256 of the text, in hex.
    pub(crate) checksum: String,
    pub(crate) statements: Vec<String>,
}

/// The migrations of the crate that is being compiled.
pub(crate) struct CrateMigrations {
    pub(crate) files: Vec<MigrationFile>,
    /// The names of the files that the compiler is to look at.
    pub(crate) watched: Vec<String>,
}

/// Reads them. `None` where no crate is being compiled, or a file is no migration.
pub(crate) fn migrations_of_the_crate(errors: &mut Errors) -> Option<CrateMigrations> {
    let folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?).join("migrations");
    let files = errors.ok(read_folder(&folder))?;
    let watched = files
        .iter()
        .map(|file| format!("{}.sql", file.name))
        .chain(folder.join(SNAPSHOT).is_file().then(|| SNAPSHOT.to_owned()))
        .collect();
    Some(CrateMigrations { files, watched })
}

/// Reads the files, by number. A folder that is not there has none.
///
/// # Errors
/// A sentence about the first file that is no migration, or about two with one number.
fn read_folder(folder: &Path) -> syn::Result<Vec<MigrationFile>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable =
        |error: std::io::Error| wrong(format!("{} cannot be read: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some(name) = file.strip_suffix(".sql") else {
            continue;
        };
        let number = number_of(name).ok_or_else(|| {
            wrong(format!(
                "migrations/{file} has no number: it is called `0001_name.sql`"
            ))
        })?;
        let text = fs::read_to_string(entry.path())
            .map_err(|error| wrong(format!("migrations/{file} cannot be read: {error}")))?
            // Version control may write lines as Windows does; that edits nothing.
            .replace("\r\n", "\n");
        if text.contains('\0') {
            return Err(wrong(format!(
                "migrations/{file} holds a NUL character, where SQLite stops reading: remove it, or write x'00' for the byte"
            )));
        }
        let statements: Vec<String> = statements(&text).map(str::to_owned).collect();
        if let Some(word) = statements.iter().find_map(|sql| forbidden_word(sql)) {
            return Err(wrong(format!(
                "migrations/{file} has a statement that begins with {word}: a migration is one transaction, and that is made \
                 for it. Remove the statement"
            )));
        }
        files.push(MigrationFile {
            number,
            name: name.to_owned(),
            checksum: sql_checksum(&text),
            statements,
        });
    }
    files.sort_by(|a, b| (a.number, &a.name).cmp(&(b.number, &b.name)));
    for pair in files.windows(2) {
        if pair[0].number == pair[1].number {
            return Err(wrong(format!(
                "two migrations have the number {}: {} and {}. Give the newer one the next free number",
                pair[0].number, pair[0].name, pair[1].name
            )));
        }
    }
    Ok(files)
}

/// A mistake in the folder, which is no place in the sources.
fn wrong(message: String) -> syn::Error {
    syn::Error::new(Span::call_site(), message)
}

/// The number that a migration's name begins with: 2 of `0002_add_posts`.
pub(crate) fn number_of(name: &str) -> Option<u32> {
    let (number, rest) = name.split_once('_')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !rest.is_empty())
        .then(|| number.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_ends_the_transaction_or_shares_a_number_is_refused() {
        let folder = std::env::temp_dir().join(format!("edgepod-macros-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        write("0001_a.sql", "CREATE TABLE a (x);");
        assert_eq!(read_folder(&folder).unwrap().len(), 1);
        write("0002_b.sql", "-- why\ncommit;");
        assert!(
            read_folder(&folder)
                .err()
                .unwrap()
                .to_string()
                .contains("COMMIT")
        );
        write("0002_b.sql", "SELECT 1;");
        write("2_c.sql", "SELECT 1;");
        assert!(
            read_folder(&folder)
                .err()
                .unwrap()
                .to_string()
                .contains("number 2")
        );
        write("2_c.sql", "");
        fs::remove_file(folder.join("2_c.sql")).unwrap();
        write("c.sql", "SELECT 1;");
        assert!(
            read_folder(&folder)
                .err()
                .unwrap()
                .to_string()
                .contains("0001_name")
        );
        fs::remove_dir_all(&folder).unwrap();
    }
}
