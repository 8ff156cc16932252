import { type Message, type ReactionCount, useMutation } from "./edgepod/client";

const EMOJIS = ["👍", "🎉", "❤️", "😄"];

type Props = {
  message: Message;
  isMine: boolean;
  /** Whether its author said the one before. */
  continues: boolean;
  reactions: ReactionCount[] | undefined;
};

/** A message, and what is thought of it. */
export function MessageRow({ message, isMine, continues, reactions }: Props) {
  const { trigger } = useMutation("react");
  return (
    <li className={`message${isMine ? " message-mine" : ""}${continues ? " message-continues" : ""}`}>
      {!continues && (
        <p className="message-head">
          <strong>{message.author}</strong> <time dateTime={message.sent_at}>{time.format(new Date(message.sent_at))}</time>
        </p>
      )}
      <p className="message-text">{message.text}</p>
      {reactions && reactions.length > 0 && (
        <p className="reactions">
          {reactions.map(({ emoji, count }) => (
            <button
              key={emoji}
              type="button"
              className="reaction"
              aria-label={`${emoji}, ${count}`}
              onClick={() => trigger({ message_id: message.id, emoji })}
            >
              {emoji} {count}
            </button>
          ))}
        </p>
      )}
      <p className="react" role="toolbar" aria-label="React">
        {EMOJIS.map((emoji) => (
          <button
            key={emoji}
            type="button"
            aria-label={emoji}
            onClick={() => trigger({ message_id: message.id, emoji })}
          >
            {emoji}
          </button>
        ))}
      </p>
    </li>
  );
}

const time = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
