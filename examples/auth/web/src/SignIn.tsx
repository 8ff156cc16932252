import { type SubmitEvent, useId, useState } from "react";
import { type Session, useMutation } from "./edgepod/client";

type Props = {
  /** Whose session has expired, if one has. */
  expiredFor: string | undefined;
  onSignedIn: (session: Session) => void;
  onForget: () => void;
};

/** The forms to log in and to sign up: one at a time. */
export function SignIn({ expiredFor, onSignedIn, onForget }: Props) {
  const [isNew, setNew] = useState(false);
  const signUp = useMutation("signUp");
  const logIn = useMutation("logIn");
  const { trigger, isMutating, error } = isNew ? signUp : logIn;
  const hint = useId();
  const title = isNew ? "Sign up" : "Log in";

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    try {
      const session = await trigger({
        email: String(fields.get("email")),
        password: String(fields.get("password")),
        seconds: Number(fields.get("seconds")),
      });
      if (session) onSignedIn(session);
    } catch {
      // `error` shows it, and the fields keep what was typed.
    }
  }

  return (
    <section className="card card-narrow" aria-labelledby={`${hint}-title`}>
      {expiredFor && (
        <p className="notice notice-wait" role="alert">
          Your session has expired. Log in again to see your notes: they are still there.
        </p>
      )}
      <h2 id={`${hint}-title`}>{title}</h2>
      <form className="form" aria-label={title} onSubmit={submit}>
        <label>
          <span>Email</span>
          <input
            name="email"
            type="email"
            autoComplete="username"
            defaultValue={expiredFor ?? ""}
            required
            maxLength={254}
          />
        </label>
        <label>
          <span>Password</span>
          <input
            name="password"
            type="password"
            autoComplete={isNew ? "new-password" : "current-password"}
            aria-describedby={isNew ? hint : undefined}
            required
            minLength={isNew ? 8 : undefined}
            maxLength={200}
          />
          {isNew && (
            <small id={hint} className="hint">
              At least 8 characters.
            </small>
          )}
        </label>
        <label>
          <span>Stay signed in for</span>
          <select name="seconds" defaultValue="900">
            <option value="900">15 minutes</option>
            <option value="60">1 minute</option>
            <option value="10">10 seconds, to see it expire</option>
          </select>
        </label>
        {error && (
          <p className="form-error" role="alert">
            {error.message}
          </p>
        )}
        <button type="submit" className="button" disabled={isMutating} aria-busy={isMutating}>
          {isMutating ? "One moment…" : title}
        </button>
      </form>
      <p className="switch">
        {isNew ? "You have an account?" : "No account yet?"}{" "}
        <button type="button" className="link" onClick={() => setNew(!isNew)}>
          {isNew ? "Log in instead" : "Sign up instead"}
        </button>
      </p>
      {expiredFor && (
        <p className="switch">
          <button type="button" className="link" onClick={onForget}>
            Not {expiredFor}?
          </button>
        </p>
      )}
    </section>
  );
}
