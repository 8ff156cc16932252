// The Worker and the Durable Object around the core: requests, replies, sockets and the class are JavaScript's, what they
// mean is the core's (gateway and engine, compiled to core_bg.wasm). Strings cross between them: one call in for each
// request, one call out for each statement.
import { DurableObject } from "cloudflare:workers";
import module from "./core_bg.wasm";
import * as core from "./core.js";
import { jurisdiction, locationHint } from "./residency.mjs";

// The core as it runs now. A panic ends the instance and all memory in it; the next use starts another.
let generation = 0;
let panicked = null;
let constants = null;
const actions = new Set();

function boot() {
  if (generation === 0) core.initSync({ module });
  else core.__wbg_reset_state();
  generation += 1;
  panicked = null;
  constants = null;
  core.start(generation, (message) => {
    panicked = message;
    // The promises of actions in flight would never settle: their memory is gone.
    for (const reject of actions) reject(new Error(message));
    actions.clear();
  });
}

function alive(env) {
  if (generation === 0 || panicked !== null) boot();
  if (constants !== null) return;
  constants = JSON.parse(core.configure(env));
  constants.ok = { status: 200, headers: constants.headers };
}

// Names of requests: 16 hexadecimal digits, half of them of this isolate, half counted up.
let isolate = null;
let requests = 0;

function traceId() {
  isolate ??= crypto.randomUUID().slice(0, 8);
  requests = (requests + 1) >>> 0;
  return isolate + requests.toString(16).padStart(8, "0");
}

const ABSENT = "\0";

// The head of a request as the core's `route` takes it. Each header that is asked for costs: a call needs the fewest.
function headOf(request, length) {
  const { method, url, headers } = request;
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("?", start);
  const path = end < 0 ? url.slice(start) : url.slice(start, end);
  const query = end < 0 ? "" : url.slice(end + 1);
  const session = headers.get("x-edgepod-session-id") ?? ABSENT;
  const reactive = session === ABSENT ? ABSENT : (headers.get("x-edgepod-reactive") ?? ABSENT);
  const call = method === "POST";
  const upgrade = call ? ABSENT : (headers.get("upgrade") ?? ABSENT);
  const asked = method === "OPTIONS" ? (headers.get("access-control-request-headers") ?? ABSENT) : ABSENT;
  const key = headers.get("x-edgepod-key") ?? ABSENT;
  const authorization = headers.get("authorization") ?? ABSENT;
  return `${method}\n${path}\n${query}\n${key}\n${authorization}\n${session}\n${reactive}\n${upgrade}\n${asked}\n${length ?? ABSENT}`;
}

function reply(encoded) {
  const { status, headers, body } = JSON.parse(encoded.slice(1));
  return new Response(status === 204 ? null : body, { status, headers });
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

// The body's text; or, where it may not be one, the reply that says so.
async function bodyOf(request, length, ctx, trace) {
  if (length !== null) {
    // The length was checked with the head. Bytes that are no UTF-8 become U+FFFD, and then the lengths differ.
    const text = await request.text();
    if (!text.includes("\uFFFD") || encoder.encode(text).length === Number(length)) return text;
    return reply(core.refuse_body(0, trace));
  }
  const bytes = await readUpTo(request.body, constants.body_limit);
  if (bytes.length > constants.body_limit) {
    ctx.waitUntil(drain(request.body));
    return reply(core.refuse_body(bytes.length, trace));
  }
  try {
    return utf8.decode(bytes);
  } catch {
    return reply(core.refuse_body(0, trace));
  }
}

// How much of a body is read that nobody wants, so that a client which still sends it hears the reply.
const UNWANTED_BODY = 64 * 1024 * 1024;

// Reads on, beside the reply, what a client still sends.
async function drain(stream) {
  let length = 0;
  for await (const chunk of stream.values({ preventCancel: true })) {
    length += chunk.length;
    if (length > UNWANTED_BODY) break;
  }
}

// Reads no more than it must to know that a body is too large.
async function readUpTo(stream, limit) {
  if (stream === null) return new Uint8Array();
  const chunks = [];
  let length = 0;
  for await (const chunk of stream.values({ preventCancel: true })) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) break;
  }
  if (chunks.length === 1) return chunks[0];
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

export default {
  async fetch(request, env, ctx) {
    const trace = traceId();
    try {
      alive(env);
      return await serve(request, env, ctx, trace);
    } catch (error) {
      const message = panicked === null ? String(error?.stack ?? error) : "";
      alive(env);
      return reply(core.refuse_internal(message, "", trace));
    }
  },
};

// The cryptography of each algorithm, as WebCrypto names it.
const rsa = (name, hash, saltLength) => [{ name, hash }, { name, saltLength }];
const ec = (namedCurve, hash) => [{ name: "ECDSA", namedCurve }, { name: "ECDSA", hash }];
const ALGORITHMS = {
  RS256: rsa("RSASSA-PKCS1-v1_5", "SHA-256"),
  RS384: rsa("RSASSA-PKCS1-v1_5", "SHA-384"),
  RS512: rsa("RSASSA-PKCS1-v1_5", "SHA-512"),
  PS256: rsa("RSA-PSS", "SHA-256", 32),
  PS384: rsa("RSA-PSS", "SHA-384", 48),
  PS512: rsa("RSA-PSS", "SHA-512", 64),
  ES256: ec("P-256", "SHA-256"),
  ES384: ec("P-384", "SHA-384"),
  EdDSA: [{ name: "Ed25519" }, { name: "Ed25519" }],
};

// Keys as they were imported, by algorithm and JWK.
const cryptoKeys = new Map();

async function isRight({ algorithm, jwk, signed, signature }) {
  try {
    const [imported, verified] = ALGORITHMS[algorithm];
    const id = algorithm + jwk;
    let key = cryptoKeys.get(id);
    if (key === undefined) {
      key = await crypto.subtle.importKey("jwk", JSON.parse(jwk), imported, false, ["verify"]);
      if (cryptoKeys.size >= 64) cryptoKeys.clear();
      cryptoKeys.set(id, key);
    }
    const bytes = Uint8Array.from(atob(signature), (char) => char.charCodeAt(0));
    return await crypto.subtle.verify(verified, key, bytes, new TextEncoder().encode(signed));
  } catch {
    // A point that is not on its curve, or a signature of the wrong length.
    return false;
  }
}

// The largest key set that is read, in characters.
const KEYS_LIMIT = 256 * 1024;

// Fetches the keys of tokens; the core remembers how that went.
async function fetchKeys(url, env) {
  let text;
  let failure = "";
  try {
    const response = await fetch(url, {
      headers: { accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(constants.fetch_limit),
    });
    if (response.status !== 200) throw new Error(`the answer has the status ${response.status}`);
    text = new TextDecoder().decode(await readUpTo(response.body, KEYS_LIMIT));
    if (text.length > KEYS_LIMIT) throw new Error("the answer is too large");
  } catch (error) {
    text = undefined;
    failure = String(error?.message ?? error);
  }
  alive(env);
  core.keys_fetched(text, failure);
}

// What becomes of a request, once its token is verified, if it has one.
async function decide(request, length, env, ctx, trace) {
  const head = headOf(request, length);
  if (request.headers.has("authorization")) {
    const url = core.refresh_keys();
    if (url !== undefined) ctx.waitUntil(fetchKeys(url, env));
  }
  for (;;) {
    const decision = core.route(head, trace);
    switch (decision[0]) {
      case "V": {
        const verification = JSON.parse(decision.slice(1));
        const right = await isRight(verification);
        alive(env);
        const refusal = core.verified(head, verification.version, right, trace);
        if (refusal !== "") return refusal;
        break;
      }
      case "F": {
        const fetched = fetchKeys(decision.slice(1), env);
        // Others wait for it, should this client go away.
        ctx.waitUntil(fetched);
        await fetched;
        break;
      }
      case "W":
        await scheduler.wait(20);
        alive(env);
        break;
      default:
        return decision;
    }
  }
}

// The object that has the database. Within a jurisdiction a name is another object than outside.
function objectOf(env) {
  const objects = jurisdiction === null ? env.EDGEPOD_DO : env.EDGEPOD_DO.jurisdiction(jurisdiction);
  const id = objects.idFromName("global");
  return locationHint === null ? objects.get(id) : objects.get(id, { locationHint });
}

async function serve(request, env, ctx, trace) {
  const length = request.headers.get("content-length");
  const decision = await decide(request, length, env, ctx, trace);
  const kind = decision[0];
  if (kind === "R") {
    if (request.body !== null) ctx.waitUntil(drain(request.body));
    return reply(decision);
  }
  const stub = objectOf(env);
  if (kind === "S") {
    const opening = new Request(request);
    opening.headers.set(EXPIRES, decision.slice(1));
    return stub.fetch(opening);
  }

  const [session, name, user] = decision.slice(1).split("\n", 3);
  const fixed = session.length + name.length + user.length + 3;
  let args;
  if (decision.length > fixed) args = decision.slice(fixed + 1);
  else if (request.method === "GET" || request.method === "HEAD") args = "";
  else {
    args = await bodyOf(request, length, ctx, trace);
    if (typeof args !== "string") return args;
  }
  const headers = JSON.stringify(Object.fromEntries(request.headers));
  const call = `${name}\n${session}\n${trace}\n${user}\n${headers}\n${args}`;
  let outcome;
  if (kind === "A") outcome = await stub.callAction(call);
  else if (kind === "B") outcome = await stub.callBatch(call);
  else outcome = await stub.call(call);
  if (outcome.startsWith("200")) return new Response(outcome.slice(3), constants.ok);
  const body = outcome.indexOf("{");
  const wait = outcome.slice(3, body);
  return new Response(outcome.slice(body), {
    status: Number(outcome.slice(0, 3)),
    headers: wait === "" ? constants.headers : { ...constants.headers, "retry-after": wait },
  });
}

// The first tag of a socket that was opened without `since`.
const PLAIN = "plain";

// When the token of a socket expires, or an empty text. On the way to the object it is a header, whatever the client sent
// under that name; with the socket it is a tag: that outlives hibernation.
const EXPIRES = "x-edgepod-expires";
const expiries = new WeakMap();

// A socket whose token has expired is told nothing more. No timer does it, which would keep the object awake.
function isExpired(ws) {
  if (!(expiries.get(ws) <= Date.now())) return false;
  ws.close(...constants.expired);
  return true;
}

const ROLLBACK = Symbol("rollback");

function parameters(json) {
  if (json === "") return [];
  const values = JSON.parse(json);
  return json.includes('{"$blob"') ? values.map(fromBlob) : values;
}

const fromBlob = (value) =>
  value !== null && typeof value === "object"
    ? Uint8Array.from(value.$blob.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
    : value;

const toBlob = (value) =>
  value instanceof ArrayBuffer
    ? { $blob: Array.from(new Uint8Array(value), (byte) => byte.toString(16).padStart(2, "0")).join("") }
    : value;

// What the core may ask of an object.
class Bridge {
  constructor(ctx, env, sockets) {
    this.ctx = ctx;
    this.storage = ctx.storage;
    this.sql = ctx.storage.sql;
    this.env = env;
    this.sockets = sockets;
    // The sockets that were opened without `since`.
    this.plain = new Set();
    // In which version each table changed last. The answer to pings has kept it while this object slept.
    const answer = ctx.getWebSocketAutoResponse()?.response ?? "pong";
    this.changed = answer === "pong" ? {} : JSON.parse(answer).changed;
  }

  run(sql, params) {
    const cursor = this.sql.exec(sql, ...parameters(params));
    const rows = [...cursor.raw()].map((row) => row.map(toBlob));
    return `${cursor.rowsWritten}|${JSON.stringify(rows)}`;
  }

  // The same of a statement that only reads: the texts alone.
  readJson(sql, params) {
    const rows = this.sql.exec(sql, ...parameters(params)).raw();
    let { value, done } = rows.next();
    if (done) return "";
    let text = value[0];
    for ({ value, done } = rows.next(); !done; { value, done } = rows.next()) text += `,${value[0]}`;
    return text;
  }

  runJson(sql, params) {
    const cursor = this.sql.exec(sql, ...parameters(params));
    let text = "";
    let separator = "";
    for (const row of cursor.raw()) {
      text += separator + row[0];
      separator = ",";
    }
    return `${cursor.rowsWritten}|${text}`;
  }

  transaction(body) {
    try {
      this.storage.transactionSync(() => {
        if (!body()) throw ROLLBACK;
      });
    } catch (error) {
      if (error === ROLLBACK) return undefined;
      // A panic has rolled back, and ends the call.
      if (panicked !== null) throw error;
      return String(error?.message ?? error);
    }
    return undefined;
  }

  send(socket, message) {
    try {
      const ws = this.sockets.get(socket);
      if (ws !== undefined && !isExpired(ws)) ws.send(message);
    } catch {
      // It is closing: its end is on its way.
    }
  }

  remember(socket, attachment) {
    this.sockets.get(socket)?.serializeAttachment(attachment);
  }

  wrote(tables, version) {
    this.version = version;
    for (const table of tables.split("\n")) this.changed[table] = version;
    if (this.plain.size === 0) this.answerPings();
  }

  // The platform answers pings without waking this object, and has one answer for all sockets. It says which table changed
  // last in which version, so that a client notices that a signal was lost on its way and nothing came after it. Who did not
  // ask for a greeting expects `pong`: while there is such a socket, all get that.
  answerPings() {
    if (this.sockets.size === 0) return;
    const set = (answer) => this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", answer));
    const say = () => set(this.plain.size > 0 ? "pong" : JSON.stringify({ type: "pong", changed: this.changed }));
    try {
      say();
    } catch {
      // The platform takes 2 KB, which is about fifty tables.
      this.changed = { "*": this.version };
      say();
    }
  }

  var(name) {
    const value = this.env[name];
    return typeof value === "string" ? value : undefined;
  }
}

let objects = 0;

export class EdgePodEngine extends DurableObject {
  #id = objects++;
  #sockets = new Map();
  #ids = new Map();
  #nextSocket = 0;
  #generation = 0;
  #bridge;

  constructor(ctx, env) {
    super(ctx, env);
    this.#bridge = new Bridge(ctx, env, this.#sockets);
    for (const ws of ctx.getWebSockets()) this.#add(ws);
  }

  #add(ws) {
    const id = this.#nextSocket++;
    this.#sockets.set(id, ws);
    this.#ids.set(ws, id);
    const [kind, expires] = this.ctx.getTags(ws);
    if (kind === PLAIN) this.#bridge.plain.add(id);
    if (expires !== undefined) expiries.set(ws, Number(expires));
    return id;
  }

  #remove(ws) {
    const id = this.#ids.get(ws);
    this.#ids.delete(ws);
    this.#sockets.delete(id);
    this.#bridge.plain.delete(id);
    return id;
  }

  // Makes sure that this object's engine lives in the core that runs now.
  #open() {
    alive(this.env);
    if (this.#generation === generation) return;
    const refusal = core.open(this.#id, this.#bridge);
    if (refusal !== undefined) throw new Error(refusal);
    for (const [id, ws] of this.#sockets) {
      const attachment = ws.deserializeAttachment();
      if (typeof attachment === "string") core.socket_restored(this.#id, id, attachment);
    }
    this.#generation = generation;
  }

  call(call) {
    try {
      this.#open();
      return core.call(this.#id, call);
    } catch (error) {
      return this.#failed(error, call);
    }
  }

  // A query that panics takes the core along. Then the others run again without it, still in this turn: queries leave nothing
  // behind, and no other request comes between.
  callBatch(call) {
    const lost = [];
    for (;;) {
      let place;
      try {
        this.#open();
        return core.call_batch(this.#id, call, new Uint32Array(lost), (begins) => {
          place = begins;
        });
      } catch (error) {
        const outcome = this.#failed(error, call);
        if (place === undefined || lost.includes(place)) return outcome;
        lost.push(place);
      }
    }
  }

  async callAction(call) {
    let reject;
    try {
      this.#open();
      const lost = new Promise((_, refuse) => {
        reject = refuse;
        actions.add(reject);
      });
      return await Promise.race([core.call_action(this.#id, call), lost]);
    } catch (error) {
      // Its own panic, or one that took it along: then the log has it with the name of the other.
      return this.#failed(error, call, panicked ?? String(error?.message ?? error));
    } finally {
      actions.delete(reject);
    }
  }

  // The outcome of a call that the core did not survive, or could not begin. The log has a panic already.
  #failed(error, call, message = panicked === null ? String(error?.message ?? error) : "") {
    const [name, , trace] = call.split("\n", 3);
    alive(this.env);
    const { status, body } = JSON.parse(core.refuse_internal(message, name, trace).slice(1));
    return `${status}${body}`;
  }

  fetch(request) {
    this.#open();
    const { searchParams } = new URL(request.url);
    const { 0: client, 1: server } = new WebSocketPair();
    const expires = request.headers.get(EXPIRES);
    const since = searchParams.get("since") ?? undefined;
    this.ctx.acceptWebSocket(server, [since === undefined ? PLAIN : "greeted", ...(expires ? [expires] : [])]);
    const id = this.#add(server);
    this.#bridge.answerPings();
    core.socket_opened(this.#id, id, searchParams.get("sessionId"), since, searchParams.getAll("table").join("\n"));
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(ws) {
    this.#closed(ws);
    ws.close(1008, "This socket only tells what is stale: send nothing but ping.");
  }

  webSocketClose(ws, code, reason) {
    this.#closed(ws);
    // The client waits for an answer to its close; a code such as 1005 only says that there was none.
    try {
      ws.close(code, reason);
    } catch {
      ws.close();
    }
  }

  webSocketError(ws) {
    this.#closed(ws);
  }

  #closed(ws) {
    this.#open();
    const id = this.#remove(ws);
    this.#bridge.answerPings();
    if (id !== undefined) core.socket_closed(this.#id, id);
  }
}
