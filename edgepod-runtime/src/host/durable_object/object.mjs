// The Durable Object: its class and its sockets are JavaScript's, what a call does is the core's engine's to say.
import { DurableObject } from "cloudflare:workers";
import { administer, opened } from "./admin_object.mjs";
import { alive, core, known, messageOf, runs, traceId, unlessEnded, untold } from "./bridge.mjs";
import {
  DECISION,
  kindOf,
  labelsOf,
  messageOfBefore,
  outcomeForBefore,
  readOpening,
  readReply,
  readStatus,
  unknownVersion,
  writeOutcome,
} from "./crossing.mjs";
import { GREETED, PLAIN, Ports } from "./ports.mjs";
import { askCore } from "./streams.mjs";

/** After so many jobs in a row whoever else waits has a turn. */
const TURN = 16;

/** When to try again where no job can be done, in milliseconds. */
const LATER = 60_000;

/** @param {number} millis */
const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/**
 * Waits until one of them has ended, or the time is over.
 *
 * @param {Iterable<Promise<void>>} promises
 * @param {number} millis
 */
async function soonest(promises, millis) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const over = new Promise((resolve) => {
    if (millis !== Number.POSITIVE_INFINITY) timer = setTimeout(resolve, millis);
  });
  await Promise.race([...promises, over]);
  if (timer !== undefined) clearTimeout(timer);
}

/** How many engines there were in this isolate: each has a number that no other had. */
let engines = 0;

/** The engine of one life of an object. */
class Engine {
  #number = engines++;
  /** The core's instance that has it. */
  #instance = 0;
  /** Why it could not be opened last, and until when it is not tried again. @type {{ reason: string, until: number } | null} */
  #failure = null;
  /** Since when its life lasts. @type {number | undefined} */
  #openedAt;

  /**
   * Makes sure that it is open in the instance that runs now; its number.
   *
   * @param {Ports} ports
   */
  open(ports) {
    const instance = alive(ports.env);
    if (this.#instance !== instance) {
      if (this.#failure !== null && this.#failure.until > Date.now()) throw new Refused(this.#failure.reason, true);
      const reason = core.open(this.#number, ports);
      if (reason !== undefined) {
        this.#failure = { reason, until: Date.now() + known().unserved * 1000 };
        throw new Refused(reason, false);
      }
      this.#failure = null;
      this.#openedAt = Date.now();
      ports.opened();
      for (const [id, ws] of ports.sockets) {
        const attachment = ws.deserializeAttachment();
        if (typeof attachment === "string") core.socket_restored(this.#number, id, attachment);
      }
      this.#instance = instance;
    }
    return this.#number;
  }

  /**
   * How the pod is, for the admin.
   *
   * @param {Ports} ports
   * @param {number} bytes of its database
   * @param {number | undefined} openedAt when it was opened before this life
   */
  status(ports, bytes, openedAt) {
    const isOpen = this.#instance === alive(ports.env);
    const opened = isOpen ? this.#openedAt : openedAt;
    // Under a number of its own: it may be open.
    return readStatus(
      core.status(isOpen ? this.#number : undefined, engines++, ports, this.#failure?.reason, bytes, opened),
    );
  }

  /**
   * Opens another, which is ended again: whether the database fits the app.
   *
   * @param {Ports} ports
   */
  fits(ports) {
    alive(ports.env);
    const number = engines++;
    const reason = core.open(number, ports);
    if (reason !== undefined) throw new Error(reason);
    core.close(number);
  }

  close() {
    if (runs(this.#instance)) core.close(this.#number);
    this.#instance = 0;
  }
}

/** The database does not fit the app, and it is not this code that is wrong: the log has no use for a place in it. */
class Refused extends Error {
  /**
   * @param {string} reason
   * @param {boolean} isLogged whether the log has had it a moment ago
   */
  constructor(reason, isLogged) {
    super(reason);
    this.stack = isLogged ? "" : reason;
  }
}

/** The labels of what is no call. */
const NOTHING = { name: "", trace: "" };

/**
 * The engines of this isolate's objects, by the objects' ids. Nothing tells that an object goes: whoever wakes finds the engine
 * from before its sleep, and of those who do not, the garbage collector finds out.
 *
 * @type {Map<string, Engine>}
 */
const open = new Map();

/** @type {FinalizationRegistry<{ id: string, engine: Engine }> | undefined} */
const gone =
  typeof FinalizationRegistry === "undefined"
    ? undefined
    : new FinalizationRegistry(({ id, engine }) => {
        engine.close();
        if (open.get(id) === engine) open.delete(id);
      });

export class EdgePodEngine extends DurableObject {
  #engine = new Engine();
  #ports;

  /**
   * @param {DurableObjectState} ctx
   * @param {import("./objects.mjs").Env} env
   */
  constructor(ctx, env) {
    super(ctx, env);
    this.#ports = new Ports(ctx, env, () => opened(ctx, env, this.#ports.pod));
    const id = ctx.id.toString();
    open.get(id)?.close();
    open.set(id, this.#engine);
    gone?.register(this, { id, engine: this.#engine });
  }

  // ---- Calls

  /**
   * @param {string} message
   * @param {Uint8Array} [body] of a route
   * @param {boolean} [takesBytes] for a long outcome of what is no route and no action
   * @returns {string | Uint8Array | Promise<string | [head: string, body: Uint8Array | ReadableStream<Uint8Array>]>}
   */
  serve(message, body, takesBytes = false) {
    switch (kindOf(message)) {
      case DECISION.call:
        return this.#call(message, takesBytes);
      case DECISION.batch:
        return this.#callBatch(message, takesBytes);
      case DECISION.action:
      case DECISION.between:
        return this.#callAction(message);
      case DECISION.raw:
        return this.#callAction(message, body ?? new Uint8Array());
      default:
        return unknownVersion();
    }
  }

  // The three methods of the version before.

  /** @param {string} message */
  call(message) {
    return outcomeForBefore(/** @type {string} */ (this.#call(messageOfBefore(message, DECISION.call), false)));
  }

  /** @param {string} message */
  callBatch(message) {
    return outcomeForBefore(/** @type {string} */ (this.#callBatch(messageOfBefore(message, DECISION.batch), false)));
  }

  /** @param {string} message */
  async callAction(message) {
    return outcomeForBefore(/** @type {string} */ (await this.#callAction(messageOfBefore(message, DECISION.action))));
  }

  /**
   * @param {string} message
   * @param {boolean} takesBytes
   */
  #call(message, takesBytes) {
    try {
      return core.call(this.#engine.open(this.#ports), message, takesBytes);
    } catch (error) {
      return this.#failed(error, labelsOf(message));
    }
  }

  // A query that ends the instance takes the others along. Then they run again without it, still in this turn: queries leave
  // nothing behind, and no other request comes between.
  /**
   * @param {string} message
   * @param {boolean} takesBytes
   */
  #callBatch(message, takesBytes) {
    /** @type {number[]} */
    const lost = [];
    for (;;) {
      /** @type {number | undefined} */
      let place;
      try {
        const begin = (/** @type {number} */ begins) => {
          place = begins;
        };
        return core.call_batch(this.#engine.open(this.#ports), message, new Uint32Array(lost), begin, takesBytes);
      } catch (error) {
        const outcome = this.#failed(error, labelsOf(message));
        if (place === undefined || lost.includes(place)) return outcome;
        lost.push(place);
      }
    }
  }

  /**
   * An action; with a body, a route; or what another pod calls.
   *
   * @param {string} message
   * @param {Uint8Array} [body]
   */
  async #callAction(message, body) {
    try {
      const engine = this.#engine.open(this.#ports);
      // It returns, so an instance runs.
      return await askCore(alive(this.#ports.env), engine, message, body);
    } catch (error) {
      // It ended the instance itself, or another call did, and then the log has that under the name of the other.
      return this.#failed(error, labelsOf(message), untold(error) || messageOf(error));
    }
  }

  /**
   * The outcome of a call that the core did not survive, or could not begin.
   *
   * @param {unknown} error
   * @param {{ name: string, trace: string }} [labels] the call's
   * @param {string} [reason] for the log
   */
  #failed(error, { name, trace } = NOTHING, reason = untold(error)) {
    alive(this.#ports.env);
    const failure = core.refuse_internal(reason, name, trace);
    const { status, headers, body } = readReply(error instanceof Refused ? core.refuse_unserved(trace) : failure);
    return writeOutcome(status, body, headers["retry-after"]);
  }

  // ---- The admin address

  /**
   * @param {string} what
   * @param {unknown[]} args
   */
  administer(what, ...args) {
    const ports = this.#ports;
    const object = {
      ctx: this.ctx,
      open: () => {
        try {
          this.#engine.open(ports);
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          this.#failed(error);
        }
      },
      fits: () => this.#engine.fits(ports),
      status: (/** @type {number} */ bytes, /** @type {number | undefined} */ openedAt) =>
        this.#engine.status(ports, bytes, openedAt),
      jobs: (/** @type {string} */ what, /** @type {string} */ of, /** @type {string} */ trace) => {
        try {
          return core.jobs(this.#engine.open(ports), what, of, trace);
        } catch (error) {
          return this.#failed(error, { name: "admin", trace });
        }
      },
    };
    return administer(object, what, args);
  }

  // ---- Jobs

  // It never fails, so that the platform never repeats it, which it does six times and no more: what is left is asked for again.
  async alarm() {
    this.#ports.rings();
    try {
      await this.#runJobs();
    } catch (error) {
      this.#ports.wakeAt(Date.now() + LATER);
      this.#failed(error);
    } finally {
      this.#ports.rang();
    }
  }

  // While an alarm is at work the platform rings no other: what comes due beside an action that waits is done from here.
  async #runJobs() {
    /** @type {Set<Promise<void>>} */
    const actions = new Set();
    for (let steps = 1; ; steps++) {
      const engine = this.#engine.open(this.#ports);
      if (this.#ports.untilAlarm() === 0) this.#ports.rings();
      const more = this.#runJob(engine);
      if (more === undefined) {
        /** @type {Promise<void>} */
        const action = unlessEnded(() => core.call_action(engine, "", undefined, undefined))
          // The next engine finds that it was begun.
          .catch(() => {})
          .then(() => {
            actions.delete(action);
          });
        actions.add(action);
      } else if (!more) {
        // What has come due since it was looked for is not rung for: this is the ringing.
        const wait = this.#ports.untilAlarm();
        if (actions.size === 0 && wait > 0) return;
        await soonest([...actions, this.#ports.woken()], wait);
      }
      // Others have their turn.
      if (steps % TURN === 0) await sleep(0);
    }
  }

  /**
   * One step; whether there may be more, or nothing where it began an action.
   *
   * @param {number} engine
   */
  #runJob(engine) {
    try {
      return core.run_job(engine);
    } catch (error) {
      // The try is counted: the next engine finds that it was begun.
      this.#failed(error);
      return true;
    }
  }

  // ---- Sockets

  /** @param {Request} request */
  fetch(request) {
    let engine;
    try {
      engine = this.#engine.open(this.#ports);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#failed(error);
      const { status, headers, body } = readReply(core.refuse_unserved(traceId()));
      return new Response(body, { status, headers });
    }
    const { session, since, listed, tables, expires, protocols } = readOpening(request);
    const tag = `s${session}`;
    if (this.ctx.getWebSockets(tag).length >= known().sockets) {
      const { status, headers, body } = readReply(core.refuse_socket(traceId()));
      return new Response(body, { status, headers });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    const tags = [since === undefined ? PLAIN : GREETED, tag];
    if (expires !== undefined) tags.push(expires);
    this.ctx.acceptWebSocket(server, tags);
    const id = this.#ports.add(server);
    this.#ports.answerPings();
    try {
      // Until its list comes the engine knows nothing of it. What it waits with outlives a sleep.
      if (listed) server.serializeAttachment({ session, since });
      else core.socket_opened(engine, id, session, since, tables);
    } catch (error) {
      // The client is told that there is no socket.
      this.#ports.remove(server);
      server.close(1011);
      throw error;
    }
    const { protocol } = known();
    // A client that offers protocols takes no socket without one of them.
    const headers = protocols.includes(protocol) ? { "sec-websocket-protocol": protocol } : undefined;
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /**
   * @param {WebSocket} ws
   * @param {string | ArrayBuffer} message
   */
  webSocketMessage(ws, message) {
    if (this.#isListed(ws, message)) return;
    this.#closed(ws);
    ws.close(...known().refused);
  }

  /**
   * Opens a socket that waits for its list of topics; whether this was it.
   *
   * @param {WebSocket} ws
   * @param {string | ArrayBuffer} message
   */
  #isListed(ws, message) {
    const waits = ws.deserializeAttachment();
    if (typeof waits !== "object" || waits === null || typeof message !== "string") return false;
    try {
      const engine = this.#engine.open(this.#ports);
      const id = this.#ports.idOf(ws);
      if (id === undefined || message.length > known().list_limit) return false;
      core.socket_opened(engine, id, waits.session, waits.since, message);
      // Where the engine had nothing to remember of it.
      if (ws.deserializeAttachment()?.session !== undefined) ws.serializeAttachment(null);
      return true;
    } catch (error) {
      this.#failed(error);
      this.#closed(ws);
      ws.close(1011);
      return true;
    }
  }

  /**
   * @param {WebSocket} ws
   * @param {number} code
   * @param {string} reason
   */
  webSocketClose(ws, code, reason) {
    this.#closed(ws);
    // The client waits for an answer to its close; a code such as 1005 only says that there was none.
    try {
      ws.close(code, reason);
    } catch {
      ws.close();
    }
  }

  /** @param {WebSocket} ws */
  webSocketError(ws) {
    this.#closed(ws);
  }

  /** @param {WebSocket} ws */
  #closed(ws) {
    try {
      const engine = this.#engine.open(this.#ports);
      const id = this.#ports.remove(ws);
      this.#ports.answerPings();
      if (id !== undefined) core.socket_closed(engine, id);
    } catch (error) {
      // The socket is gone all the same: the next instance does not hear of it.
      const reason = untold(error);
      this.#ports.remove(ws);
      alive(this.#ports.env);
      if (reason !== "") core.refuse_internal(reason, "", traceId());
    }
  }
}
