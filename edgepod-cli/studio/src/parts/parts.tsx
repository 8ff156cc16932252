/** Small parts that several views are made of. */
import type { ReactNode } from "react";
import { routeTo } from "../lib/route.ts";
import { tableOf } from "../lib/topics.ts";

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children && <div className="empty-text">{children}</div>}
    </div>
  );
}

/** What a kind of function is called beside its name. */
export function Kind({ kind }: { kind: string }) {
  return <span className={`kind kind-${kind}`}>{kind}</span>;
}

/** One of several, as buttons in a row. */
export function Choice<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: Value;
  options: readonly { value: Value; text: string; disabled?: boolean; title?: string }[];
  onChange: (value: Value) => void;
}) {
  return (
    <fieldset className="choice" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          disabled={option.disabled}
          title={option.title}
          onClick={() => onChange(option.value)}
        >
          {option.text}
        </button>
      ))}
    </fieldset>
  );
}

/** A topic leads to the rows that it names. */
export function Topic({ topic }: { topic: string }) {
  const table = tableOf(topic);
  const equals = topic.indexOf(" = ");
  const column = equals > 0 ? topic.slice(table.length + 1, equals) : "";
  const value = equals > 0 ? topic.slice(equals + 3).replace(/^'(.*)'$/, "$1") : "";
  return (
    <a className="topic" href={routeTo("data", table, column ? { column, value } : {})} title="Show the rows">
      {topic}
    </a>
  );
}

export function Topics({ topics, none }: { topics: readonly string[]; none?: string }) {
  if (topics.length === 0) return <span className="faint">{none ?? "nothing"}</span>;
  return (
    <span className="topics">
      {topics.map((topic) => (
        <Topic key={topic} topic={topic} />
      ))}
    </span>
  );
}

/** Why there is nothing of this view without a build for development. */
export function OnlyInDevelopment({ what }: { what: string }) {
  return (
    <Empty title={`${what} are told by builds for development only.`}>
      <p>
        This app was built for release: it keeps no account of its calls. Run <code>edgepod dev</code> in the app's
        folder, and open the studio that it prints.
      </p>
    </Empty>
  );
}
