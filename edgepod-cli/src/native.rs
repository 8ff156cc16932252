//! The app as a program of this machine.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use edgepod_codegen::Manifest;
use fs_err as fs;

use crate::{
    app::{App, Target},
    process::Process,
};

/// A built app that can be run here: cargo's file, or a copy of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    app: String,
    folder: PathBuf,
    target: Target,
    file: PathBuf,
}

impl Program {
    /// The app as cargo built it into `file`; see [`crate::build::native`].
    pub fn new(app: &App, file: PathBuf) -> Self {
        Self {
            app: app.name.clone(),
            folder: app.folder.clone(),
            target: app.native.clone(),
            file,
        }
    }

    /// The library or program.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A copy in `folder`, under a name that no other has. A library that runs must not be overwritten by the
    /// next build: it is mapped into memory.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn copy_into(&self, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let extension = self
            .file
            .extension()
            .map(|extension| format!(".{}", extension.display()))
            .unwrap_or_default();
        let file = tempfile::Builder::new()
            .prefix(&format!("{}-", self.app))
            .suffix(&extension)
            .tempfile_in(folder)?
            .into_temp_path()
            .keep()?;
        fs::copy(&self.file, &file)?;
        Ok(Self {
            file,
            ..self.clone()
        })
    }

    /// Removes the file, which must be a copy that does not run any more.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(self) -> Result<()> {
        Ok(fs::remove_file(&self.file)?)
    }

    /// Whether both are the same, byte for byte.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let length = |program: &Self| {
            fs::metadata(&program.file)
                .map(|metadata| metadata.len())
                .ok()
        };
        length(self) == length(other)
            && matches!((fs::read(&self.file), fs::read(&other.file)), (Ok(own), Ok(others)) if own == others)
    }

    /// A command that runs it, in the app's folder.
    ///
    /// # Errors
    /// When this program does not know its own file.
    pub fn command(&self) -> Result<Command> {
        let mut command = match self.target {
            Target::Program(_) => Command::new(&self.file),
            Target::Library(_) => {
                let mut command = edgepod()?;
                command.arg("__run").arg(&self.file);
                command
            }
        };
        command.current_dir(&self.folder);
        Ok(command)
    }

    /// What the app says that it is: its functions, types and tables.
    ///
    /// # Errors
    /// When it cannot be run, refuses (two functions with one name), or does not print a manifest.
    pub fn manifest(&self) -> Result<Manifest> {
        serde_json::from_str(&self.manifest_text()?).with_context(|| {
            format!(
                "`{}` printed no manifest: are its `edgepod` and this command of one version?",
                self.app
            )
        })
    }

    /// The same as JSON, with what [`Manifest`] leaves out.
    ///
    /// # Errors
    /// As for [`Program::manifest`], except that the text is not looked into.
    pub fn manifest_text(&self) -> Result<String> {
        let mut command = self.command()?;
        command.env("EDGEPOD_MANIFEST", "1").stdout(Stdio::piped());
        let process = Process::spawn(&self.app, command)?;
        let stdout = process
            .take_stdout()
            .context("the app's stdout is no pipe")?;
        let text = std::io::read_to_string(stdout).context("the app's manifest is not text")?;
        let status = process.wait()?;
        if !status.success() {
            bail!(
                "`{}` could not describe itself ({status}); its message is above",
                self.app
            );
        }
        Ok(text)
    }
}

/// This very program. On Linux by a name that holds even when the file has been replaced since.
fn edgepod() -> Result<Command> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;

        let mut command = Command::new("/proc/self/exe");
        command.arg0("edgepod");
        Ok(command)
    }
    #[cfg(not(target_os = "linux"))]
    {
        Ok(Command::new(
            std::env::current_exe().context("the file of this program is not known")?,
        ))
    }
}
