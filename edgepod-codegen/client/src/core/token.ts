import type { EdgePodError } from "./error";

/**
 * Gives a token for `Authorization: Bearer`, or nothing for an anonymous call. It is called before each call, so it
 * should answer from memory. With `refresh` the token that it gave last is refused or about to expire: get a new one.
 */
export type GetToken = (request: { refresh: boolean }) => Token | Promise<Token>;

/** A token, or nothing. */
export type Token = string | null | undefined;

/** A token is replaced when it has less than this left, so that it does not expire on the way. */
const MARGIN_MS = 10_000;

/**
 * The user's tokens: asked for, renewed in time, and watched for another user.
 *
 * A file of its own, which is loaded where there is a `getToken`, so that a page without users does not carry it.
 */
export class Tokens {
  readonly #getToken: GetToken;
  readonly #onUser: () => void;
  readonly #onRefused: (refused: boolean) => void;
  readonly #Failure: typeof EdgePodError;
  #user: unknown;
  #renewing: Promise<Token> | undefined;

  /** `Failure` is given, not imported, lest bundlers make a third file of what the page and this one share. */
  constructor(
    getToken: GetToken,
    onUser: () => void,
    onRefused: (refused: boolean) => void,
    Failure: typeof EdgePodError,
  ) {
    this.#getToken = getToken;
    this.#onUser = onUser;
    this.#onRefused = onRefused;
    this.#Failure = Failure;
  }

  /** Sends a request with a token, and once more with a new one where that is refused. */
  async send<R extends { status: number }>(name: string, send: (headers: object) => Promise<R>): Promise<R> {
    let token = await this.#get(name);
    for (let again = token; ; again = undefined) {
      const response = await send(token ? { Authorization: `Bearer ${token}` } : {});
      if (!token) return response;
      const refused = response.status === 401;
      if (again && refused) {
        token = await this.#get(name, token);
        if (token && token !== again) continue;
      }
      this.#onRefused(refused);
      return response;
    }
  }

  async #get(name: string, refused?: string): Promise<Token> {
    try {
      let token = await this.#getToken({ refresh: false });
      // Another call may have had it renewed meanwhile.
      const isSpent = token === refused || claims(token).exp * 1000 < Date.now() + MARGIN_MS;
      if (token && isSpent) token = await this.#renew();
      const user = claims(token).sub;
      if (user !== undefined) {
        const last = this.#user;
        this.#user = user;
        if (last !== undefined && last !== user) this.#onUser();
      }
      return token;
    } catch (cause) {
      const message = `getToken failed, so ${name} was not called: ${cause instanceof Error ? cause.message : cause}`;
      throw new this.#Failure({ code: "UNAUTHORIZED", status: 0, message }, { cause });
    }
  }

  /** Calls that find at the same time that their token is spent share a new one. */
  #renew(): Promise<Token> {
    const renew = async () => this.#getToken({ refresh: true });
    this.#renewing ??= renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }
}

/** What a token says of itself. One that is no JWT says nothing; none at all is nobody's. */
function claims(token: Token): { sub?: unknown; exp: number } {
  if (!token) return { sub: null, exp: Number.NaN };
  try {
    return JSON.parse(atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/")));
  } catch {
    return { exp: Number.NaN };
  }
}
