import type { EdgePodClient } from "./client";
import type { EdgePodError } from "./error";
import { mutation } from "./key";
import type { MutationOptions } from "./types";

/** What an adapter shows of a mutation's last call. */
export interface MutationState {
  isMutating: boolean;
  data: unknown;
  error: EdgePodError | null;
}

/** Nothing was called yet, or it is forgotten. */
export const IDLE: MutationState = { isMutating: false, data: undefined, error: null };

/** How one call is made. */
export interface CallOptions {
  /**
   * Gives up waiting, and sending again: the promise is rejected with the abort's reason, and no error is shown. What has
   * been sent may have its effect all the same, and is shown if it has.
   */
  signal?: AbortSignal | undefined;
}

/** A mutation as every adapter's `useMutation` uses it: how to call it, and how to forget the last call. */
export type Trigger = [trigger: (args?: object, options?: CallOptions) => Promise<unknown>, reset: () => void];

/**
 * The mutation is TanStack Query's, with its callbacks and in its cache. The state is not: TanStack's observer of it
 * would be a tenth of the whole client. `options` is asked at each call, and `show` is told each new state.
 */
export function createTrigger(
  client: EdgePodClient,
  name: string,
  options: () => MutationOptions<unknown, EdgePodError, object | undefined>,
  show: (state: MutationState) => void,
): Trigger {
  let current: unknown;
  return [
    (args, more) => {
      // TanStack's callbacks, and in `meta` what the client's own default function for mutations takes.
      const meta = { ...options(), ...more } as Record<string, unknown>;
      const call = client.queryClient
        .getMutationCache()
        .build<unknown, EdgePodError, object | undefined, unknown>(client.queryClient, {
          ...mutation(name, client.origin),
          ...meta,
          meta,
        });
      current = call;
      // The last call is the one that is shown.
      const showLast = (state: object) => call === current && show({ ...IDLE, ...state });
      showLast({ isMutating: true });
      const result = call.execute(args);
      // The state shows the error, so an ignored promise is no unhandled rejection.
      result.then(
        (data) => showLast({ data }),
        // Who gave up is not to be told that they did.
        (error) => showLast(more?.signal?.aborted ? {} : { error }),
      );
      return result;
    },
    () => {
      current = undefined;
      show(IDLE);
    },
  ];
}
