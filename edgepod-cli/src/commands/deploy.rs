//! `edgepod deploy`: build, check, upload.

use std::{
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};
use edgepod_codegen::Client;
use fs_err as fs;
use serde::Deserialize;

use super::{
    assets,
    dev::key,
    init::secrets,
    migrations::{self, Written},
};
use crate::{
    admin,
    app::App,
    args::Deploy,
    build::{self, Profile},
    env::{self, Vars},
    native::Program,
    process::{self, Process},
    term, tools,
    wrangler::Configuration,
};

/// The secrets of what is deployed, beside `.dev.vars`.
pub(super) const SECRETS: &str = ".prod.vars";

/// The addresses of the last deployment, in the folder `.edgepod`.
const URLS: &str = "deployed.txt";

/// The variable of the key that signs tokens.
const PRIVATE_KEY: &str = "EDGEPOD_JWT_PRIVATE_KEY";

pub(super) fn run(args: &Deploy) -> Result<ExitCode> {
    process::stop_on_signals(|| {})?;
    let app = App::find(&args.app)?;
    let environment = args.env.clone().or_else(env::environment);
    let environment = environment.as_deref();
    let own = configuration(&app, environment)?;

    migrations::ensure_distinct(&app)?;
    let program = Program::new(&app, build::native(&app, Profile::Dev)?);
    let manifest = program.manifest_text()?;
    check_migrations(&app, &program, &manifest)?;
    check_client(&app, &program)?;
    let secrets = secrets_of(&app, environment, args.dry_run)?;
    super::build::build(&app, Profile::Release)?;
    let key = secrets
        .get(key::NAME)
        .map_or(DRY_KEY, |keys| key::of_page(keys));
    let routes = routes(&manifest)?;
    let with_page = match assets::build(&app, key)? {
        Some(page) => assets::configuration(&own, &page, &routes)?,
        None => None,
    };
    // It goes with this function, whatever comes of the upload.
    let configuration = with_page.as_ref().map_or(&*own.path, |file| file.path());

    let mut deploy = tools::wrangler(&app.folder)?;
    deploy.arg("deploy").arg("--config").arg(configuration);
    if let Some(name) = environment {
        deploy.args(["--env", name]);
    }
    if args.dry_run {
        deploy.arg("--dry-run");
    }
    let state = app.state()?;
    let record = tempfile::Builder::new()
        .prefix("wrangler-")
        .tempfile_in(&state)?;
    deploy.env("WRANGLER_OUTPUT_FILE_PATH", record.path());
    wrangler("deploy", deploy, &app.folder)?;
    term::fact("data", app.residency.describe());
    if args.dry_run {
        term::status("Checked", "everything; nothing was uploaded");
        return Ok(ExitCode::SUCCESS);
    }
    store(&app, &own.path, environment, &secrets)?;
    let urls = targets(&fs::read_to_string(record.path())?);
    fs::write(state.join(URLS), urls.join("\n"))?;
    term::status("Deployed", &app.name);
    for url in &urls {
        term::fact("URL", url);
    }
    term::fact("key", secrets.get(key::NAME).map_or("none", String::as_str));
    Ok(ExitCode::SUCCESS)
}

/// Where the app was deployed to last, from this folder.
pub(super) fn urls(app: &App) -> Result<Vec<String>> {
    let file = app.state()?.join(URLS);
    if !file.is_file() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(file)?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// The addresses in wrangler's record: an object a line, one of them about the deployment.
fn targets(record: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct Entry {
        #[serde(rename = "type")]
        kind: String,
        targets: Option<Vec<String>>,
    }
    record
        .lines()
        .filter_map(|line| serde_json::from_str::<Entry>(line).ok())
        .filter(|entry| entry.kind == "deploy")
        .filter_map(|entry| entry.targets)
        .flatten()
        .collect()
}

/// The key in a page that is built and not uploaded, where there is no other yet.
const DRY_KEY: &str = "ep_pk_of_a_dry_run";

/// The paths of the app's routes.
fn routes(manifest: &str) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Routes {
        #[serde(default)]
        routes: Vec<edgepod_manifest::Route>,
    }
    let Routes { routes } = serde_json::from_str(manifest)?;
    Ok(routes.into_iter().map(|route| route.path).collect())
}

fn configuration(app: &App, environment: Option<&str>) -> Result<Configuration> {
    let configuration = Configuration::of_app(&app.folder, environment)?.with_context(|| {
        format!(
            "there is no wrangler.jsonc in {}: `edgepod init {0}` writes it and leaves the rest alone",
            app.folder.display()
        )
    })?;
    let missing = configuration.missing();
    if !missing.is_empty() {
        bail!(
            "{}{} cannot be deployed: {}",
            app.display(&configuration.path),
            environment.map_or(String::new(), |name| format!(" (env.{name})")),
            missing.join("; ")
        );
    }
    Ok(configuration)
}

/// A deployed object refuses to start where its tables are not those of the structs.
fn check_migrations(app: &App, program: &Program, manifest: &str) -> Result<()> {
    match migrations::ensure_written(app, program, manifest)? {
        Written::All(count) => term::status(
            "Checked",
            match count {
                1 => "1 migration leads to the schema".to_owned(),
                _ => format!("{count} migrations lead to the schema"),
            },
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
pub(super) fn secrets_of(app: &App, environment: Option<&str>, is_dry: bool) -> Result<Vars> {
    let file = app.folder.join(match environment {
        Some(name) => format!("{SECRETS}.{name}"),
        None => SECRETS.to_owned(),
    });
    if file.is_file() {
        let secrets = env::read(&file)?;
        if !secrets.contains_key(key::NAME) {
            bail!(
                "{} has no {name}, and without it nobody could call the app: add the line {name}=\"ep_pk_…\"",
                app.display(&file),
                name = key::NAME
            );
        }
        if app.signs
            && !secrets.contains_key(PRIVATE_KEY)
            && !secrets.contains_key("EDGEPOD_JWKS_URL")
        {
            bail!(
                "{} has no {PRIVATE_KEY}, and the app signs its tokens itself (auth = \"local\"): bring the line back from \
                 where you keep it, or move the file away, and a deployment makes a new one",
                app.display(&file)
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
        vars.entry(PRIVATE_KEY.to_owned()).or_default();
    }
    if let Some(private_key) = vars.get_mut(PRIVATE_KEY) {
        *private_key = secrets::private_key()?;
    }
    if let Some(admin_key) = vars.get_mut(admin::KEY) {
        *admin_key = key::admin();
    }
    ensure_ignored(app, &file)?;
    secrets::write(
        &file,
        &secrets::text("edgepod deploy", &key::generate(), &vars)?,
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
            "git would commit {}, which holds secrets: add the line `{SECRETS}*` to {}",
            app.display(file),
            app.display(&app.folder.join(".gitignore"))
        );
    }
    Ok(())
}

/// Hands the secrets to Cloudflare, which encrypts them, by a file that only its owner may read and that is gone at once.
fn store(app: &App, configuration: &Path, environment: Option<&str>, secrets: &Vars) -> Result<()> {
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
    if let Some(name) = environment {
        command.args(["--env", name]);
    }
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
