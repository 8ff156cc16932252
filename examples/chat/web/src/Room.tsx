import { useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { Composer } from "./Composer";
import { type RoomInList, useInfiniteQuery, useMutation, useQuery } from "./edgepod/client";
import { MessageRow } from "./MessageRow";

/** A room: its messages, who is in it, who types, and where to write. */
export function Room({ room, me }: { room: RoomInList; me: number }) {
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery("getMessages", {
    room_id: room.id,
  });
  const messages = useMemo(() => data?.pages.flatMap(({ items }) => items).toReversed(), [data]);
  const first = messages?.[0]?.id;
  const { data: reactions } = useQuery("getReactions", first === undefined ? null : { room_id: room.id, from_message: first });
  useReadMark(room);
  const list = useStickToEnd(messages?.at(-1)?.id);
  return (
    <main className="room" aria-label={`Room ${room.name}`}>
      <header className="room-head">
        <h1># {room.name}</h1>
        <Here roomId={room.id} />
      </header>
      <div className="messages" ref={list}>
        {error && (
          <p className="wrong" role="alert">
            {error.message}
          </p>
        )}
        {hasNextPage && (
          <button type="button" className="link" disabled={isFetchingNextPage} onClick={() => fetchNextPage()}>
            Earlier messages
          </button>
        )}
        {messages?.length === 0 && <p className="empty">Nobody has said anything here. Begin!</p>}
        <ol aria-label="Messages">
          {messages?.map((message, place) => (
            <MessageRow
              key={message.id}
              message={message}
              isMine={message.author_id === me}
              continues={messages[place - 1]?.author_id === message.author_id}
              reactions={reactions?.filter(({ message_id }) => message_id === message.id)}
            />
          ))}
        </ol>
      </div>
      <Typing roomId={room.id} me={me} />
      <Composer roomId={room.id} roomName={room.name} />
    </main>
  );
}

function Here({ roomId }: { roomId: number }) {
  const { data: here } = useQuery("getHere", { room_id: roomId });
  return (
    <p className="here" role="status" aria-label="Who is here">
      {here?.map(({ member_id, name }) => (
        <span key={member_id} className="here-name">
          {name}
        </span>
      ))}
    </p>
  );
}

function Typing({ roomId, me }: { roomId: number; me: number }) {
  const { data: typing } = useQuery("getTyping", { room_id: roomId });
  const names = typing?.filter(({ member_id }) => member_id !== me).map(({ name }) => name) ?? [];
  return (
    <p className="typing" role="status" aria-label="Who types">
      {names.length > 0 && `${new Intl.ListFormat("en").format(names)} ${names.length === 1 ? "is" : "are"} typing…`}
    </p>
  );
}

/** What is on the screen of somebody who looks is read. */
function useReadMark({ id, unread }: RoomInList) {
  const { trigger } = useMutation("markRead");
  useEffect(() => {
    if (unread === 0) return;
    const mark = () => {
      if (document.visibilityState === "visible") trigger({ room_id: id });
    };
    mark();
    document.addEventListener("visibilitychange", mark);
    return () => document.removeEventListener("visibilitychange", mark);
  }, [id, unread, trigger]);
}

/** Shows what was said last, unless somebody has scrolled up. */
function useStickToEnd(last: number | undefined) {
  const list = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    const element = list.current;
    const look = () => {
      if (element) isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 80;
    };
    element?.addEventListener("scroll", look);
    return () => element?.removeEventListener("scroll", look);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new message is what it is for
  useLayoutEffect(() => {
    if (isAtEnd.current) list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [last]);
  return list;
}
