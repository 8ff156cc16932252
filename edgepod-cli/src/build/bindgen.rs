//! wasm-bindgen: from cargo's WebAssembly to a module and the JavaScript that speaks to it.
//!
//! The library does what the program `wasm-bindgen` does, without the minutes that installing that takes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::app::App;
use crate::process::Process;
use crate::tools;

/// The version of wasm-bindgen that the command works with. Both halves of wasm-bindgen must be of one version.
pub const VERSION: &str = "0.2.130";

/// The stem of what is written: `core.js` and `core_bg.wasm`.
const STEM: &str = "core";

/// Writes `core.js`, `core_bg.wasm` and `snippets/` into `folder`.
pub(super) fn run(app: &App, wasm: &Path, folder: &Path) -> Result<()> {
    if let Some(program) = tools::named_by("WASM_BINDGEN_BIN")? {
        return run_program(&program, wasm, folder);
    }
    match app.wasm_bindgen.as_deref() {
        Some(VERSION) => {}
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
    Bindgen::new()
        .input_path(wasm)
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
            "wasm-bindgen-cli-support = \"={}\"",
            super::VERSION
        )));
    }
}
