import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    globalSetup: "src/setup.ts",
    // Each file has a server and a browser of its own; two at once would measure each other.
    fileParallelism: false,
    testTimeout: 60_000,
    // The first start of a server builds the app.
    hookTimeout: 900_000,
  },
});
