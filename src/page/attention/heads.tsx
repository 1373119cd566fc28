import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Arcs } from '../drawing/arcs.tsx';
import { HeatMap, type Cell } from '../drawing/heat-map.tsx';
import { NumberTable } from '../drawing/number-table.tsx';
import { Thumbnail } from '../drawing/thumbnail.tsx';
import { listModels } from '../service/models.ts';
import { requestJson } from '../service/request.ts';
import type { AttentionReport } from '../service/wire.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { useAnswer } from '../shell/use-answer.ts';

const FIRST_PROMPT = 'The king gave the fox his hat, and he';

interface Asked {
  /** Undefined: the default model. */
  model: string | undefined;
  prompt: string;
}

/** What each head of a model looks at in a text. */
export function Heads(): JSX.Element {
  const [asked, setAsked] = useState<Asked>({ model: undefined, prompt: FIRST_PROMPT });
  const { value: report, error } = useAnswer(
    (signal) => requestJson<AttentionReport>('v1/attention', { body: asked, signal }),
    [asked],
  );
  return (
    <>
      <p>
        A head decides, for each token, how much to take of every token before it. These weights are those of
        the model that runs here, as <code>POST /v1/attention</code> reports them.
      </p>
      <AskForm asked={asked} onAsk={setAsked} />
      {error !== undefined && <ErrorNote error={error} />}
      {error === undefined && report === undefined && <p class="quiet">The model is reading …</p>}
      {report !== undefined && <Explorer report={report} />}
    </>
  );
}

function AskForm({ asked, onAsk }: { asked: Asked; onAsk: (asked: Asked) => void }): JSX.Element {
  const { value: models = [] } = useAnswer(listModels, []);
  const [model, setModel] = useState(asked.model);
  const [prompt, setPrompt] = useState(asked.prompt);
  const ask = (event: Event): void => {
    event.preventDefault();
    onAsk({ model, prompt });
  };
  return (
    <form class="panel ask" onSubmit={ask}>
      <label class="grows">
        Text of at most 64 tokens{' '}
        <input required value={prompt} onInput={({ currentTarget }) => setPrompt(currentTarget.value)} />
      </label>
      <label>
        Model{' '}
        <select
          value={model ?? models[0]?.id}
          onChange={({ currentTarget }) => setModel(currentTarget.value)}
        >
          {models.map(({ id }) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Look</button>
    </form>
  );
}

interface ChosenHead {
  layer: number;
  head: number;
}

function Explorer({ report }: { report: AttentionReport }): JSX.Element {
  const [chosen, setChosen] = useState<ChosenHead>({ layer: 0, head: 0 });
  const weights = report.layers[chosen.layer]?.heads[chosen.head] ?? [];
  return (
    <div class="explorer">
      <HeadGrid {...{ report, chosen }} onChoose={setChosen} />
      <HeadView
        title={`Layer ${(report.layers[chosen.layer]?.index ?? 0) + 1}, head ${chosen.head + 1}`}
        weights={weights}
        tokens={report.tokens.map(({ text }) => text)}
      />
    </div>
  );
}

interface HeadGridProps {
  report: AttentionReport;
  chosen: ChosenHead;
  onChoose: (head: ChosenHead) => void;
}

/** All heads as small multiples, a line for each layer. */
function HeadGrid({ report, chosen, onChoose }: HeadGridProps): JSX.Element {
  return (
    <section aria-label="All heads">
      <h2>All heads</h2>
      {report.layers.map(({ index, heads }, layer) => (
        <div key={index} class="layer" role="group" aria-label={`Layer ${index + 1}`}>
          <span class="quiet">Layer {index + 1}</span>
          {heads.map((values, head) => (
            <button
              key={head}
              type="button"
              class="head"
              aria-label={`Layer ${index + 1}, head ${head + 1}`}
              aria-pressed={layer === chosen.layer && head === chosen.head}
              onClick={() => onChoose({ layer, head })}
            >
              <Thumbnail values={values} />
            </button>
          ))}
        </div>
      ))}
    </section>
  );
}

interface HeadViewProps {
  title: string;
  /** [queries][keys] */
  weights: readonly (readonly number[])[];
  tokens: readonly string[];
}

/** One head as a heat map, as arcs, and as numbers. */
function HeadView({ title, weights, tokens }: HeadViewProps): JSX.Element {
  const [cell, setCell] = useState<Cell>();
  const [query, setQuery] = useState<number>();
  const pointed = cell === undefined ? undefined : weights[cell.row]?.[cell.column];
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <p aria-live="polite" class="pointed-at">
        {cell === undefined || pointed === undefined ? (
          <span class="quiet">Point at a square: its row looks at its column.</span>
        ) : (
          <>
            <code>{JSON.stringify(tokens[cell.row])}</code> takes {(100 * pointed).toFixed(1)} % of{' '}
            <code>{JSON.stringify(tokens[cell.column])}</code>
          </>
        )}
      </p>
      <div class="drawings">
        <HeatMap
          title={`${title}, heat map`}
          values={weights}
          labels={tokens}
          pointed={cell}
          onPoint={setCell}
        />
        <Arcs title={`${title}, arcs`} {...{ weights, tokens, query }} onQuery={setQuery} />
      </div>
      <details>
        <summary>The numbers</summary>
        <NumberTable
          caption={`${title}: each row sums to 1`}
          values={weights}
          rowLabels={tokens}
          columnLabels={tokens}
          isTinted
        />
      </details>
    </section>
  );
}
