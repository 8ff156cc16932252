//! What may be typed. What is done about it is in [`crate::commands`].

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

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
    /// Serve the app and its page, and do so again after each change
    Dev(Dev),
    /// Write the TypeScript client of the app
    Generate(Generate),
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

Variables for the app are read from `.dev.vars` in its folder and from the environment (EDGEPOD_*). \
The key that clients send is EDGEPOD_API_KEY; where that is not set, one is made and kept.")]
pub struct Dev {
    /// The app's folder, with its Cargo.toml
    #[arg(default_value = ".")]
    pub app: PathBuf,

    /// The port of 127.0.0.1 that the API listens on
    #[arg(long, default_value_t = 8989, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,

    /// What the app runs on
    #[arg(long, value_enum, default_value_t = Host::Native)]
    pub host: Host,

    /// Do not serve the page, only the API
    #[arg(long)]
    pub no_page: bool,

    /// Open the page in the browser
    #[arg(long, conflicts_with = "no_page")]
    pub open: bool,

    /// Build slowly what then runs fast
    #[arg(long)]
    pub release: bool,

    /// The folder that the database is kept in [default: .edgepod in the app's folder]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
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
}

/// `edgepod __run`
#[derive(Debug, ClapArgs)]
pub struct Run {
    /// The library, with `edgepod_main` in it
    pub library: PathBuf,
}
