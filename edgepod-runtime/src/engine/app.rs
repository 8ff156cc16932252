//! The app: what the program says of itself, collected once, whatever number of databases it serves.

use std::sync::{Arc, OnceLock};

use super::{Registry, StartError};
use crate::{
    migrations::Migrations,
    schema::{self, TableSchema},
};

/// Functions, tables and migrations of the program.
pub struct App {
    pub(super) registry: Registry,
    pub(super) tables: Vec<&'static TableSchema>,
    pub(super) migrations: Migrations,
}

impl App {
    /// The app of this program. What the attributes registered is collected the first time that this is asked.
    ///
    /// # Errors
    /// Functions, tables or migrations that do not make an app.
    pub fn of_program() -> Result<Arc<Self>, StartError> {
        static APP: OnceLock<Result<Arc<App>, StartError>> = OnceLock::new();
        APP.get_or_init(|| Self::collect().map(Arc::new)).clone()
    }

    fn collect() -> Result<Self, StartError> {
        Ok(Self {
            registry: Registry::collect().map_err(StartError::Registry)?,
            tables: schema::tables().map_err(StartError::Schema)?,
            migrations: Migrations::collect().map_err(StartError::Migration)?,
        })
    }

    /// The functions.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The migrations.
    pub fn migrations(&self) -> &Migrations {
        &self.migrations
    }
}
