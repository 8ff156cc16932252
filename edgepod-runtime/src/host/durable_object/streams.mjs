// Bodies of routes' replies that are streams: the core makes their chunks, one at a time, as they are read.
import { core, runs, unlessEnded } from "./bridge.mjs";

const NOTHING = new Uint8Array();

/**
 * Calls an action of the core's, or with a body a route, whose reply has its body as bytes or as a stream of them.
 *
 * @param {number} instance of the core's
 * @param {number} engine
 * @param {string} message
 * @param {Uint8Array | undefined} body
 * @param {import("./ports.mjs").Outside} [outside] where the route is at the gateway
 * @param {(ended: Promise<void>) => void} [waits] is told when a stream ends
 * @returns {Promise<string | [head: string, body: Uint8Array | ReadableStream<Uint8Array>]>}
 */
export async function askCore(instance, engine, message, body, outside, waits) {
  const answer = await unlessEnded(() => core.call_action(engine, message, body, outside));
  if (typeof answer === "string") return answer;
  const [head, bytes] = answer;
  if (typeof bytes !== "number") return [head, bytes];
  /** @type {() => void} */
  let ends = () => {};
  waits?.(
    new Promise((resolve) => {
      ends = resolve;
    }),
  );
  return [head, streamOf(instance, bytes, () => ends())];
}

/**
 * @param {number} instance of the core's
 * @param {number} number of the stream
 * @param {() => void} ends
 */
function streamOf(instance, number, ends) {
  return new ReadableStream({
    // The one kind that crosses from an object to its Worker.
    type: "bytes",
    async pull(controller) {
      /** @type {any} */
      let chunk = null;
      try {
        // Another instance has its own numbers.
        if (runs(instance)) chunk = await unlessEnded(() => core.call_action(number, "", NOTHING, undefined));
      } finally {
        if (!(chunk instanceof Uint8Array)) ends();
      }
      if (chunk === null) throw new Error("the stream of the reply broke off");
      if (chunk !== undefined) return controller.enqueue(chunk);
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel() {
      ends();
      if (runs(instance)) core.cut(number);
    },
  });
}
