/** The mistakes that can be planted, by the words with which the runtime asks for them (`planted::is`). */
export const PLANTED: readonly string[] = [
  "a subscription to a table ends when it is told",
  "a new life has the name of the one before",
  "what a client holds when it comes back is not subscribed",
  "subscriptions do not outlive a sleep",
  "a write says that it is of a version to come",
  "what is written under a key is done again",
  "a kept answer is kept for ever",
  "a greeting says that nothing was missed",
  "a cascade is not announced",
  "a read of a list depends on its first value",
  "an insert of several touches the first only",
  "what conditions name is not touched",
  "a row that moves touches its new value only",
  "an upsert touches the new value only",
];

/** Each is to be found within so many runs. */
export const WITHIN = 1_000;
