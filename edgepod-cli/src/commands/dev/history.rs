//! The database of development and migrations that are still being written: a copy is kept before each is applied, so that one
//! that was edited afterwards can be applied anew.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use edgepod_manifest::{JOURNAL_EXISTS, READ_JOURNAL, rust_checksum, sql_checksum};
use fs_err as fs;
use inquire::Confirm;
use rusqlite::{Connection, OptionalExtension};

use crate::{commands::migrations, term};

/// The folder of the copies, beside the database.
const COPIES: &str = "before-migrations";

/// The database as it was before it was given back, in that folder.
const REPLACED: &str = "replaced.sqlite";

/// How many copies are kept.
const KEPT: usize = 8;

/// A larger database is not copied: it would take seconds and fill the disk.
const LARGEST: u64 = 200_000_000;

/// A migration by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    number: u32,
    name: String,
    checksum: String,
}

/// Makes `database`, which nobody has open, ready for the migrations in `folder`: keeps a copy before the first that it has not
/// applied. Where one was edited, renamed or removed since it was applied, it gives the copy back from before it, if that is wanted
/// (`redo`, or an answer).
///
/// # Errors
/// When it is not wanted; when nothing can be read or copied.
pub(super) fn prepare(database: &Path, folder: &Path, redo: bool) -> Result<()> {
    if !database.is_file() {
        return Ok(());
    }
    let applied = journal(database)?;
    let files = files(folder)?;
    let copies = database.with_file_name(COPIES);
    if let Some(step) = first_changed(&applied, &files) {
        let Some((since, copy)) = copy_before(&copies, step.number)? else {
            // The program itself says what is wrong.
            return Ok(());
        };
        ensure_wanted(step, since, redo)?;
        give_back(database, &copies, &copy)?;
        term::status(
            "Restored",
            format_args!(
                "the database from before migration {since}; what it was is {}",
                copies.join(REPLACED).display()
            ),
        );
    } else if let Some(next) = files
        .iter()
        .find(|file| applied.iter().all(|step| step.number != file.number))
    {
        keep(database, &copies, next.number)?;
    }
    Ok(())
}

fn ensure_wanted(step: &Step, since: u32, redo: bool) -> Result<()> {
    let told = format!(
        "{} is another than the one that this database has applied. There is a copy from before migration {since}: with it the \
         migrations since are applied anew, and what was written since then is lost",
        step.name
    );
    if redo {
        term::warning(told);
        return Ok(());
    }
    if term::is_interactive()
        && Confirm::new(&format!("{told}. Take it?"))
            .with_default(false)
            .prompt()
            .map_err(|error| term::not_answered(error, "the database stays as it is"))?
    {
        return Ok(());
    }
    bail!("{told}. Put the file back as it was, or take the copy: `edgepod dev --redo-migrations`")
}

/// What the database has applied. One without a journal has applied nothing.
fn journal(database: &Path) -> Result<Vec<Step>> {
    let unreadable = || format!("{} cannot be read", database.display());
    let connection = Connection::open(database).with_context(unreadable)?;
    let exists = connection
        .query_row(JOURNAL_EXISTS, (), |_| Ok(()))
        .optional()
        .with_context(unreadable)?;
    if exists.is_none() {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(READ_JOURNAL)?;
    let rows = statement.query_map((), |row| {
        Ok(Step {
            number: row.get(0)?,
            name: row.get(1)?,
            checksum: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The migrations in `folder`, as a build embeds them.
fn files(folder: &Path) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for (number, name, text) in migrations::files(folder)? {
        steps.push(Step {
            number,
            name,
            checksum: sql_checksum(&text),
        });
    }
    Ok(steps)
}

/// The first that was applied and is another now, or is not there any more. Those in Rust are no files, and never change.
fn first_changed<'a>(applied: &'a [Step], files: &[Step]) -> Option<&'a Step> {
    applied
        .iter()
        .find(|step| !files.contains(step) && step.checksum != rust_checksum(&step.name))
}

/// The copies: the number of the first migration that each has not, and its file; the latest last.
fn all_copies(copies: &Path) -> Result<Vec<(u32, PathBuf)>> {
    let mut all = Vec::new();
    if copies.is_dir() {
        for entry in fs::read_dir(copies)? {
            let path = entry?.path();
            let number = path
                .file_stem()
                .and_then(|stem| stem.to_str()?.parse().ok());
            all.extend(number.map(|number| (number, path)));
        }
    }
    all.sort();
    Ok(all)
}

fn copy_before(copies: &Path, number: u32) -> Result<Option<(u32, PathBuf)>> {
    Ok(all_copies(copies)?
        .into_iter()
        .rfind(|(first, _)| *first <= number))
}

/// Keeps `database` as it is before the migration of this number.
fn keep(database: &Path, copies: &Path, number: u32) -> Result<()> {
    if fs::metadata(database)?.len() > LARGEST {
        term::status(
            "Skipped",
            "the copy from before the migration: the database is large",
        );
        return Ok(());
    }
    fs::create_dir_all(copies)?;
    let copy = copies.join(format!("{number}.sqlite"));
    // Not a copy of the file: what was written last may still be in the log beside it.
    let passing = tempfile::tempdir_in(copies)?;
    let new = passing.path().join("new.sqlite");
    let text = new.to_str().context("the folder's name is not Unicode")?;
    Connection::open(database)?.execute("VACUUM INTO ?", [text])?;
    fs::rename(&new, &copy)?;
    let all = all_copies(copies)?;
    for (_, old) in &all[..all.len().saturating_sub(KEPT)] {
        fs::remove_file(old)?;
    }
    Ok(())
}

fn give_back(database: &Path, copies: &Path, copy: &Path) -> Result<()> {
    // With its log inside, so that the file alone is all of it.
    Connection::open(database)?.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
    fs::rename(database, copies.join(REPLACED))?;
    for ending in ["-wal", "-shm"] {
        let mut log = database.as_os_str().to_owned();
        log.push(ending);
        if Path::new(&log).exists() {
            fs::remove_file(&log)?;
        }
    }
    fs::copy(copy, database)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use edgepod_manifest::CREATE_JOURNAL;

    use super::*;

    struct Scratch {
        folder: tempfile::TempDir,
    }

    impl Scratch {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("migrations")).unwrap();
            Self { folder }
        }

        fn database(&self) -> PathBuf {
            self.folder.path().join("data.sqlite")
        }

        fn write(&self, name: &str, text: &str) {
            let file = self.folder.path().join(format!("migrations/{name}.sql"));
            std::fs::write(file, text).unwrap();
        }

        /// Applies what is pending, as a server does.
        fn start(&self, redo: bool) -> Result<()> {
            let migrations = self.folder.path().join("migrations");
            prepare(&self.database(), &migrations, redo)?;
            let connection = Connection::open(self.database())?;
            connection.execute_batch(&format!("PRAGMA journal_mode = WAL; {CREATE_JOURNAL}"))?;
            for step in files(&migrations)? {
                let text = std::fs::read_to_string(migrations.join(format!("{}.sql", step.name)))?;
                let row = "INSERT OR IGNORE INTO _edgepod_migrations VALUES (?, ?, ?, 0)";
                if connection.execute(row, (step.number, &step.name, &step.checksum))? == 1 {
                    connection.execute_batch(&text)?;
                }
            }
            Ok(())
        }

        fn rows(&self) -> Vec<String> {
            let connection = Connection::open(self.database()).unwrap();
            let mut statement = connection.prepare("SELECT x FROM t ORDER BY x").unwrap();
            let rows = statement.query_map((), |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        }
    }

    #[test]
    fn an_edited_migration_is_applied_anew_from_the_copy_before_it() {
        let app = Scratch::new();
        app.write(
            "0001_first",
            "CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('first')",
        );
        app.start(false).unwrap();
        app.write("0002_fill", "INSERT INTO t VALUES ('tea')");
        app.start(false).unwrap();
        assert_eq!(app.rows(), ["first", "tea"]);
        // Nothing has changed: nothing is asked.
        app.start(false).unwrap();

        app.write("0002_fill", "INSERT INTO t VALUES ('milk')");
        let message = app.start(false).unwrap_err().to_string();
        for word in ["0002_fill", "before migration 2", "--redo-migrations"] {
            assert!(message.contains(word), "{message}");
        }
        assert_eq!(app.rows(), ["first", "tea"], "nothing happens unasked");
        app.start(true).unwrap();
        assert_eq!(app.rows(), ["first", "milk"]);
        assert!(app.folder.path().join(COPIES).join(REPLACED).is_file());
        // Renumbered, as after a merge.
        let folder = app.folder.path().join("migrations");
        std::fs::rename(folder.join("0002_fill.sql"), folder.join("0003_fill.sql")).unwrap();
        app.write("0002_other", "INSERT INTO t VALUES ('bread')");
        assert!(app.start(false).is_err());
        app.start(true).unwrap();
        assert_eq!(app.rows(), ["bread", "first", "milk"]);
    }

    #[test]
    fn without_a_copy_the_program_says_what_is_wrong() {
        let app = Scratch::new();
        app.write("0001_first", "CREATE TABLE t (x TEXT)");
        app.start(false).unwrap();
        app.write("0001_first", "CREATE TABLE t (x TEXT, y TEXT)");
        app.start(false).unwrap();
    }

    #[test]
    fn a_migration_in_rust_is_no_file_and_unchanged() {
        let rust = Step {
            number: 2,
            name: "0002_fill".into(),
            checksum: rust_checksum("0002_fill"),
        };
        assert_eq!(first_changed(std::slice::from_ref(&rust), &[]), None);
        let gone = Step {
            checksum: "other".into(),
            ..rust
        };
        assert_eq!(first_changed(std::slice::from_ref(&gone), &[]), Some(&gone));
    }
}
