// The core's instances: one runs in an isolate at a time, for the Worker and for all objects in it.
//
// A panic, or any other exception that comes out of an instance, ends it and all memory in it: its stack was not unwound, and
// nothing in it can be trusted. The next use starts another, and nothing here keeps the memory of the one that ended.

import * as core from "./core.js";
import module from "./core_bg.wasm";

export { core };

/** How many instances were started: who keeps something in one compares. */
let generation = 0;

/**
 * What JavaScript needs to know of the core's.
 *
 * @type {Constants | null}
 *
 * @typedef {object} Constants
 * @property {Headers} headers of every reply: those of a response are copied from it faster than they are made
 * @property {string[]} own_headers of a request, that the core reads itself
 * @property {number} body_limit the most bytes that a body may have
 * @property {number} result_limit the most characters of a statement's result
 * @property {string} too_large what is said of one that is larger, before the limit
 * @property {number} unwanted_body how many bytes of a body are read that nobody wants
 * @property {number} sockets the most of a session
 * @property {number} queue the most calls that wait for an object
 * @property {number} list_limit the most bytes of a list of topics that a socket begins with
 * @property {number} keys_limit the most bytes of a key set
 * @property {number} fetch_limit how long fetching a key set may take, in milliseconds
 * @property {[number, string]} expired code and reason for a socket whose token has expired
 * @property {[number, string]} refused code and reason for a socket that sends something
 * @property {number} unserved for how many seconds a pod that cannot be opened is not tried again
 * @property {string} protocol of a socket that offers it
 * @property {boolean} pods whether the app has more than one
 * @property {string} global the name of the one pod of an app that has no more
 * @property {number} pod_name the most bytes of a pod's name
 * @property {number} admin_key the fewest characters of the admin address's key
 * @property {number} admin_page the most names of pods in a reply
 */
let constants = null;

/** Whether functions of the app read headers of their requests: only then the module has the import that reading them calls. */
export const readsHeaders = WebAssembly.Module.imports(module).some(({ name }) => name.includes("headersAreRead"));

/**
 * Why the instance is not to be entered again, and whether the log has that; null while it may be. A text and not the
 * exception, whose stack would keep the memory of the instance.
 *
 * @type {{ reason: string, isLogged: boolean } | null}
 */
let ended = null;

/**
 * Those who wait for an action in the instance.
 *
 * @type {Set<(error: Error) => void>}
 */
const waiting = new Set();

/**
 * @param {string} reason
 * @param {boolean} isLogged
 */
function end(reason, isLogged) {
  if (ended !== null) return;
  ended = { reason, isLogged };
  for (const reject of waiting) reject(new Error(reason));
  waiting.clear();
}

/** @param {any} error */
const stackOf = (error) => String(error?.stack ?? error);

/**
 * What an exception says.
 *
 * @param {unknown} error
 */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * The ways into an instance, of which each notices when the instance ends.
 *
 * @param {WebAssembly.Exports} exports
 */
function ways(exports) {
  /** @type {Record<string, any>} */
  const noticing = { __proto__: null };
  for (const [name, way] of Object.entries(exports)) noticing[name] = typeof way === "function" ? noticed(way) : way;
  return noticing;
}

/** @param {Function} way */
function noticed(way) {
  return (/** @type {unknown[]} */ ...values) => {
    try {
      return way(...values);
    } catch (error) {
      end(stackOf(error), false);
      throw error;
    }
  };
}

function boot() {
  if (generation === 0) core.initSync({ module });
  else core.__wbg_reset_state();
  generation += 1;
  ended = null;
  constants = null;
  core.enter_by(ways);
  core.start(generation, (message) => end(message, true));
}

/**
 * Makes sure that an instance runs, and says which.
 *
 * @param {unknown} env
 */
export function alive(env) {
  if (generation === 0 || ended !== null) boot();
  constants ??= /** @type {Constants} */ (
    JSON.parse(core.configure(env), (name, value) => (name === "headers" ? new Headers(value) : value))
  );
  return generation;
}

/**
 * Whether this instance still runs.
 *
 * @param {number} instance what `alive` said, or 0 for none
 */
export const runs = (instance) => instance !== 0 && instance === generation && ended === null;

/** The core's constants, once it is alive. */
export const known = () => /** @type {Constants} */ (constants);

/** Whether the instance has ended, so that an exception is its end and no failure of what was asked. */
export const hasEnded = () => ended !== null;

/**
 * What the log is to be told of a failure: nothing where it has that already.
 *
 * @param {unknown} error
 */
export const untold = (error) => (ended === null ? stackOf(error) : ended.isLogged ? "" : ended.reason);

/**
 * What an action comes to; fails when the instance ends before, as the action's own promise then never settles.
 *
 * @template T
 * @param {() => Promise<T>} begin
 */
export async function unlessEnded(begin) {
  /** @type {(error: Error) => void} */
  let reject = () => {};
  const lost = new Promise((_, refuse) => {
    reject = refuse;
    waiting.add(reject);
  });
  // Where the action does not even begin, nobody waits for it.
  lost.catch(() => {});
  try {
    return await /** @type {Promise<T>} */ (Promise.race([begin(), lost]));
  } finally {
    waiting.delete(reject);
  }
}

// Names of requests: 16 hexadecimal digits, half of them of this isolate, half counted up.
/** @type {string | null} */
let isolate = null;
let requests = 0;

export function traceId() {
  isolate ??= crypto.randomUUID().slice(0, 8);
  requests = (requests + 1) >>> 0;
  return isolate + requests.toString(16).padStart(8, "0");
}
