//! Variables for the app: from `.dev.vars`, and from the environment.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

/// Names and values.
pub type Vars = BTreeMap<String, String>;

/// Those that configure a host rather than the app, and so are no business of a Worker.
const OF_THE_HOST: [&str; 3] = ["EDGEPOD_LISTEN", "EDGEPOD_DATABASE", "EDGEPOD_MANIFEST"];

/// The variables of the app in `folder`: what its `.dev.vars` says, then every `EDGEPOD_*` of the environment.
///
/// # Errors
/// When `.dev.vars` exists and cannot be understood.
pub fn of_app(folder: &Path) -> Result<Vars> {
    let mut vars = Vars::new();
    let file = folder.join(".dev.vars");
    if file.is_file() {
        vars.extend(read(&file)?);
    }
    vars.extend(
        std::env::vars()
            .filter(|(name, value)| name.starts_with("EDGEPOD_") && !value.is_empty())
            .filter(|(name, _)| !OF_THE_HOST.contains(&name.as_str())),
    );
    Ok(vars)
}

/// The variables in `file`, a line each: `NAME="value"`.
///
/// # Errors
/// When the file cannot be read or a line is not understood.
pub fn read(file: &Path) -> Result<Vars> {
    let wrong = || {
        format!(
            "{} could not be read: write one `NAME=\"value\"` a line",
            file.display()
        )
    };
    dotenvy::from_path_iter(file)
        .with_context(wrong)?
        .collect::<Result<Vars, _>>()
        .with_context(wrong)
}
