//! Marks of what is linked, which a host finds in the module that was made: an import that does nothing is there only where the code that
//! calls it is.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// A function reads a header of its request: without it a Worker hands over the engine's own alone (`bridge.mjs`).
    #[wasm_bindgen(js_name = headersAreRead)]
    pub(crate) fn headers_are_read();
}
