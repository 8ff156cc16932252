// What crosses between JavaScript and the core, and between the Worker and its object, on JavaScript's side; `crossing.rs` is
// the core's. No other module knows how it is written. docs/decisions/crossing.md has it in one table.

/**
 * The version of what Worker and object say to each other, which is its first character. They may be of two builds for
 * seconds, so the version before is understood, too.
 */
const VERSION = "2";

/** What an object says to a message of a version that it does not know, with the newest that it does. */
const UNKNOWN = "!";

// ---- A request's head, for the gateway

/** The line of a header that is absent: no header can hold it. */
const ABSENT = "\0";

/**
 * A request but for its body. The platform answers each of these anew whenever it is asked.
 *
 * @typedef {object} Parts
 * @property {string} method
 * @property {string} url
 * @property {Headers} headers
 * @property {string | null} authorization the header of this name
 * @property {string | null} length the header `Content-Length`
 */

/**
 * @param {Pick<Request, "method" | "url" | "headers">} request
 * @returns {Parts}
 */
export const partsOf = ({ method, url, headers }) => ({
  method,
  url,
  headers,
  authorization: headers.get("authorization"),
  length: headers.get("content-length"),
});

/**
 * The head of a request as the core's `route` takes it. A header costs the platform about half a microsecond, so those are asked for
 * that such a request may need, and all of them only where the app has pods. An app without is asked for a pod by mistake.
 *
 * @param {Parts} parts
 * @param {boolean} pods
 */
export function headOf({ method, url, headers, authorization, length }, pods) {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("?", start);
  const path = end < 0 ? url.slice(start) : url.slice(start, end);
  const query = end < 0 ? "" : url.slice(end + 1);
  const line = (/** @type {string} */ name) => headers.get(name) ?? ABSENT;
  const head = `${method}\n${path}\n${query}\n${line("x-edgepod-key")}\n${authorization ?? ABSENT}\n${line("x-edgepod-session-id")}\n${line("x-edgepod-reactive")}\n${method === "GET" ? line("upgrade") : ABSENT}\n${method === "OPTIONS" ? line("access-control-request-headers") : ABSENT}\n${length ?? ABSENT}\n${line("x-edgepod-pod")}`;
  return pods ? `${head}\n${writeHeaders(headers)}` : head;
}

/**
 * The headers of a request, as JSON by their names in small letters.
 *
 * @param {Headers} headers
 */
export const writeHeaders = (headers) => JSON.stringify(Object.fromEntries(headers));

/**
 * The same of some of them.
 *
 * @param {Headers} headers
 * @param {string[]} names
 */
export function writeSomeHeaders(headers, names) {
  /** @type {Record<string, string>} */
  const some = {};
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) some[name] = value;
  }
  return JSON.stringify(some);
}

/** What becomes of a request: the first letter of what `route` returns. */
export const DECISION = Object.freeze({
  /** Reply with this. */
  reply: "R",
  /** A socket. */
  socket: "S",
  /** A call of a query or a function, of an action, or a batch, whose arguments are the body. */
  call: "C",
  action: "A",
  batch: "B",
  /** A request for a route, whose body is of any bytes. */
  raw: "H",
  /** The same, for a route at the gateway: it is answered in the Worker. */
  outside: "O",
  /** A call of a function of any kind, from another pod or the admin. */
  between: "I",
  /** A call that brought its arguments along. */
  asked: "G",
  /** Verify this signature, say how that went, and ask again. */
  verify: "V",
  /** Fetch keys from this address, say how that went, and ask again. */
  fetch: "F",
  /** Ask again soon. */
  wait: "W",
});

/** What the core says of a token that is not its own, on the way to a route: ask again without. */
const NOBODY = "N";

/**
 * The head to ask again with, where the core does not refuse the request.
 *
 * @param {string} said what the core says of a verified signature: nothing, or as whom to ask again
 * @param {string} head
 */
export function headAfter(said, head) {
  if (said === "") return head;
  if (said !== NOBODY) return undefined;
  const lines = head.split("\n");
  lines[4] = ABSENT;
  return lines.join("\n");
}

/**
 * @param {string} decision one of `reply`
 * @returns {{ status: number, headers: Record<string, string>, body: string }}
 */
export const readReply = (decision) => JSON.parse(decision.slice(1));

/**
 * @param {string} decision one of `verify`
 * @returns {import("./signature.mjs").Verification & { version: number }}
 */
export const readVerification = (decision) => JSON.parse(decision.slice(1));

// ---- A call, from the Worker to its object

/**
 * A pod, which has the object of its name; and, where the app says so, where that is best made.
 *
 * @typedef {{ name: string, near: DurableObjectLocationHint | undefined }} Pod
 */

/**
 * @param {string} text a pod's name, which has no space; behind one where it is best made
 * @returns {Pod}
 */
export function readPod(text) {
  const [name, near] = /** @type {[string, Pod["near"]]} */ (text.split(" "));
  return { name, near };
}

/**
 * The pod that a call or a socket is for: what stands after the letter.
 *
 * @param {string} decision
 */
export const podOf = (decision) => readPod(decision.slice(1, decision.indexOf("\n")));

/**
 * A call, and what was decided of it: the kind's letter and the pod, then lines of the function's name, the session or nothing, the trace
 * id and the claims of the user or nothing. One that brought its arguments along has them in a fifth line, which may have
 * lines of its own.
 *
 * @param {string} decision one of a call, an action or a batch
 * @param {string} headers their JSON
 * @param {string} args the body; of no use where the decision has the arguments
 * @returns {string} the version, then what was decided, the headers and the arguments
 */
export function writeCall(decision, headers, args) {
  const start = decision.indexOf("\n");
  if (decision[0] !== DECISION.asked) return `${VERSION}${decision[0]}${decision.slice(start)}\n${headers}\n${args}`;
  let end = start;
  for (let line = 0; line < 4; line++) end = decision.indexOf("\n", end + 1);
  return `${VERSION}${DECISION.call}${decision.slice(start, end)}\n${headers}${decision.slice(end)}`;
}

/**
 * A call of a function of any kind by the admin, as a pod calls another: nobody is its user.
 *
 * @param {string} name without line breaks
 * @param {string} trace
 * @param {string} key a function is done once for it
 * @param {string} args
 */
export const writeAdminCall = (name, trace, key, args) =>
  `${VERSION}${DECISION.between}\n${name}\n\n${trace}\n\n0  ${key}\n${args}`;

/**
 * What a route is asked, but for headers and body: the method and the address, without its origin.
 *
 * @param {Pick<Parts, "method" | "url">} parts
 */
export function targetOf({ method, url }) {
  return `${method} ${url.slice(url.indexOf("/", url.indexOf("//") + 2))}`;
}

/**
 * A route's own reply: the version, and status and headers as JSON; and the bytes of the body, or a stream of them.
 *
 * @param {[head: string, body: Uint8Array | ReadableStream<Uint8Array>]} reply
 * @returns {{ status: number, headers: [string, string][], body: Uint8Array | ReadableStream<Uint8Array> }}
 */
export const readRawReply = ([head, body]) => ({ ...JSON.parse(head.slice(1)), body });

/**
 * The kind of a call, or undefined where this build does not know its version.
 *
 * @param {string} message
 */
export const kindOf = (message) => (message[0] === VERSION ? message[1] : undefined);

/**
 * What the log calls a call: its function and its trace id.
 *
 * @param {string} message
 */
export function labelsOf(message) {
  const [, name = "", , trace = ""] = message.split("\n", 4);
  return { name, trace };
}

/** The answer to a message of a version that this build does not know. */
export const unknownVersion = () => `${UNKNOWN}${VERSION}`;

/**
 * The outcome of a call: the version, three digits of status, the seconds of `Retry-After` where there are any, and the
 * reply's body, which begins with a brace. A long one may be its text in UTF-8.
 *
 * @template {string | Uint8Array} T
 * @param {T} outcome
 * @returns {{ status: number, retryAfter: string, body: T }}
 */
export function readOutcome(outcome) {
  if (typeof outcome === "string") return /** @type {any} */ (readText(outcome));
  const start = outcome.indexOf(BRACE);
  if (start < 0) return /** @type {any} */ (readText(utf8.decode(outcome)));
  const head = readText(utf8.decode(outcome.subarray(0, start + 1)));
  return /** @type {any} */ ({ ...head, body: outcome.subarray(start) });
}

/** @param {string} outcome */
function readText(outcome) {
  if (outcome.startsWith(`${VERSION}200{`)) return { status: 200, retryAfter: "", body: outcome.slice(4) };
  if (outcome.startsWith(UNKNOWN))
    throw new Error(`the object speaks version ${outcome.slice(1)}, and this Worker ${VERSION}`);
  const body = outcome.indexOf("{");
  return { status: Number(outcome.slice(1, 4)), retryAfter: outcome.slice(4, body), body: outcome.slice(body) };
}

const BRACE = "{".charCodeAt(0);

const utf8 = new TextDecoder();

/**
 * @param {number} status
 * @param {string} body
 * @param {string} [retryAfter] in seconds
 */
export const writeOutcome = (status, body, retryAfter = "") => `${VERSION}${status}${retryAfter}${body}`;

// ---- The version before: a method of the object for each kind, messages without version and kind, outcomes without version

/** The methods of an object of the version before, by the kind of a call. */
const METHODS_BEFORE = /** @type {const} */ ({ C: "call", A: "callAction", B: "callBatch" });

/**
 * @param {string} message
 * @param {string} kind
 */
export const messageOfBefore = (message, kind) => `${VERSION}${kind}\n${message}`;

/** @param {string} outcome */
export const outcomeForBefore = (outcome) => outcome.slice(1);

/**
 * Asks an object, which may be of the version before. Fails where that has no method for such a call: nothing has been done.
 *
 * @param {import("./objects.mjs").Stub} stub
 * @param {string} message
 * @returns {Promise<string>}
 */
export const ask = async (stub, message) => /** @type {string} */ (await askFor(stub, message, false));

/**
 * The same, for an outcome that may be bytes where it is long: who only hands its body on need not decode it.
 *
 * @param {import("./objects.mjs").Stub} stub
 * @param {string} message
 * @returns {Promise<string | Uint8Array>}
 */
export const askForBytes = (stub, message) => askFor(stub, message, true);

/**
 * @param {import("./objects.mjs").Stub} stub
 * @param {string} message
 * @param {boolean} takesBytes an older object does not look at it, and answers with a text
 * @returns {Promise<string | Uint8Array>}
 */
async function askFor(stub, message, takesBytes) {
  try {
    return /** @type {string | Uint8Array} */ (await stub.serve(message, undefined, takesBytes));
  } catch (error) {
    if (!isWithoutMethod(error)) throw error;
    const method = METHODS_BEFORE[/** @type {keyof typeof METHODS_BEFORE} */ (message[1])];
    // Calls between pods came later.
    if (method === undefined) throw new Error("the object is of an older build, which knows no calls of this kind");
    return VERSION + (await stub[method](message.slice(message.indexOf("\n") + 1)));
  }
}

/**
 * Asks an object for a route; null where it does not know routes yet, and has done nothing.
 *
 * @param {import("./objects.mjs").Stub} stub
 * @param {string} message
 * @param {Uint8Array} body
 * @returns {Promise<string | [head: string, body: Uint8Array | ReadableStream<Uint8Array>] | null>}
 */
export async function askRoute(stub, message, body) {
  try {
    const answer = /** @type {string | [head: string, body: Uint8Array]} */ (await stub.serve(message, body));
    return typeof answer === "string" && answer.startsWith(UNKNOWN) ? null : answer;
  } catch (error) {
    if (!isWithoutMethod(error)) throw error;
    return null;
  }
}

/**
 * Whether the platform refused a call because the object has no such method; nothing was done then.
 *
 * @param {any} error
 */
export const isWithoutMethod = (error) =>
  error instanceof TypeError && error.message.includes("does not implement the method");

// ---- The admin address

/**
 * What an object says of its pod.
 *
 * @param {string} status
 * @returns {unknown}
 */
export const readStatus = (status) => JSON.parse(status);

// ---- The opening of a socket, from the Worker to its object

/**
 * When the token of a socket expires, in milliseconds since 1970, or an empty text: a header on the way to the object, whatever
 * the client sent under that name.
 */
const EXPIRES = "x-edgepod-expires";

/**
 * @param {Request} request
 * @param {string} decision one of `socket`
 */
export function writeOpening(request, decision) {
  const opening = new Request(request);
  opening.headers.set(EXPIRES, decision.slice(decision.indexOf("\n") + 1));
  return opening;
}

/**
 * What the client of a socket asked for: its session, the version that it heard of last, and the topics of which it holds data,
 * one a line, or that they follow in a message.
 *
 * @param {Request} request
 */
export function readOpening(request) {
  const { searchParams } = new URL(request.url);
  return {
    session: searchParams.get("sessionId") ?? "",
    since: searchParams.get("since") ?? undefined,
    listed: searchParams.get("topics") === "listed",
    tables: searchParams.getAll("table").concat(searchParams.getAll("topic")).join("\n"),
    expires: request.headers.get(EXPIRES) || undefined,
    protocols: request.headers.get("sec-websocket-protocol")?.split(/, ?/) ?? [],
  };
}

// ---- The answer to pings, from this build to the next: the platform keeps it

/** That of a client that did not ask for a greeting. */
export const PONG = "pong";

/** @param {Record<string, string>} changed in which version each table changed last */
export const writePong = (changed) => JSON.stringify({ type: "pong", changed });

/**
 * @param {string | undefined} answer
 * @returns {Record<string, string>} nothing where it did not say
 */
export const readPong = (answer) => (answer === undefined || answer === PONG ? {} : JSON.parse(answer).changed);

// ---- Requests to other servers, between the core and the platform's fetch

/** @param {string} line `name:value` */
function readHeader(line) {
  const end = line.indexOf(":");
  return /** @type {[string, string]} */ ([line.slice(0, end), line.slice(end + 1)]);
}

/**
 * A request but for its body.
 *
 * @param {string} text lines of method, address, milliseconds, bytes of the answer, and of each header
 */
export function readOutgoing(text) {
  const [method = "", url = "", timeout, limit, ...headers] = text.split("\n");
  return { method, url, timeout: Number(timeout), limit: Number(limit), headers: headers.map(readHeader) };
}

/**
 * An answer but for its body, which the platform has decoded.
 *
 * @param {{ status: number, headers: Headers }} response
 */
export function writeAnswer({ status, headers }) {
  const isDecoded = headers.has("content-encoding");
  const lines = [String(status)];
  for (const [name, value] of headers)
    if (!(isDecoded && (name === "content-encoding" || name === "content-length"))) lines.push(`${name}:${value}`);
  return lines.join("\n");
}

// ---- Statements, between the core and the object's database

/**
 * The parameters of a statement.
 *
 * @param {string} json an array, or nothing; bytes are `{"$blob":"<hex>"}`
 * @returns {unknown[]}
 */
export function readParameters(json) {
  if (json === "") return [];
  const values = JSON.parse(json);
  return json.includes('{"$blob"') ? values.map(fromBlob) : values;
}

/** @param {any} value */
const fromBlob = (value) =>
  value !== null && typeof value === "object"
    ? Uint8Array.from(value.$blob.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
    : value;

/** @param {unknown} value */
function toBlob(value) {
  if (value instanceof ArrayBuffer)
    return { $blob: Array.from(new Uint8Array(value), (byte) => byte.toString(16).padStart(2, "0")).join("") };
  // JSON would make null of it.
  if (value === Infinity || value === -Infinity) throw new Error("the statement returns a number that is infinite");
  return value;
}

/**
 * How large a result may be, and what is said of one that is larger: both are the core's.
 *
 * @typedef {Pick<import("./bridge.mjs").Constants, "result_limit" | "too_large">} Limit
 */

/**
 * Refuses a result that is too large, while its rows come.
 *
 * @param {number} length
 * @param {Limit} limit
 */
function checkLength(length, { result_limit, too_large }) {
  if (length > result_limit) throw new Error(too_large + result_limit);
}

/** @param {any} value */
const lengthOf = (value) => value?.length ?? 2 * (value?.byteLength ?? 4);

/**
 * The rows of a statement, as arrays of values: `<rows written>|<JSON>`.
 *
 * @param {{ raw(): Iterable<unknown[]>, readonly rowsWritten: number }} cursor
 * @param {Limit} limit
 */
export function writeRows(cursor, limit) {
  const rows = [];
  let length = 0;
  for (const row of cursor.raw()) {
    for (const value of row) length += lengthOf(value);
    checkLength(length, limit);
    rows.push(row.map(toBlob));
  }
  return `${cursor.rowsWritten}|${JSON.stringify(rows)}`;
}

/**
 * The rows of a statement of one text column that only reads: the texts, joined by commas.
 *
 * @param {{ raw(): Iterator<any[]> }} cursor
 * @param {Limit} limit
 */
export function writeTexts(cursor, limit) {
  const rows = cursor.raw();
  let { value, done } = rows.next();
  if (done) return "";
  let text = value[0];
  for ({ value, done } = rows.next(); !done; { value, done } = rows.next()) {
    text += `,${value[0]}`;
    checkLength(text.length, limit);
  }
  return text;
}

/**
 * The same of one that writes: `<rows written>|<the texts>`.
 *
 * @param {{ raw(): IterableIterator<any[]>, readonly rowsWritten: number }} cursor
 * @param {Limit} limit
 */
export function writeCountedTexts(cursor, limit) {
  const texts = writeTexts(cursor, limit);
  return `${cursor.rowsWritten}|${texts}`;
}

/**
 * A list of tables.
 *
 * @param {string} lines
 */
export const readTables = (lines) => lines.split("\n");
