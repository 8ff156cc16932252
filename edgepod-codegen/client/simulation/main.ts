/**
 * The simulation: `cargo xtask simulate` builds it and the engine's program, and runs it.
 *
 * node simulation.mjs PROGRAM SEED RUNS [--planted] [--trace]
 */
import { PLANTED, WITHIN } from "./planted";
import { World } from "./world";

const [program = "", first = "1", runs = "1", ...options] = process.argv.slice(2);
const seeds = Array.from({ length: Number(runs) }, (_, run) => Number(first) + run);

const world = new World(program);
if (options.includes("--trace")) world.trace = console.log;

/** After so many failures the next one says nothing new. */
const ENOUGH = 5;

let failed = 0;
for (const seed of seeds) {
  const broken = await world.run(seed);
  if (broken.length === 0) continue;
  console.log(`FAILED seed ${seed}: ${broken.join("\n  ").slice(0, 2_000)}`);
  if (++failed === ENOUGH) break;
}
console.log(`${seeds.length} runs from seed ${first}, ${failed} failed`);

let missed = 0;
if (options.includes("--planted")) {
  for (const mistake of PLANTED) {
    const found = await findIn(mistake);
    if (found === undefined) missed++;
    console.log(`${found === undefined ? "NOT FOUND" : `found in run ${String(found).padStart(3)}`}: ${mistake}`);
  }
}
world.stop();
const all = 1 + (options.includes("--planted") ? PLANTED.length : 0);
const wrong = Math.min(failed, 1) + missed;
// As the standard harness of Rust says it, which the test command reads.
console.log(`test result: ${wrong === 0 ? "ok" : "FAILED"}. ${all - wrong} passed; ${wrong} failed`);
process.exit(wrong === 0 ? 0 : 1);

/** In which run a mistake shows. */
async function findIn(mistake: string): Promise<number | undefined> {
  for (let run = 1; run <= WITHIN; run++) if ((await world.run(run, mistake)).length > 0) return run;
  return undefined;
}
