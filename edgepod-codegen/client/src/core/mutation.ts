import type { EdgePodClient } from "./client";
import { mutation } from "./client";
import type { EdgePodError } from "./error";
import type { MutationOptions } from "./types";

/** What an adapter shows of a mutation's last call. */
export interface MutationState {
  isMutating: boolean;
  data: unknown;
  error: EdgePodError | null;
}

/** Nothing was called yet, or it is forgotten. */
export const IDLE: MutationState = { isMutating: false, data: undefined, error: null };

/** A mutation as every adapter's `useMutation` uses it: how to call it, and how to forget the last call. */
export type Trigger = [trigger: (args?: object) => Promise<unknown>, reset: () => void];

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
    (args) => {
      // TanStack's callbacks, and in `meta` what the client's own default function for mutations takes.
      const meta = options() as Record<string, unknown>;
      const call = client.queryClient
        .getMutationCache()
        .build<unknown, EdgePodError, object | undefined, unknown>(client.queryClient, {
          ...mutation(name),
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
        (error) => showLast({ error }),
      );
      return result;
    },
    () => {
      current = undefined;
      show(IDLE);
    },
  ];
}
