//! `edgepod init`: a new app, or a backend for a project that is there.
//!
//! - [`answers`] asks what was not said by an option
//! - [`around`] is what surrounds the crate: a workspace, and the checkout that it depends on
//! - [`page`] adds to a front end that is there
//! - [`layout`] settles what goes where: an empty folder, a Cargo project, a front end
//! - [`files`] writes, and never overwrites what it was not allowed to
//! - [`manifest`] is the crate's Cargo.toml
//! - [`secrets`] makes keys

mod answers;
mod around;
mod files;
mod layout;
mod manifest;
mod page;
pub(super) mod secrets;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Result, bail};
use edgepod_codegen::Framework;
use fs_err as fs;

use self::{
    answers::{Answers, Authentication},
    around::{Source, Workspace},
    files::Files,
    layout::{Kind, Layout},
};
use super::{dev::key, migrations};
use crate::{
    args::{FrontEnd, Init},
    term, workerd,
};

macro_rules! template {
    ($file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $file))
    };
}

pub(super) fn run(args: &Init) -> Result<ExitCode> {
    let checkout = checkout(args.edgepod.as_deref())?;
    let layout = Layout::of(&args.folder)?;
    let answers = Answers::gather(args, &layout)?;
    let workspace = around::workspace(&layout.krate)?;
    let source = Source::of(&layout.krate, checkout.as_deref(), args.edgepod.is_some());
    let mut files = Files::new(args);

    manifest::write(&layout, &answers, &source, &workspace)?;
    match (&checkout, &workspace) {
        // A member has no lock file of its own.
        (_, Workspace::Member(_)) | (None, _) => {}
        (Some(checkout), _) if is_its_own_workspace(&layout, &workspace)? => {
            lock(checkout, &layout)?;
        }
        _ => {}
    }
    write_crate(&layout, &answers, &mut files)?;
    write_deployment(&layout, &answers, &mut files)?;
    match layout.kind {
        Kind::FrontEnd => page::add(&layout, answers.framework, true)?,
        _ if answers.framework != Framework::React => {
            page::add(&layout, answers.framework, false)?;
        }
        _ if answers.front_end == FrontEnd::React => {
            write_front_end(&layout, &answers, &mut files)?
        }
        _ => {}
    }
    summarize(&layout, &answers, &files);
    tell_around(&source, &workspace);
    Ok(ExitCode::SUCCESS)
}

/// The checkout of EdgePod to depend on, as long as there is one.
fn checkout(named: Option<&Path>) -> Result<Option<PathBuf>> {
    let is_checkout = |folder: &Path| folder.join("edgepod-runtime/Cargo.toml").is_file();
    match named {
        Some(folder) if is_checkout(folder) => Ok(Some(fs::canonicalize(folder)?)),
        Some(folder) => bail!(
            "{} is no checkout of EdgePod (it has no edgepod-runtime): correct --edgepod",
            folder.display()
        ),
        // Set when this command was compiled; a command that was installed elsewhere finds nothing there.
        None => Ok(Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .filter(|folder| is_checkout(folder))
            .map(Path::to_owned)),
    }
}

/// Whether the crate is a workspace of its own: a crate that was there may be a member in a way that only cargo knows.
fn is_its_own_workspace(layout: &Layout, workspace: &Workspace) -> Result<bool> {
    if layout.kind != Kind::Crate || *workspace == Workspace::None {
        return Ok(true);
    }
    Ok(layout::read(&layout.krate.join("Cargo.toml"))?.contains_key("workspace"))
}

/// Says what somebody else, or another machine, would stumble over.
fn tell_around(source: &Source, workspace: &Workspace) {
    if let Source::Path(path) = source
        && path.is_absolute()
    {
        term::warning(format_args!(
            "Cargo.toml depends on the checkout {}, which is on this machine only: on another one, correct the path",
            path.display()
        ));
    }
    if let Workspace::Member(root) = workspace {
        term::fact(
            "member",
            format_args!(
                "of {}. There, `[profile.dev.package] libsqlite3-sys = {{ opt-level = 2 }}` makes SQLite fast in development",
                root.join("Cargo.toml").display()
            ),
        );
    }
}

/// Begins the lock file with the versions that the checkout was tested with. Cargo drops those that are not needed.
fn lock(checkout: &Path, layout: &Layout) -> Result<()> {
    let (from, to) = (checkout.join("Cargo.lock"), layout.krate.join("Cargo.lock"));
    if from.is_file() && !to.exists() {
        fs::copy(from, to)?;
    }
    Ok(())
}

fn write_crate(layout: &Layout, answers: &Answers, files: &mut Files) -> Result<()> {
    let source = layout.krate.join("src");
    let signs_in = answers.authentication != Authentication::None;
    let mut functions = template!("app/functions.rs").to_owned();
    if signs_in {
        functions = functions.replace(
            "use crate::schema",
            "use crate::middlewares::with_auth;\nuse crate::schema",
        );
        functions.push_str(template!("app/functions_auth.rs"));
        files.write(
            &source.join("middlewares.rs"),
            template!("app/middlewares.rs"),
        )?;
    }
    functions.push_str(template!("app/functions_tests.rs"));
    files.write(&source.join("functions.rs"), &functions)?;
    let schema = source.join("schema.rs");
    files.write(&schema, template!("app/schema.rs"))?;
    // Of a schema that was there and stays, only the compiler knows the tables.
    if fs::read_to_string(&schema)? == template!("app/schema.rs")
        && let Some(file) = migrations::write_first(&layout.krate, template!("app/schema.json"))?
    {
        term::status("Wrote", files::short(&file));
    }

    let readme = layout.krate.join("README.md");
    if !readme.exists() {
        let text = template!("app/README.md").replace("{{name}}", &answers.name);
        files.write(&readme, &text)?;
    }

    let modules = if signs_in { "mod middlewares;\n" } else { "" };
    let library = template!("app/lib.rs")
        .replace("{{name}}", &answers.name)
        .replace("{{modules}}", modules);
    let path = source.join("lib.rs");
    if path.is_file() {
        // Whatever the crate was, it stays; only what is missing is added.
        let missing = library
            .lines()
            .filter(|line| line.starts_with("mod ") || line.starts_with("edgepod::"));
        files.append(&path, missing)
    } else {
        files.write(&path, &library)
    }
}

fn write_deployment(layout: &Layout, answers: &Answers, files: &mut Files) -> Result<()> {
    let worker = answers.worker();
    files.write(
        &layout.krate.join("wrangler.jsonc"),
        &template!("app/wrangler.jsonc")
            .replace("{{worker}}", &worker)
            .replace("{{date}}", workerd::config::COMPATIBILITY_DATE),
    )?;
    files.append(
        &layout.krate.join(".gitignore"),
        [
            "/target",
            "node_modules/",
            "dist/",
            ".edgepod/",
            "# Secrets: these files are never committed.",
            ".dev.vars*",
            ".prod.vars*",
            ".env",
        ]
        .into_iter(),
    )?;
    let vars = layout.krate.join(".dev.vars");
    if vars.exists() {
        term::status("Kept", format_args!("{}", files::short(&vars)));
        return Ok(());
    }
    secrets::write(
        &vars,
        &secrets::text(
            "edgepod dev",
            &key::generate(),
            &answers.authentication.vars()?,
        )?,
    )?;
    term::status(
        "Wrote",
        format_args!("{} (git ignores it)", files::short(&vars)),
    );
    Ok(())
}

fn write_front_end(layout: &Layout, answers: &Answers, files: &mut Files) -> Result<()> {
    let fill = |text: &str| {
        text.replace("{{name}}", &answers.name)
            .replace("{{worker}}", &answers.worker())
    };
    for (file, text) in [
        ("package.json", template!("web/package.json")),
        ("index.html", template!("web/index.html")),
        ("vite.config.ts", template!("web/vite.config.ts")),
        ("tsconfig.json", template!("web/tsconfig.json")),
        ("src/main.tsx", template!("web/main.tsx")),
        ("src/App.tsx", template!("web/App.tsx")),
        ("src/Tasks.tsx", template!("web/Tasks.tsx")),
        ("src/styles.css", template!("web/styles.css")),
        ("src/vite-env.d.ts", template!("web/vite-env.d.ts")),
    ] {
        files.write(&layout.web.join(file), &fill(text))?;
    }
    files.append(
        &layout.web.join(".gitignore"),
        [
            "# Generated by `edgepod dev` and `edgepod generate`.",
            "src/edgepod/",
        ]
        .into_iter(),
    )
}

fn summarize(layout: &Layout, answers: &Answers, files: &Files) {
    let folder = files::short(&layout.krate);
    term::status("Created", format_args!("{} in {folder}", answers.name));
    for kept in &files.kept {
        term::warning(format_args!(
            "{} was there and stays as it is; --overwrite replaces it",
            files::short(kept)
        ));
    }
    if layout.kind == Kind::FrontEnd {
        term::fact("page", page::hint(answers.framework));
    }
    let folder = if folder == "." {
        String::new()
    } else {
        format!(" {}", term::word(&folder))
    };
    term::fact("next", format_args!("edgepod dev{folder}"));
    term::fact("then", format_args!("edgepod deploy{folder}"));
}
