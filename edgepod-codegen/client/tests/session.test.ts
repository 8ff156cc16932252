import { expect, test, vi } from "vitest";
import { newId } from "../src/core/session";

test("each id is new", () => {
  expect(newId()).toMatch(/^[0-9]+-[0-9]+$/);
  expect(newId()).not.toBe(newId());
});

test("a page that is not in a secure context has ids too", () => {
  const getRandomValues = crypto.getRandomValues.bind(crypto);
  vi.stubGlobal("crypto", { getRandomValues });
  expect(newId()).not.toBe(newId());
  vi.unstubAllGlobals();
});
