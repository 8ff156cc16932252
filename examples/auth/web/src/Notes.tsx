import { type SubmitEvent, useEffect } from "react";
import { type Note, useMutation, useQuery } from "./edgepod/client";

type Props = {
  /** Seconds until the session ends. */
  left: number;
  onExpired: () => void;
  onLogOut: () => void;
};

/** The notes of whoever has signed in. */
export function Notes({ left, onExpired, onLogOut }: Props) {
  const { data: notes, error, refetch } = useQuery("getNotes");
  const refused = error?.code === "UNAUTHORIZED";
  useEffect(() => {
    if (refused) onExpired();
  }, [refused, onExpired]);
  return (
    <section className="card" aria-labelledby="notes">
      <header className="card-head">
        <h2 id="notes">Your notes</h2>
        <span className="left" role="timer" aria-label="Session ends in">
          {left >= 60 ? `${Math.ceil(left / 60)} min` : `${left} s`} left
        </span>
        <button type="button" className="button button-quiet" onClick={onLogOut}>
          Log out
        </button>
      </header>
      <AddNote />
      {error && !refused && (
        <p className="notice" role="alert">
          {error.message}{" "}
          <button type="button" className="link" onClick={() => refetch()}>
            Try again
          </button>
        </p>
      )}
      {!notes && !error && (
        <p className="empty" aria-busy="true">
          Loading…
        </p>
      )}
      {notes?.length === 0 && <p className="empty">No notes yet. What you write here, nobody else can read.</p>}
      {notes && notes.length > 0 && (
        <ul className="rows" aria-label="Your notes">
          {notes.map((note) => (
            <NoteRow key={note.id} note={note} />
          ))}
        </ul>
      )}
    </section>
  );
}

function AddNote() {
  const { trigger, isMutating, error } = useMutation("addNote");

  async function add(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    try {
      await trigger({ text: String(new FormData(form).get("text")) });
      form.reset();
      form.querySelector("textarea")?.focus();
    } catch {
      // `error` shows it, and the field keeps what was typed.
    }
  }

  return (
    <form className="form form-note" aria-label="Write a note" onSubmit={add}>
      <label>
        <span>New note</span>
        <textarea name="text" rows={2} required maxLength={2000} />
      </label>
      <button type="submit" className="button" disabled={isMutating}>
        Add note
      </button>
      {error && (
        <p className="form-error" role="alert">
          {error.message}
        </p>
      )}
    </form>
  );
}

function NoteRow({ note }: { note: Note }) {
  const { trigger, isMutating, error } = useMutation("deleteNote");
  return (
    <li className={isMutating ? "row row-leaving" : "row"}>
      <div>
        <p className="note-text">{note.text}</p>
        <time dateTime={note.created_at}>{moment.format(new Date(note.created_at))}</time>
        {error && (
          <p className="form-error" role="alert">
            {error.message}
          </p>
        )}
      </div>
      <button
        type="button"
        className="button button-quiet"
        aria-label={`Delete the note: ${note.text.slice(0, 40)}`}
        disabled={isMutating}
        onClick={() => trigger({ id: note.id }).catch(() => {})}
      >
        Delete
      </button>
    </li>
  );
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
