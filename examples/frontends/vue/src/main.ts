import { createApp } from "vue";
import { EdgePodPlugin } from "./edgepod/client";
import Users from "./Users.vue";
import "../../shared.css";

createApp(Users)
  .use(EdgePodPlugin, { url: import.meta.env.VITE_EDGEPOD_URL, apiKey: import.meta.env.VITE_EDGEPOD_KEY })
  .mount("#app");
