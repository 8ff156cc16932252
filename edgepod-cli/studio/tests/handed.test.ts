import { expect, test } from "vitest";
import { handOn, takeHanded } from "../src/lib/handed.ts";

test("arguments are found under a name that says nothing of them, the latest ones", () => {
  const first = handOn('{"password":"secret"}');
  expect(first).not.toContain("secret");
  expect(takeHanded(first)).toBe('{"password":"secret"}');
  const later = Array.from({ length: 20 }, (_, n) => handOn(`${n}`));
  expect(takeHanded(first)).toBeUndefined();
  expect(later.map(takeHanded)).toEqual(later.map((_, n) => `${n}`));
  expect(takeHanded(undefined)).toBeUndefined();
});
