import { useState } from "react";
import { type User, useMutation, useQuery, useStatus } from "./edgepod/client";

export function Users() {
  const users = useQuery("getUsers");
  const status = useStatus();
  return (
    <>
      <header>
        <h1>Users in React</h1>
        <output aria-label={`Connection: ${status}`}>{status}</output>
      </header>
      <AddUser />
      {users.isLoading && <p>Loading…</p>}
      {users.error && <p role="alert">{users.error.message}</p>}
      <ul aria-label="Users">
        {users.data?.map((user) => (
          <Row key={user.id} user={user} />
        ))}
      </ul>
    </>
  );
}

function AddUser() {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const { trigger, isMutating, error } = useMutation("insertUser", {
    onSuccess: () => {
      setName("");
      setEmail("");
    },
  });
  return (
    <>
      <form
        aria-label="Add a user"
        onSubmit={(event) => {
          event.preventDefault();
          trigger({ name: name || null, email: email || null });
        }}
      >
        <label>
          Name <input value={name} onChange={(event) => setName(event.target.value)} />
        </label>
        <label>
          Email <input type="email" value={email} onChange={(event) => setEmail(event.target.value)} />
        </label>
        <button disabled={isMutating}>Add user</button>
      </form>
      {error && <p role="alert">{error.message}</p>}
    </>
  );
}

function Row({ user }: { user: User }) {
  const { trigger, isMutating, error } = useMutation("deleteUser");
  const name = user.name ?? user.email;
  return (
    <li>
      <span>{name}</span>
      {error && <span role="alert">{error.message}</span>}
      <button disabled={isMutating} aria-label={`Delete ${name}`} onClick={() => trigger({ id: user.id })}>
        Delete
      </button>
    </li>
  );
}
