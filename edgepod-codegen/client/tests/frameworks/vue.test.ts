import { createApp, defineComponent, h, ref } from "vue";
import * as vue from "../../src/vue";
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
