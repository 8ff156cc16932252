// The admin address, `/_edgepod/v1/…`, in the Worker: for whoever runs the app, with a key of their own. It is there only where
// that is set. The native host's is in `host/native/admin`, and says the same.
//
// A new request is a line in `REQUESTS`; what the object does for it is in `admin_object.mjs`.
import { alive, core, known, messageOf } from "./bridge.mjs";
import { ask, isWithoutMethod, readOutcome, readReply, writeAdminCall } from "./crossing.mjs";
import { directoryOf, objectOf } from "./objects.mjs";

const PREFIX = "/_edgepod";

/** Everything below has this version in its address, so that an older command is told 404 and not something else. */
const BASE = `${PREFIX}/v1`;

/** What can be asked. @type {Record<string, (asked: Asked) => any>} */
const REQUESTS = {
  "GET /pods": pods,
  "GET /status": async (asked) => (await asked.pod()).administer("status"),
  "POST /migrate": async (asked) => (await asked.pod()).administer("migrate"),
  "GET /data": () => ({ format: "lines" }),
  "POST /data/run": async (asked) => (await asked.pod()).administer("data", await asked.body()),
  "GET /jobs": (asked) => jobs(asked, "list", "state"),
  "POST /jobs/retry": (asked) => jobs(asked, "retry", "id"),
  "POST /jobs/cancel": (asked) => jobs(asked, "cancel", "id"),
  "POST /call": call,
};

/** What is answered instead. */
class Refusal extends Error {
  /**
   * @param {Parameters<typeof core.refuse_admin>[0]} code
   * @param {string} message
   * @param {Record<string, string>} [headers]
   */
  constructor(code, message, headers = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }
}

/** A request of somebody who has the key. */
class Asked {
  /**
   * @param {import("./objects.mjs").Env} env
   * @param {URLSearchParams} query
   * @param {string} trace
   * @param {() => Promise<string>} body
   */
  constructor(env, query, trace, body) {
    this.env = env;
    this.query = query;
    this.trace = trace;
    this.body = body;
  }

  /**
   * The object of the pod that `pod` names, which has to be there, but with `new`: `global` where it names none and the app has
   * one pod.
   */
  async pod() {
    const { pods, global, pod_name: longest } = known();
    const name = this.query.get("pod") ?? (pods ? null : global);
    if (name === null) throw new Refusal("BAD_REQUEST", "The parameter `pod` is missing: this app has several.");
    if (!new RegExp(`^[!-~]{1,${longest}}$`).test(name))
      throw new Refusal("BAD_REQUEST", `A pod's name has 1 to ${longest} bytes, of visible ASCII characters.`);
    if (pods ? !(this.query.has("new") || (await directoryOf(this.env).administer("has", name))) : name !== global)
      throw new Refusal("NOT_FOUND", "There is no pod of this name.");
    return objectOf(this.env, name);
  }
}

/** @param {Asked} asked */
function pods({ env, query }) {
  const { pods, global, admin_page: most } = known();
  const limit = query.get("limit") === null ? most : Number(query.get("limit"));
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= most))
    throw new Refusal("BAD_REQUEST", `\`limit\` is a number from 1 to ${most}.`);
  const after = query.get("after") ?? "";
  if (pods) return directoryOf(env).administer("list", after, limit);
  return { pods: after < global ? [{ pod: global }] : [], next: null };
}

/**
 * What the engine of a pod says of its jobs.
 *
 * @param {Asked} asked
 * @param {string} what
 * @param {string} parameter of which
 */
async function jobs(asked, what, parameter) {
  const of = asked.query.get(parameter) ?? "";
  return outcome(await (await asked.pod()).administer("jobs", what, of, asked.trace));
}

/**
 * Calls a function, an internal one as well. It is done once for its `id`.
 *
 * @param {Asked} asked
 */
async function call(asked) {
  const object = await asked.pod();
  const id = asked.query.get("id") ?? "";
  if (!/^[0-9a-f]{32}$/i.test(id))
    throw new Refusal("BAD_REQUEST", "`id` has 32 hexadecimal digits, others for each call.");
  const name = asked.query.get("function") ?? "";
  if (name.includes("\n")) throw new Refusal("NOT_FOUND", `There is no function \`${name}\`.`);
  return outcome(await ask(object, writeAdminCall(name, asked.trace, id, await asked.body())));
}

/** @param {string} text of a call */
function outcome(text) {
  const { status, retryAfter, body } = readOutcome(text);
  return reply(status, body, retryAfter === "" ? {} : { "retry-after": retryAfter });
}

/**
 * The answer to a request for the admin address; undefined for any other, and where there is none.
 *
 * @param {Request} request
 * @param {import("./objects.mjs").Env} env
 * @param {string} trace
 */
export async function administer(request, env, trace) {
  const key = typeof env.EDGEPOD_ADMIN_KEY === "string" ? env.EDGEPOD_ADMIN_KEY.trim() : "";
  if (key === "") return undefined;
  const { pathname, searchParams } = new URL(request.url);
  if (pathname !== PREFIX && !pathname.startsWith(`${PREFIX}/`)) return undefined;
  try {
    const { admin_key: shortest } = known();
    if (key.length < shortest || !/^[!-~]+$/.test(key))
      throw new Error(`EDGEPOD_ADMIN_KEY is no key: it has ${shortest} visible ASCII characters at least`);
    if (!(await isRight(request.headers.get("authorization"), key)))
      throw new Refusal(
        "UNAUTHORIZED",
        "This is the admin address: send the app's EDGEPOD_ADMIN_KEY as `Authorization: Bearer …`.",
        { "www-authenticate": 'Bearer realm="edgepod admin"' },
      );
    const asked = new Asked(env, searchParams, trace, () => request.text());
    const data = await handlerOf(request.method, pathname)(asked);
    return data instanceof Response ? data : reply(200, JSON.stringify({ data }));
  } catch (error) {
    alive(env);
    const { status, headers, body } = readReply(refuse(error, trace));
    delete headers["access-control-allow-origin"];
    delete headers["access-control-expose-headers"];
    return new Response(body, {
      status,
      headers: error instanceof Refusal ? { ...headers, ...error.headers } : headers,
    });
  }
}

/**
 * @param {unknown} error
 * @param {string} trace
 */
function refuse(error, trace) {
  if (error instanceof Refusal) return core.refuse_admin(error.code, error.message, trace);
  // The object is of another build for some seconds.
  if (isWithoutMethod(error)) return core.refuse_route(trace);
  return core.refuse_internal(messageOf(error), "", trace);
}

/**
 * @param {string} method
 * @param {string} path
 */
function handlerOf(method, path) {
  const all = Object.keys(REQUESTS).map((request) => request.replace(" ", ` ${BASE}`));
  const handler = REQUESTS[`${method} ${path.slice(BASE.length)}`];
  if (handler !== undefined && path.startsWith(BASE)) return handler;
  const here = all.filter((request) => request.endsWith(` ${path}`)).map((request) => request.split(" ", 1)[0]);
  if (here.length > 0) {
    const allow = here.join(", ");
    throw new Refusal("METHOD_NOT_ALLOWED", `\`${path}\` takes ${allow}.`, { allow });
  }
  throw new Refusal("NOT_FOUND", `There is nothing at ${path}. This build has ${all.join(", ")}.`);
}

/**
 * Whether the header has the key. Digests are compared: how long that takes depends on nothing that is secret.
 *
 * @param {string | null} authorization
 * @param {string} key
 */
async function isRight(authorization, key) {
  const sent = /^bearer (.*)$/i.exec(authorization ?? "")?.[1]?.trim();
  if (sent === undefined) return false;
  const [a, b] = await Promise.all([sent, key].map(digest));
  return crypto.subtle.timingSafeEqual(/** @type {ArrayBuffer} */ (a), /** @type {ArrayBuffer} */ (b));
}

/** @param {string} text */
const digest = (text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));

/**
 * No page of another origin reads it, and nobody keeps it.
 *
 * @param {number} status
 * @param {string} body JSON
 * @param {Record<string, string>} [headers]
 */
const reply = (status, body, headers = {}) =>
  new Response(body, {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
