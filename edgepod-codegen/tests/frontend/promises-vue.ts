import { useQuery as useTanstackQuery } from "@tanstack/vue-query";
import { createApp, ref } from "vue";
import { api, EdgePodError, EdgePodPlugin, useInfiniteQuery, useMutation, useQuery, useStatus } from "./edgepod/client";
import type { Status, User } from "./edgepod/client";
import { createMockPod } from "./edgepod/mock";

/** Whether two types are one. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}


export function everything(): void {
  const users = useQuery("getUsers");
  same<typeof users.data.value, User[] | undefined>(true);
  const count = useQuery("getUsers", {}, { select: (users) => users.length });
  same<typeof count.data.value, number | undefined>(true);
  useQuery("getUserById", { id: 1 });
  useQuery("getUserById", null);
  useQuery("getUserById", () => ({ id: 1 }));
  useQuery("getUserById", () => (Math.random() > 0.5 ? { id: 1 } : null));
  // @ts-expect-error an argument is missing
  useQuery("getUserById");
  // @ts-expect-error an argument is of another type
  useQuery("getUserById", { id: "1" });
  // @ts-expect-error so it is in a function
  useQuery("getUserById", () => ({ id: "1" }));
  // @ts-expect-error there is no such query
  useQuery("getUser");
  // @ts-expect-error a function that writes is no query
  useQuery("insertUser", { name: "Ada" });

  const insert = useMutation("insertUser", {
    onSuccess: (user) => console.log(user.email),
    optimistic: {
      getUsers: (users, { name }) => [...users, { id: 0, email: "", name: name ?? null, created_at: "" }],
    },
  });
  insert.trigger({ name: "Ada" }).then((user) => same<typeof user, User>(true));
  same<typeof insert.isMutating.value, boolean>(true);
  same<typeof insert.data.value, User | undefined>(true);
  // @ts-expect-error the arguments of this one may not be left out
  useMutation("deleteUser").trigger();
  // @ts-expect-error a query is no mutation
  useMutation("getUsers");
  // @ts-expect-error there is no such query to expect something of
  useMutation("insertUser", { optimistic: { getNobody: () => [] } });

  const pages = useInfiniteQuery("getUserPage");
  same<NonNullable<typeof pages.data.value>["pages"][number]["items"], User[]>(true);
  // @ts-expect-error this one gives no pages
  useInfiniteQuery("getUsers");

  const status = useStatus();
  same<typeof status.value, Status>(true);
  const { error } = insert;
  if (error.value instanceof EdgePodError) console.log(error.value.code);

  const pod = createMockPod({ getUsers: () => [] });
  console.log(pod.props.url, api.getUsers.queryOptions().queryKey);
}

export function withRefs(): void {
  const id = ref<{ id: number } | null>(null);
  useQuery("getUserById", id);
  const { data } = useTanstackQuery(api.getUserById.queryOptions({ id: 7 }));
  same<typeof data.value, User | null | undefined>(true);
  createApp({}).use(EdgePodPlugin, { url: "http://localhost:8989", apiKey: "ep_pk_..." });
  // @ts-expect-error the key is missing
  createApp({}).use(EdgePodPlugin, { url: "http://localhost:8989" });
}
