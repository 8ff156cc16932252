// Asks a language server where something is defined, as an editor does, and prints where: `file:line`, one for each answer.
//
//     node definition.mjs tsserver|lsp COMPILER FILE LINE COLUMN
//
// COMPILER is the folder of TypeScript's package; lines and columns are counted from 1.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [protocol, compiler, name, line, column] = process.argv.slice(2);
const file = resolve(name);
const text = readFileSync(file, "utf8");
const server =
  protocol === "lsp"
    ? spawn("node", [join(compiler, "bin/tsc"), "--lsp", "--stdio"])
    : spawn("node", [join(compiler, "lib/tsserver.js"), "--disableAutomaticTypingAcquisition"]);
server.stderr.pipe(process.stderr);
server.on("exit", (code) => {
  if (!isDone) {
    console.error(`the language server ended with ${code}`);
    process.exit(1);
  }
});
let isDone = false;

/** What waits for an answer, by its number. */
const waiting = new Map();
let number = 0;
const isLsp = protocol === "lsp";

function send(message) {
  const json = JSON.stringify(message);
  server.stdin.write(isLsp ? `Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}` : `${json}\n`);
}

function notify(method, params) {
  send(isLsp ? { jsonrpc: "2.0", method, params } : { seq: ++number, type: "request", command: method, arguments: params });
}

function ask(method, params) {
  const id = ++number;
  send(
    isLsp
      ? { jsonrpc: "2.0", id, method, params }
      : { seq: id, type: "request", command: method, arguments: params },
  );
  return new Promise((resolve) => waiting.set(id, resolve));
}

let received = Buffer.alloc(0);
server.stdout.on("data", (chunk) => {
  received = Buffer.concat([received, chunk]);
  for (;;) {
    const end = received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/Content-Length: (\d+)/.exec(received.subarray(0, end).toString())[1]);
    if (received.length < end + 4 + length) return;
    const message = JSON.parse(received.subarray(end + 4, end + 4 + length).toString());
    received = received.subarray(end + 4 + length);
    if (isLsp && message.method !== undefined && message.id !== undefined) {
      // The server asks something itself: it has what it wants by default.
      const result = message.method === "workspace/configuration" ? message.params.items.map(() => null) : null;
      send({ jsonrpc: "2.0", id: message.id, result });
      continue;
    }
    const id = isLsp ? message.id : message.request_seq;
    waiting.get(id)?.(isLsp ? message.result : message.body);
    waiting.delete(id);
  }
});

let places;
if (isLsp) {
  const uri = pathToFileURL(file).href;
  await ask("initialize", {
    processId: process.pid,
    rootUri: pathToFileURL(process.cwd()).href,
    capabilities: {},
  });
  notify("initialized", {});
  notify("textDocument/didOpen", { textDocument: { uri, languageId: "typescriptreact", version: 1, text } });
  const found = await ask("textDocument/definition", {
    textDocument: { uri },
    position: { line: line - 1, character: column - 1 },
  });
  places = [found ?? []].flat().map((place) => {
    const { start } = place.targetSelectionRange ?? place.range;
    return `${fileURLToPath(place.targetUri ?? place.uri)}:${start.line + 1}`;
  });
} else {
  notify("open", { file, fileContent: text, projectRootPath: process.cwd() });
  const found = await ask("definition", { file, line: Number(line), offset: Number(column) });
  places = (found ?? []).map((place) => `${place.file}:${place.start.line}`);
}
console.log(places.join("\n"));
isDone = true;
server.kill();
