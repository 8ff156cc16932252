// The objects of a Worker, by name.
import { jurisdiction, locationHint } from "./residency.mjs";

/**
 * A Worker's bindings and variables.
 *
 * @typedef {{ EDGEPOD_DO: DurableObjectNamespace, [name: string]: unknown }} Env
 */

/**
 * An object, which may be of another build and then lack some of these: see `isWithoutMethod`.
 *
 * @typedef {object} Stub
 * @property {(message: string, body?: Uint8Array) => Promise<string | [head: string, body: Uint8Array | ReadableStream<Uint8Array>]>} serve
 * @property {(message: string) => Promise<string>} call as the version before calls it, like the next two
 * @property {(message: string) => Promise<string>} callAction
 * @property {(message: string) => Promise<string>} callBatch
 * @property {(what: string, ...args: unknown[]) => Promise<any>} administer
 * @property {(request: Request) => Promise<Response>} fetch
 */

/** The object that knows which pods there are. No pod has its name: names have no space. */
const DIRECTORY = " pods";

/**
 * The object that has the database of a pod. Within a jurisdiction a name is another object than outside.
 *
 * @param {Env} env
 * @param {string} pod
 * @returns {Stub}
 */
export function objectOf(env, pod) {
  const objects = jurisdiction === null ? env.EDGEPOD_DO : env.EDGEPOD_DO.jurisdiction(jurisdiction);
  const id = objects.idFromName(pod);
  const stub = locationHint === null ? objects.get(id) : objects.get(id, { locationHint });
  return /** @type {any} */ (stub);
}

/** @param {Env} env */
export const directoryOf = (env) => objectOf(env, DIRECTORY);
