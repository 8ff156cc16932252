//! What the generated client needs from npm.

/// An npm package that the generated client imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NpmDependency {
    /// The package's name.
    pub name: &'static str,
    /// The versions that work, as `package.json` writes them.
    pub version: &'static str,
}
