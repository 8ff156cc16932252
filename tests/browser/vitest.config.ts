import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    // What has one host whatever is asked for: a test's own server is native, what is deployed is a Worker.
    exclude: [process.env.EDGEPOD_TEST_HOST === "workerd" ? "src/served.test.ts" : "src/deployed.test.ts"],
    globalSetup: "src/setup.ts",
    // Each file has a server and a browser of its own. The files of the other host run at the same time, and the machine has two cores.
    fileParallelism: false,
    // A server that is started again asks cargo first, which may wait for others on a busy machine.
    testTimeout: 600_000,
    // What does not come fails a test late; what comes late on a busy machine does not.
    expect: { poll: { timeout: 20_000 } },
    // The first start of a server builds the app.
    hookTimeout: 900_000,
  },
});
