/**
 * What the client has to know of the app besides types. Code generation replaces this file.
 */

/** The actions' names: their effects outside cannot be remembered, so a lost one is not sent again. */
export const ACTIONS: readonly string[] = [];
/** Whether a request's pod is found by a rule, which may ask for its token: then a socket brings that along. */
export const PODS: boolean = false;
