//! `edgepod info`: what the app is.

use std::process::ExitCode;

use anyhow::Result;

use super::{
    call, deploy,
    dev::{key, running},
    migrations,
};
use crate::{
    app::App,
    args::Info,
    build::{self, Profile, WASM_BINDGEN_VERSION, Worker},
    env,
    native::Program,
    process, term,
};

pub(super) fn run(args: &Info) -> Result<ExitCode> {
    process::stop_on_signals(|| {})?;
    let app = App::find(&args.app)?;
    let program = Program::new(&app, build::native(&app, Profile::Dev)?);
    let manifest = program.manifest()?;
    let mut vars = env::of_app(&app.folder)?;
    key::ensure(&mut vars, &app.state()?)?;

    term::fact("name", &app.name);
    term::fact("folder", app.folder.display());
    let url = running::url(&app.folder).unwrap_or_else(|| call::USUAL.to_owned());
    term::fact("URL", format_args!("{url} in development"));
    for url in deploy::urls(&app)? {
        term::fact("URL", format_args!("{url} deployed"));
    }
    let publishable = "publishable: pages contain it";
    if let Some(key) = vars.get(key::NAME) {
        term::fact("key", format_args!("{key} in development ({publishable})"));
    }
    let deployed = app.folder.join(deploy::SECRETS);
    if deployed.is_file()
        && let Some(key) = env::read(&deployed)?.get(key::NAME)
    {
        term::fact("key", format_args!("{key} deployed ({publishable})"));
    }
    term::fact("data", app.residency.describe());
    if let Some(client) = &app.client {
        term::fact("client", app.display(client));
    }
    for function in &manifest.functions {
        let arguments: Vec<String> = function
            .args
            .iter()
            .map(|argument| {
                let optional = if argument.optional { "?" } else { "" };
                format!("{}{optional}: {}", argument.name, argument.ty)
            })
            .collect();
        term::fact(
            function.kind.as_str(),
            format_args!(
                "{}({}) -> {}",
                function.name,
                arguments.join(", "),
                function.returns
            ),
        );
    }
    for route in &manifest.routes {
        term::fact("route", format_args!("{} {}", route.method, route.path));
    }
    for table in tables(&program)? {
        term::fact("table", table);
    }
    let migrations = migrations::names(&app)?;
    term::fact(
        "migrations",
        match migrations.last() {
            Some(last) => format!("{}, the last is {last}", migrations.len()),
            None => "none: `edgepod migrations new` writes the first".to_owned(),
        },
    );
    let worker = Worker {
        folder: app.state()?.join("worker"),
    };
    if worker.folder.is_dir() {
        super::build::report(&worker.size()?);
    } else {
        term::fact("gzipped", "not built yet: `edgepod build` says");
    }
    term::fact(
        "versions",
        format_args!(
            "edgepod {} in the app, {} here; wasm-bindgen {} in the app, {WASM_BINDGEN_VERSION} here",
            manifest.edgepod,
            env!("CARGO_PKG_VERSION"),
            app.wasm_bindgen.as_deref().unwrap_or("missing"),
        ),
    );
    Ok(ExitCode::SUCCESS)
}

/// A line for each table: `users (id, email, name)`.
fn tables(program: &Program) -> Result<Vec<String>> {
    let manifest: serde_json::Value = serde_json::from_str(&program.manifest_text()?)?;
    let tables = manifest["tables"].as_array();
    Ok(tables
        .into_iter()
        .flatten()
        .map(|table| {
            let columns: Vec<&str> = table["columns"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|column| column["name"].as_str())
                .collect();
            format!(
                "{} ({})",
                table["name"].as_str().unwrap_or_default(),
                columns.join(", ")
            )
        })
        .collect())
}
