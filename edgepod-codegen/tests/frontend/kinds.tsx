// A column of every type, and every shape of a result. Each line below a `@ts-expect-error` must not compile.
import { type Base64, type Defaulted, type Int64, type Kind, type KindId, type NewKind, type Role, type Settings, type Tally, useMutation, useQuery } from "./edgepod/client";

/** Fails to compile unless the two types are the same one. */
function same<A, B>(..._: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never]) {}

export function columns() {
  same<Int64, `${bigint}`>();
  same<Base64, string>();
  same<KindId, number>();
  same<Role, "admin" | "team-member" | "it's \"quoted\"">();
  same<Settings["limit"], "Open" | { UpTo: number }>();

  same<Kind["int64"], Int64>();
  same<Kind["i64" | "i32" | "i16" | "i8" | "u64" | "u32" | "u16" | "u8" | "f64" | "f32" | "cents" | "id"], number>();
  same<Kind["flag"], boolean>();
  same<Kind["text" | "uuid" | "bytes"], string>();
  same<Kind["time" | "chrono" | "chrono_date" | "jiff" | "jiff_date"], string>();
  same<Kind["json"], Settings>();
  same<Kind["role"], Role>();
  same<Kind["maybe_int64"], Int64 | null>();
  same<Kind["maybe_text" | "maybe_bytes" | "maybe_uuid"], string | null>();
  same<Kind["maybe_role"], Role | null>();
  same<Kind["maybe_json"], Settings | null>();
  // What is sent is what comes, without what the database fills in.
  same<Omit<Kind, "id">, Pick<NewKind, Exclude<keyof Kind, "id">>>();
}

export function integers(big: bigint) {
  const int64: Int64 = `${big}`;
  const back: bigint = BigInt(int64);
  // @ts-expect-error a number would have been rounded
  const rounded: Int64 = 9007199254740993;
  // @ts-expect-error these are no digits
  const none: Int64 = "many";
  return [back, rounded, none];
}

export function Shapes() {
  const rows = useQuery("pageOfRows", { cursor: null }).data;
  same<typeof rows, { items: Kind[]; next: string | null } | undefined>();
  const pairs = useQuery("pageOfPairs").data;
  same<typeof pairs, { items: [Kind, Defaulted | null][]; next: string | null } | undefined>();
  const structs = useQuery("pageOfStructs").data;
  same<typeof structs, { items: Tally[]; next: string | null } | undefined>();
  same<Tally, { id: number; role: Role | null; count: number }>();
  const columns = useQuery("columns").data;
  same<typeof columns, [Int64, Base64 | null][] | undefined>();

  const { trigger } = useMutation("keepDefaults");
  void trigger({ uuid: null });
  void trigger({});
  // @ts-expect-error a number is no id
  void trigger({ uuid: 7 });
  // @ts-expect-error no cursor is a number
  return useQuery("pageOfRows", { cursor: 7 });
}
