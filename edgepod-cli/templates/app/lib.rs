//! {{name}}: a reactive backend on EdgePod.

mod functions;
{{modules}}mod schema;

edgepod::app!();
