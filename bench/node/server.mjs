// What a careful developer would write by hand instead of `bench/transfers`, on Node's own HTTP server and better-sqlite3.
//
// The same functions on the same wire: the key is checked, arguments are, SQLite is as EdgePod has it. Statements are prepared once, and a
// transfer is one transaction of better-sqlite3, which runs it on the thread that reads requests, as its docs advise.

import { createServer } from "node:http";
import Database from "better-sqlite3";

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "*",
  "content-type": "application/json",
  "cache-control": "no-store",
};

const key = process.env.EDGEPOD_API_KEY;
const db = new Database(process.env.EDGEPOD_DATABASE);
db.pragma("journal_mode = WAL");
db.pragma(`synchronous = ${process.env.EDGEPOD_SYNCHRONOUS ?? "normal"}`);
db.pragma("foreign_keys = ON");
db.exec("CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY AUTOINCREMENT, balance INTEGER NOT NULL)");

const open = db.prepare("INSERT INTO accounts (balance) VALUES (?)");
const read = db.prepare("SELECT id, balance FROM accounts WHERE id = ? LIMIT 1");
const add = db.prepare("UPDATE accounts SET balance = balance + ? WHERE id = ?");
const total = db.prepare("SELECT sum(balance) FROM accounts").pluck();

class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

function integer(value, name) {
  if (!Number.isSafeInteger(value)) throw new Refusal(400, "BAD_REQUEST", `${name} has to be a whole number`);
  return value;
}

function account(id) {
  const account = read.get(integer(id, "an account"));
  if (account === undefined) throw new Refusal(404, "NOT_FOUND", `There is no account ${id}.`);
  return account;
}

const functions = {
  openAccounts: db.transaction(({ count, balance }) => {
    integer(count, "count");
    integer(balance, "balance");
    for (let opened = 0; opened < count; opened++) open.run(balance);
    return null;
  }).immediate,
  transfer: db.transaction(({ from, to, amount }) => {
    const payer = account(from);
    account(to);
    if (payer.balance < integer(amount, "amount")) return false;
    add.run(-amount, from);
    add.run(amount, to);
    return true;
  }).immediate,
  getTotal: () => total.get(),
};

function answer(request, body) {
  if (request.headers["x-edgepod-key"] !== key) throw new Refusal(401, "UNAUTHORIZED", "The key is missing or wrong");
  const name = /^\/rpc\/(\w+)$/.exec(request.url)?.[1];
  if (request.method !== "POST" || !Object.hasOwn(functions, name ?? "")) {
    throw new Refusal(404, "NOT_FOUND", `there is no function ${name}`);
  }
  let given;
  try {
    given = body === "" ? {} : JSON.parse(body);
  } catch (error) {
    throw new Refusal(400, "BAD_REQUEST", `the arguments: ${error.message}`);
  }
  return { data: functions[name](given), meta: { tables: ["accounts"] } };
}

const server = createServer((request, response) => {
  const parts = [];
  let length = 0;
  request.on("data", (part) => {
    length += part.length;
    if (length > MAX_BODY_BYTES) request.destroy();
    else parts.push(part);
  });
  request.on("end", () => {
    let status = 200;
    let reply;
    try {
      reply = answer(request, Buffer.concat(parts).toString());
    } catch (error) {
      if (!(error instanceof Refusal)) console.error(error);
      status = error.status ?? 500;
      reply = { error: { code: error.code ?? "INTERNAL", message: error.status ? error.message : "Internal error" } };
    }
    const text = JSON.stringify(reply);
    response.writeHead(status, { ...HEADERS, "content-length": Buffer.byteLength(text) }).end(text);
  });
});
const [host, port] = process.env.EDGEPOD_LISTEN.split(":");
server.listen(Number(port), host);
