/** How numbers, times and names are written. */

/** `0.41 ms`, `12 ms`, `1.2 s`. */
export function duration(micros: number): string {
  const ms = micros / 1000;
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** `14:03:07.123`, in the time zone of the browser. */
export function clock(at: number): string {
  const date = new Date(at);
  const two = (n: number) => `${n}`.padStart(2, "0");
  const ms = `${date.getMilliseconds()}`.padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** `3.4 MB`. */
export function bytes(n: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = n;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${n} bytes` : `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** `100,000`. */
export function count(n: number): string {
  return n.toLocaleString("en-GB");
}

/** `1 row`, `2 rows`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** The first eight characters of an id, as they tell it from others. */
export function short(id: string): string {
  return id.length > 8 ? id.slice(0, 8) : id;
}

/** JSON over several lines, or the text as it is where it is none, as when it is cut. */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The text of a doc comment, without its stars and the space before each line. */
export function docText(docs: string | null | undefined): string {
  return (docs ?? "")
    .replace(/^\/\*\*/, "")
    .replace(/\*\/\s*$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\*\s?/, "").trim())
    .join("\n")
    .trim();
}

/** Where a line is written, within the app's folder. Rust names files from the workspace, in which the app may be deeper. */
export function inFolder(folder: string | null, file: string): string {
  const parts = file.split("/");
  const of = (folder ?? "").replaceAll("\\", "/").split("/").filter(Boolean);
  for (let shared = Math.min(parts.length - 1, of.length); shared > 0; shared -= 1) {
    if (of.slice(-shared).join("/") === parts.slice(0, shared).join("/")) return parts.slice(shared).join("/");
  }
  return file;
}

/** The address that opens an editor at a line, where the app's folder is known. */
export function editorLink(
  folder: string | null,
  source: { file: string; line: number } | null | undefined,
): string | null {
  if (!folder || !source) return null;
  const path = `${folder.replaceAll("\\", "/")}/${inFolder(folder, source.file)}`;
  return `vscode://file/${path.replace(/^\//, "")}:${source.line}`;
}

/** The time that a number of microseconds since 1970 may mean; null where it hardly does. */
export function timeOf(column: string, value: unknown, isTime = false): string | null {
  if (typeof value !== "number") return null;
  if (!isTime && !/(_at|_on|time|until|since)$/.test(column)) return null;
  const isMicros = isTime || value > 1e14;
  const ms = isMicros ? value / 1000 : value > 1e11 ? value : value > 1e8 ? value * 1000 : Number.NaN;
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
