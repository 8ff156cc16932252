import { QueryObserver } from "@tanstack/query-core";
import { expect, test } from "vitest";
import { WebSocket as NodeWebSocket } from "ws";
import { EdgePodClient, query } from "../src/core";
import { Pod, sleep, until } from "./pod";

const SEEDS = 24;
const STEPS = 80;

/** A small generator of random numbers (mulberry32), so that a failure can be run again by its seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Random writes by others and by this client, over a network that holds replies back, loses, repeats, delays
 * and reorders signals, and cuts sockets. In the end the screen has to show what the database holds.
 */
test.concurrent.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
  "the screen ends up showing what the database holds (seed %i)",
  { timeout: 180_000 },
  async (seed) => {
    const next = random(seed);
    // Every other network loses nothing, so that no reconnection heals what the client forgot.
    const reliable = seed % 2 === 0;
    const below = (limit: number) => Math.floor(next() * limit);
    const pod = await new Pod().start();
    const client = new EdgePodClient({
      url: pod.url,
      apiKey: pod.key,
      WebSocket: NodeWebSocket as unknown as typeof WebSocket,
    });
    const shown = new Map<string, { observer: QueryObserver<unknown>; hide: () => void }>();
    const show = (name: string) => {
      if (shown.has(name)) return;
      const observer = new QueryObserver<unknown>(client.queryClient, query(name) as never);
      shown.set(name, { observer, hide: observer.subscribe(() => {}) });
    };
    const names = ["getUsers", "getPosts", "getAnything"];
    const releases: (() => void)[] = [];
    const mutations: Promise<unknown>[] = [];
    let lossy = false;

    client.connect();
    for (const name of names) show(name);

    const steps: (() => void | Promise<void>)[] = [
      () => void pod.addUser(`user ${seed} ${next()}`),
      () => pod.addPost("post"),
      () => void mutations.push(client.mutate("insertUser", { name: `own ${next()}` }).catch(() => {})),
      () => {
        pod.signals = (["sent", "twice", "kept", "lost"] as const)[below(reliable ? 3 : 4)] ?? "sent";
        lossy ||= pod.signals === "lost";
      },
      () => pod.sendKept(next),
      () => void releases.push(pod.hold(names[below(names.length)] ?? "getUsers").release),
      () => releases.splice(below(releases.length), 1)[0]?.(),
      () => {
        pod.replyDelayMs = below(10);
      },
      () => {
        const name = names[below(names.length)] ?? "getUsers";
        shown.get(name)?.hide();
        shown.delete(name);
      },
      () => show(names[below(names.length)] ?? "getUsers"),
      () => {
        if (!reliable && below(4) === 0) pod.cutSockets();
      },
      () => sleep(below(30)),
      () => sleep(0),
    ];
    for (let index = 0; index < STEPS; index++) await steps[below(steps.length)]?.();

    // The network calms down. What it lost for good, only a new connection can tell.
    pod.signals = "sent";
    pod.replyDelayMs = 0;
    pod.releaseAll();
    for (const release of releases) release();
    pod.sendKept(next);
    if (lossy) pod.cutSockets();
    await Promise.all(mutations);
    for (const name of names) show(name);
    const screen = () => names.map((name) => shown.get(name)?.observer.getCurrentResult().data);
    const database = () => [pod.users, pod.posts, pod.users.length + pod.posts.length];
    await until("live", () => client.status === "live");
    await until(
      `seed ${seed}: the screen shows what the database holds`,
      () => JSON.stringify(screen()) === JSON.stringify(database()),
    ).catch(() => {});
    expect(screen()).toEqual(database());

    for (const { hide } of shown.values()) hide();
    client.disconnect();
    client.queryClient.clear();
    await pod.stop();
  },
);
