import type { SubmitEvent } from "react";
import { type Device, useMutation } from "./edgepod/client";

/** Asks for a name. The device keeps the rest. */
export function SignUp({ onSignedUp }: { onSignedUp: (device: Device) => void }) {
  const { trigger, isMutating, error } = useMutation("signUp");

  async function signUp(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    try {
      const device = await trigger({ name: String(new FormData(event.currentTarget).get("name")) });
      if (device) onSignedUp(device);
    } catch {
      // `error` shows it.
    }
  }

  return (
    <main className="door">
      <form className="card" aria-label="Sign up" onSubmit={signUp}>
        <img src="/icon.svg" alt="" width="48" height="48" />
        <h1>Chat</h1>
        <p className="faint">Your name is all it takes: this device keeps your account.</p>
        <label>
          <span>Name</span>
          <input name="name" required maxLength={40} autoComplete="nickname" placeholder="Ada" />
        </label>
        <button type="submit" className="button" disabled={isMutating}>
          Come in
        </button>
        {error && (
          <p className="wrong" role="alert">
            {error.message}
          </p>
        )}
      </form>
    </main>
  );
}
