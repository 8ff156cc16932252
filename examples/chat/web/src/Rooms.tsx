import { type ReactNode, type SubmitEvent, useEffect, useRef, useState } from "react";
import { type Device, type Org, useMutation, useQuery, useStatus } from "./edgepod/client";
import { Reminders } from "./Reminders";
import { Room } from "./Room";
import { StatusPill } from "./StatusPill";

type Props = {
  org: Org;
  device: Device;
  /** Chooses the organisation. */
  children: ReactNode;
};

/** The rooms of an organisation, and the one that is open. */
export function Rooms({ org, device, children }: Props) {
  const { data: rooms, error } = useQuery("getRooms");
  const [chosen, choose] = useState<number>();
  const room = rooms?.find(({ id }) => id === chosen) ?? rooms?.[0];
  usePresence(room?.id);
  return (
    <div className="office">
      <aside className="side">
        <div className="side-head">
          {children}
          <StatusPill />
        </div>
        <nav aria-label="Rooms">
          {error && <p className="wrong">{error.message}</p>}
          <ul>
            {rooms?.map(({ id, name, unread }) => (
              <li key={id}>
                <button
                  type="button"
                  className="room-link"
                  aria-current={id === room?.id ? "page" : undefined}
                  onClick={() => choose(id)}
                >
                  <span className="room-name"># {name}</span>
                  {unread > 0 && id !== room?.id && (
                    <span className="unread" aria-label={`${unread} unread`}>
                      {unread}
                    </span>
                  )}
                </button>
              </li>
            ))}
          </ul>
          <NewRoom onDone={choose} />
        </nav>
        <Reminders />
        <footer className="side-foot">
          <p>
            Invitation: <code>{org.invitation}</code>
          </p>
          <p className="faint">
            You are {device.name}. Open{" "}
            <a href="?as=bob" target="_blank" rel="noreferrer">
              a second window
            </a>{" "}
            as somebody else.
          </p>
        </footer>
      </aside>
      {room && <Room key={room.id} room={room} me={device.user_id} />}
    </div>
  );
}

/** Says which room this window has open: each time that it is another one, and again where the connection was lost. */
function usePresence(roomId: number | undefined) {
  const { trigger: enter } = useMutation("enter");
  const isLive = useStatus() === "live";
  const from = useRef<number>(null);
  const said = useRef<Promise<unknown>>(Promise.resolve());
  useEffect(() => {
    if (!isLive || roomId === undefined) return;
    // One after the other, so that what is said last holds.
    said.current = said.current
      .then(() => enter({ room_id: roomId, from: from.current === roomId ? null : from.current }))
      .then(() => {
        from.current = roomId;
      })
      .catch(() => {});
  }, [isLive, roomId, enter]);
}

function NewRoom({ onDone }: { onDone: (id: number) => void }) {
  const { trigger, isMutating, error } = useMutation("createRoom");

  async function create(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    try {
      const room = await trigger({ name: String(new FormData(form).get("name")) });
      form.reset();
      if (room) onDone(room.id);
    } catch {
      // `error` shows it, and the field keeps what was typed.
    }
  }

  return (
    <form className="new-room" aria-label="Open a room" onSubmit={create}>
      <input name="name" required maxLength={40} placeholder="New room" aria-label="Name of a new room" autoComplete="off" />
      <button type="submit" disabled={isMutating} aria-label="Open the room">
        +
      </button>
      {error && (
        <p className="wrong" role="alert">
          {error.message}
        </p>
      )}
    </form>
  );
}
