import { type ChildProcess, spawn } from "node:child_process";

/** A program that runs until it is stopped, or the tests end. */
export class Program {
  readonly #child: ChildProcess;
  readonly #name: string;
  #output = "";
  #ended = false;

  constructor(command: string, args: string[], options: { cwd: string; env?: Record<string, string> }) {
    this.#name = [command.split("/").at(-1), ...args].join(" ");
    this.#child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: "1", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (bytes) => {
        this.#output += bytes;
      });
    }
    this.#child.on("exit", () => {
      this.#ended = true;
    });
    this.#child.on("error", (error) => {
      this.#output += `${error}\n`;
      this.#ended = true;
    });
    process.on("exit", this.#kill);
  }

  /** Waits until the program has printed something that matches, and returns the match. */
  async printed(pattern: RegExp, seconds: number): Promise<RegExpExecArray> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match) return match;
      if (this.#ended || Date.now() > end) {
        const what = this.#ended ? "ended without printing" : `did not print within ${seconds} s`;
        throw new Error(`\`${this.#name}\` ${what} ${pattern}. It printed:\n${this.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** What it has printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Asks the program to end, and waits until it has. */
  async stop(): Promise<void> {
    process.off("exit", this.#kill);
    if (this.#ended) return;
    const ended = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), 15_000);
    await ended;
    clearTimeout(late);
  }

  #kill = () => {
    this.#child.kill("SIGTERM");
  };
}
