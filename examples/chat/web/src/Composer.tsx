import { type KeyboardEvent, type SubmitEvent, useRef } from "react";
import { useMutation } from "./edgepod/client";

/** How long it is said that somebody types: the server forgets it after six seconds. */
const AGAIN = 3_000;

/** Where a message is written. */
export function Composer({ roomId, roomName }: { roomId: number; roomName: string }) {
  const { trigger: send, error } = useMutation("send");
  const { trigger: typeIn } = useMutation("typeIn");
  const saidAt = useRef(0);
  const form = useRef<HTMLFormElement>(null);

  function typing() {
    const now = Date.now();
    if (now - saidAt.current < AGAIN) return;
    saidAt.current = now;
    typeIn({ room_id: roomId });
  }

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const field = form.elements.namedItem("text") as HTMLTextAreaElement;
    const text = field.value;
    if (text.trim() === "") return;
    form.reset();
    saidAt.current = 0;
    try {
      await send({ room_id: roomId, text });
    } catch {
      // `error` shows it, and the field has what was typed again.
      if (field.value === "") field.value = text;
    }
  }

  function enter(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    form.current?.requestSubmit();
  }

  return (
    <form className="composer" aria-label="Write a message" onSubmit={submit} ref={form}>
      <textarea
        name="text"
        rows={1}
        maxLength={4000}
        placeholder={`Message #${roomName}`}
        aria-label="Message"
        onInput={typing}
        onKeyDown={enter}
      />
      <button type="submit" className="button">
        Send
      </button>
      {error && (
        <p className="wrong" role="alert">
          {error.message}
        </p>
      )}
    </form>
  );
}
