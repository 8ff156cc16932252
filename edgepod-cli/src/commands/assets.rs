//! The page of what is deployed: built, and uploaded with the Worker as static assets, so that one address serves both.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fs_err as fs;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::dev::page::Install;
use crate::{
    app::App,
    packages::{self, Manager},
    process::Process,
    term,
    wrangler::Configuration,
};

/// Where bundlers put what they have built, in the page's folder.
const BUILT: &str = "dist";

/// What the app answers itself, whatever files there are.
const APP_FIRST: [&str; 5] = [
    "/rpc",
    "/rpc/*",
    "/ws",
    "/_edgepod/*",
    "/.well-known/jwks.json",
];

/// Builds the page of the app, for an address that serves both; the folder with what was built. `None` where the app has no page, or
/// one that nothing builds.
pub(super) fn build(app: &App, key: &str) -> Result<Option<PathBuf>> {
    let Some(web) = app.web.as_deref().filter(|web| is_built_by_a_script(web)) else {
        return Ok(None);
    };
    Install::start(web, app.framework)?.finish()?;
    let manager = Manager::of(web);
    term::status("Building", format_args!("the page in {}", app.display(web)));
    let mut command = manager.run("build")?;
    command
        .current_dir(web)
        // From the page's own address.
        .env("VITE_EDGEPOD_URL", "/")
        .env("VITE_EDGEPOD_KEY", key);
    let what = format!("{} run build", manager.name());
    let status = Process::spawn(what.clone(), command)?.wait()?;
    if !status.success() {
        bail!(
            "`{what}` failed in {} ({status}); its message is above",
            app.display(web)
        );
    }
    let built = web.join(BUILT);
    if !built.join("index.html").is_file() {
        bail!(
            "`{what}` left no {BUILT}/index.html in {}: let it build there, or serve the page yourself and take `web` out of \
             [package.metadata.edgepod]",
            app.display(web)
        );
    }
    term::status("Built", app.display(&built));
    Ok(Some(built))
}

fn is_built_by_a_script(web: &Path) -> bool {
    packages::package_json(web).is_ok_and(|json| json["scripts"]["build"].is_string())
}

/// A configuration for this upload alone, beside the app's own, from which its paths are read: the same, with the page. `None` where
/// it says itself what its assets are.
///
/// `routes` are the paths of the app's routes, as they are written.
pub(super) fn configuration(
    configuration: &Configuration,
    page: &Path,
    routes: &[String],
) -> Result<Option<NamedTempFile>> {
    let mut members = configuration.whole()?;
    if members.contains_key("assets") {
        return Ok(None);
    }
    members.insert("assets".to_owned(), assets(page, routes));
    let folder = configuration
        .path
        .parent()
        .context("a file is in a folder")?;
    let file = tempfile::Builder::new()
        .prefix(".edgepod-deploy-")
        .suffix(".json")
        .tempfile_in(folder)?;
    fs::write(file.path(), serde_json::to_string_pretty(&members)?)?;
    Ok(Some(file))
}

fn assets(page: &Path, routes: &[String]) -> Value {
    let mut first: Vec<String> = APP_FIRST.iter().map(ToString::to_string).collect();
    first.extend(routes.iter().map(|route| pattern(route)));
    first.sort();
    first.dedup();
    // wrangler refuses a rule that another one, which ends with a star, begins: it matches paths of any length.
    let all = first.clone();
    first.retain(|rule| {
        let is_held = |other: &String| {
            let start = other.strip_suffix('*').filter(|_| other != rule);
            start.is_some_and(|start| rule.starts_with(start))
        };
        !all.iter().any(is_held)
    });
    json!({
        "directory": page,
        "not_found_handling": "single-page-application",
        "run_worker_first": first,
    })
}

/// `/rooms/:id/name.txt` as wrangler writes it: `/rooms/*/name.txt`.
fn pattern(route: &str) -> String {
    let segments = route
        .split('/')
        .map(|segment| match segment.starts_with(':') {
            true => "*",
            false => segment,
        });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_come_before_the_page() {
        let routes = [
            "/rooms/:id/name.txt",
            "/rooms/:id/icon.png",
            "/hooks/github",
            "/streams/:count",
            "/streams/silent",
            "/streams/breaks/:after",
        ];
        let routes = routes.map(str::to_owned);
        let assets = assets(Path::new("/web/dist"), &routes);
        assert_eq!(assets["directory"], "/web/dist");
        assert_eq!(assets["not_found_handling"], "single-page-application");
        let first = assets["run_worker_first"].as_array().unwrap();
        for path in [
            "/rpc/*",
            "/ws",
            "/rooms/*/name.txt",
            "/rooms/*/icon.png",
            "/hooks/github",
            "/streams/*",
        ] {
            assert!(first.contains(&json!(path)), "{path}: {first:?}");
        }
        // wrangler would refuse them: `/streams/*` has them.
        for path in ["/streams/silent", "/streams/breaks/*"] {
            assert!(!first.contains(&json!(path)), "{path}: {first:?}");
        }
    }

    #[test]
    fn a_configuration_that_has_assets_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("wrangler.jsonc");
        let of = |text: &str| {
            fs::write(&file, text).unwrap();
            let configuration = Configuration::of_app(folder.path(), None).unwrap().unwrap();
            super::configuration(&configuration, Path::new("/web/dist"), &[]).unwrap()
        };
        assert!(of(r#"{ "name": "a", "assets": { "directory": "mine" } }"#).is_none());
        let made = of(r#"{ "name": "a", /* why */ "env": { "b": { "vars": {} } }, }"#).unwrap();
        let made: Value = serde_json::from_str(&fs::read_to_string(made.path()).unwrap()).unwrap();
        assert_eq!(made["assets"]["directory"], "/web/dist");
        // Environments are there as they were.
        assert!(made["env"]["b"]["vars"].is_object());
    }
}
