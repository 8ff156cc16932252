// What the types of a generated client promise. Each line below a `@ts-expect-error` must not compile.
import { useInfiniteQuery as useTanstackInfinite, useQuery as useTanstackQuery, useQueryClient, useSuspenseQuery as useTanstackSuspense } from "@tanstack/react-query";
import { createMockPod } from "./edgepod/mock";
import {
  api,
  type EdgePodError,
  type EdgePodFunctions,
  EdgePodProvider,
  type InsertUserError,
  type Post,
  type Status,
  type User,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useStatus,
  useSuspenseQuery,
} from "./edgepod/client";

/** Fails to compile unless the two types are the same one. */
function same<A, B>(..._: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]) {}

export function Queries() {
  const users = useQuery("getUsers");
  same<typeof users.data, User[] | undefined>();
  same<typeof users.error, EdgePodError<never> | null>();

  const user = useQuery("getUserById", { id: 7 });
  same<typeof user.data, User | null | undefined>();

  const names = useQuery("getUsers", {}, { select: (all) => all.map((one) => one.name) });
  same<typeof names.data, (string | null)[] | undefined>();

  const posts = useQuery("getPosts", {}, { enabled: false, placeholderData: [] });
  same<typeof posts.data, Post[] | undefined>();

  // null reads nothing yet.
  const skipped = useQuery("getUserById", users.data?.[0] ? { id: users.data[0].id } : null);
  same<typeof skipped.data, User | null | undefined>();
  useQuery("getUsers", null);

  // @ts-expect-error there is no such function
  useQuery("getUser");
  // @ts-expect-error the argument is missing
  useQuery("getUserById");
  // @ts-expect-error a field is missing
  useQuery("getUserById", {});
  // @ts-expect-error the id is a number
  useQuery("getUserById", { id: "7" });
  // @ts-expect-error the field is called id
  useQuery("getUserById", { userId: 7 });
  // @ts-expect-error there are no such arguments
  useQuery("getUsers", { limit: 10 });
  // @ts-expect-error a mutation is no query
  useQuery("insertUser");
  // @ts-expect-error EdgePod decides what is called
  useQuery("getUsers", {}, { queryFn: () => [] });
  // @ts-expect-error the column is called created_at
  users.data?.[0]?.createdAt;
  // @ts-expect-error it may be loading
  users.data.length;
  // @ts-expect-error it may be null
  user.data?.name.length;
}

/** Every code has a sentence: the compiler sees which is forgotten. */
export function sentence(error: EdgePodError<InsertUserError>): string {
  switch (error.code) {
    case "EMAIL_TAKEN":
      return `It is user ${error.data.by}'s.`;
    case "NOTHING_GIVEN":
      return "Who?";
    case "BAD_REQUEST":
    case "UNAUTHORIZED":
    case "FORBIDDEN":
    case "NOT_FOUND":
    case "METHOD_NOT_ALLOWED":
    case "CONFLICT":
    case "PAYLOAD_TOO_LARGE":
    case "TOO_MANY_REQUESTS":
    case "UPGRADE_REQUIRED":
    case "INTERNAL":
    case "UNAVAILABLE":
    case "NETWORK":
    case "INVALID_REPLY":
      return error.message;
  }
}

/** A switch that forgets some. */
export function forgetful(error: EdgePodError<InsertUserError>): unknown {
  switch (error.code) {
    case "EMAIL_TAKEN":
      return error.data.by;
    default:
      // @ts-expect-error NOTHING_GIVEN and EdgePod's own are forgotten
      return error satisfies never;
  }
}

export function Mutations() {
  const insert = useMutation("insertUser");
  same<ReturnType<typeof insert.trigger>, Promise<User>>();
  same<typeof insert.data, User | undefined>();
  void insert.trigger();
  void insert.trigger({ email: "ada@example.org", name: null });

  // A function's own errors arrive as a discriminated union.
  const { error } = insert;
  if (error?.code === "EMAIL_TAKEN") same<typeof error.data, { by: number }>();
  if (error?.code === "NOTHING_GIVEN") same<typeof error.data, undefined>();
  if (error?.code === "CONFLICT") same<typeof error.data, unknown>();
  if (error) same<[string, number, string | undefined], [typeof error.message, typeof error.status, typeof error.traceId]>();
  // @ts-expect-error there is no such variant
  if (error?.code === "EMAIL_GONE") return;
  // @ts-expect-error only a taken address has this
  void error?.data?.by;

  const remove = useMutation("deleteUser", { onSuccess: (user) => same<typeof user, User>() });
  same<Parameters<typeof remove.trigger>[0], { id: number }>();
  void remove.trigger({ id: 7 }, { signal: AbortSignal.timeout(1000) });
  // @ts-expect-error there is no such option
  void remove.trigger({ id: 7 }, { timeout: 1000 });

  const send = useMutation("sendInvitations");
  void send.trigger();

  // @ts-expect-error there is no such function
  useMutation("addUser");
  // @ts-expect-error a query is no mutation
  useMutation("getUsers");
  // @ts-expect-error the argument is missing
  void remove.trigger();
  // @ts-expect-error the id is a number
  void remove.trigger({ id: "7" });
  // @ts-expect-error the field is called email
  void insert.trigger({ mail: "ada@example.org" });
  // @ts-expect-error it takes no arguments
  void send.trigger({ to: "all" });
}

export function Optimism() {
  useMutation("insertUser", {
    optimistic: {
      getUsers: (old, { name }) => {
        same<typeof old, User[]>();
        same<typeof name, string | null | undefined>();
        return old;
      },
      getUserById: (old, _args, { id }) => {
        same<typeof id, number>();
        return old;
      },
    },
  });
  useMutation("deleteUser", { optimistic: { getUsers: (old, { id }) => old.filter((user) => user.id !== id) } });
  // @ts-expect-error there is no such query
  useMutation("insertUser", { optimistic: { getUser: (old) => old } });
  // @ts-expect-error the query gives users
  useMutation("insertUser", { optimistic: { getUsers: () => [1] } });
}

export function Tanstack() {
  const users = useTanstackQuery(api.getUsers.queryOptions());
  same<typeof users.data, User[] | undefined>();
  same<typeof users.error, EdgePodError<never> | null>();
  const count = useTanstackQuery(api.getUsers.queryOptions({}, { select: (all) => all.length }));
  same<typeof count.data, number | undefined>();
  const user = useTanstackSuspense(api.getUserById.queryOptions({ id: 7 }));
  same<typeof user.data, User | null>();
  const skipped = useTanstackQuery(api.getUserById.queryOptions(users.data ? { id: 7 } : null));
  same<typeof skipped.data, User | null | undefined>();
  const cache = useQueryClient();
  same<ReturnType<typeof read>, User[] | undefined>();
  function read() {
    return cache.getQueryData(api.getUsers.queryKey());
  }
  void cache.prefetchQuery(api.getUserById.queryOptions({ id: 7 }));
  // @ts-expect-error the argument is missing
  api.getUserById.queryOptions();
  // @ts-expect-error the id is a number
  api.getUserById.queryOptions({ id: "7" });
  // @ts-expect-error there is no such function
  api.getUser;
  // @ts-expect-error a mutation has no query options
  api.insertUser.queryOptions();
  // @ts-expect-error it gives no pages
  api.getUsers.infiniteQueryOptions();
}

export function Waiting() {
  const users = useSuspenseQuery("getUsers");
  same<typeof users.data, User[]>();
  // @ts-expect-error there is nothing to wait for
  useSuspenseQuery("getUserById", null);
  const pages = useInfiniteQuery("getUserPage");
  same<NonNullable<typeof pages.data>["pages"][number]["items"], User[]>();
  useTanstackInfinite(api.getUserPage.infiniteQueryOptions());
  // @ts-expect-error it gives no pages
  useInfiniteQuery("getUsers");
  // @ts-expect-error the cursor is TanStack's to give
  useInfiniteQuery("getUserPage", { cursor: "x" });
}

export function Mocks() {
  const user: User = { id: 1, email: "ada@example.org", name: "Ada", created_at: "2026-01-01T00:00:00Z" };
  const pod = createMockPod({ getUsers: () => [user], insertUser: async ({ name }) => ({ ...user, name: name ?? null }) });
  // @ts-expect-error it gives users
  createMockPod({ getUsers: () => [1] });
  // @ts-expect-error there is no such function
  createMockPod({ getUser: () => user });
  return <EdgePodProvider {...pod.props} />;
}

export function Connection() {
  const status = useStatus();
  same<typeof status, Status>();
  // @ts-expect-error no such status
  if (status === "connected") return null;
  // @ts-expect-error the key is missing
  return <EdgePodProvider url="http://localhost:8989" />;
}

same<EdgePodFunctions["getUserById"]["args"], { id: number }>();
same<EdgePodFunctions["createPost"]["args"], { author_id: number; title: string; content?: string | null }>();
same<keyof EdgePodFunctions & "getUsers", "getUsers">();
