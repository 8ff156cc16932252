import type { SubmitEvent } from "react";
import { type Reminder, useMutation, useQuery } from "./edgepod/client";

/** When one may ring: seconds from now, and the words for it. */
const WHEN = [
  [10, "in 10 seconds"],
  [600, "in 10 minutes"],
  [3_600, "in an hour"],
  [86_400, "tomorrow"],
] as const;

/** What the caller wants to be reminded of: what has rung, what is to ring, and another one. */
export function Reminders() {
  const { data: reminders } = useQuery("getReminders");
  return (
    <section className="reminders" aria-label="Reminders">
      {reminders && reminders.length > 0 && (
        <ul>
          {reminders.map((reminder) => (
            <ReminderRow key={reminder.id} reminder={reminder} />
          ))}
        </ul>
      )}
      <RemindMe />
    </section>
  );
}

function ReminderRow({ reminder: { id, text, at, rang } }: { reminder: Reminder }) {
  const { trigger: dismiss, isMutating } = useMutation("dismiss");
  return (
    <li className={`reminder${rang ? " reminder-rang" : ""}`}>
      {/* What rings is said to who does not see it. */}
      <p role={rang ? "alert" : undefined}>
        {text}{" "}
        <time className="faint" dateTime={at}>
          {time.format(new Date(at))}
        </time>
      </p>
      <button type="button" aria-label={`Dismiss “${text}”`} disabled={isMutating} onClick={() => dismiss({ id })}>
        ✕
      </button>
    </li>
  );
}

function RemindMe() {
  const { trigger: remind, isMutating, error } = useMutation("remindMe");

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    try {
      await remind({ text: String(fields.get("text")), seconds: Number(fields.get("seconds")) });
      form.reset();
    } catch {
      // `error` shows it, and the field keeps what was typed.
    }
  }

  return (
    <form className="remind" aria-label="Remind me" onSubmit={submit}>
      <input name="text" required maxLength={200} placeholder="Remind me to…" aria-label="Of what" autoComplete="off" />
      <select name="seconds" aria-label="When" defaultValue={600}>
        {WHEN.map(([seconds, words]) => (
          <option key={seconds} value={seconds}>
            {words}
          </option>
        ))}
      </select>
      <button type="submit" disabled={isMutating}>
        Remind me
      </button>
      {error && (
        <p className="wrong" role="alert">
          {error.message}
        </p>
      )}
    </form>
  );
}

const time = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
