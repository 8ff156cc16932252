//! The client's own source, as this version of the crate carries it.

/// A file of the client's source.
pub(crate) struct SourceFile {
    /// Its path in the generated folder, with `/` between the parts.
    pub(crate) path: &'static str,
    pub(crate) contents: &'static str,
}

macro_rules! source_files {
    ($($path:literal),* $(,)?) => {
        &[$(SourceFile { path: $path, contents: include_str!(concat!("../client/src/", $path)) }),*]
    };
}

/// Every file of `client/src`; a test holds the two against each other.
pub(crate) const SOURCE_FILES: &[SourceFile] = source_files![
    "core/adapter.ts",
    "core/api.ts",
    "core/client.ts",
    "core/codes.ts",
    "core/error.ts",
    "core/index.ts",
    "core/json.ts",
    "core/key.ts",
    "core/kinds.ts",
    "core/manifest.ts",
    "core/mutation.ts",
    "core/optimistic.ts",
    "core/registry.ts",
    "core/session.ts",
    "core/socket.ts",
    "core/ssr.ts",
    "core/tanstack.ts",
    "core/token.ts",
    "core/transport.ts",
    "core/types.ts",
    "core/warnings.ts",
    "mock/index.ts",
    "plain/index.ts",
    "plain/pod.ts",
    "react/api.ts",
    "react/hooks.ts",
    "react/index.ts",
    "react/more.ts",
    "react/provider.ts",
    "solid/hooks.ts",
    "solid/index.ts",
    "solid/provider.ts",
    "svelte/context.ts",
    "svelte/hooks.ts",
    "svelte/index.ts",
    "vue/hooks.ts",
    "vue/index.ts",
    "vue/plugin.ts",
];

/// The file of [`SOURCE_FILES`] that each app has its own of.
pub(crate) const MANIFEST: &str = "core/manifest.ts";

/// The file of [`SOURCE_FILES`] that says where TanStack Query comes from.
pub(crate) const TANSTACK_SEAM: &str = "core/tanstack.ts";
