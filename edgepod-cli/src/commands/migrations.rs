//! `edgepod migrations`: from the structs to numbered SQL files, and what became of them.

mod files;
mod live;
mod merge;
mod objects;
mod read;
mod rebase;
mod verify;

use std::{
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
};

use anyhow::{Context, Result, bail};
use edgepod_manifest::{MigrationState, MigrationStatus};
use edgepod_runtime::schema::{Snapshot, Table};
use files::Folder;
use fs_err as fs;
use inquire::Confirm;
use serde::Deserialize;

use crate::{
    app::App,
    args::{Migrations, MigrationsCommand, NewMigration},
    build::{self, Profile},
    diff::{Change, diff},
    native::Program,
    process,
    process::Process,
    term,
};

/// The folder of the migrations, in that of the app.
const FOLDER: &str = "migrations";

/// What the first migration is called, after its number.
const FIRST: &str = "first";

pub(super) fn run(args: &Migrations) -> Result<ExitCode> {
    process::stop_on_signals(|| {})?;
    match &args.command {
        MigrationsCommand::New(args) => new(args),
        MigrationsCommand::Status(args) => {
            status(&Built::new(&args.app)?, args.database.as_deref())
        }
        MigrationsCommand::Rebase(args) => rebase::run(args),
        MigrationsCommand::Check(args) => check(&Built::new(&args.app)?, args.against.as_deref()),
    }
}

/// An app that is built, and its migrations.
struct Built {
    app: App,
    program: Program,
    folder: Folder,
    /// What the structs and the SQL files say.
    schema: Snapshot,
}

impl Built {
    fn new(folder: &Path) -> Result<Self> {
        let app = App::find(folder)?;
        // Before the compiler says it, which knows no way on.
        let folder = Folder::open(&app.folder.join(FOLDER))?;
        let program = Program::new(&app, build::native(&app, Profile::Dev)?);

        Ok(Self {
            schema: schema(&app, &program.manifest_text()?)?,
            program,
            folder,
            app,
        })
    }

    /// The migrations and what became of them in a database.
    fn migrate(&self, mode: Mode, database: &Path) -> Result<Vec<MigrationStatus>> {
        migrate(&self.app, &self.program, mode, database)
    }

    /// Refuses where the migrations do not lead to the schema.
    fn ensure_led_to(&self) -> Result<()> {
        ensure_led_to(&self.app, &self.program, &self.folder, &self.schema)
    }
}

/// What an app's program does with the migrations of a database.
#[derive(Debug, Clone, Copy)]
enum Mode {
    /// Says what became of them.
    Status,
    /// Applies them, and starts as it does to serve.
    Apply,
    /// Applies them, whatever the structs say.
    Rehearse,
}

impl Mode {
    /// What the program calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Apply => "apply",
            Self::Rehearse => "rehearse",
        }
    }
}

fn migrate(
    app: &App,
    program: &Program,
    mode: Mode,
    database: &Path,
) -> Result<Vec<MigrationStatus>> {
    let mut command = program.command()?;
    command
        .env("EDGEPOD_MIGRATE", mode.name())
        .env("EDGEPOD_DATABASE", database)
        .stdout(Stdio::piped());
    let process = Process::spawn(&app.name, command)?;
    let stdout = process
        .take_stdout()
        .context("the app's stdout is no pipe")?;
    let text = std::io::read_to_string(stdout)?;
    let status = process.wait()?;
    if !status.success() {
        bail!("`{}` refuses ({status}); its message is above", app.name);
    }
    serde_json::from_str(&text).context("the app's answer is not understood")
}

/// Refuses where an app with migrations has a schema that they do not lead to. They are applied to an empty database for that:
/// what files say of each other is not believed. `manifest` is what the `program` says that it is.
///
/// # Errors
/// What is to be done; or that the folder or the manifest cannot be read.
pub(super) fn ensure_written(app: &App, program: &Program, manifest: &str) -> Result<Written> {
    let folder = Folder::open(&app.folder.join(FOLDER))?;
    if folder.names.is_empty() && !app.folder.join(FOLDER).is_dir() {
        return Ok(Written::None);
    }
    ensure_filled(&app.folder.join(FOLDER))?;
    ensure_led_to(app, program, &folder, &schema(app, manifest)?)?;
    Ok(Written::All(folder.names.len()))
}

/// Refuses where two migrations have one number: before the compiler does, which knows no way on.
///
/// # Errors
/// That, or that the folder cannot be read.
pub(super) fn ensure_distinct(app: &App) -> Result<()> {
    Folder::open(&app.folder.join(FOLDER)).map(drop)
}

/// The SQL migrations in `folder`, in their order: number, name and text.
///
/// # Errors
/// When they cannot be read.
pub(super) fn files(folder: &Path) -> Result<Vec<(u32, String, String)>> {
    files::names(folder)?
        .into_iter()
        .map(|name| {
            let text = fs::read_to_string(files::file(folder, &name))?;
            Ok((files::number(&name).unwrap_or_default(), name, text))
        })
        .collect()
}

/// Refuses where a migration has no statement yet: once it is applied without any, it can never get one.
fn ensure_filled(folder: &Path) -> Result<()> {
    for (_, name, text) in files(folder)? {
        if edgepod_sql::statements(&text).next().is_none() {
            bail!(
                "the migration {name} has no statements yet: write them, or remove the file. It waits until then, because what is \
                 applied cannot be edited any more"
            );
        }
    }
    Ok(())
}

/// The names of the app's SQL migrations, in their order.
///
/// # Errors
/// When the folder cannot be read.
pub(super) fn names(app: &App) -> Result<Vec<String>> {
    Ok(Folder::open(&app.folder.join(FOLDER))?.names)
}

/// Whether an app has migrations.
pub(super) enum Written {
    /// It has none: its tables are made at the start.
    None,
    /// So many, and they lead to the schema.
    All(usize),
}

fn schema(app: &App, manifest: &str) -> Result<Snapshot> {
    #[derive(Deserialize)]
    struct Tables {
        tables: Vec<Table>,
    }
    let tables: Tables = serde_json::from_str(manifest).context(
        "the app's manifest is not understood: are its `edgepod` and this command of one version?",
    )?;
    Ok(Snapshot {
        tables: tables.tables,
        objects: objects::read(&app.folder.join("schema"))?,
    })
}

fn change(folder: &Folder, schema: &Snapshot) -> Result<Change> {
    diff(&folder.snapshot, schema).map_err(|errors| {
        let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("no migration can be written. {}", messages.join("\n"))
    })
}

fn ensure_led_to(app: &App, program: &Program, folder: &Folder, schema: &Snapshot) -> Result<()> {
    let change = change(folder, schema)?;
    if !change.statements.is_empty() {
        bail!(
            "the schema is not that of the last migration. Write the migration: `edgepod migrations new`. It would be:\n{};",
            change.statements.join(";\n")
        );
    }
    verify::ensure(app, program, schema)
}

const UNCHANGED: &str = "the schema is that of the last migration";

fn new(args: &NewMigration) -> Result<ExitCode> {
    let mut built = Built::new(&args.app)?;
    let (name, text) = if let Some(name) = &args.empty {
        (
            name.clone(),
            "-- One transaction, made for this file: write no BEGIN and no COMMIT.\n".to_owned(),
        )
    } else {
        let mut change = change(&built.folder, &built.schema)?;
        // What is written follows the snapshot, so it must be what the migrations lead to.
        let rehearsal = verify::Rehearsal::new(&built.app, &built.program)?;
        rehearsal.ensure_leads_to(&built.folder.snapshot)?;
        if change.statements.is_empty() {
            for warning in &change.warnings {
                term::warning(warning);
            }
            built.folder.note(&built.schema.clone().without_renames())?;
            term::status("Unchanged", UNCHANGED);
            return Ok(ExitCode::SUCCESS);
        }
        live::fresh(&built.schema)?;
        if !change.replaced.is_empty() {
            let database = rehearsal.database();
            live::add_what_is_not_in_the_schema(&mut change, database, &built.folder.snapshot)?;
        }
        if !change.losses.is_empty() && !args.accept_data_loss && !may_lose(&change)? {
            bail!(
                "the migration would lose {}. Nothing was written. Was it renamed? Then say so with `#[renamed_from = \
                 \"…\"]`. To lose it: `edgepod migrations new --accept-data-loss`",
                change.losses.join(", ")
            );
        }
        for warning in &change.warnings {
            term::warning(warning);
        }
        let text = merge::text(&change.statements);
        let name = args.name.clone().unwrap_or_else(|| {
            if built.folder.snapshot.tables.is_empty() {
                FIRST
            } else {
                "change"
            }
            .to_owned()
        });
        (name, text)
    };
    // Those in Rust have numbers, too.
    let numbered = built.migrate(Mode::Status, Path::new(":memory:"))?;
    built
        .folder
        .names
        .extend(numbered.into_iter().map(|status| status.name));
    let file = built
        .folder
        .add(&name, &text, &built.schema.clone().without_renames())?;
    term::status("Written", built.app.display(&file));
    if args.empty.is_some() {
        term::status(
            "Next",
            "write its statements, then `edgepod migrations check`",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks whether data may go, where there is somebody to ask.
fn may_lose(change: &Change) -> Result<bool> {
    if !term::is_interactive() {
        return Ok(false);
    }
    Confirm::new(&format!(
        "The migration loses {}, with the data. Write it?",
        change.losses.join(", ")
    ))
    .with_default(false)
    .prompt()
    .map_err(|error| term::not_answered(error, "nothing was written"))
}

/// Writes the first migration of an app that is being made. `schema` is what its structs say, as JSON.
pub(super) fn write_first(krate: &Path, schema: &str) -> Result<Option<PathBuf>> {
    let mut folder = Folder::open(&krate.join(FOLDER))?;
    if !folder.names.is_empty() {
        return Ok(None);
    }
    let schema: Snapshot = serde_json::from_str(schema).context("the template's schema")?;
    let text = merge::text(&change(&folder, &schema)?.statements);
    folder.add(FIRST, &text, &schema).map(Some)
}

fn status(built: &Built, database: Option<&Path>) -> Result<ExitCode> {
    let file = match database {
        Some(file) => existing(file)?,
        None => built.app.state()?.join("data.sqlite"),
    };
    if file.is_file() {
        for status in built.migrate(Mode::Status, &file)? {
            term::fact(status.state.as_str(), status.name);
        }
    } else {
        for name in &built.folder.names {
            term::fact("no database", name);
        }
    }
    let change = change(&built.folder, &built.schema)?;
    if change.statements.is_empty() {
        verify::ensure(&built.app, &built.program, &built.schema)?;
        term::status("Unchanged", UNCHANGED);
    } else {
        term::status(
            "Changed",
            "the schema is not that of the last migration: `edgepod migrations new`",
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn check(built: &Built, against: Option<&Path>) -> Result<ExitCode> {
    built.ensure_led_to()?;
    let copies = tempfile::tempdir()?;
    let copy = copies.path().join("copy.sqlite");
    if let Some(file) = against {
        let file = existing(file)?;
        fs::copy(&file, &copy)?;
        // What was written last may still be in the log beside the file.
        let mut log = file.into_os_string();
        log.push("-wal");
        if Path::new(&log).is_file() {
            fs::copy(&log, copies.path().join("copy.sqlite-wal"))?;
        }
    }
    let before = built.migrate(Mode::Status, &copy)?;
    let pending: Vec<&MigrationStatus> = before
        .iter()
        .filter(|status| status.state == MigrationState::Pending)
        .collect();
    built.migrate(Mode::Apply, &copy)?;
    if against.is_some() {
        verify::ensure_is(&copy, &built.schema)?;
    }
    for status in &pending {
        term::fact("applies", &status.name);
    }
    term::status(
        "Checked",
        format_args!(
            "{} of {} migrations, on {}",
            pending.len(),
            before.len(),
            against.map_or("an empty database".to_owned(), |file| format!(
                "a copy of {}",
                file.display()
            ))
        ),
    );
    Ok(ExitCode::SUCCESS)
}

fn existing(file: &Path) -> Result<PathBuf> {
    if !file.is_file() {
        bail!(
            "there is no database {}: name a file of SQLite, such as .edgepod/data.sqlite, which `edgepod dev` keeps",
            file.display()
        );
    }
    Ok(fs::canonicalize(file)?)
}
