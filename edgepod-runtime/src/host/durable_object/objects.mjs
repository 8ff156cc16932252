// The objects of a Worker, by name.
import { jurisdiction, locationHint } from "./residency.mjs";

/** The object that knows which pods there are. No pod has its name: names have no space. */
const DIRECTORY = " pods";

/**
 * The object that has the database of a pod. Within a jurisdiction a name is another object than outside.
 *
 * @param {any} env
 * @param {string} pod
 */
export function objectOf(env, pod) {
  const objects = jurisdiction === null ? env.EDGEPOD_DO : env.EDGEPOD_DO.jurisdiction(jurisdiction);
  const id = objects.idFromName(pod);
  return locationHint === null ? objects.get(id) : objects.get(id, { locationHint });
}

/** @param {any} env */
export const directoryOf = (env) => objectOf(env, DIRECTORY);
