import { type SubmitEvent, useState } from "react";
import { type Device, type Org, useMutation, useQuery } from "./edgepod/client";
import { Pod } from "./Pod";
import { Rooms } from "./Rooms";

type Props = { device: Device; onForget: () => void };

/** The organisation that is shown; without one, how to found or to join one. This is the directory's; what is in an organisation is its pod's. */
export function Orgs({ device, onForget }: Props) {
  const { data, error } = useQuery("getOrgs");
  const [chosen, choose] = useState<string>();
  const [left, setLeft] = useState<string>();
  const [isNew, setNew] = useState(false);
  if (error?.code === "FORBIDDEN" || error?.code === "UNAUTHORIZED") {
    return (
      <main className="door">
        <div className="card">
          <p className="wrong" role="alert">
            {error.message}
          </p>
          <button type="button" className="button" onClick={onForget}>
            Begin anew
          </button>
        </div>
      </main>
    );
  }
  if (!data) return <main className="door">{error ? <p className="wrong">{error.message}</p> : <p>One moment…</p>}</main>;
  // The directory is told a moment later.
  const orgs = data.filter(({ id }) => id !== left);
  const org = orgs.find(({ id }) => id === chosen) ?? orgs[0];
  if (!org || isNew) {
    return (
      <NewOrg
        name={device.name}
        onDone={(org) => {
          choose(org.id);
          setLeft(undefined);
          setNew(false);
        }}
        onBack={org && (() => setNew(false))}
      />
    );
  }
  return (
    <Pod key={org.id} device={device} org={org.id}>
      <Rooms org={org} device={device}>
        <OrgMenu org={org} orgs={orgs} onChoose={choose} onNew={() => setNew(true)} onLeft={() => setLeft(org.id)} />
      </Rooms>
    </Pod>
  );
}

type OrgMenuProps = {
  org: Org;
  orgs: Org[];
  onChoose: (id: string) => void;
  onNew: () => void;
  onLeft: () => void;
};

function OrgMenu({ org, orgs, onChoose, onNew, onLeft }: OrgMenuProps) {
  const { trigger: leave, error } = useMutation("leaveOrg");

  function change(value: string) {
    if (value === "new") onNew();
    else if (value !== "leave") onChoose(value);
    // `error` shows what went wrong.
    else if (confirm(`Leave ${org.name}?`)) leave().then(onLeft, () => {});
  }

  return (
    <>
      <select aria-label="Organisation" value={org.id} onChange={({ target }) => change(target.value)}>
        {orgs.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
        <option value="new">Another one…</option>
        <option value="leave">Leave this one…</option>
      </select>
      {error && (
        <p className="wrong" role="alert">
          {error.message}
        </p>
      )}
    </>
  );
}

type NewOrgProps = { name: string; onDone: (org: Org) => void; onBack: (() => void) | undefined };

function NewOrg({ name, onDone, onBack }: NewOrgProps) {
  const found = useMutation("createOrg");
  const join = useMutation("joinOrg");

  async function submit(event: SubmitEvent<HTMLFormElement>, field: "name" | "invitation") {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get(field));
    try {
      const org = await (field === "name" ? found.trigger({ name: text }) : join.trigger({ invitation: text }));
      if (org) onDone(org);
    } catch {
      // The form shows it.
    }
  }

  return (
    <main className="door">
      <div className="card">
        <h1>Hello {name}</h1>
        <form aria-label="Create an organisation" onSubmit={(event) => submit(event, "name")}>
          <label>
            <span>Create an organisation</span>
            <input name="name" required maxLength={40} placeholder="Analytical Engines" autoComplete="off" />
          </label>
          <button type="submit" className="button" disabled={found.isMutating}>
            Create
          </button>
          {found.error && (
            <p className="wrong" role="alert">
              {found.error.message}
            </p>
          )}
        </form>
        <form aria-label="Join an organisation" onSubmit={(event) => submit(event, "invitation")}>
          <label>
            <span>Or join one by its invitation</span>
            <input name="invitation" required maxLength={40} autoComplete="off" spellCheck={false} />
          </label>
          <button type="submit" className="button button-quiet" disabled={join.isMutating}>
            Join
          </button>
          {join.error && (
            <p className="wrong" role="alert">
              {join.error.message}
            </p>
          )}
        </form>
        {onBack && (
          <button type="button" className="link" onClick={onBack}>
            Back
          </button>
        )}
      </div>
    </main>
  );
}
