//! What may be typed. What is done about it is in [`crate::commands`].

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, builder::PossibleValue};
use edgepod_codegen::Framework;

/// Reactive backends in Rust, in your own Durable Objects.
#[derive(Debug, Parser)]
#[command(
    name = "edgepod",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new app, or add a backend to a project
    Init(Init),
    /// Serve the app and its page, and do so again after each change
    Dev(Dev),
    /// Write the TypeScript client of the app
    Generate(Generate),
    /// Build the app's Worker for use, and say how large it is
    Build(Build),
    /// Build, check and upload the app to your Cloudflare account
    Deploy(Deploy),
    /// Say what the app is: its functions, tables, addresses, sizes and versions
    Info(Info),
    /// Call a function of an app that runs, such as the one that `edgepod dev` serves
    Call(Call),
    /// Ask the native database of `edgepod dev` in SQL
    Sql(Sql),
    /// Open a page on an app that runs elsewhere: its tables, jobs and functions. `edgepod dev` has one of its own
    Studio(Studio),
    /// Look for every tool that is needed, and say how to get what is missing
    Doctor(Doctor),
    /// Write migrations from the structs, and see what became of them
    Migrations(Migrations),
    /// See the pods of an app that runs, and have those that sleep migrate
    Pods(Pods),
    /// Take a pod's data away as a SQLite file, while it serves; and put such a file in its place
    Data(Data),
    /// See what an app that runs is to do later, and try again or take away what it could not do
    Jobs(Jobs),
    /// Run a built app's library until it ends
    #[command(name = "__run", hide = true)]
    Run(Run),
}

/// `edgepod dev`
#[derive(Debug, ClapArgs)]
#[command(after_long_help = "\
The app's Cargo.toml may say where its front end is and where the generated client goes:

  [package.metadata.edgepod]
  web = \"web\"
  client = \"web/src/edgepod\"
  framework = \"react\"   # or vue, svelte, solid, none

Variables for the app are read from `.dev.vars` in its folder and from the environment (EDGEPOD_*). \
The key that clients send is EDGEPOD_API_KEY; where that is not set, one is made and kept. The studio \
asks the app with EDGEPOD_ADMIN_KEY; where that is not set, the app gets one for as long as this runs.")]
pub struct Dev {
    /// The app's folder, with its Cargo.toml
    #[arg(default_value = ".")]
    pub app: PathBuf,

    /// The port that the API listens on
    #[arg(long, default_value_t = 8989, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,

    /// The address of this machine that the API and the page listen on; 0.0.0.0 is all of them, so that phones and containers
    /// reach the app, as everybody in your network does
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub listen: IpAddr,

    /// What the app runs on
    #[arg(long, value_enum, default_value_t = Host::Native)]
    pub host: Host,

    /// Do not serve the page, only the API
    #[arg(long)]
    pub no_page: bool,

    /// The port that the page listens on [default: 5173, or the next free one]
    #[arg(long, value_name = "PORT", conflicts_with = "no_page", value_parser = clap::value_parser!(u16).range(1..))]
    pub page_port: Option<u16>,

    /// Open the page in the browser
    #[arg(long, conflicts_with = "no_page")]
    pub open: bool,

    /// Do not serve the studio, the page that shows tables, functions, calls and jobs
    #[arg(long)]
    pub no_studio: bool,

    /// The port of 127.0.0.1 that the studio listens on [default: a free one]
    #[arg(long, value_name = "PORT", conflicts_with = "no_studio", value_parser = clap::value_parser!(u16).range(1..))]
    pub studio_port: Option<u16>,

    /// Build slowly what then runs fast
    #[arg(long)]
    pub release: bool,

    /// The folder that the database is kept in [default: .edgepod in the app's folder]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,

    /// Where a migration was edited after it was applied here, take the copy of the database from before it, unasked
    #[arg(long)]
    pub redo_migrations: bool,
}

/// What an app runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Host {
    /// A program of this machine, with SQLite inside
    Native,
    /// A Durable Object on workerd, Cloudflare's runtime
    Workerd,
}

/// `edgepod generate`
#[derive(Debug, ClapArgs)]
pub struct Generate {
    /// The app's folder, with its Cargo.toml
    #[arg(default_value = ".")]
    pub app: PathBuf,

    /// Write nothing; fail when the client is not up to date
    #[arg(long)]
    pub check: bool,

    /// The folder that the client goes to, instead of the one that Cargo.toml names
    #[arg(long, value_name = "FOLDER")]
    pub client: Option<PathBuf>,

    /// What the client is for, instead of what Cargo.toml names: react, vue, svelte, solid or none
    #[arg(long)]
    pub framework: Option<Framework>,
}

/// `edgepod migrations`
#[derive(Debug, ClapArgs)]
pub struct Migrations {
    /// What to do.
    #[command(subcommand)]
    pub command: MigrationsCommand,
}

/// The commands of `edgepod migrations`.
#[derive(Debug, Subcommand)]
pub enum MigrationsCommand {
    /// Write the migration from the last snapshot to the structs
    New(NewMigration),
    /// List the migrations, and say whether the structs need another
    Status(MigrationStatus),
    /// Fail when the structs need another migration, or when the migrations do not apply
    Check(CheckMigrations),
    /// After a merge: give migrations of one branch the next free numbers, and write them anew to follow the other's
    Rebase(RebaseMigrations),
}

/// `edgepod migrations new`
#[derive(Debug, ClapArgs)]
pub struct NewMigration {
    /// What the file is called, after its number
    pub name: Option<String>,

    /// The app's folder, with its Cargo.toml
    #[arg(long, default_value = ".")]
    pub app: PathBuf,

    /// Drop what the structs no longer have, with its data
    #[arg(long)]
    pub accept_data_loss: bool,

    /// Write a file without statements, for statements of your own that lead to the structs
    #[arg(long, value_name = "NAME", conflicts_with = "name")]
    pub empty: Option<String>,
}

/// `edgepod migrations status`
#[derive(Debug, ClapArgs)]
pub struct MigrationStatus {
    /// The app's folder, with its Cargo.toml
    #[arg(long, default_value = ".")]
    pub app: PathBuf,

    /// The database to look at [default: that of `edgepod dev`]
    #[arg(long, value_name = "FILE")]
    pub database: Option<PathBuf>,
}

/// `edgepod migrations check`
#[derive(Debug, ClapArgs)]
pub struct CheckMigrations {
    /// The app's folder, with its Cargo.toml
    #[arg(long, default_value = ".")]
    pub app: PathBuf,

    /// Apply them to a copy of this database [default: to an empty one]
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
}

/// `edgepod migrations rebase`
#[derive(Debug, ClapArgs)]
pub struct RebaseMigrations {
    /// The migrations, without `.sql` [default: those with a number that another has, which the main branch has not]
    pub names: Vec<String>,

    /// The app's folder, with its Cargo.toml
    #[arg(long, default_value = ".")]
    pub app: PathBuf,
}

/// Where an app runs, and the key to its admin address.
#[derive(Debug, ClapArgs)]
pub struct AdminAddress {
    /// The app's folder, with its Cargo.toml
    #[arg(long, default_value = ".")]
    pub app: PathBuf,

    /// Where the app is served [default: where `edgepod dev` serves it, or http://127.0.0.1:8989]
    #[arg(long)]
    pub url: Option<String>,

    /// The key of the admin address [default: EDGEPOD_ADMIN_KEY of the environment, where other users do not see it]
    #[arg(long, value_name = "KEY")]
    pub admin_key: Option<String>,
}

/// `edgepod pods`
#[derive(Debug, ClapArgs)]
pub struct Pods {
    /// What to do.
    #[command(subcommand)]
    pub command: PodsCommand,
}

/// The commands of `edgepod pods`.
#[derive(Debug, Subcommand)]
pub enum PodsCommand {
    /// Print the names of all pods, one a line
    List(ListPods),
    /// Say how pods are: their migrations, size, and when they were opened last
    Status(PodStatuses),
    /// Wake pods, so that they apply the migrations of the build that runs, and say which could not
    Migrate(MigratePods),
}

/// `edgepod pods list`
#[derive(Debug, ClapArgs)]
pub struct ListPods {
    /// Which app.
    #[command(flatten)]
    pub address: AdminAddress,
}

/// `edgepod pods status`
#[derive(Debug, ClapArgs)]
pub struct PodStatuses {
    /// The pods [default: all of them]
    pub pods: Vec<String>,

    /// Print them as JSON, an object each
    #[arg(long)]
    pub json: bool,

    /// Which app.
    #[command(flatten)]
    pub address: AdminAddress,
}

/// `edgepod pods migrate`
#[derive(Debug, ClapArgs)]
#[command(after_long_help = "\
A pod applies the migrations of the build when it wakes, before any call, whether this command is run or not. With it all have \
them at once, and you learn which could not. What was done stays done: after a failure or an end half-way, run it again.")]
pub struct MigratePods {
    /// The pods
    #[arg(required_unless_present = "all")]
    pub pods: Vec<String>,

    /// All pods
    #[arg(long, conflicts_with = "pods")]
    pub all: bool,

    /// How many at one time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub parallel: u8,

    /// Which app.
    #[command(flatten)]
    pub address: AdminAddress,
}

/// `edgepod data`
#[derive(Debug, ClapArgs)]
pub struct Data {
    /// What to do.
    #[command(subcommand)]
    pub command: DataCommand,
}

/// The commands of `edgepod data`.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Write the data of a pod into a new SQLite file: of one version, checked; what was ended half-way goes on
    Pull(PullData),
    /// Put a SQLite file in the place of a pod's data: all of it or nothing, once it fits the app that runs
    Push(PushData),
    /// List the copies of a pod that a native server keeps; on Cloudflare, say whether there is a history to go back in
    Copies(CopiesOfData),
    /// Take the data of a pod back to what it was, and print the command that undoes that
    Rewind(RewindData),
}

/// `edgepod data pull`
#[derive(Debug, ClapArgs)]
pub struct PullData {
    /// The file, which is not there yet
    pub file: PathBuf,

    /// The pod [default: the one that an app has which says nothing of pods]
    #[arg(long)]
    pub pod: Option<String>,

    /// Which app.
    #[command(flatten)]
    pub address: AdminAddress,
}

/// `edgepod data push`
#[derive(Debug, ClapArgs)]
pub struct PushData {
    /// The file, such as one that was pulled
    pub file: PathBuf,

    /// The pod, which is made where it is not there [default: the one that an app has which says nothing of pods]
    #[arg(long)]
    pub pod: Option<String>,

    /// Also where the pod has data, which is gone then
    #[arg(long)]
    pub replace: bool,

    /// Leave out the jobs in the file: they would be done there, those of a copy a second time
    #[arg(long)]
    pub without_jobs: bool,

    /// Which app.
    #[command(flatten)]
    pub address: AdminAddress,
}

/// `edgepod data copies`
#[derive(Debug, ClapArgs)]
pub struct CopiesOfData {
    /// The pod [default: the one that an app has which says nothing of pods]
    #[arg(long)]
    pub pod: Option<String>,

    /// Print them as JSON, an object each
    #[arg(long)]
    pub json: bool,

    /// Which app.
    #[command(flatten)]
    pub address: AdminAddress,
}

/// `edgepod data rewind`
#[derive(Debug, ClapArgs)]
#[command(after_long_help = "\
A native server goes back to a copy, which it keeps where it is started with EDGEPOD_KEEP_COPIES=24x1h (24 of each pod, one an \
hour): to the newest one that is not after TIME. What the pod had is kept as a copy, too. On Cloudflare the pod goes back to TIME \
itself, in the last 30 days. Whatever was written since is no longer there, and screens fetch again.")]
#[command(group = clap::ArgGroup::new("target").args(["at", "to"]).required(true))]
pub struct RewindData {
    /// The time to go back to: as 2026-11-27T12:07:00Z, or how long ago it was, as 10m, 2h or 3d
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,

    /// The copy or the bookmark to go back to, as `copies` lists them and an earlier rewind named one
    #[arg(long, value_name = "COPY")]
    pub to: Option<String>,

    /// The pod [default: the one that an app has which says nothing of pods]
    #[arg(long)]
    pub pod: Option<String>,

    /// Which app.
    #[command(flatten)]
    pub address: AdminAddress,
}

/// `edgepod jobs`
#[derive(Debug, ClapArgs)]
pub struct Jobs {
    /// What to do.
    #[command(subcommand)]
    pub command: JobsCommand,
}

/// The commands of `edgepod jobs`.
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// List what is parked, runs and waits: state, tries, next try, number, function, and the last error
    List(ListJobs),
    /// Try jobs that are parked, or wait for another try, now and as often as new ones
    Retry(ChangeJobs),
    /// Take jobs away that wait or are parked
    Cancel(ChangeJobs),
}

/// `edgepod jobs list`
#[derive(Debug, ClapArgs)]
#[command(after_long_help = "\
Parked jobs come first: they failed at all their tries, and wait for `retry` or `cancel`. The log has each try under the trace \
`job-NUMBER-TRY`.")]
pub struct ListJobs {
    /// Only those of this state: failed, running, waiting, done or cancelled
    #[arg(long)]
    pub state: Option<String>,

    /// The pod that they are of, where the app has several
    #[arg(long, value_name = "NAME")]
    pub pod: Option<String>,

    /// Print them as JSON, an object each
    #[arg(long)]
    pub json: bool,

    /// Which app.
    #[command(flatten)]
    pub address: AdminAddress,
}

/// `edgepod jobs retry` and `edgepod jobs cancel`
#[derive(Debug, ClapArgs)]
pub struct ChangeJobs {
    /// Their numbers, as `edgepod jobs list` shows them
    #[arg(required = true, value_name = "NUMBER")]
    pub ids: Vec<i64>,

    /// The pod that they are of, where the app has several
    #[arg(long, value_name = "NAME")]
    pub pod: Option<String>,

    /// Which app.
    #[command(flatten)]
    pub address: AdminAddress,
}

/// `edgepod __run`
#[derive(Debug, ClapArgs)]
pub struct Run {
    /// The library, with `edgepod_main` in it
    pub library: PathBuf,
}

/// `edgepod init`
#[derive(Debug, ClapArgs)]
#[command(after_long_help = "\
Each question has an option. What has none is asked for; with --yes, and where there is no terminal, \
the default in brackets is taken.

No file is overwritten unless you say so.")]
pub struct Init {
    /// An empty folder, a Cargo project, or a front end with a package.json
    #[arg(default_value = ".")]
    pub folder: PathBuf,

    /// The name of the crate and the Worker [default: that of the folder]
    #[arg(long)]
    pub name: Option<String>,

    /// Who issues the tokens that users sign in with [default: none]
    #[arg(long, value_enum)]
    pub auth: Option<Auth>,

    /// Where the issuer publishes its keys, for `--auth remote`
    #[arg(long, value_name = "URL")]
    pub jwks_url: Option<String>,

    /// The page to begin with [default: react]
    #[arg(long, value_enum)]
    pub front_end: Option<FrontEnd>,

    /// Keep the data inside these borders, and never anywhere else
    #[arg(long, value_enum, conflicts_with = "location_hint")]
    pub jurisdiction: Option<Jurisdiction>,

    /// Where the data is close to most users [default: close to the first one]
    #[arg(long, value_enum)]
    pub location_hint: Option<LocationHint>,

    /// Ask nothing
    #[arg(long, short)]
    pub yes: bool,

    /// Replace files that are there already
    #[arg(long)]
    pub overwrite: bool,

    /// A checkout of EdgePod to depend on [default: the one that this command was built from]
    #[arg(long, value_name = "FOLDER")]
    pub edgepod: Option<PathBuf>,
}

/// Who issues tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// Nobody: every request is anonymous
    None,
    /// Another service, such as Clerk or Auth0
    Remote,
    /// The app itself, with a key that is made now
    Local,
}

/// Borders that Cloudflare keeps data inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Jurisdiction {
    /// The European Union
    Eu,
    /// Data centers that the United States have authorized by FedRAMP
    Fedramp,
    /// The United States
    Us,
}

/// Regions that Cloudflare places objects in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocationHint(edgepod_manifest::LocationHint);

impl ValueEnum for LocationHint {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [LocationHint; edgepod_manifest::LocationHint::ALL.len()] = {
            let mut all = [LocationHint(edgepod_manifest::LocationHint::ALL[0]);
                edgepod_manifest::LocationHint::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                all[at] = LocationHint(edgepod_manifest::LocationHint::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let mut meaning = self.0.meaning().to_owned();
        meaning[..1].make_ascii_uppercase();
        Some(PossibleValue::new(self.0.as_str()).help(meaning))
    }
}

/// What page a new app has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FrontEnd {
    /// React, with Vite
    React,
    /// None
    None,
}

/// `edgepod build`
#[derive(Debug, ClapArgs)]
#[command(after_long_help = "\
The Worker goes to `.edgepod/worker`. The program of --native goes to `.edgepod/native`, with the built page in `web` beside it, \
where it looks for it: copy that folder to a server, and start the program. The page has the key that EDGEPOD_API_KEY of the \
environment names, else that of `.prod.vars`, which is made where it is missing.")]
pub struct Build {
    /// The app's folder, with its Cargo.toml
    #[arg(default_value = ".")]
    pub app: PathBuf,

    /// Build quickly what then is large and slow
    #[arg(long)]
    pub dev: bool,

    /// Build a program that serves the app from this machine or one like it, in place of the Worker, and the page beside it
    #[arg(long)]
    pub native: bool,

    /// The same, for Linux, with a Dockerfile that runs it
    #[arg(long)]
    pub container: bool,
}

/// `edgepod deploy`
#[derive(Debug, ClapArgs)]
#[command(after_long_help = "\
Secrets are read from `.prod.vars` in the app's folder and handed to wrangler, which stores them encrypted. \
Where there is no such file, one with new keys is made. Keep it out of git, and keep it.")]
pub struct Deploy {
    /// The app's folder, with its Cargo.toml
    #[arg(default_value = ".")]
    pub app: PathBuf,

    /// Do everything but the upload
    #[arg(long)]
    pub dry_run: bool,

    /// An environment of the wrangler configuration, with its secrets in `.prod.vars.NAME` [default: CLOUDFLARE_ENV]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
}

/// `edgepod info`
#[derive(Debug, ClapArgs)]
pub struct Info {
    /// The app's folder, with its Cargo.toml
    #[arg(default_value = ".")]
    pub app: PathBuf,
}

/// `edgepod call`
#[derive(Debug, ClapArgs)]
pub struct Call {
    /// The function's public name, such as `getUsers`
    pub name: String,

    /// The arguments, as a JSON object
    #[arg(default_value = "{}")]
    pub arguments: String,

    /// The app's folder, with its Cargo.toml
    #[arg(long, default_value = ".")]
    pub app: PathBuf,

    /// Where the app is served [default: where `edgepod dev` serves it, or http://127.0.0.1:8989]
    #[arg(long)]
    pub url: Option<String>,

    /// The pod to call it in, where the app has several
    #[arg(long, value_name = "NAME")]
    pub pod: Option<String>,

    /// The key [default: that of the app in development]
    #[arg(long)]
    pub key: Option<String>,

    /// A user's token, sent as `Authorization: Bearer …`
    #[arg(long)]
    pub token: Option<String>,

    /// Call it through the admin address, as whoever runs the app: also an internal function, in any pod, as no user
    #[arg(long, conflicts_with_all = ["key", "token", "explain"])]
    pub admin: bool,

    /// The key of the admin address [default: EDGEPOD_ADMIN_KEY of the environment, where other users do not see it]
    #[arg(long, value_name = "KEY", requires = "admin")]
    pub admin_key: Option<String>,

    /// Say how it was answered, too: its statements with their plans, what it depends on, what it touched, and whether its answer
    /// is kept. What is built for release does not tell
    #[arg(long)]
    pub explain: bool,
}

/// `edgepod sql`
#[derive(Debug, ClapArgs)]
pub struct Sql {
    /// One statement
    pub statement: String,

    /// The app's folder, with its Cargo.toml
    #[arg(long, default_value = ".")]
    pub app: PathBuf,

    /// The folder that the database is kept in, as given to `edgepod dev`
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,

    /// Allow the statement to change the database. Screens are not told
    #[arg(long)]
    pub write: bool,

    /// Print the rows as JSON, an object each
    #[arg(long)]
    pub json: bool,
}

/// `edgepod studio`
#[derive(Debug, ClapArgs)]
#[command(after_long_help = "\
The page is served on this machine, for whoever has the address that is printed: the keys stay in this command. Cells are edited \
in builds for development only, as `edgepod dev` makes them: one for release has no code for it, and its functions hold the rules \
for its data. Rows of such a build are read on Cloudflare; natively `edgepod data pull` brings them as a file.")]
pub struct Studio {
    /// The app's folder, whose functions are shown
    #[arg(default_value = ".")]
    pub app: PathBuf,

    /// Where the app is served [default: where `edgepod dev` serves it, or http://127.0.0.1:8989]
    #[arg(long)]
    pub url: Option<String>,

    /// The key of the admin address [default: EDGEPOD_ADMIN_KEY of the environment, where other users do not see it]
    #[arg(long, value_name = "KEY")]
    pub admin_key: Option<String>,

    /// The key that clients send, for calls as one [default: that of `.prod.vars` in the app's folder]
    #[arg(long)]
    pub key: Option<String>,

    /// The pod to show first, where the app has several
    #[arg(long, value_name = "NAME")]
    pub pod: Option<String>,

    /// Let it call functions, and try again and cancel jobs
    #[arg(long)]
    pub write: bool,

    /// Open the page in the browser
    #[arg(long)]
    pub open: bool,

    /// The port of 127.0.0.1 that the studio listens on [default: a free one]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
}

/// `edgepod doctor`
#[derive(Debug, ClapArgs)]
pub struct Doctor {
    /// The app's folder
    #[arg(default_value = ".")]
    pub app: PathBuf,
    /// Check each page and index of the native database instead; it is the one in this folder, or that of `edgepod dev`
    #[arg(long, value_name = "FOLDER", num_args = 0..=1)]
    pub data: Option<Option<PathBuf>>,
}
