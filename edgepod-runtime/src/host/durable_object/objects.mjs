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
 * @property {(message: string, body?: Uint8Array, takesBytes?: boolean) => Promise<string | Uint8Array | [head: string, body: Uint8Array | ReadableStream<Uint8Array>]>} serve
 * @property {(message: string) => Promise<string>} call as the version before calls it, like the next two
 * @property {(message: string) => Promise<string>} callAction
 * @property {(message: string) => Promise<string>} callBatch
 * @property {(what: string, ...args: unknown[]) => Promise<any>} administer
 * @property {(request: Request) => Promise<Response>} fetch
 */

/** The object that knows which pods there are. No pod has its name: names have no space. */
const DIRECTORY = " pods";

/**
 * The object of a name, which has the database of the pod of that name. Within a jurisdiction a name is another object than outside, so that
 * one is the app's; where an object is best made is of no account once it is there, so that each pod may have its own.
 *
 * @param {Env} env
 * @param {string} name
 * @param {DurableObjectLocationHint} [near] in place of what holds for the app
 * @returns {Stub}
 */
export function objectOf(env, name, near) {
  const objects = jurisdiction === null ? env.EDGEPOD_DO : env.EDGEPOD_DO.jurisdiction(jurisdiction);
  const id = objects.idFromName(name);
  // In a jurisdiction the law says where.
  const hint = jurisdiction === null ? (near ?? locationHint) : null;
  const stub = hint === null ? objects.get(id) : objects.get(id, { locationHint: hint });
  return /** @type {any} */ (stub);
}

/** @param {Env} env */
export const directoryOf = (env) => objectOf(env, DIRECTORY);
