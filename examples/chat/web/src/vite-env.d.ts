/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Where the API listens; `edgepod dev` sets it. */
  readonly VITE_EDGEPOD_URL?: string;
  /** The publishable key; `edgepod dev` sets it. */
  readonly VITE_EDGEPOD_KEY?: string;
}
