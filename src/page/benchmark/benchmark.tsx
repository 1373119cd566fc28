import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { requestJson } from '../service/request.ts';
import type {
  BenchmarkProgress,
  BenchmarkRun,
  BenchmarkRunList,
  BenchmarkRunSummary,
} from '../service/wire.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { useAnswer } from '../shell/use-answer.ts';
import type { NamedReport } from './chart-options.ts';
import { useBenchmark } from './use-benchmark.ts';
import { WorkloadForm } from './workload-form.tsx';
import './benchmark.css';

/** Runs the service's own benchmark, draws what it measured, and compares it with what was measured before. */
export default function Benchmark(): JSX.Element {
  const [numRuns, setNumRuns] = useState(0);
  const [chosenId, setChosenId] = useState<string>();
  const { state, run, stop } = useBenchmark(() => setNumRuns((before) => before + 1));
  const stored = useAnswer(
    (signal) => requestJson<BenchmarkRunList>('benchmark/runs', { signal }),
    [numRuns],
  );
  const runs = stored.value?.data ?? [];
  // Without a run of its own the view shows the last one.
  const hasOwn = state.isRunning || state.report !== undefined;
  const olderId = chosenId ?? (hasOwn ? '' : (runs[0]?.id ?? ''));
  const older = useAnswer((signal) => fetchRun(olderId, signal), [olderId]);
  const reports: NamedReport[] = [
    ...(state.report === undefined ? [] : [{ name: 'now', report: state.report }]),
    ...(older.value === undefined ? [] : [{ name: nameOf(older.value), report: older.value.report }]),
  ];
  const error = state.error ?? stored.error ?? older.error;
  return (
    <>
      <h1>Benchmark</h1>
      <p>
        How fast this service is on this machine: it sends itself prompts of random tokens, more and more at
        once, and measures. Other requests wait for their share meanwhile.
      </p>
      <WorkloadForm isRunning={state.isRunning} onRun={(workload) => void run(workload)} onStop={stop} />
      {error !== undefined && <ErrorNote error={error} />}
      {state.isRunning && <Progress progress={state.progress} />}
      <RunChoice
        label={state.report === undefined ? 'Show the run of' : 'Compare with the run of'}
        runs={runs}
        chosen={olderId}
        onChoose={setChosenId}
      />
      {reports.length > 0 && <Charts reports={reports} />}
      {reports.length === 0 && !state.isRunning && <Awaited hasOlder={runs.length > 0} />}
    </>
  );
}

/** Their library is fetched with the first of them: it is larger than the page. */
function Charts({ reports }: { reports: readonly NamedReport[] }): JSX.Element {
  const { value, error } = useAnswer(() => import('./report-charts.tsx'), []);
  if (error !== undefined) return <ErrorNote error={error} />;
  return value === undefined ? <p class="quiet">Loading …</p> : <value.ReportCharts reports={reports} />;
}

/** What a run will show, before there is one. */
function Awaited({ hasOlder }: { hasOlder: boolean }): JSX.Element {
  return (
    <section class="panel awaited" aria-label="What a run shows">
      <h2>{hasOlder ? 'Nothing chosen yet' : 'Nothing measured yet'}</h2>
      <p>
        A run takes from some seconds to a few minutes
        {hasOlder ? '; an older run can be chosen above. It shows' : ' and shows'}
      </p>
      <ul>
        <li>tokens per second, and how long the first and each further token takes, by requests at once;</li>
        <li>how much of the work is padding;</li>
        <li>what longer contexts cost, beside the curve of theory.</li>
      </ul>
      <p>Every run can be saved as JSON, CSV and SVG, and is kept to be compared with later ones.</p>
    </section>
  );
}

async function fetchRun(id: string, signal: AbortSignal): Promise<BenchmarkRun | undefined> {
  if (id === '') return undefined;
  return requestJson<BenchmarkRun>(`benchmark/runs/${encodeURIComponent(id)}`, { signal });
}

const nameOf = ({ report, version }: BenchmarkRun): string => `${timeOf(report.started_at)} (${version})`;

/** `2026-11-26 15:04`, in the reader's time. */
function timeOf(iso: string): string {
  const date = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

const PHASES: Record<BenchmarkProgress['phase'], string> = {
  warm_up: 'Warming up',
  load: 'Under load',
  context_sweep: 'With longer prompts',
};

function Progress({ progress }: { progress: BenchmarkProgress | undefined }): JSX.Element {
  if (progress === undefined) return <p role="status">Starting …</p>;
  const { phase, concurrency, num_done: numDone, num_total: numTotal } = progress;
  const words = concurrency === undefined ? PHASES[phase] : `${PHASES[phase]}, ${concurrency} at once`;
  return (
    <p role="status">
      {words}: {numDone} of {numTotal} <progress max={numTotal} value={numDone} aria-label={words} />
    </p>
  );
}

interface RunChoiceProps {
  label: string;
  runs: readonly BenchmarkRunSummary[];
  chosen: string;
  onChoose: (id: string) => void;
}

function RunChoice({ label, runs, chosen, onChoose }: RunChoiceProps): JSX.Element | null {
  if (runs.length === 0) return null;
  return (
    <p>
      <label>
        {label}{' '}
        <select value={chosen} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
          <option value="">none</option>
          {runs.map((run) => (
            <option key={run.id} value={run.id}>
              {describeRun(run)}
            </option>
          ))}
        </select>
      </label>
    </p>
  );
}

function describeRun({
  started_at: startedAt,
  model,
  runtime,
  peak_generated_tokens_per_s: peak,
}: BenchmarkRunSummary): string {
  // What tells runs apart comes first: a phone cuts the rest.
  const speed = peak === null ? '' : `${peak.toFixed(0)} tokens/s, `;
  return `${timeOf(startedAt)}, ${speed}${model}, ${runtime}`;
}
