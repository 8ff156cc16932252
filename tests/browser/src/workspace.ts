import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the checkout. */
export const WORKSPACE = fileURLToPath(new URL("../../..", import.meta.url));

/** The page under test. */
export const PAGE = join(WORKSPACE, "examples/users/web");

/** Where pictures of the page are kept, to be looked at. */
export function pictures(): string {
  const folder = join(WORKSPACE, "target/browser");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
