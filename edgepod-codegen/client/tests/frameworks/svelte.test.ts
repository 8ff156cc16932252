import { flushSync, mount as mountComponent, unmount } from "svelte";
import type { Mount, Mounted } from "./app";
import PodComponent from "./Pod.svelte";
import { scenarios } from "./scenarios";
import UsersComponent from "./Users.svelte";

const mount: Mount = (target, options) => {
  let handle: Omit<Mounted, "unmount"> | undefined;
  const props = {
    options,
    handle: (given: Omit<Mounted, "unmount">) => {
      handle = given;
    },
  };
  const mounted = mountComponent(PodComponent, { target, props });
  flushSync();
  if (!handle) throw new Error("the component did not hand out what it can do");
  return { ...handle, unmount: () => void unmount(mounted) };
};

scenarios(mount, {
  mount: () => {
    mountComponent(UsersComponent, { target: document.createElement("div") });
  },
  message: /provideEdgePod\(/,
});
