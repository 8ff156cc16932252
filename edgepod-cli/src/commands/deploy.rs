//! `edgepod deploy`: build, check, upload.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use edgepod_codegen::Client;
use fs_err as fs;

use super::dev::key;
use super::init::secrets;
use super::migrations::{self, Written};
use crate::app::App;
use crate::args::Deploy;
use crate::build::{self, Profile};
use crate::env::{self, Vars};
use crate::native::Program;
use crate::process::{self, Process};
use crate::{term, tools};

/// The secrets of what is deployed, beside `.dev.vars`.
const SECRETS: &str = ".prod.vars";

/// wrangler's configuration, by the names that it looks for.
const CONFIGURATIONS: [&str; 3] = ["wrangler.jsonc", "wrangler.json", "wrangler.toml"];

pub(super) fn run(args: &Deploy) -> Result<ExitCode> {
    process::stop_on_signals(|| {})?;
    let app = App::find(&args.app)?;
    let configuration = configuration(&app)?;

    let program = Program::new(&app, build::native(&app, Profile::Dev)?);
    let manifest = program.manifest_text()?;
    check_migrations(&app, &manifest)?;
    check_client(&app, &program)?;
    super::build::build(&app, Profile::Release)?;
    let secrets = secrets_of(&app, args.dry_run)?;

    let mut deploy = tools::wrangler(&app.folder)?;
    deploy.arg("deploy").arg("--config").arg(&configuration);
    if args.dry_run {
        deploy.arg("--dry-run");
    }
    wrangler("deploy", deploy, &app.folder)?;
    if args.dry_run {
        term::status("Checked", "everything; nothing was uploaded");
        return Ok(ExitCode::SUCCESS);
    }
    store(&app, &configuration, &secrets)?;
    term::status("Deployed", &app.name);
    term::fact("key", secrets.get(key::NAME).map_or("none", String::as_str));
    Ok(ExitCode::SUCCESS)
}

fn configuration(app: &App) -> Result<PathBuf> {
    let configuration = CONFIGURATIONS
        .iter()
        .map(|name| app.folder.join(name))
        .find(|path| path.is_file())
        .with_context(|| {
            format!(
                "there is no wrangler.jsonc in {}: `edgepod init {0}` writes it and leaves the rest alone",
                app.folder.display()
            )
        })?;
    let text = fs::read_to_string(&configuration)?;
    if !text.contains("new_sqlite_classes") || !text.contains("EdgePodEngine") {
        bail!(
            "{} does not register the class that holds the database: add \
             \"migrations\": [{{ \"tag\": \"v1\", \"new_sqlite_classes\": [\"EdgePodEngine\"] }}]",
            app.display(&configuration)
        );
    }
    Ok(configuration)
}

/// A deployed object refuses to start where its tables are not those of the structs.
fn check_migrations(app: &App, manifest: &str) -> Result<()> {
    match migrations::ensure_written(app, manifest)? {
        Written::All(count) => term::status(
            "Checked",
            format_args!("{count} migrations lead to the schema"),
        ),
        Written::None => bail!(
            "the app has no migrations, and without them its tables could not change any more. Write the first: `edgepod \
             migrations new`; databases that have its tables already take it over"
        ),
    }
    Ok(())
}

/// A page that was built with the client of another version would call what is not there.
fn check_client(app: &App, program: &Program) -> Result<()> {
    let Some(folder) = &app.client else {
        return Ok(());
    };
    let client = Client::new(&program.manifest()?, app.framework);
    let differences = client.diff(folder)?;
    if !differences.is_empty() {
        for difference in &differences {
            term::fact("", difference);
        }
        bail!(
            "the client in {} is not that of the app: run `edgepod generate` and build the page again",
            app.display(folder)
        );
    }
    term::status("Checked", format_args!("client in {}", app.display(folder)));
    Ok(())
}

/// The secrets in [`SECRETS`]. Where there is no such file it is made, with keys that no developer has.
fn secrets_of(app: &App, is_dry: bool) -> Result<Vars> {
    let file = app.folder.join(SECRETS);
    if file.is_file() {
        let secrets = env::read(&file)?;
        if !secrets.contains_key(key::NAME) {
            bail!(
                "{} has no {}, and without it nobody could call the app: add the line {0}=\"ep_pk_…\"",
                app.display(&file),
                key::NAME
            );
        }
        return Ok(secrets);
    }
    if is_dry {
        term::status(
            "Skipped",
            format_args!(
                "{}: a real deployment makes it, with new keys",
                app.display(&file)
            ),
        );
        return Ok(Vars::new());
    }
    let mut vars = env::of_app(&app.folder)?;
    vars.retain(|name, _| name.starts_with("EDGEPOD_") && name != key::NAME);
    if app.signs && !vars.contains_key("EDGEPOD_JWKS_URL") {
        vars.entry("EDGEPOD_JWT_PRIVATE_KEY".to_owned())
            .or_default();
    }
    if let Some(private_key) = vars.get_mut("EDGEPOD_JWT_PRIVATE_KEY") {
        *private_key = secrets::private_key()?;
    }
    ensure_ignored(app, &file)?;
    secrets::write(
        &file,
        &secrets::text("edgepod deploy", &key::generate(), &vars),
    )?;
    term::status("Wrote", format_args!("{}: keep it", app.display(&file)));
    env::read(&file)
}

/// Refuses where git would commit the secrets.
fn ensure_ignored(app: &App, file: &Path) -> Result<()> {
    let git = |arguments: &[&str]| {
        Command::new("git")
            .args(arguments)
            .arg(file)
            .current_dir(&app.folder)
            .output()
    };
    let Ok(output) = git(&["check-ignore", "--quiet"]) else {
        return Ok(());
    };
    // 1: not ignored. 128: there is no repository.
    if output.status.code() == Some(1) {
        bail!(
            "git would commit {}, which holds secrets: add the line `{SECRETS}` to {}",
            app.display(file),
            app.display(&app.folder.join(".gitignore"))
        );
    }
    Ok(())
}

/// Hands the secrets to Cloudflare, which encrypts them, by a file that only its owner may read and that is gone at once.
fn store(app: &App, configuration: &Path, secrets: &Vars) -> Result<()> {
    let file = tempfile::Builder::new()
        .prefix("secrets-")
        .suffix(".json")
        .tempfile_in(app.state()?)?;
    serde_json::to_writer(&file, secrets)?;
    let mut command = tools::wrangler(&app.folder)?;
    command
        .args(["secret", "bulk"])
        .arg(file.path())
        .arg("--config")
        .arg(configuration);
    wrangler("secret bulk", command, &app.folder)
}

fn wrangler(what: &str, mut command: Command, folder: &Path) -> Result<()> {
    command.current_dir(folder);
    let status = Process::spawn(format!("wrangler {what}"), command)?.wait()?;
    if !status.success() {
        bail!(
            "`wrangler {what}` failed ({status}); its message is above. \
             `npx wrangler login`, or CLOUDFLARE_API_TOKEN, gives it your account"
        );
    }
    Ok(())
}
