//! The packages of a front end: who installs them, and for which framework they are.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use edgepod_codegen::Framework;
use fs_err as fs;
use serde_json::Value;

use crate::tools;

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manager {
    Npm,
    Pnpm,
    Yarn,
    Bun,
}

impl Manager {
    const ALL: [Self; 4] = [Self::Npm, Self::Pnpm, Self::Yarn, Self::Bun];

    /// That of the front end in `web`: what its package.json or one of a parent folder names, else whose lock file is nearest,
    /// else npm.
    pub fn of(web: &Path) -> Self {
        for folder in web.ancestors() {
            let named = package_json(folder)
                .ok()
                .and_then(|json| Self::named(json["packageManager"].as_str()?));
            let locked = || {
                Self::ALL.into_iter().find(|manager| {
                    let mut files = manager.locks().iter();
                    files.any(|file| folder.join(file).is_file())
                })
            };
            if let Some(manager) = named.or_else(locked) {
                return manager;
            }
            // A repository is one project; what is around it says nothing of it.
            if folder.join(".git").exists() {
                break;
            }
        }
        Self::Npm
    }

    /// The one of `pnpm@9.1.0`.
    fn named(text: &str) -> Option<Self> {
        let name = text.split('@').next()?;
        Self::ALL.into_iter().find(|manager| manager.name() == name)
    }

    /// What it is called, which is its program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Yarn => "yarn",
            Self::Bun => "bun",
        }
    }

    /// The names of its lock file, now and formerly.
    pub fn locks(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &["package-lock.json", "npm-shrinkwrap.json"],
            Self::Pnpm => &["pnpm-lock.yaml"],
            Self::Yarn => &["yarn.lock"],
            Self::Bun => &["bun.lock", "bun.lockb"],
        }
    }

    /// What it leaves below `node_modules` when it has installed.
    pub fn records(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &[".package-lock.json"],
            Self::Pnpm => &[".modules.yaml"],
            Self::Yarn => &[".yarn-integrity", ".yarn-state.yml"],
            // It leaves nothing but the packages.
            Self::Bun => &["."],
        }
    }

    /// A command that installs what package.json lists.
    ///
    /// # Errors
    /// When it is not installed itself.
    pub fn install(self) -> Result<Command> {
        let mut command = Command::new(self.program()?);
        command.arg("install");
        if self == Self::Npm {
            command.args(["--no-audit", "--no-fund", "--loglevel=error"]);
        }
        Ok(command)
    }

    /// A command that runs a script of package.json.
    pub fn run(self, script: &str) -> Result<Command> {
        let mut command = Command::new(self.program()?);
        command.args(["run", script]);
        Ok(command)
    }

    /// The line that adds packages.
    pub fn add(self, packages: &[String]) -> String {
        let verb = if self == Self::Npm { "install" } else { "add" };
        format!("{} {verb} {}", self.name(), packages.join(" "))
    }

    fn program(self) -> Result<PathBuf> {
        match self {
            Self::Npm => tools::npm(),
            other => which::which(other.name()).with_context(|| {
                format!(
                    "`{0}` was not found on the PATH, and the front end is installed with it (its lock file, or `packageManager` in \
                     package.json, says so): install it, `npm install --global {0}`",
                    other.name()
                )
            }),
        }
    }
}

/// The package.json in `folder`.
///
/// # Errors
/// When it is not there, or is no JSON object.
pub(crate) fn package_json(folder: &Path) -> Result<Value> {
    let file = folder.join("package.json");
    let json: Value = serde_json::from_str(&fs::read_to_string(&file)?)
        .with_context(|| format!("{} is no JSON: correct it first", file.display()))?;
    if !json.is_object() {
        bail!("{} is no JSON object: correct it first", file.display());
    }
    Ok(json)
}

/// Whether package.json lists the package, to be installed with it.
pub(crate) fn lists(json: &Value, package: &str) -> bool {
    ["dependencies", "devDependencies", "peerDependencies"]
        .iter()
        .any(|list| !json[list][package].is_null())
}

/// What the front end with this package.json is written with.
pub(crate) fn framework(json: &Value) -> Framework {
    // The others' packages are React's also where React is not used, so React comes last.
    [
        ("solid-js", Framework::Solid),
        ("svelte", Framework::Svelte),
        ("vue", Framework::Vue),
        ("react", Framework::React),
    ]
    .into_iter()
    .find(|(package, _)| lists(json, package))
    .map_or(Framework::None, |(_, framework)| framework)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_manager_is_the_projects_own() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        let web = project.join("apps/web");
        std::fs::create_dir_all(&web).unwrap();
        std::fs::create_dir(project.join(".git")).unwrap();
        std::fs::write(folder.path().join("yarn.lock"), "").unwrap();
        assert_eq!(Manager::of(&web), Manager::Npm, "outside of the project");
        std::fs::write(project.join("pnpm-lock.yaml"), "").unwrap();
        assert_eq!(Manager::of(&web), Manager::Pnpm);
        std::fs::write(
            project.join("package.json"),
            r#"{"packageManager": "bun@1.2"}"#,
        )
        .unwrap();
        assert_eq!(Manager::of(&web), Manager::Bun, "what is named goes first");
        std::fs::write(web.join("package-lock.json"), "").unwrap();
        assert_eq!(Manager::of(&web), Manager::Npm, "and the nearest before it");
    }

    #[test]
    fn the_framework_is_what_package_json_lists() {
        for (list, framework) in [
            (json!({"dependencies": {"vue": "3"}}), Framework::Vue),
            (
                json!({"devDependencies": {"svelte": "5"}}),
                Framework::Svelte,
            ),
            (
                json!({"dependencies": {"solid-js": "1", "react": "19"}}),
                Framework::Solid,
            ),
            (
                json!({"dependencies": {"react": "19", "next": "16"}}),
                Framework::React,
            ),
            (json!({"dependencies": {"astro": "5"}}), Framework::None),
            (json!({}), Framework::None),
        ] {
            assert_eq!(super::framework(&list), framework, "{list}");
        }
    }

    #[test]
    fn packages_are_added_in_the_managers_own_words() {
        let packages = ["a@1".to_owned(), "b".to_owned()];
        assert_eq!(Manager::Npm.add(&packages), "npm install a@1 b");
        assert_eq!(Manager::Pnpm.add(&packages), "pnpm add a@1 b");
    }
}
