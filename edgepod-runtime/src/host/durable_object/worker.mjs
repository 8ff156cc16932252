// The Worker: what an HTTP request means is the core's gateway's to say, requests and replies are JavaScript's.
import { administer } from "./admin.mjs";
import { readUpTo } from "./bodies.mjs";
import { alive, core, known, messageOf, readsHeaders, traceId, untold } from "./bridge.mjs";
import {
  ask,
  askForBytes,
  askRoute,
  DECISION,
  headAfter,
  headOf,
  kindOf,
  partsOf,
  podOf,
  readOutcome,
  readRawReply,
  readReply,
  readVerification,
  targetOf,
  writeCall,
  writeHeaders,
  writeOpening,
  writeSomeHeaders,
} from "./crossing.mjs";
import { objectOf } from "./objects.mjs";
import { Outside } from "./ports.mjs";
import { isRight } from "./signature.mjs";
import { askCore } from "./streams.mjs";

export default {
  /**
   * @param {Request} request
   * @param {import("./objects.mjs").Env} env
   * @param {ExecutionContext} ctx
   */
  async fetch(request, env, ctx) {
    const trace = traceId();
    try {
      alive(env);
      return (await administer(request, env, trace)) ?? (await serve(request, env, ctx, trace));
    } catch (error) {
      const message = untold(error);
      alive(env);
      return reply(core.refuse_internal(message, "", trace));
    }
  },
};

/** @param {string} decision one of `reply` */
function reply(decision) {
  const { status, headers, body } = readReply(decision);
  return new Response(status === 204 ? null : body, { status, headers });
}

/**
 * @param {Request} request
 * @param {import("./objects.mjs").Env} env
 * @param {ExecutionContext} ctx
 * @param {string} trace
 */
async function serve(request, env, ctx, trace) {
  const parts = partsOf(request);
  let decision = await decide(parts, env, ctx, trace, (head) => core.route(head, trace));
  if (decision[0] === DECISION.reply) {
    if (request.body !== null) ctx.waitUntil(drain(request.body));
    return reply(decision);
  }
  if (decision[0] === DECISION.socket) return objectFor(env, decision).fetch(writeOpening(request, decision));

  if (decision[0] === DECISION.raw || decision[0] === DECISION.outside) {
    const bytes = await bytesOf(request, parts.length, ctx, trace);
    if (bytes instanceof Response) return bytes;
    const message = writeCall(decision, writeHeaders(parts.headers), targetOf(parts));
    const answer =
      decision[0] === DECISION.raw
        ? await askRoute(objectFor(env, decision), message, bytes)
        : await askOutside(env, ctx, message, bytes);
    if (answer === null) return reply(core.refuse_route(trace));
    return typeof answer === "string" ? outcome(answer) : rawReply(answer);
  }

  let args = "";
  if (decision[0] !== DECISION.asked && request.body !== null) {
    const bytes = await bytesOf(request, parts.length, ctx, trace);
    if (bytes instanceof Response) return bytes;
    try {
      // Not `text()`, which drops a byte order mark, and makes something of what is no UTF-8.
      args = utf8.decode(bytes);
    } catch {
      return reply(core.refuse_body(0, trace));
    }
  }
  // It may name its pod.
  if (decision[0] === DECISION.batch && known().pods) {
    decision = await decide(parts, env, ctx, trace, (head) => core.route_batch(head, args, trace));
    if (decision[0] === DECISION.reply) return reply(decision);
  }
  const { name } = podOf(decision);
  const headers = readsHeaders ? writeHeaders(parts.headers) : writeSomeHeaders(parts.headers, known().own_headers);
  const message = writeCall(decision, headers, args);
  // An action waits for others, and not for its turn.
  if (kindOf(message) === DECISION.action) return outcome(await ask(objectFor(env, decision), message));
  const ahead = waiting.get(name) ?? 0;
  if (ahead >= known().queue) return reply(core.refuse_overload(trace));
  waiting.set(name, ahead + 1);
  try {
    return outcome(await askForBytes(objectFor(env, decision), message));
  } finally {
    const left = /** @type {number} */ (waiting.get(name)) - 1;
    if (left === 0) waiting.delete(name);
    else waiting.set(name, left);
  }
}

/**
 * The object of the pod that a call or a socket is for.
 *
 * @param {import("./objects.mjs").Env} env
 * @param {string} decision
 */
function objectFor(env, decision) {
  const { name, near } = podOf(decision);
  return objectOf(env, name, near);
}

/** The number of the last host without an object: objects count theirs from the other end. */
let outside = 2 ** 32;

/**
 * Asks a route at the gateway.
 *
 * @param {import("./objects.mjs").Env} env
 * @param {ExecutionContext} ctx
 * @param {string} message
 * @param {Uint8Array} body
 */
function askOutside(env, ctx, message, body) {
  // While the body came, the instance may have ended.
  const instance = alive(env);
  outside -= 1;
  // The platform tells a stream that its client has gone when there is a chunk for it: until then somebody is to be there.
  return askCore(instance, outside, message, body, new Outside(env), (ended) => ctx.waitUntil(ended));
}

/**
 * How many calls of this isolate wait for the object of a pod.
 *
 * @type {Map<string, number>}
 */
const waiting = new Map();

/** @param {string | Uint8Array} answer a call's outcome */
function outcome(answer) {
  const { status, retryAfter, body } = readOutcome(answer);
  let { headers } = known();
  if (retryAfter !== "") {
    headers = new Headers(headers);
    headers.set("retry-after", retryAfter);
  }
  return new Response(body, { status, headers });
}

/** What has no body, not even an empty one. */
const BODILESS = [204, 205, 304];

/** @param {[head: string, body: Uint8Array | ReadableStream<Uint8Array>]} answer a route's own reply */
function rawReply(answer) {
  const { status, headers, body } = readRawReply(answer);
  // What the app has compressed itself is not to be compressed again.
  const isEncoded = headers.some(([name]) => name === "content-encoding");
  return new Response(BODILESS.includes(status) ? null : body, {
    status,
    headers,
    encodeBody: isEncoded ? "manual" : "automatic",
  });
}

/**
 * What becomes of a request, once its token is verified, if it has one.
 *
 * @param {import("./crossing.mjs").Parts} parts
 * @param {import("./objects.mjs").Env} env
 * @param {ExecutionContext} ctx
 * @param {string} trace
 * @param {(head: string) => string} route asks the core
 */
async function decide(parts, env, ctx, trace, route) {
  let head = headOf(parts, known().pods);
  if (parts.authorization !== null) {
    const url = core.refresh_keys();
    if (url !== undefined) ctx.waitUntil(fetchKeys(url, env));
  }
  for (;;) {
    const decision = route(head);
    switch (decision[0]) {
      case DECISION.verify: {
        const verification = readVerification(decision);
        const right = await isRight(verification);
        alive(env);
        const said = core.verified(head, verification.version, right, trace);
        const next = headAfter(said, head);
        if (next === undefined) return said;
        head = next;
        break;
      }
      case DECISION.fetch: {
        const fetched = fetchKeys(decision.slice(1), env);
        // Others wait for it, should this client go away.
        ctx.waitUntil(fetched);
        await fetched;
        break;
      }
      case DECISION.wait:
        await scheduler.wait(20);
        alive(env);
        break;
      default:
        return decision;
    }
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The body's bytes; or, where there are too many, the reply that says so.
 *
 * @param {Request} request
 * @param {string | null} length its `Content-Length`, which was checked with the head
 * @param {ExecutionContext} ctx
 * @param {string} trace
 */
async function bytesOf(request, length, ctx, trace) {
  if (length !== null) return new Uint8Array(await request.arrayBuffer());
  const limit = known().body_limit;
  const bytes = await readUpTo(request.body, limit);
  if (bytes.byteLength > limit) {
    if (request.body !== null) ctx.waitUntil(drain(request.body));
    return reply(core.refuse_body(bytes.byteLength, trace));
  }
  return bytes;
}

/**
 * Reads on, beside the reply, what a client still sends that nobody wants, so that it hears the reply.
 *
 * @param {ReadableStream<any>} stream
 */
async function drain(stream) {
  const { unwanted_body } = known();
  let length = 0;
  for await (const chunk of stream.values({ preventCancel: true })) {
    length += chunk.length;
    if (length > unwanted_body) break;
  }
}

/**
 * Fetches the keys of tokens; the core remembers how that went.
 *
 * @param {string} url
 * @param {import("./objects.mjs").Env} env
 */
async function fetchKeys(url, env) {
  const { fetch_limit, keys_limit } = known();
  let text;
  let failure = "";
  try {
    const response = await fetch(url, {
      headers: { accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(fetch_limit),
    });
    if (response.status !== 200) throw new Error(`the answer has the status ${response.status}`);
    const bytes = await readUpTo(response.body, keys_limit);
    if (bytes.length > keys_limit) throw new Error("the answer is too large");
    text = new TextDecoder().decode(bytes);
  } catch (error) {
    failure = messageOf(error);
  }
  alive(env);
  core.keys_fetched(text, failure);
}
