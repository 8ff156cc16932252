import { useQuery, useMutation, useStatus } from "./edgepod/client";

export function Users() {
  const { data, isLoading, error } = useQuery("getUsers");
  const { trigger, isMutating } = useMutation("insertUser");
  const status = useStatus();

  if (isLoading) return <p>Loading…</p>;
  if (error) return <p>Error: {error.message}</p>;

  return (
    <div>
      <p>WebSocket: {status}</p>
      <ul>
        {data?.map((u) => (
          <li key={u.id}>{u.name}</li>
        ))}
      </ul>
      <button disabled={isMutating} onClick={() => trigger({ name: "Ada" })}>
        Add User
      </button>
    </div>
  );
}
