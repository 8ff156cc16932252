// A page without packages: what is built says where the app is, and with which key.
import { mkdirSync, writeFileSync } from "node:fs";

const { VITE_EDGEPOD_URL: url, VITE_EDGEPOD_KEY: key } = process.env;
mkdirSync("dist/assets", { recursive: true });
writeFileSync("dist/index.html", `<!doctype html><title>Routes</title><script src="/assets/app-1f2e.js"></script>`);
writeFileSync("dist/assets/app-1f2e.js", `window.app = ${JSON.stringify({ url, key })};\n`);
// What the app answers itself is no file.
writeFileSync("dist/away", "never");
