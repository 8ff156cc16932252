//! `client.ts` and `mock.ts`: what a front end imports, from templates that are TypeScript themselves.
//!
//! The templates are in `client/entry`, where they are type-checked, linted and formatted beside what they import. Only
//! three things differ from app to app: where the client's source is, which functions the examples in the comments call, and
//! which of the client's own types give way to types of the app's.

use crate::docs::comment_text;
use crate::framework::Framework;
use crate::manifest::{Kind, Manifest};
use crate::typescript::with_header;

const MOCK: &str = include_str!("../client/entry/mock.ts");

/// The names that the templates' examples call.
const EXAMPLE_QUERY: &str = "\"getUsers\"";
const EXAMPLE_MUTATION: &str = "\"insertUser\"";

/// What the template for no framework declares itself.
const OWN_POD: &str = "/** A connection to the server. */\n\
    export type Pod = import(\"./plain\").Pod<EdgePodQueries, EdgePodMutations>;\n\n";

/// How the template of `mock.ts` says that a page uses it.
const EXAMPLE_PAGE: &str = "render(<EdgePodProvider {...pod.props}><App /></EdgePodProvider>);";

/// `client.ts`: what a front end imports.
pub(crate) fn entry(manifest: &Manifest, framework: Framework) -> String {
    let template = match framework {
        Framework::React => include_str!("../client/entry/react.ts"),
        Framework::Vue => include_str!("../client/entry/vue.ts"),
        Framework::Svelte => include_str!("../client/entry/svelte.ts"),
        Framework::Solid => include_str!("../client/entry/solid.ts"),
        Framework::None => include_str!("../client/entry/none.ts"),
    };
    let text = in_place(template)
        .replace(
            EXAMPLE_QUERY,
            &example(manifest, |kind| kind == Kind::Query),
        )
        .replace(
            EXAMPLE_MUTATION,
            &example(manifest, |kind| kind != Kind::Query),
        );
    with_header(&giving_way(&text, manifest))
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
    with_header(&in_place(MOCK).replace(EXAMPLE_PAGE, page))
}

/// The templates are beside the client's source, the files that they become above it.
fn in_place(template: &str) -> String {
    template.replace("\"../src/", "\"./")
}

/// Leaves out the client's types that have the name of one of the app's, so that the name is the app's.
///
/// `export type * from "./types"` alone would lose, silently, to a name that is exported beside it.
fn giving_way(text: &str, manifest: &Manifest) -> String {
    let is_the_apps = |name: &str| manifest.types.iter().any(|ty| ty.name == name);
    let text = if is_the_apps("Pod") {
        text.replace(OWN_POD, "")
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
