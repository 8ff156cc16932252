/** What stands here for the types of an app, so that the templates beside it are checked. */

export interface EdgePodQueries {
  getUsers: { kind: "query"; args: { [name: string]: never }; result: string[]; error: never };
}

export interface EdgePodMutations {
  insertUser: { kind: "function"; args: { name: string }; result: string; error: never };
}

export interface EdgePodFunctions extends EdgePodQueries, EdgePodMutations {}
