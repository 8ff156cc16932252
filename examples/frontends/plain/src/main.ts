import { createEdgePod, type EdgePodError, type User } from "./edgepod/client";
import "../../shared.css";

const pod = createEdgePod({ url: import.meta.env.VITE_EDGEPOD_URL, apiKey: import.meta.env.VITE_EDGEPOD_KEY });

document.getElementById("app")!.innerHTML = `
  <header>
    <h1>Users in plain TypeScript</h1>
    <output></output>
  </header>
  <form aria-label="Add a user">
    <label>Name <input name="name" /></label>
    <label>Email <input name="email" type="email" /></label>
    <button>Add user</button>
  </form>
  <p id="refusal" role="alert" hidden></p>
  <p id="failure" role="alert" hidden></p>
  <p id="loading">Loading…</p>
  <ul aria-label="Users"></ul>
`;
const element = <Found extends Element = HTMLElement>(selector: string) => document.querySelector<Found>(selector)!;
const form = element<HTMLFormElement>("form");
const button = element<HTMLButtonElement>("form button");

function show(paragraph: HTMLElement, error: EdgePodError<unknown> | null) {
  paragraph.textContent = error?.message ?? "";
  paragraph.hidden = !error;
}

pod.onStatus((status) => {
  const output = element("output");
  output.textContent = status;
  output.setAttribute("aria-label", `Connection: ${status}`);
});

pod.watch("getUsers", {}, ({ data, error, isLoading }) => {
  element("#loading").hidden = !isLoading;
  show(element("#failure"), error);
  if (data) element("ul").replaceChildren(...data.map(row));
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  button.disabled = true;
  show(element("#refusal"), null);
  try {
    await pod.mutate("insertUser", {
      name: String(fields.get("name")) || null,
      email: String(fields.get("email")) || null,
    });
    form.reset();
  } catch (error) {
    show(element("#refusal"), error as EdgePodError);
  } finally {
    button.disabled = false;
  }
});

function row(user: User): HTMLLIElement {
  const name = user.name ?? user.email;
  const item = document.createElement("li");
  const label = document.createElement("span");
  label.textContent = name;
  const remove = document.createElement("button");
  remove.textContent = "Delete";
  remove.setAttribute("aria-label", `Delete ${name}`);
  remove.addEventListener("click", async () => {
    remove.disabled = true;
    try {
      await pod.mutate("deleteUser", { id: user.id });
    } catch (error) {
      remove.disabled = false;
      show(element("#refusal"), error as EdgePodError);
    }
  });
  item.append(label, remove);
  return item;
}
