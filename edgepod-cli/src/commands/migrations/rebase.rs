//! `edgepod migrations rebase`: after a merge, the migrations of one branch follow those of the other.

use std::{
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};
use edgepod_runtime::schema::Snapshot;
use fs_err as fs;

use super::{
    FOLDER,
    files::{self, same_number},
    merge::{self, Migration},
    schema, verify,
};
use crate::{
    app::App,
    args::RebaseMigrations,
    build::{self, Profile},
    diff::diff,
    native::Program,
    term,
};

/// What is looked for to learn what is deployed, in this order.
const DEPLOYED: [&str; 5] = [
    "origin/HEAD",
    "origin/main",
    "origin/master",
    "main",
    "master",
];

pub(super) fn run(args: &RebaseMigrations) -> Result<ExitCode> {
    let app = App::find(&args.app)?;
    let folder = app.folder.join(FOLDER);
    let names = files::names(&folder)?;
    let moved = if args.names.is_empty() {
        unpublished(&app, &names)?
    } else {
        named(&names, &args.names)?
    };
    if moved.is_empty() {
        term::status(
            "Unchanged",
            "no two migrations have one number. To write one anew as the last, name it: `edgepod migrations rebase NAME`",
        );
        return Ok(ExitCode::SUCCESS);
    }
    let read = |name: &String| -> Result<Migration> {
        Ok(Migration {
            name: name.clone(),
            text: fs::read_to_string(files::file(&folder, name))?,
        })
    };
    let kept: Vec<Migration> = names
        .iter()
        .filter(|name| !moved.contains(name))
        .map(read)
        .collect::<Result<_>>()?;
    let old: Vec<Migration> = moved.iter().map(read).collect::<Result<_>>()?;

    let new = renumbered(&kept, &moved);
    for (from, to) in moved.iter().zip(&new) {
        fs::rename(files::file(&folder, from), files::file(&folder, to))?;
        term::status("Renumbered", format_args!("{from} to {to}"));
    }
    // Only now does it compile.
    let structs = structs(&app).with_context(|| {
        format!(
            "the migrations are renumbered and not written anew yet: when the app compiles, `edgepod migrations rebase {}`",
            new.join(" ")
        )
    })?;
    let rewritten = merge::rewrite(&kept, &old, &structs)?;
    for ((name, text), old) in new.iter().zip(&rewritten.texts).zip(&old) {
        let file = files::file(&folder, name);
        match text {
            None => {
                fs::remove_file(&file)?;
                term::status("Removed", format_args!("{name}: the others do it already"));
            }
            Some(text) if *text != old.text => {
                fs::write(&file, text)?;
                term::status("Written", app.display(&file));
            }
            Some(_) => {}
        }
    }
    let left = files::names(&folder)?;
    let last = left.last().map_or("", String::as_str);
    if let Some(schema) = not_yet_written(&rewritten.schema, &structs) {
        files::write_snapshot(&folder, &schema, last)?;
        term::status(
            "Next",
            "the structs say more than the migrations: `edgepod migrations new`",
        );
        return Ok(ExitCode::SUCCESS);
    }
    files::write_snapshot(&folder, &structs.clone().without_renames(), last)?;
    verify::ensure(&app, &program(&app)?, &structs)?;
    term::status(
        "Checked",
        "the migrations lead to the schema. What a database has applied under an old name, it refuses: in development \
         `edgepod dev` asks",
    );
    Ok(ExitCode::SUCCESS)
}

/// The schema that the migrations lead to, where it is another than that of the structs.
fn not_yet_written(led_to: &Snapshot, structs: &Snapshot) -> Option<Snapshot> {
    let mut led_to = led_to.clone();
    // What migrations of somebody's own have made is no business of the snapshot.
    led_to
        .tables
        .retain(|table| structs.table(&table.name).is_some());
    led_to.objects = structs.objects.clone();
    let is_same = diff(&led_to, structs).is_ok_and(|change| change.statements.is_empty());
    (!is_same).then_some(led_to)
}

fn program(app: &App) -> Result<Program> {
    Ok(Program::new(app, build::native(app, Profile::Dev)?))
}

fn structs(app: &App) -> Result<Snapshot> {
    schema(app, &program(app)?.manifest_text()?)
}

/// The names of `moved`, with the numbers after those of `kept`.
fn renumbered(kept: &[Migration], moved: &[String]) -> Vec<String> {
    let last = kept
        .iter()
        .filter_map(|migration| files::number(&migration.name))
        .max()
        .unwrap_or(0);
    (last + 1..)
        .zip(moved)
        .map(|(number, name)| files::numbered(number, name))
        .collect()
}

/// The migrations that were named, in their order.
fn named(names: &[String], wanted: &[String]) -> Result<Vec<String>> {
    for name in wanted {
        if !names.contains(name) {
            bail!(
                "there is no migration `{name}`: it is one of {}",
                names.join(", ")
            );
        }
    }
    Ok(names
        .iter()
        .filter(|name| wanted.contains(name))
        .cloned()
        .collect())
}

/// The migrations that are not on the branch that is deployed, from the first number on that two have.
fn unpublished(app: &App, names: &[String]) -> Result<Vec<String>> {
    let Some([one, other]) = same_number(names) else {
        return Ok(Vec::new());
    };
    let number = files::number(one);
    let from_there = |is_published: &dyn Fn(&str) -> bool| -> Vec<String> {
        names
            .iter()
            .filter(|name| files::number(name) >= number && !is_published(name))
            .cloned()
            .collect()
    };
    for branch in DEPLOYED {
        let Some(published) = on_branch(&app.folder, branch) else {
            continue;
        };
        let has = |name: &str| published.iter().any(|other| other == name);
        match (has(one), has(other)) {
            (true, false) | (false, true) => return Ok(from_there(&has)),
            // Merged already: what came with the merge is newer than what was there before it.
            (true, true) => {
                let before = added_first(&app.folder, branch, one, other);
                if let Some(first) = before {
                    let newer = if first == one { other } else { one };
                    return Ok(vec![newer.to_owned()]);
                }
            }
            (false, false) => {}
        }
    }
    bail!(
        "{one} and {other} have one number, and git does not tell which of them is deployed. Name the one that is not, and those \
         that follow it on its branch: `edgepod migrations rebase {other}`, or `edgepod migrations rebase {one}`"
    )
}

/// The migrations on a branch; `None` where git does not know it.
fn on_branch(app: &Path, branch: &str) -> Option<Vec<String>> {
    let files = git(
        app,
        &["ls-tree", "--name-only", &format!("{branch}:./{FOLDER}")],
    )?;
    Some(
        files
            .lines()
            .filter_map(|file| file.strip_suffix(".sql"))
            .map(str::to_owned)
            .collect(),
    )
}

/// Which of two migrations was on the branch first, by the commits that were made or merged there.
fn added_first<'a>(app: &Path, branch: &str, one: &'a str, other: &'a str) -> Option<&'a str> {
    let commits = git(app, &["rev-list", "--first-parent", "--reverse", branch])?;
    for commit in commits.lines() {
        let there = on_branch(app, commit).unwrap_or_default();
        let has = |name: &str| there.iter().any(|other| other == name);
        match (has(one), has(other)) {
            (true, false) => return Some(one),
            (false, true) => return Some(other),
            (true, true) => return None,
            (false, false) => {}
        }
    }
    None
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
