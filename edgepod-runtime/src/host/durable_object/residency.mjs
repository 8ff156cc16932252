// Where the object is: anywhere, near who first calls. `edgepod build` writes this module anew, from the app's Cargo.toml.
export const jurisdiction = null;
export const locationHint = null;
