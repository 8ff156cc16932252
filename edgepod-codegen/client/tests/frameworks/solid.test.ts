import { createComponent, createRenderEffect, createSignal, type JSX } from "solid-js";
import { render } from "solid-js/web";
import * as solid from "../../src/solid";
import { type Mount, type Mounted, type Mutations, names, optimistic, type Queries } from "./app";
import { scenarios } from "./scenarios";

const useQuery = solid.useQuery as solid.UseQuery<Queries>;
const useMutation = solid.useMutation as solid.UseMutation<Mutations, Queries>;

function paragraph(id: string, content: () => string): HTMLElement {
  const element = Object.assign(document.createElement("p"), { id });
  createRenderEffect(() => {
    element.textContent = content();
  });
  return element;
}

const mount: Mount = (target, options) => {
  const [chosen, choose] = createSignal<number | null>(null);
  let mutation: Pick<Mounted, "reset"> & { trigger: (args: { name: string }) => ReturnType<Mounted["trigger"]> };
  const Users = (): JSX.Element => {
    const users = useQuery("getUsers", {}, { retry: false });
    const one = useQuery("getUserById", () => {
      const id = chosen();
      return id === null ? null : { id };
    });
    const insert = useMutation("insertUser", { optimistic });
    mutation = insert;
    const status = solid.useStatus();
    return [
      paragraph("users", () => names(users.isError ? undefined : users.data)),
      paragraph("one", () => (one.isEnabled ? (one.data?.name ?? "none") : "none")),
      paragraph("warnings", () => users.warnings.join()),
      paragraph("status", status),
      paragraph("error", () => insert.error?.message ?? users.error?.message ?? ""),
      paragraph("added", () => (insert.isMutating ? "adding" : (insert.data?.name ?? ""))),
    ];
  };
  const unmount = render(
    () =>
      createComponent(solid.EdgePodProvider, {
        ...options,
        get children() {
          return createComponent(Users, {});
        },
      }),
    target,
  );
  return { trigger: (name) => mutation.trigger({ name }), reset: () => mutation.reset(), choose, unmount };
};

scenarios(mount, {
  mount: () => {
    render(() => void useQuery("getUsers"), document.createElement("div"));
  },
  message: /<EdgePodProvider>/,
});
