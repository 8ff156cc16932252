//! `edgepod build --native`: one program for this machine's kind, with the page beside it; and a Dockerfile that runs both.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fs_err as fs;

use super::{
    assets,
    deploy::{self, SECRETS},
    dev::key,
};
use crate::{
    app::App,
    build::{self, Profile},
    env, term,
};

/// The folder of what is built, in `.edgepod`.
const FOLDER: &str = "native";

/// The folder of the page, beside the program, where the program looks for it.
const WEB: &str = "web";

pub(super) fn build(app: &App, profile: Profile, is_container: bool) -> Result<()> {
    if is_container && !cfg!(target_os = "linux") {
        bail!(
            "a container runs a program for Linux, and this machine builds none: run `edgepod build --container` on Linux, in CI for \
             example"
        );
    }
    term::status("Building", format_args!("the program of {}", app.name));
    let program = build::program(app, profile)?;
    let page = match app.web {
        Some(_) => assets::build(app, &key_of(app)?)?,
        None => None,
    };
    // What is there may run: it is replaced, and not written to.
    let folder = app.state()?.join(FOLDER);
    fs::create_dir_all(&folder)?;
    let own = folder.join(name(app));
    // Beside it, by a name that no other build uses at the same moment.
    let new = tempfile::NamedTempFile::new_in(&folder)?.into_temp_path();
    fs::copy(&program, &new)?;
    new.persist(&own)?;
    let web = folder.join(WEB);
    if web.exists() {
        fs::remove_dir_all(&web)?;
    }
    if let Some(page) = &page {
        copy(page, &web)?;
    }
    let dockerfile = folder.join("Dockerfile");
    if is_container {
        fs::write(&dockerfile, container(app, page.is_some()))?;
    } else if dockerfile.exists() {
        // That of an earlier program.
        fs::remove_file(&dockerfile)?;
    }
    term::status("Built", app.display(&own));
    term::fact("size", format_args!("{:.1} MB", megabytes(&own)?));
    if page.is_some() {
        term::fact("page", app.display(&web));
    }
    if is_container {
        term::fact("container", app.display(&dockerfile));
    }
    Ok(())
}

/// The key that the page sends: of the environment, else of the secrets, which are made where there are none.
fn key_of(app: &App) -> Result<String> {
    let set = std::env::var(key::NAME).ok();
    if let Some(key) = set.filter(|key| !key.trim().is_empty()) {
        return Ok(key::of_page(&key).to_owned());
    }
    let secrets = deploy::secrets_of(app, env::environment().as_deref(), false)?;
    secrets
        .get(key::NAME)
        .map(|keys| key::of_page(keys).to_owned())
        .with_context(|| format!("{SECRETS} has no {}", key::NAME))
}

/// What the program is called: as the app, unless the page's folder has that name.
fn name(app: &App) -> String {
    let name = match &*app.name {
        WEB => "web-server",
        name => name,
    };
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry?;
        let path: PathBuf = to.join(entry.path().strip_prefix(from)?);
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(path)?,
            false => _ = fs::copy(entry.path(), path)?,
        }
    }
    Ok(())
}

/// A Dockerfile whose context is the folder that it is in.
fn container(app: &App, has_page: bool) -> String {
    let name = name(app);
    let page = match has_page {
        true => format!("COPY {WEB} /app/{WEB}\n"),
        false => String::new(),
    };
    format!(
        "# Written by `edgepod build --container`, which builds what is copied. Build and run it with
#   docker build -t {name} .edgepod/{FOLDER}
#   docker run -p 8989:8989 -v {name}-data:/data -e EDGEPOD_API_KEY=… {name}
FROM debian:stable-slim
RUN useradd --system --uid 10001 app && install -d -o app /data
COPY {name} /app/{name}
{page}USER app
ENV EDGEPOD_LISTEN=0.0.0.0:8989 EDGEPOD_DATABASE=/data/data.sqlite
VOLUME /data
EXPOSE 8989
STOPSIGNAL SIGTERM
CMD [\"/app/{name}\"]
"
    )
}

#[expect(clippy::cast_precision_loss, reason = "a program is small")]
fn megabytes(file: &Path) -> Result<f64> {
    Ok(fs::metadata(file)?.len() as f64 / 1e6)
}
