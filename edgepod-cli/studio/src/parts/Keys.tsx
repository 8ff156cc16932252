/** The list of keys. */
import { useEffect, useRef } from "react";

const MAIN = /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘" : "Ctrl";

const KEYS: readonly (readonly [string, string])[] = [
  ["1 – 6", "switch to a view"],
  ["/", "go to the filter of the view"],
  ["j k, ↓ ↑", "move in a list or a table"],
  ["← →", "move to another column of a table"],
  ["Enter", "open a call; edit a cell; save what is typed"],
  ["Esc", "close what is open; leave a cell as it was"],
  ["Alt + N", "in a cell: NULL"],
  [`${MAIN} + Backspace`, "in a table: delete the row"],
  [`${MAIN} + Z`, "undo the last change of data"],
  [`${MAIN} + Shift + Z`, "do it again"],
  [`${MAIN} + Enter`, "run the function, or the statement"],
  ["w", "in calls: why was this query asked again?"],
  ["p", "in calls: pause, and go on"],
  ["?", "show these keys"],
];

export function Keys({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} className="dialog dialog-wide" aria-labelledby="keys-title" onClose={onClose}>
      <h2 id="keys-title">Keys</h2>
      <dl className="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
