//! What is around the crate: a workspace that it may be a member of, and the checkout that it depends on.

use std::{
    path::{Component, Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use glob::{MatchOptions, Pattern};
use toml_edit::DocumentMut;

use super::layout;

/// What the workspace around a crate says of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Workspace {
    /// There is none, or it leaves the crate out.
    None,
    /// It does not name the crate, and cargo refuses one that is no workspace of its own.
    Foreign,
    /// The crate is a member: the lock file and the profiles are the workspace's, in this folder.
    Member(PathBuf),
}

/// The workspace around the crate in `krate`, which need not be there yet.
///
/// # Errors
/// When a Cargo.toml around it is not understood.
pub(super) fn workspace(krate: &Path) -> Result<Workspace> {
    for root in krate.ancestors().skip(1) {
        let file = root.join("Cargo.toml");
        if !file.is_file() {
            continue;
        }
        let manifest = layout::read(&file)?;
        if manifest.contains_key("workspace") {
            return Ok(membership(&manifest, root, krate));
        }
    }
    Ok(Workspace::None)
}

fn membership(manifest: &DocumentMut, root: &Path, krate: &Path) -> Workspace {
    let list = |name: &str| -> Vec<String> {
        let values = manifest["workspace"].get(name).and_then(|it| it.as_array());
        let texts = values.into_iter().flatten().filter_map(|it| it.as_str());
        texts
            .map(|text| {
                text.trim_start_matches("./")
                    .trim_end_matches('/')
                    .to_owned()
            })
            .collect()
    };
    let inside = krate.strip_prefix(root).unwrap_or(krate);
    let members = list("members");
    // Cargo takes what is excluded for a beginning of paths, and a member that is named goes before it.
    let is_named = members.iter().any(|member| Path::new(member) == inside);
    let is_excluded = list("exclude").iter().any(|path| inside.starts_with(path));
    let options = MatchOptions {
        require_literal_separator: true,
        ..MatchOptions::new()
    };
    let is_matched = members.iter().any(|member| {
        Pattern::new(member).is_ok_and(|pattern| pattern.matches_path_with(inside, options))
    });
    match (is_named || is_matched, is_excluded && !is_named) {
        (_, true) => Workspace::None,
        (true, false) => Workspace::Member(root.to_owned()),
        (false, false) => Workspace::Foreign,
    }
}

/// How a crate depends on EdgePod.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A released version.
    Version(&'static str),
    /// A checkout, by a path that is relative where both are somewhere together.
    Path(PathBuf),
    /// A commit that others can fetch.
    Git {
        /// The repository's address.
        address: String,
        /// The commit.
        commit: String,
    },
}

impl Source {
    /// The one for a crate in `krate`. The address of a checkout that was `named` is not asked for: it is meant itself.
    pub fn of(krate: &Path, checkout: Option<&Path>, named: bool) -> Self {
        let Some(checkout) = checkout else {
            return Self::Version(env!("CARGO_PKG_VERSION"));
        };
        let published = if named || krate.starts_with(checkout) {
            None
        } else {
            published(checkout)
        };
        published.unwrap_or_else(|| {
            Self::Path(relative(krate, checkout).unwrap_or_else(|| checkout.to_owned()))
        })
    }
}

/// The checkout's commit at its address, if it is there as it is here.
fn published(checkout: &Path) -> Option<Source> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(checkout)
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        output.status.success().then_some(text)
    };
    let address = address(&git(&["remote", "get-url", "origin"])?)?;
    let is_clean = git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    let is_pushed = !git(&["branch", "--remotes", "--contains", "HEAD"])?.is_empty();
    (is_clean && is_pushed).then_some(())?;
    Some(Source::Git {
        address,
        commit: git(&["rev-parse", "HEAD"])?,
    })
}

/// The address of a remote as cargo takes it; `None` for what is on this machine only.
fn address(remote: &str) -> Option<String> {
    if remote.starts_with("https://") || remote.starts_with("ssh://") {
        return Some(remote.to_owned());
    }
    // `git@github.com:owner/name.git`
    let (host, path) = remote.split_once(':')?;
    let is_host = host.contains('@') && !host.contains('/');
    is_host.then(|| format!("ssh://{host}/{path}"))
}

/// The way from one folder to another, where they have more in common than the root of the file system.
fn relative(from: &Path, to: &Path) -> Option<PathBuf> {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let is_something = from[..common]
        .iter()
        .any(|component| matches!(component, Component::Normal(_)));
    is_something.then(|| {
        let up = from[common..].iter().map(|_| Component::ParentDir);
        up.chain(to[common..].iter().copied()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_a_member_where_the_workspace_says_so() {
        let root = Path::new("/ws");
        let of = |text: &str, krate: &str| {
            let manifest: DocumentMut = format!("[workspace]\n{text}").parse().unwrap();
            membership(&manifest, root, &root.join(krate))
        };
        let member = Workspace::Member(root.to_owned());
        assert_eq!(of("members = [\"crates/*\"]", "crates/api"), member);
        assert_eq!(of("members = [\"./crates/api/\"]", "crates/api"), member);
        assert_eq!(of("members = [\"**\"]", "a/b"), member);
        assert_eq!(of("members = [\"crates/*\"]", "api"), Workspace::Foreign);
        assert_eq!(
            of("members = [\"crates/*\"]", "crates/a/b"),
            Workspace::Foreign
        );
        assert_eq!(of("", "api"), Workspace::Foreign);
        let excluded = "members = [\"crates/*\"]\nexclude = [\"crates/api\"]";
        assert_eq!(of(excluded, "crates/api"), Workspace::None);
        let named = "members = [\"crates/api\"]\nexclude = [\"crates\"]";
        assert_eq!(of(named, "crates/api"), member);
    }

    #[test]
    fn a_checkout_nearby_is_depended_on_by_a_relative_path() {
        let from = Path::new("/home/ada/code/shop");
        for (to, path) in [
            ("/home/ada/code/edgepod", Some("../edgepod")),
            ("/home/ada/edgepod", Some("../../edgepod")),
            ("/home/ada/code", Some("..")),
            ("/opt/edgepod", None),
        ] {
            assert_eq!(
                relative(from, Path::new(to)),
                path.map(PathBuf::from),
                "{to}"
            );
        }
        let (inside, checkout) = (Path::new("/e/examples/x"), Path::new("/e"));
        assert_eq!(
            Source::of(inside, Some(checkout), false),
            Source::Path("../..".into())
        );
        assert_eq!(
            Source::of(inside, None, false),
            Source::Version(env!("CARGO_PKG_VERSION"))
        );
    }

    #[test]
    fn only_an_address_that_others_have_too_is_one() {
        for (remote, expected) in [
            (
                "https://example.com/e.git",
                Some("https://example.com/e.git"),
            ),
            (
                "git@example.com:a/e.git",
                Some("ssh://git@example.com/a/e.git"),
            ),
            ("/srv/e.git", None),
            ("../e", None),
            ("C:/e", None),
        ] {
            assert_eq!(address(remote).as_deref(), expected, "{remote}");
        }
    }
}
