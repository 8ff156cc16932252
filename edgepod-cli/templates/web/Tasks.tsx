import { type Task, useMutation, useQuery, useStatus } from "./edgepod/client";

/** The tasks, with a form to add one. Open the page twice: what changes in one window appears in the other. */
export function Tasks() {
  const { data: tasks, isLoading, error } = useQuery("getTasks");
  const add = useMutation("addTask");

  async function submit(form: HTMLFormElement) {
    try {
      await add.trigger({ title: String(new FormData(form).get("title")) });
      form.reset();
    } catch {
      // `add.error` shows it, and the field keeps what was typed.
    }
  }

  return (
    <main>
      <header>
        <h1>Tasks</h1>
        <Status />
      </header>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit(event.currentTarget);
        }}
      >
        <input name="title" aria-label="What is to be done?" placeholder="What is to be done?" required autoComplete="off" />
        <button type="submit" className="primary" disabled={add.isMutating}>
          Add
        </button>
      </form>
      {add.error && <p role="alert">{add.error.message}</p>}
      {error && <p role="alert">The tasks cannot be read: {error.message}</p>}
      {isLoading && <p className="empty">Loading…</p>}
      {tasks?.length === 0 && <p className="empty">All done. Add the next task above.</p>}
      <ul>
        {tasks?.map((task) => (
          <Row key={task.id} task={task} />
        ))}
      </ul>
      <p className="hint">
        Open this page in a <a href={location.href} target="_blank" rel="noreferrer">second window</a>: what changes in one appears
        in the other.
      </p>
    </main>
  );
}

function Row({ task }: { task: Task }) {
  const { trigger, isMutating, error } = useMutation("finishTask");
  return (
    <li>
      <span>{task.title}</span>
      {error && <span role="alert">{error.message}</span>}
      <button type="button" disabled={isMutating} onClick={() => trigger({ id: task.id }).catch(() => {})}>
        Done
      </button>
    </li>
  );
}

const WORDS = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
  offline: "Offline",
  unauthorized: "Key refused",
};

/** Whether what is on the screen is kept fresh. */
function Status() {
  const status = useStatus();
  return (
    <p role="status" className={status}>
      {WORDS[status]}
    </p>
  );
}
