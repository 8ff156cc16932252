//! What the generated client needs from npm.

/// An npm package that the generated client imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NpmDependency {
    /// The package's name.
    pub name: &'static str,
    /// The versions that work, as `package.json` writes them.
    pub version: &'static str,
}

/// The npm packages that a front end with a generated client has to depend on.
///
/// ```
/// for package in edgepod_codegen::npm_dependencies() {
///     println!("npm install {}@\"{}\"", package.name, package.version);
/// }
/// ```
pub fn npm_dependencies() -> &'static [NpmDependency] {
    const {
        &[
            NpmDependency {
                name: "@tanstack/react-query",
                version: "^5.108.0",
            },
            NpmDependency {
                name: "react",
                version: "^18.2.0 || ^19.0.0",
            },
        ]
    }
}
