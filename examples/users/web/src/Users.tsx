import type { SubmitEvent } from "react";
import { Avatar } from "./Avatar";
import { type User, useMutation, useQuery } from "./edgepod/client";
import { Panel, Rows } from "./Panel";

/** The users, the newest first, with a form to add one. */
export function UsersPanel() {
  const { data: users, error, refetch } = useQuery("getUsers");
  return (
    <Panel title="Users" count={users?.length}>
      <AddUser />
      <Rows
        rows={users?.toReversed()}
        error={error}
        retry={refetch}
        label="Users"
        empty={
          <>
            Nobody is here yet. <br /> Add the first user above.
          </>
        }
      >
        {(user) => <UserRow key={user.id} user={user} />}
      </Rows>
    </Panel>
  );
}

function AddUser() {
  const { trigger, isMutating, error } = useMutation("insertUser");

  async function add(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    try {
      await trigger({ name: text(fields, "name"), email: text(fields, "email") });
      form.reset();
      form.querySelector("input")?.focus();
    } catch {
      // `error` shows it, and the fields keep what was typed.
    }
  }

  return (
    <form className="form form-user" aria-label="Add a user" onSubmit={add}>
      <label>
        <span>Name</span>
        <input name="name" placeholder="Ada Lovelace" autoComplete="off" maxLength={100} />
      </label>
      <label>
        <span>Email</span>
        <input name="email" type="email" placeholder="ada@example.com" autoComplete="off" maxLength={200} />
      </label>
      <button type="submit" className="button" disabled={isMutating}>
        Add user
      </button>
      {error && (
        <p className="form-error" role="alert">
          {error.message}
        </p>
      )}
    </form>
  );
}

function UserRow({ user }: { user: User }) {
  const { trigger, isMutating, error } = useMutation("deleteUser");
  const name = user.name ?? user.email;
  return (
    <li className={isMutating ? "row row-leaving" : "row"}>
      <Avatar id={user.id} name={name} />
      <div className="row-text">
        <strong>{name}</strong>
        <span className="row-detail">
          {user.name !== null && <span>{user.email}</span>}
          <span>
            since <time dateTime={user.created_at}>{day.format(new Date(user.created_at))}</time>
          </span>
        </span>
        {error && (
          <span className="form-error" role="alert">
            {error.message}
          </span>
        )}
      </div>
      <button
        type="button"
        className="button-icon"
        aria-label={`Delete ${name}`}
        title="Delete, with all posts"
        disabled={isMutating}
        onClick={() => trigger({ id: user.id })}
      >
        <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
          <path
            d="M4 6h12M8 6V4h4v2m-6.5 0 .7 10h7.6l.7-10M8.5 9v4.5m3-4.5v4.5"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </svg>
      </button>
    </li>
  );
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** What was typed into a field, or null where nothing was. */
function text(fields: FormData, name: string): string | null {
  return String(fields.get(name) ?? "").trim() || null;
}
