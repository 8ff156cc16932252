import { type Task, useMutation, useQuery, useStatus } from "./edgepod/client";

/** The tasks, with a form to add one. Open the page twice: what changes in one window appears in the other. */
export function Tasks() {
  const { data: tasks, isLoading, error } = useQuery("getTasks");
  const add = useMutation("addTask");
  const status = useStatus();

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
      <h1>Tasks</h1>
      <p className="status" role="status">
        {status}
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit(event.currentTarget);
        }}
      >
        <input name="title" aria-label="What is to be done?" placeholder="What is to be done?" required autoComplete="off" />
        <button type="submit" disabled={add.isMutating}>
          Add
        </button>
      </form>
      {add.error && <p role="alert">{add.error.message}</p>}
      {error && <p role="alert">{error.message}</p>}
      {isLoading && <p>Loading…</p>}
      {tasks?.length === 0 && <p>All done.</p>}
      <ul>
        {tasks?.map((task) => (
          <Row key={task.id} task={task} />
        ))}
      </ul>
    </main>
  );
}

function Row({ task }: { task: Task }) {
  const { trigger, isMutating } = useMutation("finishTask");
  return (
    <li>
      <span>{task.title}</span>
      <button type="button" disabled={isMutating} onClick={() => trigger({ id: task.id })}>
        Done
      </button>
    </li>
  );
}
