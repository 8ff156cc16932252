/** SQL and JSON, coloured a little. */
import { memo, type ReactNode } from "react";

const SQL =
  /('(?:[^']|'')*')|("(?:[^"]|"")*")|\b(\d+(?:\.\d+)?)\b|\b(select|from|where|and|or|not|in|is|null|insert|into|values|update|set|delete|returning|order|group|by|having|limit|offset|join|left|inner|cross|on|as|asc|desc|with|recursive|union|all|distinct|case|when|then|else|end|exists|like|glob|escape|between|conflict|do|nothing|replace|default|count|cast|primary|key|references|over|partition)\b/gi;

const JSON_PARTS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/gi;

function coloured(text: string, pattern: RegExp, classOf: (match: RegExpMatchArray) => string): ReactNode[] {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) parts.push(text.slice(at, match.index));
    parts.push(
      <span key={match.index} className={classOf(match)}>
        {match[0]}
      </span>,
    );
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}

export const Sql = memo(function Sql({ text }: { text: string }) {
  return (
    <pre className="code wrap">
      <code>
        {coloured(text, SQL, (match) => (match[1] ? "c-text" : match[3] ? "c-number" : match[2] ? "c-name" : "c-word"))}
      </code>
    </pre>
  );
});

/** More than this is shown without colours: a reply may be long. */
const COLOURED = 50_000;

export const Json = memo(function Json({ text, label }: { text: string; label?: string }) {
  return (
    // A region that scrolls is reached by the keyboard, too.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section className="code-scroll" aria-label={label ?? "JSON"} tabIndex={0}>
      <pre className="code">
        <code>
          {text.length > COLOURED
            ? text
            : coloured(text, JSON_PARTS, (match) =>
                match[1] ? (match[2] ? "c-name" : "c-text") : match[3] ? "c-word" : "c-number",
              )}
        </code>
      </pre>
    </section>
  );
});
