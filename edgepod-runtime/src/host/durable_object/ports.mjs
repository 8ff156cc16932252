// What the core may ask of an object: its ports, on a Durable Object. Part of them a Worker has, too.
import { readUpTo } from "./bodies.mjs";
import { alive, core, hasEnded, known, messageOf, runs } from "./bridge.mjs";
import {
  ask,
  PONG,
  readOutcome,
  readOutgoing,
  readParameters,
  readPod,
  readPong,
  readTables,
  writeAnswer,
  writeCountedTexts,
  writePong,
  writeRows,
  writeTexts,
} from "./crossing.mjs";
import { objectOf } from "./objects.mjs";

const utf8 = new TextEncoder();

/**
 * The first tag of a socket that was opened without `since`; the second names its session, the third, if any, is when its token
 * expires.
 */
export const PLAIN = "plain";
export const GREETED = "greeted";

const ROLLBACK = Symbol("rollback");

/**
 * Tells the core what came of what it asked for.
 *
 * @param {import("./objects.mjs").Env} env
 * @param {number} number
 * @param {() => Promise<{ answer: string, bytes: Uint8Array }>} ask
 */
async function answered(env, number, ask) {
  const instance = alive(env);
  let answer;
  /** @type {Uint8Array} */
  let bytes = new Uint8Array();
  let failure = "";
  try {
    ({ answer, bytes } = await ask());
  } catch (error) {
    failure = messageOf(error);
  }
  // Another instance has its own numbers.
  if (runs(instance)) core.fetched(number, answer, bytes, failure);
}

/** What the core may ask where there is no object: a route at the gateway. */
export class Outside {
  /** @param {import("./objects.mjs").Env} env */
  constructor(env) {
    this.env = env;
  }

  /**
   * @param {number} number
   * @param {string} head
   * @param {Uint8Array} body
   */
  fetch(number, head, body) {
    const { method, url, headers, timeout, limit } = readOutgoing(head);
    // In this turn it stands in the core's memory.
    const sent = method === "GET" || method === "HEAD" ? undefined : body.slice();
    void answered(this.env, number, async () => {
      const signal = AbortSignal.timeout(timeout);
      const response = await fetch(url, { method, headers, body: sent, redirect: "manual", signal });
      const bytes = await readUpTo(response.body, limit);
      return { answer: writeAnswer(response), bytes };
    });
  }

  /** @param {string} name */
  var(name) {
    const value = this.env[name];
    return typeof value === "string" ? value : undefined;
  }
}

export class Ports extends Outside {
  /** The sockets, by their numbers. @type {Map<number, WebSocket>} */
  sockets = new Map();
  /** Their numbers. @type {Map<WebSocket, number>} */
  #ids = new Map();
  /** When the tokens of sockets expire. @type {Map<WebSocket, number>} */
  #expiries = new Map();
  /** The sockets that were opened without `since`. @type {Set<number>} */
  #plain = new Set();
  #nextSocket = 0;
  /** In which version each table changed last. @type {Record<string, string>} */
  #changed;
  #version = "";
  /** When the alarm rings, as far as this life knows. @type {number | undefined} */
  #alarm;
  /** Tells whoever waits beside actions that there is another time. */
  #woken = () => {};
  #isRinging = false;
  #ctx;
  #storage;
  #sql;

  /**
   * @param {DurableObjectState} ctx
   * @param {import("./objects.mjs").Env} env
   * @param {() => void} opened is told that the engine is open
   */
  constructor(ctx, env, opened) {
    super(env);
    this.opened = opened;
    this.#ctx = ctx;
    this.#storage = ctx.storage;
    this.#sql = ctx.storage.sql;
    // The answer to pings has kept the versions while this object slept.
    this.#changed = readPong(ctx.getWebSocketAutoResponse()?.response);
    for (const ws of ctx.getWebSockets()) this.add(ws);
  }

  /**
   * @param {string} sql
   * @param {string} params
   */
  run(sql, params) {
    return writeRows(this.#sql.exec(sql, ...readParameters(params)), known());
  }

  /**
   * @param {string} sql
   * @param {string} params
   */
  readJson(sql, params) {
    return writeTexts(this.#sql.exec(sql, ...readParameters(params)), known());
  }

  /**
   * @param {string} sql
   * @param {string} params
   */
  runJson(sql, params) {
    return writeCountedTexts(this.#sql.exec(sql, ...readParameters(params)), known());
  }

  /** @param {() => boolean} body */
  transaction(body) {
    try {
      this.#storage.transactionSync(() => {
        if (!body()) throw ROLLBACK;
      });
    } catch (error) {
      if (error === ROLLBACK) return undefined;
      // What ended the instance has rolled back, and ends the call.
      if (hasEnded()) throw error;
      return messageOf(error);
    }
    return undefined;
  }

  /**
   * Calls a function in another pod.
   *
   * @param {number} number
   * @param {string} pod as the core writes it
   * @param {string} message
   */
  callPod(number, pod, message) {
    void answered(this.env, number, async () => {
      const { name, near } = readPod(pod);
      const { status, retryAfter, body } = readOutcome(await ask(objectOf(this.env, name, near), message));
      const headers = new Headers(retryAfter === "" ? {} : { "retry-after": retryAfter });
      return { answer: writeAnswer({ status, headers }), bytes: utf8.encode(body) };
    });
  }

  /**
   * @param {number} socket
   * @param {string} message
   */
  send(socket, message) {
    try {
      const ws = this.sockets.get(socket);
      if (ws !== undefined && !this.#isExpired(ws)) ws.send(message);
    } catch {
      // It is closing: its end is on its way.
    }
  }

  // A socket whose token has expired is told nothing more. No timer does it, which would keep the object awake.
  /** @param {WebSocket} ws */
  #isExpired(ws) {
    const expiry = this.#expiries.get(ws);
    if (expiry === undefined || expiry > Date.now()) return false;
    ws.close(...known().expired);
    return true;
  }

  /**
   * @param {number} socket
   * @param {string} attachment
   */
  remember(socket, attachment) {
    this.sockets.get(socket)?.serializeAttachment(attachment);
  }

  /**
   * @param {string} tables
   * @param {string} version
   */
  wrote(tables, version) {
    this.#version = version;
    for (const table of readTables(tables)) this.#changed[table] = version;
    if (this.#plain.size === 0) this.answerPings();
  }

  // The platform answers pings without waking this object, and has one answer for all sockets. It says which table changed
  // last in which version, so that a client notices that a signal was lost on its way and nothing came after it. Who did not
  // ask for a greeting expects `pong`: while there is such a socket, all get that.
  answerPings() {
    if (this.sockets.size === 0) return;
    const say = () => {
      const answer = this.#plain.size > 0 ? PONG : writePong(this.#changed);
      this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", answer));
    };
    try {
      say();
    } catch {
      // The platform takes 2 KB, which is about fifty tables.
      this.#changed = { "*": this.#version };
      say();
    }
  }

  /** The pod's name, which is this object's. */
  get pod() {
    return this.#ctx.id.name ?? known().global;
  }

  // Each life sets it anew: one that an earlier life has set may be lost where that was killed, though the platform still tells of it.
  /** @param {number} millis */
  wakeAt(millis) {
    if (this.#alarm === millis) return;
    this.#alarm = millis;
    this.#woken();
    // Whoever has been rung for looks again before it is done.
    if (this.#isRinging && millis <= Date.now()) return;
    this.#setAlarm(millis);
  }

  /** Waits until another time is set. @returns {Promise<void>} */
  woken() {
    return new Promise((resolve) => {
      this.#woken = resolve;
    });
  }

  /** @param {number} millis */
  #setAlarm(millis) {
    this.#storage.setAlarm(millis).catch((error) => console.error(`The alarm cannot be set: ${error}`));
  }

  /** The alarm rings: there is none from now on. */
  rings() {
    this.#isRinging = true;
    this.#alarm = undefined;
  }

  /** What it rang for is done. */
  rang() {
    this.#isRinging = false;
  }

  /** How many milliseconds are left until it rings. */
  untilAlarm() {
    return this.#alarm === undefined ? Number.POSITIVE_INFINITY : Math.max(0, this.#alarm - Date.now());
  }

  /**
   * A socket is open.
   *
   * @param {WebSocket} ws
   */
  add(ws) {
    const id = this.#nextSocket++;
    this.sockets.set(id, ws);
    this.#ids.set(ws, id);
    const [kind, , expires] = this.#ctx.getTags(ws);
    if (kind === PLAIN) this.#plain.add(id);
    if (expires !== undefined) this.#expiries.set(ws, Number(expires));
    return id;
  }

  /**
   * The number of an open socket.
   *
   * @param {WebSocket} ws
   */
  idOf(ws) {
    return this.#ids.get(ws);
  }

  /**
   * A socket is gone; its number, if it had one.
   *
   * @param {WebSocket} ws
   */
  remove(ws) {
    const id = this.#ids.get(ws);
    this.#ids.delete(ws);
    this.#expiries.delete(ws);
    if (id === undefined) return undefined;
    this.sockets.delete(id);
    this.#plain.delete(id);
    return id;
  }
}
