import { createSignal, For, Show } from "solid-js";
import { type User, useMutation, useQuery, useStatus } from "./edgepod/client";

export function Users() {
  const users = useQuery("getUsers");
  const status = useStatus();
  return (
    <>
      <header>
        <h1>Users in Solid</h1>
        <output aria-label={`Connection: ${status()}`}>{status()}</output>
      </header>
      <AddUser />
      <Show when={users.isLoading}>
        <p>Loading…</p>
      </Show>
      <Show when={users.error}>{(error) => <p role="alert">{error().message}</p>}</Show>
      <ul aria-label="Users">
        <For each={users.isSuccess ? users.data : []}>{(user) => <Row user={user} />}</For>
      </ul>
    </>
  );
}

function AddUser() {
  const [name, setName] = createSignal("");
  const [email, setEmail] = createSignal("");
  const insert = useMutation("insertUser", {
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
          insert.trigger({ name: name() || null, email: email() || null });
        }}
      >
        <label>
          Name <input value={name()} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <label>
          Email <input type="email" value={email()} onInput={(event) => setEmail(event.currentTarget.value)} />
        </label>
        <button disabled={insert.isMutating}>Add user</button>
      </form>
      <Show when={insert.error}>{(error) => <p role="alert">{error().message}</p>}</Show>
    </>
  );
}

function Row(props: { user: User }) {
  const remove = useMutation("deleteUser");
  const name = () => props.user.name ?? props.user.email;
  return (
    <li>
      <span>{name()}</span>
      <Show when={remove.error}>{(error) => <span role="alert">{error().message}</span>}</Show>
      <button
        disabled={remove.isMutating}
        aria-label={`Delete ${name()}`}
        onClick={() => remove.trigger({ id: props.user.id })}
      >
        Delete
      </button>
    </li>
  );
}
