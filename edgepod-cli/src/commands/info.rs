//! `edgepod info`: what the app is.

use std::process::ExitCode;

use anyhow::Result;
use edgepod_manifest::Function;

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
        let behind = match &*function.middleware {
            [] => "behind no middleware".to_owned(),
            middleware => format!("behind {}", middleware.join(", ")),
        };
        tell(function, &behind);
    }
    for function in &manifest.internal.functions {
        tell(function, "internal: the app alone calls it");
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

/// A function, the first sentence of its doc comment, who may call it, and where it is written.
fn tell(function: &Function, who: &str) {
    let arguments: Vec<String> = function
        .args
        .iter()
        .map(|argument| {
            let optional = if argument.optional { "?" } else { "" };
            format!("{}{optional}: {}", argument.name, argument.ty)
        })
        .collect();
    let error = function.error.as_ref();
    let error = error.map(|error| format!(" throws {error}"));
    term::fact(
        function.kind.as_str(),
        format_args!(
            "{}({}) -> {}{}",
            function.name,
            arguments.join(", "),
            function.returns,
            error.unwrap_or_default()
        ),
    );
    if let Some(docs) = function.docs.as_deref().map(str::trim)
        && !docs.is_empty()
    {
        term::fact("", format_args!("  {}", first_sentence(docs)));
    }
    let source = function.source.as_ref();
    let source = source.map(|source| format!(", {}:{}", source.file, source.line));
    term::fact("", format_args!("  {who}{}", source.unwrap_or_default()));
}

/// The first sentence of a doc comment, or its first paragraph where that is none.
fn first_sentence(docs: &str) -> String {
    let lines = docs.lines().map(str::trim);
    let paragraph: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let mut text = paragraph.join(" ");
    if let Some(end) = text.find(". ") {
        text.truncate(end + 1);
    }
    text
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
