import type { CreateEdgePod } from "../../src/plain";
import { createEdgePod as anyEdgePod } from "../../src/plain";
import { type Mount, type Mutations, names, optimistic, type Queries, type User } from "./app";
import { scenarios } from "./scenarios";

const createEdgePod = anyEdgePod as unknown as CreateEdgePod<Queries, Mutations>;

const mount: Mount = (target, options) => {
  const pod = createEdgePod(options);
  const show = (id: string, content: string) => {
    let element = target.querySelector(`#${id}`);
    if (!element) {
      element = Object.assign(document.createElement("p"), { id });
      target.append(element);
    }
    element.textContent = content;
  };
  let failure = "";
  const watchUsers = pod.watch(
    "getUsers",
    {},
    ({ data, error, warnings }) => {
      show("users", names(data));
      show("warnings", warnings.join());
      failure = error?.message ?? "";
      show("error", failure);
    },
    { retry: false },
  );
  const stopStatus = pod.onStatus((status) => show("status", status));
  let stopOne = () => {};
  const choose = (id: number | null) => {
    stopOne();
    stopOne = pod.watch("getUserById", id === null ? null : { id }, ({ data }) => show("one", data?.name ?? "none"));
  };
  choose(null);
  const reset = () => {
    show("added", "");
    show("error", "");
  };
  const trigger = async (name: string): Promise<User> => {
    show("added", "adding");
    show("error", "");
    try {
      const user = await pod.mutate("insertUser", { name }, { optimistic });
      show("added", user.name);
      return user;
    } catch (error) {
      reset();
      show("error", (error as Error).message);
      throw error;
    }
  };
  return {
    trigger,
    reset,
    choose,
    unmount: () => {
      for (const stop of [watchUsers, stopOne, stopStatus]) stop();
      pod.close();
      target.replaceChildren();
    },
  };
};

scenarios(mount);
