// What an object does for the admin address, and how it comes to be in the directory of pods. The directory is an object of the
// same class, without an engine: a row for each pod, written once in the pod's life.
import { core, known } from "./bridge.mjs";
import { data } from "./data_object.mjs";
import { directoryOf } from "./objects.mjs";

/** Under what an object remembers that the directory has it, and the day on which it was opened last. */
const ENTRY = "edgepod";

const DAY = 86_400_000;

/**
 * An object, as this room sees it.
 *
 * @typedef {object} Administered
 * @property {Pick<DurableObjectState, "storage" | "abort">} ctx
 * @property {() => void} open opens its engine
 * @property {(bytes: number, openedAt: number | undefined) => unknown} status how it is; its engine may know better when it was opened
 * @property {(what: string, of: string, trace: string) => string} jobs the outcome of what its engine is asked of jobs
 * @property {() => void} fits opens another engine and ends it again; throws where none can be
 */

/** @type {Record<string, (object: Administered, ...args: any[]) => unknown>} */
const ACTS = {
  status,
  data,
  migrate(object) {
    object.open();
    return status(object);
  },
  jobs: (object, /** @type {string} */ what, /** @type {string} */ of, /** @type {string} */ trace) =>
    object.jobs(what, of, trace),
  enter({ ctx }, /** @type {string} */ pod) {
    names(ctx).exec("INSERT OR IGNORE INTO pods (name) VALUES (?)", pod);
  },
  has: ({ ctx }, /** @type {string} */ pod) =>
    names(ctx).exec("SELECT 1 FROM pods WHERE name = ?", pod).toArray().length > 0,
  list({ ctx }, /** @type {string} */ after, /** @type {number} */ limit) {
    const sql = "SELECT name AS pod FROM pods WHERE name > ? ORDER BY name LIMIT ?";
    const pods = names(ctx)
      .exec(sql, after, limit + 1)
      .toArray();
    const next = pods.length > limit ? (pods[limit - 1]?.pod ?? null) : null;
    return { pods: pods.slice(0, limit), next };
  },
};

/**
 * @param {Administered} object
 * @param {string} what
 * @param {unknown[]} args
 */
export function administer(object, what, args) {
  const act = ACTS[what];
  if (act === undefined) throw new TypeError(`it does not implement the method "${what}" of the admin`);
  return act(object, ...args);
}

/** @param {Pick<DurableObjectState, "storage">} ctx */
function names({ storage: { sql } }) {
  sql.exec("CREATE TABLE IF NOT EXISTS pods (name TEXT PRIMARY KEY) WITHOUT ROWID, STRICT");
  return sql;
}

/** @param {Administered} object */
function status({ ctx: { storage }, status }) {
  /** @type {any} */
  const entry = storage.kv.get(ENTRY);
  return status(storage.sql.databaseSize, entry === undefined ? undefined : entry.day * DAY);
}

/**
 * A pod is open: has it in the directory, and notes the day. Neither is waited for, and what fails is done by its next engine.
 *
 * @param {Pick<DurableObjectState, "storage">} ctx
 * @param {import("./objects.mjs").Env} env
 * @param {string} pod
 */
export function opened({ storage }, env, pod) {
  if (!known().pods) return;
  const day = Math.floor(Date.now() / DAY);
  /** @type {any} */
  const entry = storage.kv.get(ENTRY);
  if (entry !== undefined) {
    if (entry.day !== day) storage.kv.put(ENTRY, { day });
    return;
  }
  directoryOf(env)
    .administer("enter", pod)
    .then(
      () => storage.kv.put(ENTRY, { day }),
      (/** @type {unknown} */ error) => {
        core.refuse_internal(`The directory of pods cannot be told of \`${pod}\`: ${error}`, "", "");
      },
    );
}
