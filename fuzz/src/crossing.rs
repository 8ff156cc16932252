//! What crosses between JavaScript and the core, as the core reads and writes it.

/// Reads what an object may hand over, and writes what it is handed.
///
/// # Panics
/// When something is read as another thing than was written.
pub fn crossing(input: &[u8]) {
    edgepod_runtime::host::durable_object::fuzzing::crossing(input);
}
