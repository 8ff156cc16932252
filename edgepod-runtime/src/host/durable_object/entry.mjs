// The Worker's main module.
export { EdgePodEngine } from "./object.mjs";
export { default } from "./worker.mjs";
