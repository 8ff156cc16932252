//! The folder `migrations`: numbered SQL files, and the schema that they lead to.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use edgepod_runtime::schema::Snapshot;
use fs_err as fs;
use serde::Serialize;
use serde_json::Value;

const SNAPSHOT: &str = "snapshot.json";

/// The member of the snapshot that names the last migration. Two branches that have each written one change this line to
/// different texts, so version control does not merge them in silence.
const LAST: &str = "last_migration";

/// The folder, as it was read.
pub(super) struct Folder {
    path: PathBuf,
    /// The files' names without their ending, sorted.
    pub names: Vec<String>,
    /// The schema after the last one.
    pub snapshot: Snapshot,
}

impl Folder {
    /// Reads the folder; one that is not there is empty.
    ///
    /// # Errors
    /// When two migrations have one number, or the snapshot is none.
    pub fn open(path: &Path) -> Result<Self> {
        let names = names(path)?;
        if let Some([one, other]) = same_number(&names) {
            bail!(
                "two migrations have the number {}: {one} and {other}, as it happens where two branches are merged. `edgepod \
                 migrations rebase` gives the newer one the next free number, and writes it anew, so that it follows the other",
                number(one).unwrap_or_default()
            );
        }
        let file = path.join(SNAPSHOT);
        let snapshot = if file.is_file() {
            parse(&fs::read_to_string(&file)?).with_context(|| {
                format!(
                    "{} is no snapshot. After a merge: `edgepod migrations rebase NAME`, with the migration that no deployed \
                     database has applied, writes both anew",
                    file.display()
                )
            })?
        } else if names.is_empty() {
            Snapshot::default()
        } else {
            bail!(
                "{} is not there, and there are migrations: bring it back from version control",
                file.display()
            );
        };
        Ok(Self {
            path: path.to_owned(),
            names,
            snapshot,
        })
    }

    /// Writes the schema again that the migrations lead to, where the snapshot says less of it: what columns mean was not noted
    /// always.
    pub fn note(&self, schema: &Snapshot) -> Result<()> {
        if let Some(last) = self.names.last()
            && *schema != self.snapshot
        {
            write_snapshot(&self.path, schema, last)?;
        }
        Ok(())
    }

    /// Writes the next migration and the schema that it leads to.
    pub fn add(&mut self, name: &str, text: &str, snapshot: &Snapshot) -> Result<PathBuf> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_word) {
            bail!(
                "`{name}` is no name of a migration: it has letters, digits and underscores, such as `add_posts`"
            );
        }
        let last = self.names.iter().filter_map(|name| number(name)).max();
        let name = numbered(last.unwrap_or(0) + 1, name);
        fs::create_dir_all(&self.path)?;
        let file = file(&self.path, &name);
        fs::write(&file, text)?;
        write_snapshot(&self.path, snapshot, &name)?;
        self.names.push(name);
        Ok(file)
    }
}

/// The names of the migrations in the folder `path`, sorted.
pub(super) fn names(path: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let name = entry?.file_name();
            if let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".sql")) {
                names.push(name.to_owned());
            }
        }
    }
    names.sort();
    Ok(names)
}

/// The file of a migration.
pub(super) fn file(path: &Path, name: &str) -> PathBuf {
    path.join(format!("{name}.sql"))
}

/// The number that a migration's name begins with.
pub(super) fn number(name: &str) -> Option<u32> {
    name.split_once('_')?.0.parse().ok()
}

/// The name with that number in place of its own, if it has one.
pub(super) fn numbered(number: u32, name: &str) -> String {
    let word = match self::number(name) {
        Some(_) => name.split_once('_').map_or(name, |(_, word)| word),
        None => name,
    };
    format!("{number:04}_{word}")
}

/// Two migrations of one number.
pub(super) fn same_number(names: &[String]) -> Option<[&str; 2]> {
    let mut names: Vec<(u32, &str)> = names
        .iter()
        .filter_map(|name| Some((number(name)?, name.as_str())))
        .collect();
    names.sort_unstable();
    let pair = names.windows(2).find(|pair| pair[0].0 == pair[1].0)?;
    Some([pair[0].1, pair[1].1])
}

/// Writes the schema that the migrations lead to, of which `last` is the last.
pub(super) fn write_snapshot(path: &Path, snapshot: &Snapshot, last: &str) -> Result<()> {
    #[derive(Serialize)]
    struct File<'a> {
        last_migration: &'a str,
        #[serde(flatten)]
        snapshot: &'a Snapshot,
    }
    let json = serde_json::to_string_pretty(&File {
        last_migration: last,
        snapshot,
    })?;
    fs::write(path.join(SNAPSHOT), json + "\n")?;
    Ok(())
}

fn parse(text: &str) -> Result<Snapshot> {
    let mut json: Value = serde_json::from_str(text)?;
    if let Value::Object(members) = &mut json {
        members.remove(LAST);
    }
    Ok(serde_json::from_value(json)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_of_one_number_are_found_however_it_is_written() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(same_number(&names(&["0001_a", "0002_a", "0003_b"])), None);
        let pair = names(&["0001_a", "0002_colour", "0002_seats"]);
        assert_eq!(same_number(&pair), Some(["0002_colour", "0002_seats"]));
        assert_eq!(
            same_number(&names(&["02_b", "0002_a"])),
            Some(["0002_a", "02_b"])
        );
    }

    #[test]
    fn a_number_takes_the_place_of_another() {
        assert_eq!(numbered(3, "0002_seats"), "0003_seats");
        assert_eq!(numbered(12, "add_posts"), "0012_add_posts");
        assert_eq!(numbered(1, "2fa"), "0001_2fa");
    }

    #[test]
    fn the_snapshots_of_two_branches_do_not_merge_in_silence() {
        let folder = tempfile::tempdir().unwrap();
        let mut texts = Vec::new();
        for name in ["seats", "colour"] {
            let mut branch = Folder::open(folder.path()).unwrap();
            let file = branch.add(name, "", &Snapshot::default()).unwrap();
            texts.push(fs::read_to_string(folder.path().join(SNAPSHOT)).unwrap());
            assert_eq!(
                Folder::open(folder.path()).unwrap().snapshot,
                branch.snapshot
            );
            fs::remove_file(file).unwrap();
        }
        assert_ne!(texts[0], texts[1]);
        assert!(
            texts[0].contains("\"last_migration\": \"0001_seats\""),
            "{}",
            texts[0]
        );
    }
}
