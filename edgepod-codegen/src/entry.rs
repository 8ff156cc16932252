//! `client.ts` and `mock.ts`: what a front end imports, from templates that are TypeScript themselves.
//!
//! The templates are in `client/entry`, where they are type-checked, linted and formatted beside what they import. `hooks.ts`
//! is what all frameworks have, and a framework's template what is its own. Only three things differ from app to app: where the
//! client's source is, which functions the examples in the comments call, and which of the client's own types give way to
//! types of the app's.

use crate::{
    docs::comment_text,
    framework::Framework,
    manifest::{Kind, Manifest},
    typescript::with_header,
};

const HOOKS: &str = include_str!("../client/entry/hooks.ts");
const MOCK: &str = include_str!("../client/entry/mock.ts");

/// The framework that stands in the template of what all have, and the last of its imports.
const HOOKS_FOLDER: &str = "\"../src/vue\"";
const TYPES_IMPORT: &str = "import type { EdgePodMutations, EdgePodQueries } from \"./types\";\n";

/// The names that the templates' examples call.
const EXAMPLE_QUERY: &str = "\"getUsers\"";
const EXAMPLE_MUTATION: &str = "\"insertUser\"";

/// How the template says of a query's arguments.
const ARGUMENTS: &str = "its arguments;";

/// How it says of a query's options.
const OPTIONS: &str = "@param options TanStack Query's options\n";

/// What the template for no framework declares itself.
const OWN_POD: &str = "/** A connection to the server. */\n\
    export type Pod = import(\"./plain\").Pod<EdgePodQueries, EdgePodMutations>;\n\n";

/// How the template of `mock.ts` says that a page uses it.
const EXAMPLE_PAGE: &str = "render(<EdgePodProvider {...pod.props}><App /></EdgePodProvider>);";

/// `client.ts`: what a front end imports.
pub(crate) fn entry(manifest: &Manifest, framework: Framework) -> String {
    let own = match framework {
        Framework::React => include_str!("../client/entry/react.ts"),
        Framework::Vue => include_str!("../client/entry/vue.ts"),
        Framework::Svelte => include_str!("../client/entry/svelte.ts"),
        Framework::Solid => include_str!("../client/entry/solid.ts"),
        Framework::None => include_str!("../client/entry/none.ts"),
    };
    let template = match framework {
        Framework::None => own.to_owned(),
        _ => with_hooks(own, framework),
    };
    let query = example(manifest, |kind| kind == Kind::Query);
    let mutation = example(manifest, |kind| kind != Kind::Query);
    let text = once(&in_place(&template), EXAMPLE_QUERY, &query);
    let text = once(&text, EXAMPLE_MUTATION, &mutation);
    with_header(&giving_way(&text, manifest, framework))
}

/// A template with something else in the place of a text that it has once.
///
/// # Panics
/// Where it has it not, or more often: somebody has changed the template, and what is looked for here is to follow.
fn once(template: &str, from: &str, to: &str) -> String {
    let mut parts = template.split(from);
    let (Some(before), Some(after), None) = (parts.next(), parts.next(), parts.next()) else {
        panic!("a template in `client/entry` is to have this once: {from}");
    };
    [before, to, after].concat()
}

/// What all frameworks have, with what is a framework's own: its imports above, the rest below.
fn with_hooks(own: &str, framework: Framework) -> String {
    let (imports, own) = match own.split_once("\n\n") {
        Some((imports, rest)) if imports.starts_with("import ") => (imports, rest),
        _ => ("", own),
    };
    // What all have imports the app's types already.
    let imports: String = imports
        .lines()
        .filter(|line| !line.ends_with("from \"./types\";"))
        .map(|line| format!("{line}\n"))
        .collect();
    let (given, changes_in_place) = match framework {
        Framework::Vue => (", as a value, a ref, or a getter", false),
        Framework::Svelte => (", as a value, or a function that gives one", true),
        Framework::Solid => (", as a value, or an accessor", true),
        Framework::React | Framework::None => ("", false),
    };
    let hooks = once(HOOKS, TYPES_IMPORT, &format!("{imports}{TYPES_IMPORT}"));
    assert!(
        hooks.contains(HOOKS_FOLDER),
        "what all have imports {HOOKS_FOLDER}"
    );
    let hooks = hooks.replace(HOOKS_FOLDER, &format!("\"../src/{}\"", framework.folder()));
    let mut hooks = once(&hooks, ARGUMENTS, &format!("its arguments{given};"));
    if !given.is_empty() {
        hooks = once(&hooks, OPTIONS, &OPTIONS.replace('\n', ", likewise\n"));
    }
    if changes_in_place {
        // What is taken out of such an object is not reactive.
        for (fields, name) in [
            ("data, isLoading, error", "query"),
            ("trigger, isMutating, error", "mutation"),
        ] {
            hooks = in_one_piece(&hooks, fields, name);
        }
    }
    hooks + "\n" + own
}

/// An example that takes these fields out of a hook's result, as one that leaves them in it.
fn in_one_piece(text: &str, fields: &str, name: &str) -> String {
    let text = once(
        text,
        &format!("const {{ {fields} }} = "),
        &format!("const {name} = "),
    );
    let start = format!("const {name} = ");
    let lines = text.lines().map(|line| match line.contains(&start) {
        true => {
            let fields: Vec<_> = fields
                .split(", ")
                .map(|field| format!("{name}.{field}"))
                .collect();
            format!("{line} // {}\n", fields.join(", "))
        }
        false => format!("{line}\n"),
    });
    lines.collect()
}

/// `mock.ts`: a pod for tests and Storybook.
pub(crate) fn mock(framework: Framework) -> String {
    let page = match framework {
        Framework::React => EXAMPLE_PAGE,
        Framework::Vue => "createApp(App).use(EdgePodPlugin, pod.props).mount(\"#app\");",
        Framework::Svelte => "provideEdgePod(pod.props);",
        Framework::Solid => {
            "render(() => <EdgePodProvider {...pod.props}><App /></EdgePodProvider>);"
        }
        Framework::None => "const connected = createEdgePod(pod.props);",
    };
    with_header(&once(&in_place(MOCK), EXAMPLE_PAGE, page))
}

/// The templates are beside the client's source, the files that they become above it.
fn in_place(template: &str) -> String {
    template.replace("\"../src/", "\"./")
}

/// Leaves out the client's types that have the name of one of the app's, so that the name is the app's.
///
/// `export type * from "./types"` alone would lose, silently, to a name that is exported beside it.
fn giving_way(text: &str, manifest: &Manifest, framework: Framework) -> String {
    let is_the_apps = |name: &str| manifest.types.iter().any(|ty| ty.name == name);
    let text = if is_the_apps("Pod") && framework == Framework::None {
        once(text, OWN_POD, "")
    } else {
        text.to_owned()
    };
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("export type {") {
        let (names, after) = after
            .split_once('}')
            .expect("a template's braces are closed");
        let ours: Vec<_> = names
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty() && !is_the_apps(name))
            .collect();
        out.push_str(before);
        if ours.is_empty() {
            // With the rest of its line.
            rest = after.split_once('\n').map_or("", |(_, after)| after);
        } else {
            out.push_str(&format!("export type {{ {} }}", ours.join(", ")));
            rest = after;
        }
    }
    out + rest
}

/// A function of the app's for an example, quoted: by preference one that needs no arguments.
fn example(manifest: &Manifest, fits: impl Fn(Kind) -> bool) -> String {
    let name = manifest
        .functions
        .iter()
        .filter(|function| fits(function.kind))
        .min_by_key(|function| {
            let needed = function.args.iter().filter(|arg| !arg.optional).count();
            (needed, &function.name)
        })
        .map_or("…", |function| function.name.as_str());
    comment_text(&serde_json::Value::from(name).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_is_there_once() {
        assert_eq!(once("a b c", "b", "x"), "a x c");
        for text in ["a c", "b b"] {
            assert!(std::panic::catch_unwind(|| once(text, "b", "x")).is_err());
        }
    }

    #[test]
    fn the_examples_call_functions_of_the_app_in_every_framework() {
        let manifest = include_str!("../tests/users.json");
        let mut manifest: Manifest = serde_json::from_str(manifest).unwrap();
        for function in &mut manifest.functions {
            function.name = format!("of{}", function.name);
        }
        for framework in Framework::ALL {
            let text = entry(&manifest, framework);
            let calls = text.lines().filter(|line| line.contains("(\""));
            let calls: Vec<_> = calls.filter(|line| line.starts_with(" * ")).collect();
            assert!(calls.len() >= 2, "{framework:?}: {calls:?}");
            assert!(calls.iter().all(|line| line.contains("(\"of")), "{calls:?}");
        }
    }
}
