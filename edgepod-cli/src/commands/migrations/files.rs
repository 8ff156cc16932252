//! The folder `migrations`: numbered SQL files, and the schema that they lead to.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use edgepod_runtime::schema::Snapshot;
use fs_err as fs;

const SNAPSHOT: &str = "snapshot.json";

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
    pub fn open(path: &Path) -> Result<Self> {
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
        let file = path.join(SNAPSHOT);
        let snapshot = if file.is_file() {
            serde_json::from_str(&fs::read_to_string(&file)?).with_context(|| {
                format!(
                    "{} is no snapshot: after a merge, take one side's and write the other's change anew with `edgepod \
                     migrations new`",
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

    /// Writes the next migration and the schema that it leads to.
    pub fn add(&mut self, name: &str, text: &str, snapshot: &Snapshot) -> Result<PathBuf> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_word) {
            bail!(
                "`{name}` is no name of a migration: it has letters, digits and underscores, such as `add_posts`"
            );
        }
        let last = self
            .names
            .iter()
            .filter_map(|name| name.split('_').next()?.parse::<u32>().ok())
            .max()
            .unwrap_or(0);
        let name = format!("{:04}_{name}", last + 1);
        fs::create_dir_all(&self.path)?;
        let file = self.path.join(format!("{name}.sql"));
        fs::write(&file, text)?;
        let json = serde_json::to_string_pretty(snapshot)?;
        fs::write(self.path.join(SNAPSHOT), json + "\n")?;
        self.names.push(name);
        Ok(file)
    }
}
