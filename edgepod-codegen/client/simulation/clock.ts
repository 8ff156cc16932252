/** Time as the simulation makes it: everything that waits, waits here, and one thing happens after the other. */

interface Timer {
  id: number;
  at: number;
  run: () => void;
  every: number | undefined;
}

/** 2026-01-01T00:00:00Z. */
const BEGINNING = 1_767_225_600_000;

/** A turn of the event loop in which every promise that can go on has gone on. */
const settled = setImmediate;

export class Clock {
  #timers: Timer[] = [];
  #last = 0;
  now = BEGINNING;
  /** How far the clock that programs see is from the one that runs. */
  skew = 0;

  /** Takes the place of the platform's timers and clock, for the client. */
  install(): void {
    const set =
      (every: boolean) =>
      (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
        this.#add(() => run(...args), Math.max(0, ms), every ? Math.max(1, ms) : undefined);
    const clear = (id: unknown) => {
      this.#timers = this.#timers.filter((timer) => timer.id !== id);
    };
    Object.assign(globalThis, {
      setTimeout: set(false),
      setInterval: set(true),
      clearTimeout: clear,
      clearInterval: clear,
    });
    Date.now = () => this.now + this.skew;
  }

  /** Has something happen in so many milliseconds. */
  in(ms: number, run: () => void): void {
    this.#add(run, ms, undefined);
  }

  #add(run: () => void, ms: number, every: number | undefined): number {
    const id = ++this.#last;
    this.#timers.push({ id, at: this.now + ms, run, every });
    return id;
  }

  /** Lets time go by, and all that is due in it happen. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await flush();
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#timers) {
        if (timer.at <= end && (!next || timer.at < next.at || (timer.at === next.at && timer.id < next.id)))
          next = timer;
      }
      if (!next) break;
      this.now = Math.max(this.now, next.at);
      if (next.every === undefined) this.#timers.splice(this.#timers.indexOf(next), 1);
      else next.at = this.now + next.every;
      next.run();
      await flush();
    }
    this.now = end;
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#timers = [];
    this.now = BEGINNING;
    this.skew = 0;
  }
}

function flush(): Promise<void> {
  return new Promise((resolve) => settled(resolve));
}
