/** What is shown to whoever comes without a token, or with one of an earlier run. */
export function NoToken({ old = false }: { old?: boolean }) {
  return (
    <main className="door">
      <h1>EdgePod studio</h1>
      <p role="alert">{old ? "This address is of an earlier run." : "This address is not complete."}</p>
      <p>
        The studio opens with a token that is another for each run. Look into the terminal where{" "}
        <code>edgepod dev</code> or <code>edgepod studio</code> runs: it has printed the whole address, which ends with{" "}
        <code>#token=…</code>.
      </p>
    </main>
  );
}
