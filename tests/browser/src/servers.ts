import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { Program } from "./program.ts";
import { freePort, PAGE, WORKSPACE } from "./workspace.ts";

/** What the app runs on: `native`, or `workerd`. */
export const HOST = process.env.EDGEPOD_TEST_HOST ?? "native";

const KEY = "ep_pk_browser_tests";

/** Long enough for a first build. */
const START = 800;

/** `edgepod dev` of an example, on a port and a database of its own. */
export class App {
  readonly api: string;
  readonly #app: string;
  readonly #port: number;
  readonly #pagePort: number;
  readonly #withPage: boolean;
  readonly #data = mkdtempSync(join(tmpdir(), "edgepod-browser-"));
  #program: Program | undefined;
  #page = "";

  private constructor(app: string, [port, pagePort]: [number, number], withPage: boolean) {
    this.#app = app;
    this.#port = port;
    this.#pagePort = pagePort;
    this.#withPage = withPage;
    this.api = `http://127.0.0.1:${port}`;
  }

  /** Starts the app, `examples/users` unless told otherwise, and its page. */
  static async start(options: { page: boolean; app?: string }): Promise<App> {
    const app = new App(options.app ?? "examples/users", [await freePort(), await freePort()], options.page);
    await app.resume();
    return app;
  }

  /** The address of the page. */
  get page(): string {
    return this.#page;
  }

  /** Starts the app again, on the same port and the same database. */
  async resume(): Promise<void> {
    const args = ["dev", this.#app, "--host", HOST, "--port", `${this.#port}`, "--data", this.#data];
    // Where it was before: pages that are open load themselves anew from there, and another test may have taken the port that Vite would.
    args.push(...(this.#withPage ? ["--page-port", `${this.#pagePort}`] : ["--no-page"]));
    this.#program = new Program(inject("edgepod"), args, { cwd: WORKSPACE, env: { EDGEPOD_API_KEY: KEY } });
    await this.#program.printed(/API (http:\S+)/, START);
    if (this.#withPage) this.#page = (await this.#program.printed(/page (http:\S+)/, START))[1] ?? "";
  }

  /** The address of its studio, with the token. */
  async studio(): Promise<string> {
    const printed = await this.#program?.printed(/studio (http:\S+)/, START);
    return printed?.[1] ?? "";
  }

  /** Stops the app. Its database stays. */
  async pause(): Promise<void> {
    await this.#program?.stop();
    this.#program = undefined;
  }

  /** Stops the app for good. */
  async stop(): Promise<void> {
    await this.pause();
    rmSync(this.#data, { recursive: true, force: true });
  }

  /** Calls a function, as somebody without a page would. */
  async call(name: string, args: object = {}, token?: string): Promise<any> {
    const reply = await fetch(`${this.api}/rpc/${name}`, {
      method: "POST",
      headers: { "x-edgepod-key": KEY, ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(args),
    });
    const body: any = await reply.json();
    if (!reply.ok) throw new Error(`${name}: ${reply.status} ${JSON.stringify(body)}`);
    return body.data;
  }
}

/** The folders of `examples/frontends`. */
export const FRONT_ENDS = ["react", "vue", "svelte", "solid", "plain"] as const;
export type FrontEnd = (typeof FRONT_ENDS)[number];

/** The page on a server of its own, which stays when the app goes. */
export class Page {
  readonly url: string;
  readonly #program: Program;

  private constructor(url: string, program: Program) {
    this.url = url;
    this.#program = program;
  }

  /** Serves `folder` with the Vite that is installed in `packages`. */
  static async start(app: { readonly api: string; readonly key?: string }, folder = PAGE, packages = folder): Promise<Page> {
    const port = await freePort();
    const vite = join(packages, "node_modules/vite/bin/vite.js");
    const program = new Program(process.execPath, [vite, "--host", "127.0.0.1", "--port", `${port}`, "--strictPort"], {
      cwd: folder,
      env: { VITE_EDGEPOD_URL: app.api, VITE_EDGEPOD_KEY: app.key ?? KEY },
    });
    const url = (await program.printed(/(http:\/\/127\.0\.0\.1:\d+)/, 300))[1] ?? "";
    return new Page(url, program);
  }

  /** One of `examples/frontends`, with the client generated anew, built for production and served. */
  static async built(app: { readonly api: string }, frontEnd: FrontEnd): Promise<Page> {
    const folder = join(WORKSPACE, "examples/frontends", frontEnd);
    const framework = frontEnd === "plain" ? "none" : frontEnd;
    const client = join(folder, "src/edgepod");
    const env = { ...process.env, VITE_EDGEPOD_URL: app.api, VITE_EDGEPOD_KEY: KEY };
    const run = (command: string, args: string[], cwd: string): void => {
      const done = spawnSync(command, args, { cwd, env, encoding: "utf8" });
      if (done.status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${done.stdout}${done.stderr}`);
    };
    run(inject("edgepod"), ["generate", "examples/users", "--client", client, "--framework", framework], WORKSPACE);
    const vite = join(WORKSPACE, "examples/frontends/node_modules/vite/bin/vite.js");
    // Of its own: the same page is built for the other host at the same time, with another address in it.
    const built = join(WORKSPACE, "target/front-ends", `${frontEnd}-${HOST}`);
    run(process.execPath, [vite, "build", "--logLevel", "warn", "--outDir", built, "--emptyOutDir"], folder);
    const port = `${await freePort()}`;
    const args = [vite, "preview", "--outDir", built, "--host", "127.0.0.1", "--port", port, "--strictPort"];
    const program = new Program(process.execPath, args, { cwd: folder });
    return new Page((await program.printed(/(http:\/\/127\.0\.0\.1:\d+)/, 300))[1] ?? "", program);
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }
}
