/** One run: clients, an engine and a network, and a seed that says what happens. */
import { type Query, QueryObserver } from "@tanstack/query-core";
import { EdgePodClient, query } from "../src/core";
import { Clock } from "./clock";
import { Host } from "./host";
import { Network } from "./network";
import { Random } from "./random";

const STEPS = 60;
const SECOND = 1_000;
/** What is lost without a trace is made good within this. */
const HEALED = 200 * SECOND;

/** A question: a query and its arguments. */
type Question = [name: string, args: object];

/** What each question was answered with at some time, as texts of JSON. */
type History = Map<string, Set<string>>;

interface Shown {
  question: Question;
  observer: QueryObserver<unknown>;
  hide: () => void;
}

class Client {
  readonly pod: EdgePodClient;
  readonly shown = new Map<string, Shown>();
  /** What was shown once, and is in the cache. */
  readonly seen = new Map<string, Question>();
  /** Writes whose outcome is not known yet. */
  waiting = 0;
  /** Queries that go on showing what was expected of a write until they are read again. */
  readonly #expecting = new Set<Query>();

  constructor(network: Network) {
    this.pod = new EdgePodClient({
      url: "http://pod.example",
      apiKey: "key",
      fetch: network.fetch,
      WebSocket: network.WebSocket,
    });
    this.pod.connect();
  }

  show(question: Question, told: (data: unknown) => void = () => {}): void {
    const key = JSON.stringify(question);
    if (this.shown.has(key)) return;
    this.seen.set(key, question);
    const [name, args] = question;
    const observer = new QueryObserver<unknown>(this.pod.queryClient, query(name, args) as never);
    const hide = observer.subscribe(({ data, isPlaceholderData }) => {
      if (data !== undefined && !isPlaceholderData && !this.#expects(observer.getCurrentQuery())) told(data);
    });
    this.shown.set(key, { question, observer, hide });
  }

  /** A write is done of which these names of queries expected something: what could not be read again yet goes on showing it. */
  done(names: object): void {
    for (const query of this.pod.queryClient.getQueryCache().getAll()) {
      if (Object.hasOwn(names, query.queryKey[1] as string)) this.#expecting.add(query);
    }
  }

  /** Whether what a query shows is expected of a write, and of no version. */
  #expects(query: Query): boolean {
    if (this.waiting > 0) return true;
    if (this.#expecting.has(query) && !this.pod.registry.isStale(query)) this.#expecting.delete(query);
    return this.#expecting.has(query);
  }

  hide(key: string): void {
    this.shown.get(key)?.hide();
    this.shown.delete(key);
  }

  leave(): void {
    for (const key of [...this.shown.keys()]) this.hide(key);
    this.pod.disconnect();
    this.pod.queryClient.clear();
  }
}

/** The simulator. It is made once, and runs one seed after the other. */
export class World {
  readonly #clock = new Clock();
  readonly #host: Host;
  #random = new Random(0);
  #network: Network;
  #clients: Client[] = [];
  /** Writes by their marks: whether the client was told that they are done, or that they are not. */
  #writes = new Map<string, "unknown" | "done" | "refused">();
  /** What each question was answered with at some time, where that is looked at. */
  #history: History | undefined;
  #broken: string[] = [];
  /** What happens, to be printed. */
  trace: ((text: string) => void) | undefined;

  constructor(program: string) {
    this.#host = new Host(program);
    this.#clock.install();
    this.#network = new Network(this.#clock, this.#random, this.#host);
    Math.random = () => this.#random.next();
    crypto.getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
      const bytes = new Uint8Array(array?.buffer ?? new ArrayBuffer(0));
      bytes.forEach((_, place) => {
        bytes[place] = this.#random.below(256);
      });
      return array;
    };
  }

  stop(): void {
    this.#host.stop();
  }

  /** Runs a seed; what went wrong, if anything did. */
  async run(seed: number, planted?: string): Promise<string[]> {
    this.#clock.clear();
    this.#random = new Random(seed);
    this.#network = new Network(this.#clock, this.#random, this.#host);
    this.#network.trace = (text) => this.#say(text);
    this.#network.onStorm = () => {
      this.#broken.push("the clients ask without end");
      this.#clock.clear();
    };
    this.#host.ask("reset", { planted: planted ?? null });
    this.#writes.clear();
    this.#broken = [];
    // To look at each moment costs as much as the rest.
    const history: History | undefined = seed % 4 === 0 ? new Map() : undefined;
    this.#history = history;
    if (history) this.#network.onServed = () => this.#remember([...history.keys()].map((key) => JSON.parse(key)));
    this.#clients = Array.from({ length: 1 + this.#random.below(3) }, () => new Client(this.#network));
    const random = this.#random;
    const calm = this.#random.chance(0.25);
    try {
      for (let step = 0; step < STEPS; step++) {
        await this.#step(calm);
        if (this.#broken.length > 0) return this.#broken;
      }
      await this.#quiet();
      if (this.#broken.length > 0) return this.#broken;
      this.#check();
      // What is written now is told at once: nothing has to be made good.
      this.#say("writes while all is well");
      for (let write = 0; write < 6; write++) this.#write(random.of(this.#clients));
      await this.#clock.pass(3 * SECOND);
      this.#check();
    } finally {
      for (const client of this.#clients) client.leave();
      await this.#clock.pass(0);
    }
    return this.#broken;
  }

  #say(text: string): void {
    this.trace?.(`${String(this.#clock.now % 1e9).padStart(12)} ${text}`);
  }

  // ---- What happens

  async #step(calm: boolean): Promise<void> {
    const random = this.#random;
    const client = random.of(this.#clients);
    const kind = random.next();
    if (kind < 0.25) this.#show(client);
    else if (kind < 0.32) {
      const key = random.of([...client.shown.keys(), ""]);
      this.#say(`hide ${key}`);
      client.hide(key);
    } else if (kind < 0.65) this.#write(client);
    else if (kind < 0.9 || calm) {
      const time = random.chance(0.15) ? random.next() * 40 * SECOND : random.next() * 300;
      await this.#clock.pass(time);
    } else this.#mishap();
  }

  #mishap(): void {
    const random = this.#random;
    const network = this.#network;
    const happens = random.of(["delay", "loss", "cut", "down", "up", "sleep", "sleep", "crash", "clock"]);
    this.#say(happens);
    switch (happens) {
      case "delay":
        network.delay = random.of([0, 20, 400, 4_000]);
        break;
      case "loss":
        network.loss = random.of([0, 0.05, 0.4]);
        break;
      case "cut":
        network.cut(random.of([0.5, 1]));
        break;
      case "down":
        network.isUp = false;
        break;
      case "up":
        network.isUp = true;
        break;
      case "sleep":
        this.#host.ask("sleep");
        break;
      case "crash":
        this.#host.ask("crash");
        network.reset();
        break;
      default:
        this.#clock.skew = random.of([0, 3_600 * SECOND, -3_600 * SECOND, 86_400 * SECOND]);
    }
  }

  #question(): Question {
    const random = this.#random;
    const room = () => 1 + random.below(4);
    const message = () => 1 + random.below(12);
    const author = () => random.of(["ada", "bob", "eve"]);
    return random.of<() => Question>([
      () => ["getRooms", {}],
      () => ["getRoom", { id: room() }],
      () => ["getSummaries", {}],
      () => ["getMessages", { room_id: room() }],
      () => ["getMessages", { room_id: room() }],
      () => ["getMessagesOfBoth", { rooms: [room(), room()], author: author() }],
      () => ["getMessage", { id: message() }],
      () => ["countOfAuthor", { author: author() }],
      () => ["getReactions", { message_id: message() }],
      () => ["getUnread", { member: author() }],
      () => ["getPlaces", { room_id: room() }],
    ])();
  }

  #show(client: Client): void {
    const question = this.#question();
    this.#say(`client ${this.#clients.indexOf(client)} shows ${question[0]} ${JSON.stringify(question[1])}`);
    const history = this.#history;
    if (!history) {
      client.show(question);
      return;
    }
    const key = JSON.stringify(question);
    if (!history.has(key)) {
      history.set(key, new Set());
      this.#remember([question]);
    }
    client.show(question, (data) => {
      if (history.get(key)?.has(JSON.stringify(data))) return;
      this.#broken.push(`a client shows of ${key} what was never so: ${JSON.stringify(data)}`);
    });
  }

  /** What the questions are answered with now. */
  #remember(questions: Question[]): void {
    const { results } = this.#truth(questions);
    questions.forEach((question, place) => {
      this.#history?.get(JSON.stringify(question))?.add(results[place] ?? "");
    });
  }

  #write(client: Client): void {
    const random = this.#random;
    const room = 1 + random.below(4);
    const id = 1 + random.below(12);
    const author = random.of(["ada", "bob", "eve"]);
    const text = `text ${random.below(1000)}`;
    const [name, args] = random.of<Question>([
      ["openRoom", { id: room, name: text }],
      ["openRoom", { id: room, name: text }],
      ["send", { room_id: room, author, text }],
      ["send", { room_id: room, author, text }],
      ["send", { room_id: room, author, text }],
      ["sendMany", { room_id: room, author, texts: [text, `${text} again`] }],
      ["moveMessage", { id, room_id: room }],
      ["moveMessage", { id, room_id: room }],
      ["renameAuthor", { from: author, to: random.of(["ada", "bob", "eve"]) }],
      ["edit", { id, text }],
      ["edit", { id, text }],
      ["remove", { id }],
      ["react", { message_id: id, author, emoji: random.of(["+", "-"]) }],
      ["markRead", { room_id: room, member: author }],
      ["go", { member: author, room_id: room }],
      ["closeRoom", { id: room }],
      ["fail", { room_id: room }],
    ]);
    const mark = `${this.#writes.size}`;
    this.#writes.set(mark, "unknown");
    this.#say(`client ${this.#clients.indexOf(client)} calls ${name} ${JSON.stringify(args)} as ${mark}`);
    const edited = (message: unknown) => {
      const row = message as { id: number; text: string } | null;
      return row?.id === id ? { ...row, text } : row;
    };
    const optimistic =
      name === "edit" && random.chance(0.5)
        ? {
            getMessages: (rows: unknown) => (rows as unknown[]).map(edited),
            getMessagesOfBoth: (rows: unknown) => (rows as unknown[]).map(edited),
            getMessage: edited,
          }
        : undefined;
    client.waiting++;
    client.pod
      .mutate(name, { mark, ...args }, { optimistic: optimistic as never })
      .then(
        () => {
          this.#writes.set(mark, "done");
          client.done(optimistic ?? {});
        },
        (error) => {
          if (error.code === "BAD_REQUEST") this.#writes.set(mark, "refused");
          else if (error.code !== "NETWORK") this.#broken.push(`${name} failed: ${error.code} ${error.message}`);
        },
      )
      .finally(() => {
        client.waiting--;
      });
  }

  // ---- What has to be

  /** What the questions are answered with, as texts of JSON, and the marks of what was applied. */
  #truth(questions: Question[]): { results: string[]; ledger: string[] } {
    return this.#host.ask("truth", { calls: questions.map(([name, args]) => [name, JSON.stringify(args)]) });
  }

  /** Nothing goes wrong any more, and everything that was shown is shown. */
  async #quiet(): Promise<void> {
    this.#say("quiet");
    this.#network.isUp = true;
    this.#network.loss = 0;
    this.#network.delay = 5;
    await this.#clock.pass(HEALED);
    for (const client of this.#clients) {
      for (const question of client.seen.values()) client.show(question);
      // Whoever is shown an error that the network made tries again.
      for (const { observer } of client.shown.values()) if (observer.getCurrentResult().error) void observer.refetch();
    }
    await this.#clock.pass(5 * SECOND);
  }

  #check(): void {
    for (const client of this.#clients) {
      const who = `client ${this.#clients.indexOf(client)}`;
      if (client.pod.status !== "live") this.#broken.push(`${who} is ${client.pod.status}`);
      const shown = [...client.shown.values()];
      const { results } = this.#truth(shown.map(({ question }) => question));
      shown.forEach(({ question, observer }, place) => {
        const { data, error } = observer.getCurrentResult();
        if (JSON.stringify(data) === results[place]) return;
        const shows = error ? `the error ${error.message}` : JSON.stringify(data);
        this.#broken.push(`${who} shows of ${JSON.stringify(question)} ${shows}, and it is ${results[place]}`);
      });
    }
    const { ledger } = this.#truth([]);
    for (const [mark, outcome] of this.#writes) {
      const times = ledger.filter((noted) => noted === mark).length;
      if (times > 1) this.#broken.push(`write ${mark} was applied ${times} times`);
      if (outcome === "done" && times === 0) this.#broken.push(`write ${mark} was acknowledged, and is lost`);
      if (outcome === "refused" && times > 0) this.#broken.push(`write ${mark} was refused, and is there`);
    }
  }
}
