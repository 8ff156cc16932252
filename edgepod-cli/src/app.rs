//! Which app is meant: its crate, what cargo makes of it, its front end and its settings.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail};
use cargo_metadata::{CrateType, Metadata, MetadataCommand, Package, PackageId, TargetKind};
use edgepod_codegen::Framework;
use fs_err as fs;
use serde::Deserialize;

use crate::residency::Residency;

/// An EdgePod app: a Rust crate, and perhaps a front end beside it.
#[derive(Debug, Clone)]
pub struct App {
    /// The crate's name.
    pub name: String,
    /// What cargo calls the crate where a name alone may mean several.
    pub package: String,
    /// The folder of its Cargo.toml.
    pub folder: PathBuf,
    /// The target that becomes a native program.
    pub native: Target,
    /// The library target that becomes a Worker; `None` when the crate has no `cdylib`.
    pub cdylib: Option<String>,
    /// Where the generated client goes, by `[package.metadata.edgepod] client`.
    pub client: Option<PathBuf>,
    /// What the generated client is for, by `[package.metadata.edgepod] framework`.
    pub framework: Framework,
    /// The front end's folder, by `[package.metadata.edgepod] web`.
    pub web: Option<PathBuf>,
    /// Whether it signs its tokens itself, by `[package.metadata.edgepod] auth = "local"`.
    pub signs: bool,
    /// Where its database is, once deployed: `[package.metadata.edgepod] jurisdiction` or `location_hint`.
    pub residency: Residency,
    /// The version of wasm-bindgen in the lock file.
    pub wasm_bindgen: Option<String>,
    /// The folder of the edgepod-runtime that the app is compiled with.
    pub runtime: Option<PathBuf>,
    /// The folders of the app and of the local crates that it depends on, the app's own first.
    pub sources: Vec<PathBuf>,
    /// The workspace's folder: that of the lock file.
    pub workspace: PathBuf,
    /// Where cargo builds.
    pub target: PathBuf,
}

/// Which of a crate's targets is the native program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A `cdylib` that exports `edgepod_main`.
    Library(String),
    /// A program of its own.
    Program(String),
}

/// `[package.metadata.edgepod]`. Other keys are left for other versions of the command.
#[derive(Debug, Default, Deserialize)]
struct Settings {
    client: Option<PathBuf>,
    #[serde(default)]
    framework: Framework,
    web: Option<PathBuf>,
    auth: Option<Auth>,
    #[serde(flatten)]
    residency: Residency,
}

/// Who signs the tokens of an app.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Auth {
    Local,
}

impl App {
    /// Finds the app in `folder`.
    ///
    /// # Errors
    /// When there is no crate in the folder, cargo cannot read it, or it has nothing to run.
    ///
    /// # Example
    /// ```no_run
    /// let app = edgepod_cli::app::App::find("examples/users".as_ref())?;
    /// println!("{} is in {}", app.name, app.folder.display());
    /// # Ok::<(), anyhow::Error>(())
    /// ```
    pub fn find(folder: &Path) -> Result<Self> {
        let manifest = folder.join("Cargo.toml");
        if !manifest.is_file() {
            bail!(
                "there is no Cargo.toml in {}: go to the app's folder, or name it (`edgepod dev FOLDER`, `edgepod call … --app FOLDER`)",
                folder.display()
            );
        }
        let manifest = fs::canonicalize(manifest)?;
        let metadata = MetadataCommand::new()
            .manifest_path(&manifest)
            .exec()
            .map_err(|error| match error {
                cargo_metadata::Error::Io(error)
                    if error.kind() == std::io::ErrorKind::NotFound =>
                {
                    anyhow!(
                        "`cargo` was not found on the PATH: install Rust with https://rustup.rs"
                    )
                }
                error => anyhow::Error::new(error)
                    .context(format!("cargo cannot read {}", manifest.display())),
            })?;
        let package = metadata
            .packages
            .iter()
            .find(|package| package.manifest_path.as_std_path() == manifest)
            .ok_or_else(|| {
                anyhow!(
                    "{} is a workspace without a crate: name the folder of one of its members",
                    manifest.display()
                )
            })?;
        Self::of_package(&metadata, package)
    }

    fn of_package(metadata: &Metadata, package: &Package) -> Result<Self> {
        let folder = parent(package);
        let cdylib = package
            .targets
            .iter()
            .find(|target| target.crate_types.contains(&CrateType::CDyLib))
            .map(|target| target.name.clone());
        let program = || {
            let programs = || {
                package
                    .targets
                    .iter()
                    .filter(|target| target.kind.contains(&TargetKind::Bin))
            };
            let chosen = package.default_run.as_ref();
            programs()
                .find(|target| chosen == Some(&target.name))
                .or_else(|| programs().next())
                .map(|target| Target::Program(target.name.clone()))
        };
        let native = cdylib.clone().map(Target::Library).or_else(program).with_context(|| {
            format!(
                "the crate `{}` has nothing to run: add `[lib] crate-type = [\"cdylib\", \"rlib\"]` to {}, \
                 and `edgepod::app!();` to its src/lib.rs",
                package.name, package.manifest_path
            )
        })?;
        let settings: Settings = match package.metadata.get("edgepod") {
            Some(settings) => serde_json::from_value(settings.clone()).with_context(|| {
                format!(
                    "[package.metadata.edgepod] in {} is not understood",
                    package.manifest_path
                )
            })?,
            None => Settings::default(),
        };
        let residency = settings.residency.checked().with_context(|| {
            format!(
                "[package.metadata.edgepod] in {} is not understood",
                package.manifest_path
            )
        })?;
        let named = |name: &str| {
            metadata
                .packages
                .iter()
                .find(|package| package.name.as_str() == name)
        };
        Ok(Self {
            name: package.name.to_string(),
            package: package.id.repr.clone(),
            native,
            cdylib,
            client: settings.client.map(|client| folder.join(client)),
            framework: settings.framework,
            web: settings.web.map(|web| folder.join(web)),
            residency,
            signs: settings.auth == Some(Auth::Local),
            wasm_bindgen: named("wasm-bindgen").map(|package| package.version.to_string()),
            runtime: named("edgepod-runtime").map(parent),
            sources: local_sources(metadata, package),
            workspace: metadata.workspace_root.clone().into_std_path_buf(),
            target: metadata.target_directory.clone().into_std_path_buf(),
            folder,
        })
    }

    /// The folder for what the command makes and keeps: `.edgepod`, created and hidden from git when missing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn state(&self) -> Result<PathBuf> {
        let state = self.folder.join(".edgepod");
        fs::create_dir_all(&state)?;
        let ignore = state.join(".gitignore");
        if !ignore.exists() {
            fs::write(
                ignore,
                "# Builds, databases and keys of `edgepod dev`.\n*\n",
            )?;
        }
        Ok(state)
    }

    /// `path` as a person would write it: relative to the working directory where it is inside.
    pub fn display<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        let short = std::env::current_dir()
            .ok()
            .and_then(|here| path.strip_prefix(here).ok());
        short.unwrap_or(path).display()
    }
}

#[cfg(test)]
impl App {
    /// One in `folder`, which need not be there.
    pub(crate) fn of_folder(folder: &Path) -> Self {
        Self {
            name: "app".into(),
            package: "app".into(),
            folder: folder.to_owned(),
            native: Target::Library("app".into()),
            cdylib: Some("app".into()),
            client: None,
            framework: Framework::React,
            web: None,
            residency: Residency::default(),
            signs: false,
            wasm_bindgen: None,
            runtime: None,
            sources: vec![folder.to_owned()],
            workspace: folder.to_owned(),
            target: folder.join("target"),
        }
    }
}

fn parent(package: &Package) -> PathBuf {
    let manifest = package.manifest_path.as_std_path();
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// The folders of `root` and of the crates without a registry that it depends on.
fn local_sources(metadata: &Metadata, root: &Package) -> Vec<PathBuf> {
    let packages: HashMap<&PackageId, &Package> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, package))
        .collect();
    let edges: HashMap<&PackageId, &[PackageId]> = metadata
        .resolve
        .iter()
        .flat_map(|resolve| &resolve.nodes)
        .map(|node| (&node.id, node.dependencies.as_slice()))
        .collect();
    let mut seen = HashSet::new();
    let mut queue = vec![&root.id];
    let mut folders = Vec::new();
    while let Some(id) = queue.pop() {
        let Some(package) = packages.get(id).filter(|package| package.source.is_none()) else {
            continue;
        };
        if seen.insert(id) {
            folders.push(parent(package));
            queue.extend(edges.get(id).copied().unwrap_or_default());
        }
    }
    folders
}
