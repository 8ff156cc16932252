/** Jobs and crons, pods, migrations. */
import { useCallback, useEffect, useState } from "react";
import { type Job, type PodStatus, words } from "../lib/api.ts";
import { bytes } from "../lib/format.ts";
import { useStudio, useStudioState } from "../lib/studio.ts";
import { Choice, Empty } from "../parts/parts.tsx";

const STATES = [
  { value: "", text: "Open" },
  { value: "failed", text: "Failed" },
  { value: "running", text: "Running" },
  { value: "waiting", text: "Waiting" },
  { value: "done", text: "Done" },
  { value: "cancelled", text: "Cancelled" },
] as const;

type JobState = (typeof STATES)[number]["value"];

export function Operations() {
  const { app } = useStudioState();
  return (
    <div className="operations">
      <Jobs />
      <Migrations />
      {app?.pods && <Pods />}
    </div>
  );
}

/** When something is read again: its jobs have changed, the app has begun anew, another pod is looked at. */
function useJobsVersion(): string {
  const studio = useStudio();
  const { pod, life, version } = useStudioState();
  // Only what jobs do counts; other calls are many.
  const last = version > 0 ? studio.log.events.findLast(({ type }) => type === "job")?.n : 0;
  return `${pod} ${life} ${last}`;
}

function Jobs() {
  const studio = useStudio();
  const { pod, app } = useStudioState();
  const [state, setState] = useState<JobState>("");
  const [jobs, setJobs] = useState<{ jobs: Job[]; more: boolean } | null>(null);
  const [trouble, setTrouble] = useState("");
  const version = useJobsVersion();

  const read = useCallback(async () => {
    try {
      setJobs(await studio.api.jobs(pod, state || null));
      setTrouble("");
    } catch (error) {
      setTrouble(words(error));
    }
  }, [studio, pod, state]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` says that jobs have changed
  useEffect(() => void read(), [read, version]);
  useEffect(() => {
    // A release build tells of no events.
    if (app?.development) return;
    const timer = setInterval(() => void read(), 5000);
    return () => clearInterval(timer);
  }, [app, read]);

  const change = async (what: "retry" | "cancel", job: Job) => {
    try {
      await studio.api.changeJob(pod, what, job.id);
      studio.tell(what === "retry" ? `Job ${job.id} is tried again now.` : `Job ${job.id} is called off.`);
    } catch (error) {
      studio.tell(words(error), "bad");
    }
    await read();
  };

  return (
    <section className="panel" aria-labelledby="jobs-title">
      <div className="bar">
        <h2 id="jobs-title">Jobs and crons</h2>
        <span className="bar-space" />
        <Choice label="State of jobs" value={state} options={STATES} onChange={setState} />
      </div>
      {trouble && (
        <p className="warning" role="alert">
          {trouble}
        </p>
      )}
      {jobs !== null && jobs.jobs.length === 0 && (
        <Empty title={state === "" ? "No job waits, runs or has failed." : `No job is ${state}.`}>
          <p>
            A function asks for one with <code>ctx.jobs()</code>; a function with{" "}
            <code>#[edgepod::cron("0 3 * * *")]</code> is one by itself.
          </p>
        </Empty>
      )}
      {jobs !== null && jobs.jobs.length > 0 && (
        <div className="scroll-x">
          <table className="plain" aria-labelledby="jobs-title">
            <thead>
              <tr>
                <th scope="col" className="number">
                  Job
                </th>
                <th scope="col">Function</th>
                <th scope="col">State</th>
                <th scope="col">At</th>
                <th scope="col" className="number">
                  Attempts
                </th>
                <th scope="col">Error</th>
                <th scope="col">
                  <span className="hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {jobs.jobs.map((job) => (
                <tr key={job.id}>
                  <td className="number">{job.id}</td>
                  <td>{job.function}</td>
                  <td>
                    <span className={`tag tag-${job.state}`}>{job.state}</span>
                  </td>
                  <td>{time(job.at)}</td>
                  <td className="number">{job.attempts}</td>
                  <td className="job-error">{job.error ?? ""}</td>
                  <td className="actions">
                    {(job.state === "failed" || job.state === "waiting") && app?.write !== false && (
                      <>
                        {(job.state === "failed" || job.attempts > 0) && (
                          <button
                            type="button"
                            aria-label={`Retry job ${job.id}`}
                            onClick={() => void change("retry", job)}
                          >
                            Retry
                          </button>
                        )}
                        <button
                          type="button"
                          aria-label={`Cancel job ${job.id}`}
                          onClick={() => void change("cancel", job)}
                        >
                          Cancel
                        </button>
                      </>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {jobs?.more && <p className="faint">The first 1,000 are shown.</p>}
    </section>
  );
}

function time(at: string | number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toLocaleString();
}

function Migrations() {
  const studio = useStudio();
  const { pod, life } = useStudioState();
  const [status, setStatus] = useState<PodStatus | null>(null);
  const [trouble, setTrouble] = useState("");
  // biome-ignore lint/correctness/useExhaustiveDependencies: another pod, or another life, has another state
  useEffect(() => {
    let isOld = false;
    studio.status().then(
      (status) => {
        if (isOld) return;
        setStatus(status);
        setTrouble("");
      },
      (error) => !isOld && setTrouble(words(error)),
    );
    return () => {
      isOld = true;
    };
  }, [studio, pod, life]);
  return (
    <section className="panel" aria-labelledby="migrations-title">
      <div className="bar">
        <h2 id="migrations-title">Migrations</h2>
        {status && <span className={`tag tag-${status.state}`}>{status.state}</span>}
      </div>
      {trouble && (
        <p className="warning" role="alert">
          {trouble}
        </p>
      )}
      {status && (
        <>
          {status.failure && <p className="warning">{status.failure}</p>}
          <dl className="facts">
            <dt>Applied</dt>
            <dd>{status.applied}</dd>
            <dt>Pending</dt>
            <dd>{status.pending.length === 0 ? <span className="faint">none</span> : status.pending.join(", ")}</dd>
            <dt>Size</dt>
            <dd>{bytes(status.bytes)}</dd>
            <dt>Opened</dt>
            <dd>{status.opened_at === null ? <span className="faint">not yet</span> : time(status.opened_at)}</dd>
          </dl>
        </>
      )}
    </section>
  );
}

function Pods() {
  const studio = useStudio();
  const { pod, pods, morePods } = useStudioState();
  const [statuses, setStatuses] = useState<Record<string, PodStatus | string>>({});
  useEffect(() => {
    studio.loadPods().catch((error) => studio.tell(words(error), "bad"));
  }, [studio]);
  const ask = async (name: string) => {
    let status: PodStatus | string;
    try {
      status = await studio.api.status(name);
    } catch (error) {
      status = words(error);
    }
    setStatuses((before) => ({ ...before, [name]: status }));
  };
  return (
    <section className="panel" aria-labelledby="pods-title">
      <div className="bar">
        <h2 id="pods-title">Pods</h2>
        <span className="faint">
          {pods.length}
          {morePods !== null && " and more"}
        </span>
      </div>
      {pods.length === 0 && (
        <Empty title="There are no pods yet.">
          <p>A pod is made by the first call that is for it.</p>
        </Empty>
      )}
      <ul className="pods" aria-labelledby="pods-title">
        {pods.map((name) => {
          const status = statuses[name];
          return (
            <li key={name}>
              <button type="button" aria-pressed={name === pod} onClick={() => studio.choosePod(name)}>
                {name}
              </button>
              {status === undefined ? (
                <button type="button" className="quiet" aria-label={`How is ${name}?`} onClick={() => void ask(name)}>
                  how is it?
                </button>
              ) : typeof status === "string" ? (
                <span className="bad">{status}</span>
              ) : (
                <span className="faint">
                  {status.state} · {status.applied} applied
                  {status.pending.length > 0 && `, ${status.pending.length} pending`} · {bytes(status.bytes)}
                </span>
              )}
            </li>
          );
        })}
      </ul>
      {morePods !== null && (
        <button type="button" onClick={() => void studio.loadPods(true)}>
          More pods
        </button>
      )}
    </section>
  );
}
