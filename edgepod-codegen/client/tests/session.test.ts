import { afterEach, expect, test, vi } from "vitest";
import { newSessionId } from "../src/core/session";

afterEach(() => vi.unstubAllGlobals());

test("each session id is new", () => {
  expect(newSessionId()).not.toBe(newSessionId());
});

test("a page that is not in a secure context has session ids too", () => {
  const getRandomValues = crypto.getRandomValues.bind(crypto);
  vi.stubGlobal("crypto", { getRandomValues });
  expect(newSessionId()).toMatch(/^[0-9a-f]{32}$/);
  expect(newSessionId()).not.toBe(newSessionId());
});
