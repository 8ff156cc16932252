/** The engine in a process of its own, asked and answered through two named pipes, without a turn of the event loop between. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the engine has sent to a socket. */
export type Sent = [socket: number, text: string];

interface Answer {
  result: unknown;
  sent: Sent[];
}

export class Host {
  readonly #folder = mkdtempSync(join(tmpdir(), "edgepod-simulation-"));
  readonly #process: ChildProcess;
  readonly #requests: number;
  readonly #replies: number;
  readonly #buffer = Buffer.alloc(1 << 20);
  #rest = "";
  /** What is told of what was sent, right after each request. */
  onSent: (sent: Sent[]) => void = () => {};

  constructor(program: string) {
    const [requests, replies] = ["requests", "replies"].map((name) => join(this.#folder, name)) as [string, string];
    execFileSync("mkfifo", [requests, replies]);
    this.#process = spawn(program, [requests, replies], { stdio: ["ignore", "ignore", "inherit"] });
    this.#requests = openSync(requests, "w");
    this.#replies = openSync(replies, "r");
  }

  /** Asks, and waits for the answer. */
  ask<T = unknown>(op: string, more: object = {}): T {
    writeSync(this.#requests, `${JSON.stringify({ op, ...more })}\n`);
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const { result, sent } = JSON.parse(this.#rest.slice(0, end)) as Answer;
        this.#rest = this.#rest.slice(end + 1);
        if (sent.length > 0) this.onSent(sent);
        return result as T;
      }
      const length = readSync(this.#replies, this.#buffer, 0, this.#buffer.length, null);
      if (length === 0) throw new Error(`the engine ended while it was asked for ${op}; what it said is above`);
      this.#rest += this.#buffer.toString("utf8", 0, length);
    }
  }

  stop(): void {
    closeSync(this.#requests);
    closeSync(this.#replies);
    this.#process.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
