//! wasm-bindgen: from cargo's WebAssembly to a module and the JavaScript that speaks to it.
//!
//! The library does what the program `wasm-bindgen` does, without the minutes that installing that takes.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

use crate::{app::App, process::Process, tools};

/// The version of wasm-bindgen that the command works with. Both halves of wasm-bindgen must be of one version.
pub const VERSION: &str = "0.2.130";

/// The stem of what is written: `core.js` and `core_bg.wasm`.
const STEM: &str = "core";

/// What an `edgepod` without wasm-bindgen says of itself.
pub(crate) const MISSING: &str = "this `edgepod` serves natively and builds no Workers: it was compiled without its feature `workers`, which is on by \
    default (from a checkout, leave `--no-default-features` out)";

/// A wasm-bindgen that is of the app's version.
pub(super) enum Tool {
    /// What `WASM_BINDGEN_BIN` names.
    Program(PathBuf),
    #[cfg(feature = "workers")]
    Library,
}

/// Finds it, before anything is built.
pub(super) fn find(app: &App) -> Result<Tool> {
    if let Some(program) = tools::named_by("WASM_BINDGEN_BIN")? {
        return Ok(Tool::Program(program));
    }
    match app.wasm_bindgen.as_deref() {
        #[cfg(feature = "workers")]
        Some(VERSION) => Ok(Tool::Library),
        #[cfg(not(feature = "workers"))]
        Some(_) => bail!("{MISSING}"),
        #[cfg(feature = "workers")]
        Some(version) => bail!(
            "the lock file has wasm-bindgen {version}, and this edgepod works with {VERSION}: \
             run `cargo update -p wasm-bindgen --precise {VERSION}` in {}, \
             or name a wasm-bindgen {version} with WASM_BINDGEN_BIN",
            app.workspace.display()
        ),
        None => bail!(
            "`{}` does not depend on wasm-bindgen: does it depend on `edgepod`?",
            app.name
        ),
    }
}

impl Tool {
    /// Writes `core.js`, `core_bg.wasm` and `snippets/` into `folder`.
    pub(super) fn run(&self, wasm: &Path, folder: &Path) -> Result<()> {
        match self {
            Self::Program(program) => run_program(program, wasm, folder),
            #[cfg(feature = "workers")]
            Self::Library => library::run(wasm, folder),
        }
    }
}

#[cfg(feature = "workers")]
mod library {
    use std::path::Path;

    use anyhow::{Context, Result};
    use walrus::{Module, ModuleConfig};
    use wasm_bindgen_cli_support::Bindgen;

    use super::STEM;

    pub(super) fn run(wasm: &Path, folder: &Path) -> Result<()> {
        Bindgen::new()
            .input_module(STEM, without_unused_classes(wasm)?)
            .web(true)
            .map(|bindgen| {
                bindgen
                    .out_name(STEM)
                    .typescript(false)
                    // The host begins again with a fresh instance after a panic.
                    .reset_state_function(true)
                    .remove_producers_section(true)
            })
            .and_then(|bindgen| bindgen.generate(folder))
            .with_context(|| format!("wasm-bindgen could not process {}", wasm.display()))
    }

    /// The classes of the crates `wasm-streams` and `worker`: exported by each module with the crate in it, and of use to one that makes
    /// one of them, which it imports.
    const CLASSES: [&str; 6] = [
        "intounderlyingbytesource",
        "intounderlyingsink",
        "intounderlyingsource",
        "containerstartupoptions",
        "minifyconfig",
        "r2range",
    ];

    /// The module without the classes of which it makes none, and so without all that they alone need.
    fn without_unused_classes(wasm: &Path) -> Result<Module> {
        let mut config = ModuleConfig::new();
        // As wasm-bindgen reads it: what the compiler wrote needs no second look.
        config
            .strict_validate(false)
            .generate_producers_section(false);
        let mut module = config
            .parse_file(wasm)
            .with_context(|| format!("{} is no WebAssembly module", wasm.display()))?;
        let unused: Vec<&str> = CLASSES
            .into_iter()
            .filter(|class| {
                let mut imports = module.imports.iter();
                !imports.any(|import| import.name.contains(class))
            })
            .collect();
        let exports = module.exports.iter();
        let exports =
            exports.filter(|export| unused.iter().any(|class| is_of(&export.name, class)));
        let exports: Vec<_> = exports.map(|export| export.id()).collect();
        for export in exports {
            module.exports.delete(export);
        }
        Ok(module)
    }

    /// Whether an export is a method or a field of a class, its `free`, or what describes one of them to wasm-bindgen.
    fn is_of(export: &str, class: &str) -> bool {
        let name = export
            .trim_start_matches("__wbindgen_describe_")
            .trim_start_matches("__wbg_");
        let field = name
            .strip_prefix("get_")
            .or_else(|| name.strip_prefix("set_"));
        let name = field.unwrap_or(name);
        let rest = name.strip_prefix(class);
        rest.is_some_and(|rest| rest.starts_with('_'))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn classes_stay_where_the_module_makes_one() {
            let module = |import: &str| {
                let mut module = Module::default();
                let ty = module.types.add(&[], &[]);
                let (function, _) = module.add_import_func("__wbindgen_placeholder__", import, ty);
                for name in [
                    "intounderlyingsource_pull_5",
                    "__wbindgen_describe_intounderlyingsource_pull_5",
                    "__wbg_intounderlyingsource_free_5",
                    "intounderlyingsink_write_5",
                    "__wbg_get_r2range_length",
                    "__wbindgen_describe___wbg_set_r2range_length",
                    "__wbg_r2range_free",
                    "route",
                ] {
                    module.exports.add(name, function);
                }
                let folder = tempfile::tempdir().unwrap();
                let file = folder.path().join("app.wasm");
                std::fs::write(&file, module.emit_wasm()).unwrap();
                let module = without_unused_classes(&file).unwrap();
                let names = module.exports.iter().map(|export| export.name.clone());
                let mut names: Vec<_> = names.collect();
                names.sort();
                names
            };
            assert_eq!(module("__wbg_fetch_1"), ["route"]);
            assert_eq!(
                module("__wbg_intounderlyingsource_new_5"),
                [
                    "__wbg_intounderlyingsource_free_5",
                    "__wbindgen_describe_intounderlyingsource_pull_5",
                    "intounderlyingsource_pull_5",
                    "route",
                ]
            );
        }
    }
}

fn run_program(program: &Path, wasm: &Path, folder: &Path) -> Result<()> {
    let mut command = Command::new(program);
    command
        .args([
            "--target",
            "web",
            "--no-typescript",
            "--experimental-reset-state-function",
        ])
        .args([
            "--remove-producers-section",
            "--out-name",
            STEM,
            "--out-dir",
        ])
        .args([folder, wasm]);
    let status = Process::spawn("wasm-bindgen", command)?.wait()?;
    if !status.success() {
        bail!(
            "{} (WASM_BINDGEN_BIN) failed ({status}); its message is above",
            program.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    /// A dependency's version cannot be read from code, so the constant is held to the lock file here.
    #[test]
    fn the_version_is_that_of_the_library() {
        let manifest = include_str!("../../Cargo.toml");
        assert!(manifest.contains(&format!(
            "wasm-bindgen-cli-support = {{ version = \"={}\"",
            super::VERSION
        )));
    }
}
