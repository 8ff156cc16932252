/**
 * What the client has to know of the app besides types. Code generation replaces this file.
 */

/** The actions' names: their effects outside cannot be remembered, so a lost one is not sent again. */
export const ACTIONS: readonly string[] = [];
