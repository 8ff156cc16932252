import { expect, test } from "vitest";
import { readUpTo } from "../bodies.mjs";

/** A stream that gives a chunk whenever it is asked for one, and how many it gave. */
function stream(...chunks) {
  let given = 0;
  const source = {
    pull(controller) {
      if (given === chunks.length) controller.close();
      else controller.enqueue(new Uint8Array(chunks[given++]));
    },
  };
  return { stream: new ReadableStream(source, { highWaterMark: 0 }), given: () => given };
}

test("no body is an empty one", async () => {
  expect(await readUpTo(null, 10)).toEqual(new Uint8Array());
  expect(await readUpTo(stream().stream, 10)).toEqual(new Uint8Array());
});

test("chunks are joined", async () => {
  expect(await readUpTo(stream([1, 2]).stream, 10)).toEqual(new Uint8Array([1, 2]));
  expect(await readUpTo(stream([1], [], [2, 3]).stream, 3)).toEqual(new Uint8Array([1, 2, 3]));
});

test("of a body that is too large no more is read than says so, and whoever wants can read on", async () => {
  const { stream: body, given } = stream([1, 2], [3, 4], [5], [6]);
  expect((await readUpTo(body, 3)).length).toBe(4);
  expect(given()).toBe(2);
  expect(body.locked).toBe(false);
  const { value } = await body.getReader().read();
  expect(value).toEqual(new Uint8Array([5]));
});

test("a body that breaks off is a failure", async () => {
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error("it has gone")) });
  await expect(readUpTo(body, 3)).rejects.toThrow("it has gone");
});
