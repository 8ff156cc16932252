// The opponent: what a careful developer would write by hand instead of `examples/users`.
//
// The same functions on the same wire, in plain JavaScript: a Worker that checks the key and routes, and one
// Durable Object with the data, the sessions and their hibernating sockets. It takes the fast paths that a
// person who knows the platform takes: a call of the object by JS RPC with strings, replies made into text
// inside the object, SQL texts that never change (workerd keeps their prepared statements), keep-alives that
// do not wake the object. It generalises nothing: every function is its own SQL, every check is written out.

import { DurableObject } from "cloudflare:workers";

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_ROWS = 1000;

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "*",
};
const JSON_HEADERS = { ...CORS, "content-type": "application/json", "cache-control": "no-store" };
const PREFLIGHT_HEADERS = {
  ...CORS,
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-headers":
    "content-type, authorization, x-edgepod-key, x-edgepod-session-id, x-edgepod-reactive",
  "access-control-max-age": "86400",
};

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL UNIQUE,
    name TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
  );
  CREATE TABLE IF NOT EXISTS posts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    content TEXT,
    author_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE
  );
  CREATE INDEX IF NOT EXISTS posts_author_id ON posts (author_id);
`;

class RpcError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const ALLOW = { allow: "GET, POST, OPTIONS" };
const ALLOW_POST = { allow: "POST, OPTIONS" };

const badRequest = (message) => new RpcError(400, "BAD_REQUEST", message);

/** The integer argument `name`. */
function integer(args, name) {
  const value = args[name];
  if (!Number.isSafeInteger(value)) throw badRequest(`args.${name}: an integer is expected`);
  return value;
}

/** The text argument `name`. */
function text(args, name) {
  const value = args[name];
  if (typeof value !== "string") throw badRequest(`args.${name}: a string is expected`);
  return value;
}

/** The text argument `name`, or null where it is absent. */
function optionalText(args, name) {
  const value = args[name] ?? null;
  if (value !== null && typeof value !== "string") {
    throw badRequest(`args.${name}: a string or null is expected`);
  }
  return value;
}

/** Refuses arguments that the function does not have: most are spelling mistakes. */
function only(args, ...names) {
  for (const name in args) {
    if (!names.includes(name)) throw badRequest(`args.${name}: there is no such argument`);
  }
}

/** Public name → whether it writes, the tables it touches, and what it does. */
const FUNCTIONS = {
  getUsers: {
    writes: false,
    tables: ["users"],
    run(sql, args) {
      only(args);
      return sql
        .exec("SELECT id, email, name, created_at FROM users ORDER BY id LIMIT ?", MAX_ROWS)
        .toArray();
    },
  },
  getUserById: {
    writes: false,
    tables: ["users"],
    run(sql, args) {
      only(args, "id");
      const id = integer(args, "id");
      const { value } = sql
        .exec("SELECT id, email, name, created_at FROM users WHERE id = ? LIMIT 1", id)
        .next();
      return value ?? null;
    },
  },
  insertUser: {
    writes: true,
    tables: ["users"],
    run(sql, args) {
      only(args, "email", "name");
      const email = text(args, "email");
      const name = optionalText(args, "name");
      return sql
        .exec(
          "INSERT INTO users (email, name) VALUES (?, ?) RETURNING id, email, name, created_at",
          email,
          name,
        )
        .one();
    },
  },
  deleteUser: {
    writes: true,
    tables: ["posts", "users"],
    run(sql, args) {
      only(args, "id");
      const id = integer(args, "id");
      const { value } = sql
        .exec("DELETE FROM users WHERE id = ? RETURNING id, email, name, created_at", id)
        .next();
      if (value === undefined) throw new RpcError(404, "NOT_FOUND", `there is no user ${id}`);
      return value;
    },
  },
  getPosts: {
    writes: false,
    tables: ["posts"],
    run(sql, args) {
      only(args);
      return sql
        .exec("SELECT id, title, content, author_id FROM posts ORDER BY id LIMIT ?", MAX_ROWS)
        .toArray();
    },
  },
  createPost: {
    writes: true,
    tables: ["posts"],
    run(sql, args) {
      only(args, "author_id", "title", "content");
      const author = integer(args, "author_id");
      const title = text(args, "title");
      const content = optionalText(args, "content");
      return sql
        .exec(
          "INSERT INTO posts (title, content, author_id) VALUES (?, ?, ?) RETURNING id, title, content, author_id",
          title,
          content,
          author,
        )
        .one();
    },
  },
};
for (const definition of Object.values(FUNCTIONS)) {
  definition.meta = JSON.stringify({ tables: definition.tables });
  definition.stale = JSON.stringify({ type: "stale", tables: definition.tables });
}

function errorReply(status, code, message) {
  const body = { error: { code, message, trace_id: crypto.randomUUID() } };
  return { status, body: JSON.stringify(body) };
}

/** What SQLite refused, as the client should see it. */
function sqlErrorReply(error) {
  const unique = /UNIQUE constraint failed: \w+\.(\w+)/.exec(error.message);
  if (unique) return errorReply(409, "CONFLICT", `${unique[1]} is already taken`);
  if (error.message.includes("FOREIGN KEY constraint failed")) {
    return errorReply(409, "CONFLICT", "author_id refers to no row");
  }
  console.error(error.stack);
  return errorReply(500, "INTERNAL", "Internal error");
}

export class EdgePodEngine extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec(SCHEMA);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    /** Session id → its sockets, the tables that it read, and the signals that came before its first socket. */
    this.sessions = new Map();
    for (const socket of ctx.getWebSockets()) {
      const { id, tables } = socket.deserializeAttachment();
      const session = this.session(id);
      session.sockets.add(socket);
      for (const table of tables) session.tables.add(table);
    }
  }

  session(id) {
    let session = this.sessions.get(id);
    if (session === undefined) {
      session = { id, sockets: new Set(), tables: new Set(), missed: new Set() };
      this.sessions.set(id, session);
    }
    return session;
  }

  /** Runs a function. Returns the reply's body, or an object with a status where that is not 200. */
  call(name, argsText, sessionId, isGet) {
    const definition = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (definition === undefined) return errorReply(404, "NOT_FOUND", `there is no function ${name}`);
    if (isGet && definition.writes) return errorReply(405, "METHOD_NOT_ALLOWED", `${name} is called with POST`);
    let data;
    try {
      let args;
      try {
        args = argsText === "" ? {} : JSON.parse(argsText);
      } catch (error) {
        throw badRequest(`the arguments are not JSON: ${error.message}`);
      }
      if (typeof args !== "object" || args === null || Array.isArray(args)) {
        throw badRequest("the arguments must be a JSON object");
      }
      data = definition.run(this.sql, args);
    } catch (error) {
      if (error instanceof RpcError) return errorReply(error.status, error.code, error.message);
      return sqlErrorReply(error);
    }
    if (definition.writes) this.announce(definition);
    else if (sessionId !== "") this.subscribe(sessionId, definition.tables);
    return `{"data":${JSON.stringify(data)},"meta":${definition.meta}}`;
  }

  subscribe(id, tables) {
    const session = this.session(id);
    let news = false;
    for (const table of tables) {
      if (!session.tables.has(table)) {
        session.tables.add(table);
        news = true;
      }
    }
    if (news) for (const socket of session.sockets) this.remember(socket, session);
  }

  /** What survives hibernation. */
  remember(socket, session) {
    socket.serializeAttachment({ id: session.id, tables: [...session.tables] });
  }

  announce({ tables, stale }) {
    for (const session of this.sessions.values()) {
      if (!tables.some((table) => session.tables.has(table))) continue;
      if (session.sockets.size === 0) session.missed.add(stale);
      for (const socket of session.sockets) {
        try {
          socket.send(stale);
        } catch {
          session.sockets.delete(socket);
        }
      }
    }
  }

  /** The upgrade to a socket: the only request that reaches the object by fetch. */
  fetch(request) {
    const session = this.session(new URL(request.url).searchParams.get("sessionId"));
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    session.sockets.add(server);
    this.remember(server, session);
    for (const stale of session.missed) server.send(stale);
    session.missed.clear();
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(socket) {
    socket.close(1008, "this socket carries messages from the server only");
  }

  webSocketClose(socket) {
    this.forget(socket);
  }

  webSocketError(socket) {
    this.forget(socket);
  }

  forget(socket) {
    const { id } = socket.deserializeAttachment();
    const session = this.sessions.get(id);
    if (session === undefined) return;
    session.sockets.delete(socket);
    if (session.sockets.size === 0) this.sessions.delete(id);
  }
}

function refuse(status, code, message, headers) {
  const reply = errorReply(status, code, message);
  return new Response(reply.body, { status, headers: { ...JSON_HEADERS, ...headers } });
}

export default {
  async fetch(request, env) {
    const { method, headers } = request;
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: PREFLIGHT_HEADERS });

    const url = new URL(request.url);
    const key = headers.get("x-edgepod-key") ?? url.searchParams.get("key");
    if (key !== env.EDGEPOD_API_KEY) return refuse(401, "UNAUTHORIZED", "The key is missing or wrong");

    const object = env.EDGEPOD_DO.get(env.EDGEPOD_DO.idFromName("main"));
    const { pathname } = url;
    if (pathname.startsWith("/rpc/")) {
      const isGet = method === "GET";
      if (!isGet && method !== "POST") {
        return refuse(405, "METHOD_NOT_ALLOWED", "Functions are called with POST", ALLOW);
      }
      const args = isGet ? (url.searchParams.get("args") ?? "") : await request.text();
      if (args.length > MAX_BODY_BYTES) return refuse(413, "PAYLOAD_TOO_LARGE", "The arguments are too long");
      const session =
        headers.get("x-edgepod-reactive") === "false" ? "" : (headers.get("x-edgepod-session-id") ?? "");
      const reply = await object.call(pathname.slice(5), args, session, isGet);
      if (typeof reply === "string") return new Response(reply, { headers: JSON_HEADERS });
      const allow = reply.status === 405 ? ALLOW_POST : undefined;
      return new Response(reply.body, { status: reply.status, headers: { ...JSON_HEADERS, ...allow } });
    }
    if (pathname === "/ws") {
      if (headers.get("upgrade")?.toLowerCase() !== "websocket") {
        return refuse(426, "UPGRADE_REQUIRED", "This address is for WebSockets", { upgrade: "websocket" });
      }
      if (!url.searchParams.get("sessionId")) return refuse(400, "BAD_REQUEST", "sessionId is missing");
      return object.fetch(request);
    }
    return refuse(404, "NOT_FOUND", "There is nothing at this address");
  },
};
