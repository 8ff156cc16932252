/** Topics: what calls read and write. `messages` is a table, `messages.room_id = 7` the rows of it with this value. */

/** The table that a topic is of. */
export function tableOf(topic: string): string {
  // A name may have a point in it where it is quoted; the column comes before ` = `.
  const equals = topic.indexOf(" = ");
  if (equals < 0) return topic;
  const dot = topic.lastIndexOf(".", equals);
  return dot < 0 ? topic : topic.slice(0, dot);
}

/** Whether a change of one concerns who reads the other. */
export function meet(a: string, b: string): boolean {
  if (a === b) return true;
  return (a === tableOf(b) && tableOf(a) === a) || (b === tableOf(a) && tableOf(b) === b);
}

/** The topics of `a` that meet one of `b`. */
export function meeting(a: readonly string[], b: readonly string[]): string[] {
  return a.filter((topic) => b.some((other) => meet(topic, other)));
}

/** The tables of topics, each once. */
export function tablesOf(topics: readonly string[]): string[] {
  return [...new Set(topics.map(tableOf))];
}
