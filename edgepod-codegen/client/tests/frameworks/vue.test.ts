import { expect, test } from "vitest";
import { createApp, defineComponent, h, ref } from "vue";
import * as vue from "../../src/vue";
import { Pod, until } from "../pod";
import { type Mount, type Mounted, type Mutations, names, optimistic, type Queries } from "./app";
import { scenarios } from "./scenarios";

const useQuery = vue.useQuery as vue.UseQuery<Queries>;
const useMutation = vue.useMutation as vue.UseMutation<Mutations, Queries>;

const mount: Mount = (target, options) => {
  const chosen = ref<number | null>(null);
  let mutation: Pick<Mounted, "reset"> & { trigger: (args: { name: string }) => ReturnType<Mounted["trigger"]> };
  const Users = defineComponent(() => {
    const { data: users, error: failure, warnings } = useQuery("getUsers", {}, { retry: false });
    const { data: one } = useQuery("getUserById", () => (chosen.value === null ? null : { id: chosen.value }));
    const insert = useMutation("insertUser", { optimistic });
    mutation = insert;
    const status = vue.useStatus();
    return () => [
      h("p", { id: "users" }, names(users.value)),
      h("p", { id: "one" }, one.value?.name ?? "none"),
      h("p", { id: "warnings" }, warnings.value.join()),
      h("p", { id: "status" }, status.value),
      h("p", { id: "error" }, insert.error.value?.message ?? failure.value?.message ?? ""),
      h("p", { id: "added" }, insert.isMutating.value ? "adding" : (insert.data.value?.name ?? "")),
    ];
  });
  const app = createApp(Users).use(vue.EdgePodPlugin, options);
  app.mount(target);
  return {
    trigger: (name) => mutation.trigger({ name }),
    reset: () => mutation.reset(),
    choose: (id) => {
      chosen.value = id;
    },
    unmount: () => app.unmount(),
  };
};

scenarios(mount, {
  mount: () => {
    createApp(
      defineComponent(() => {
        useQuery("getUsers");
        return () => null;
      }),
    ).mount(document.createElement("div"));
  },
  message: /app\.use\(EdgePodPlugin/,
});

test("a component connects what is inside it to another pod, and disconnects when it goes", async () => {
  const [acme, globex] = [await new Pod().start(), await new Pod().start()];
  acme.users = [{ id: 1, name: "Ada" }];
  globex.users = [{ id: 1, name: "Barbara" }];
  const users = (id: string) =>
    defineComponent(() => {
      const { data } = useQuery("getUsers");
      return () => h("p", { id }, names(data.value));
    });
  const [Outer, Inner, Beside] = ["outer", "inner", "beside"].map(users);
  const Globex = defineComponent(() => {
    vue.provideEdgePod({ url: globex.url, apiKey: globex.key });
    return () => h(Inner as ReturnType<typeof users>);
  });
  const isThere = ref(true);
  const target = document.body.appendChild(document.createElement("main"));
  const app = createApp(
    defineComponent(() => () => [h(Outer as never), isThere.value ? h(Globex) : null, h(Beside as never)]),
  ).use(vue.EdgePodPlugin, { url: acme.url, apiKey: acme.key });
  app.mount(target);
  const shown = () => ["outer", "inner", "beside"].map((id) => target.querySelector(`#${id}`)?.textContent);
  await until("all are there", () => shown().join() === "Ada,Barbara,Ada");
  await until("both are connected", () => acme.openSockets === 1 && globex.openSockets === 1);
  globex.addUser("Grace");
  await until("the inner one is told", () => shown()[1] === "Barbara,Grace");
  expect(shown()).toEqual(["Ada", "Barbara,Grace", "Ada"]);
  isThere.value = false;
  await until("its socket is closed", () => globex.openSockets === 0);
  expect(acme.openSockets).toBe(1);
  app.unmount();
  target.remove();
  await Promise.all([acme.stop(), globex.stop()]);
});
