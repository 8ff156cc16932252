import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.{ts,tsx}"],
    // The servers are real, and so are the waits; a busy machine must not make a failure of them.
    testTimeout: 15_000,
  },
});
