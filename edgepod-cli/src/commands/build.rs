//! `edgepod build`: the Worker, and its size; `--native` is in `native`.

use std::process::ExitCode;

use anyhow::Result;

use crate::{
    app::App,
    args::Build,
    build::{Profile, Size, Worker},
    process, term,
};

pub(super) fn run(args: &Build) -> Result<ExitCode> {
    process::stop_on_signals(|| {})?;
    let app = App::find(&args.app)?;
    let profile = if args.dev {
        Profile::Dev
    } else {
        Profile::Release
    };
    if args.native || args.container {
        super::native::build(&app, profile, args.container)?;
    } else {
        build(&app, profile)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the Worker of `app` and says how large it is.
pub(super) fn build(app: &App, profile: Profile) -> Result<Worker> {
    term::status("Building", format_args!("the Worker of {}", app.name));
    let worker = Worker::build(app, profile)?;
    let size = worker.size()?;
    term::status("Built", app.display(&worker.folder));
    report(&size);
    // An unoptimized build is always larger, and is never uploaded.
    if profile == Profile::Release && size.is_over_budget() {
        term::warning(format_args!(
            "that is more than the {} KB that a Worker should have: Workers start slower the larger they are. \
             `cargo tree -p {} -e normal --target wasm32-unknown-unknown` shows what is in it",
            Size::BUDGET / 1000,
            app.name
        ));
    }
    Ok(worker)
}

pub(super) fn report(size: &Size) {
    for (name, bytes) in &size.files {
        term::fact("", format_args!("{:>7.1} KB  {name}", kilobytes(*bytes)));
    }
    term::fact(
        "gzipped",
        format_args!(
            "{:>7.1} KB of {} KB",
            kilobytes(size.gzipped),
            Size::BUDGET / 1000
        ),
    );
}

// Sizes are far below where f64 begins to lose units.
#[expect(clippy::cast_precision_loss)]
fn kilobytes(bytes: u64) -> f64 {
    bytes as f64 / 1000.0
}
