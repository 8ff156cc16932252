import { api, createEdgePod } from "./edgepod/client";
import type { EdgePodError, Status, User } from "./edgepod/client";
import { createMockPod } from "./edgepod/mock";

/** Whether two types are one. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

export async function everything(): Promise<void> {
  const pod = createEdgePod({ url: "http://localhost:8989", apiKey: "ep_pk_..." });
  const stop: () => void = pod.watch("getUsers", {}, ({ data, error }) => {
    same<typeof data, User[] | undefined>(true);
    same<typeof error, EdgePodError<never> | null>(true);
  });
  stop();
  pod.watch("getUserById", { id: 1 }, () => {}, { staleTime: 0 });
  pod.watch("getUserById", null, () => {});
  // @ts-expect-error an argument is missing
  pod.watch("getUserById", {}, () => {});
  // @ts-expect-error there is no such query
  pod.watch("getUser", {}, () => {});
  // @ts-expect-error a function that writes cannot be watched
  pod.watch("insertUser", { name: "Ada" }, () => {});

  same<User[], Awaited<ReturnType<typeof pod.read<"getUsers">>>>(true);
  // @ts-expect-error an argument is missing
  await pod.read("getUserById");
  const user = await pod.mutate("insertUser", { name: "Ada" }, { optimistic: { getUsers: (users) => users } });
  same<typeof user, User>(true);
  // @ts-expect-error a query is no mutation
  await pod.mutate("getUsers", {});
  // @ts-expect-error an argument is of another type
  await pod.mutate("deleteUser", { id: "1" });
  same<typeof pod.status, Status>(true);
  const cached = pod.client.queryClient.getQueryData(api.getUsers.queryKey());
  same<typeof cached, User[] | undefined>(true);
  // @ts-expect-error the key is missing
  createEdgePod({ url: "http://localhost:8989" });
  createEdgePod(createMockPod({ getUsers: () => [] }).props);
}
