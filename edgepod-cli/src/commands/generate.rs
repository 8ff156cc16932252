//! `edgepod generate`: the TypeScript client, from the compiled app itself.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result};
use edgepod_codegen::{Client, Difference};
use fs_err as fs;
use similar::TextDiff;

use crate::{
    app::App,
    args::Generate,
    build::{self, Profile},
    native::Program,
    process, term,
};

pub(super) fn run(args: &Generate) -> Result<ExitCode> {
    process::stop_on_signals(|| {})?;
    let app = App::find(&args.app)?;
    let named = args.client.as_deref().or(app.client.as_deref());
    let folder = named.with_context(|| {
        format!(
            "{} does not say where the client goes: add `[package.metadata.edgepod] client = \"web/src/edgepod\"`",
            app.folder.join("Cargo.toml").display()
        )
    })?;
    let program = Program::new(&app, build::native(&app, Profile::Dev)?);
    let framework = args.framework.unwrap_or(app.framework);
    let client = Client::new(&program.manifest()?, framework).with_sources(&app.workspace);
    if args.check {
        check(&app, &client, folder)
    } else {
        write(&app, &client, folder).map(|()| ExitCode::SUCCESS)
    }
}

/// Brings the client in `folder` up to date and says so.
pub(super) fn write(app: &App, client: &Client, folder: &Path) -> Result<()> {
    let report = client.write_to(folder)?;
    let changes = report.written.len() + report.removed.len();
    let folder = app.display(folder);
    match changes {
        0 => term::status("Unchanged", format_args!("client in {folder}")),
        1 => term::status(
            "Generated",
            format_args!("client in {folder} (1 file changed)"),
        ),
        _ => term::status(
            "Generated",
            format_args!("client in {folder} ({changes} files changed)"),
        ),
    }
    Ok(())
}

fn check(app: &App, client: &Client, folder: &Path) -> Result<ExitCode> {
    let differences = client.diff(folder)?;
    if differences.is_empty() {
        term::status(
            "Checked",
            format_args!("client in {} is up to date", app.display(folder)),
        );
        return Ok(ExitCode::SUCCESS);
    }
    term::warning(format_args!(
        "the client in {} is not that of the app:",
        app.display(folder)
    ));
    for difference in &differences {
        term::fact("", difference);
        if let Difference::Changed(path) = difference {
            anstream::println!("{}", lines(client, folder, path)?.trim_end());
        }
    }
    term::warning("run `edgepod generate` and commit what it writes");
    Ok(ExitCode::FAILURE)
}

/// How many lines around a difference are shown.
const CONTEXT: usize = 2;

/// The lines of a file that differ: `-` what is there, `+` what `edgepod generate` would write.
fn lines(client: &Client, folder: &Path, path: &Path) -> Result<String> {
    let there = fs::read(folder.join(path))?;
    let there = String::from_utf8_lossy(&there);
    let generated = client.file_in(folder, path).unwrap_or_default();
    Ok(TextDiff::from_lines(there.as_ref(), generated.as_str())
        .unified_diff()
        .context_radius(CONTEXT)
        .to_string())
}
