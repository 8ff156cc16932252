import type { EdgePodError } from "./error";
import type { Query } from "./tanstack";

/**
 * Gives a token for `Authorization: Bearer`, or nothing for an anonymous call. It is called before each call, so it
 * should answer from memory. With `refresh` the token that it gave last is refused or about to expire: get a new one.
 */
export type GetToken = (request: { refresh: boolean }) => Token | Promise<Token>;

/** A token, or nothing. */
export type Token = string | null | undefined;

/** A token is replaced when it has less than this left, so that it does not expire on the way. */
const MARGIN_MS = 10_000;

/** Whose tokens they are, and whom it concerns. */
export interface Users {
  getToken: GetToken;
  /** The server has refused the user's token, and a new one as well; or it takes it again. */
  onRefused(refused: boolean): void;
  /** There is another user: what mutations expect is forgotten, and the socket made anew where that may be of another pod. */
  renew(): void;
  /** Every query that the user may have read. */
  queries(): Query[];
  /** Reads those again that are on the screen. */
  refresh(queries: readonly Query[]): void;
}

/**
 * The user's tokens: asked for, renewed in time, and watched for another user.
 *
 * A file of its own, which is loaded where there is a `getToken`, so that a page without users does not carry it.
 */
export class Tokens {
  readonly #users: Users;
  readonly #Failure: typeof EdgePodError;
  /** What the last token said of its user. */
  #user: string | undefined;
  /** How far this device's clock is ahead, as far as a new token has shown. */
  #aheadMs = 0;
  #renewing: Promise<Token> | undefined;

  /** `Failure` is given, not imported, lest bundlers make a third file of what the page and this one share. */
  constructor(users: Users, Failure: typeof EdgePodError) {
    this.#users = users;
    this.#Failure = Failure;
  }

  /** Sends a request with a token, and once more with a new one where that is refused. */
  async send<R extends { status: number; body: { meta?: object } | undefined }>(
    name: string,
    send: (headers: object) => Promise<R>,
  ): Promise<R> {
    let token = await this.get(name);
    for (let again = token; ; again = undefined) {
      const user = this.#user;
      const response = await send(token ? { Authorization: `Bearer ${token}` } : {});
      // What it says of tables and versions is of somebody else's data, perhaps of another pod.
      if (user !== this.#user && response.body) delete response.body.meta;
      if (!token) return response;
      const refused = response.status === 401;
      if (again && refused) {
        token = await this.get(name, token);
        if (token && token !== again) continue;
      }
      this.#users.onRefused(refused);
      return response;
    }
  }

  /** The token for a request; another one than that which is refused. */
  async get(name: string, refused?: string): Promise<Token> {
    try {
      let token = await this.#users.getToken({ refresh: false });
      // Another call may have had it renewed meanwhile.
      if (token && (token === refused || this.#leftMs(token) < MARGIN_MS)) {
        const renewed = await this.#renew();
        // A token that is just issued and looks spent shows a clock that is ahead.
        if (renewed && this.#leftMs(renewed) < MARGIN_MS) {
          const { iat, exp } = claims(renewed);
          this.#aheadMs = Date.now() - (iat ?? Number(exp) - 60) * 1000;
        }
        // One that cannot be renewed now is good for what it has left.
        token = renewed || (token !== refused && this.#leftMs(token) > 0 ? token : renewed);
      }
      if (token && !/^[!-~]+$/.test(token)) throw new TypeError("the token has a character that no header can have");
      const user = identity(token);
      const last = this.#user;
      this.#user = user;
      if (last !== undefined && last !== user) this.#forget();
      return token;
    } catch (cause) {
      const message = `getToken failed, so ${name} was not called: ${cause instanceof Error ? cause.message : cause}`;
      throw new this.#Failure({ code: "UNAUTHORIZED", status: 0, message }, { cause });
    }
  }

  /** What one user has read is not the next one's to see. Who waits for an answer gets the next one's. */
  #forget(): void {
    this.#users.renew();
    const queries = this.#users.queries();
    const awaited = queries.filter(({ state }) => state.fetchStatus !== "idle");
    for (const query of queries) query.reset();
    // Before the end of the tick, so that the promise of the request that is given up becomes that of the new one.
    for (const query of awaited) query.fetch().catch(() => {});
    this.#users.refresh(queries);
  }

  /** How long a token is good for. */
  #leftMs(token: Token): number {
    return (claims(token).exp ?? 1 / 0) * 1000 - Date.now() + this.#aheadMs;
  }

  /** Calls that find at the same time that their token is spent share a new one. */
  #renew(): Promise<Token> {
    const renew = async () => this.#users.getToken({ refresh: true });
    this.#renewing ??= renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }
}

/** What a token says of itself: of one that is no JWT, and of none at all, nothing is known. */
function claims(token: Token): Record<string, unknown> & { exp?: number; iat?: number } {
  try {
    return Object(JSON.parse(atob((token as string).split(".")[1]?.replace(/-/g, "+").replace(/_/g, "/") as string)));
  } catch {
    return {};
  }
}

/**
 * The claims that say whose a token is: the user, who acts for them, and what decides what they see. Their names are the
 * usual ones, also with an address in front. Others may differ in each token, and would have everything read without end.
 */
const LASTING = /^(iss|sub|act|o|tid)$|org|tenant|team|workspace|company|account|customer|role|permission|scope|group/i;

/** Whose a token is. Those that cannot be read are all of one user. */
function identity(token: Token): string {
  if (!token) return "";
  const lasting = Object.entries(claims(token)).filter(([name]) => LASTING.test(name));
  return `user ${JSON.stringify(lasting.sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}
