import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { AttentionQuery } from './address.ts';
import { type ChosenHead, headWithReach, strongestCell } from './choose-head.ts';
import { Arcs } from '../drawing/arcs.tsx';
import { type Cell, HeatMap } from '../drawing/heat-map.tsx';
import { NumberTable } from '../drawing/number-table.tsx';
import { listModels } from '../service/models.ts';
import { requestJson } from '../service/request.ts';
import type { AttentionReport } from '../service/wire.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { useAnswer } from '../shell/use-answer.ts';

/** Words come again in it, so that heads that find them again have something to find. */
const FIRST_PROMPT =
  'The fox has a red hat and Ben has a blue boat. Ben took his boat and the fox took his hat';

interface Asked {
  /** Undefined: the default model. */
  model: string | undefined;
  prompt: string;
}

/**
 * What each head of a model looks at in a text.
 *
 * @param query of a token in the playground; undefined for the text that the view begins with
 */
export function Heads({ query }: { query: AttentionQuery | undefined }): JSX.Element {
  const [asked, setAsked] = useState<Asked>({ model: query?.model, prompt: query?.text ?? FIRST_PROMPT });
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
      {report !== undefined && (
        <Explorer report={report} isOfToken={query !== undefined && asked.prompt === query.text} />
      )}
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
        <textarea
          required
          rows={1}
          value={prompt}
          onInput={({ currentTarget }) => setPrompt(currentTarget.value)}
          onKeyDown={(event) => {
            // As in a field of one line: a text may be longer than a phone is wide.
            if (event.key !== 'Enter' || event.isComposing) return;
            event.preventDefault();
            event.currentTarget.form?.requestSubmit();
          }}
        />
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

/** @param isOfToken the last token is the one that the reader comes from */
function Explorer({ report, isOfToken }: { report: AttentionReport; isOfToken: boolean }): JSX.Element {
  const furthest = useMemo(() => headWithReach(report.layers), [report]);
  const [chosen, setChosen] = useState<ChosenHead>(furthest);
  const isFurthest = chosen.layer === furthest.layer && chosen.head === furthest.head;
  return (
    <div class="explorer">
      <HeadGrid {...{ report, chosen }} onChoose={setChosen} />
      <HeadView
        key={`${chosen.layer},${chosen.head}`}
        title={`Layer ${(report.layers[chosen.layer]?.index ?? 0) + 1}, head ${chosen.head + 1}`}
        note={isFurthest ? 'Of all heads this one looks furthest back, beyond the token before.' : undefined}
        weights={report.layers[chosen.layer]?.heads[chosen.head] ?? []}
        tokens={report.tokens.map(({ text }) => text)}
        row={isOfToken ? report.tokens.length - 1 : undefined}
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
  note: string | undefined;
  /** [queries][keys] */
  weights: readonly (readonly number[])[];
  tokens: readonly string[];
  /** The token to begin with; undefined: the one that looks at another most. */
  row: number | undefined;
}

/** One head as a heat map, as arcs, and as numbers. */
function HeadView({ title, note, weights, tokens, row }: HeadViewProps): JSX.Element {
  const [cell, setCell] = useState<Cell | undefined>(() => strongestCell(weights, row));
  const [query, setQuery] = useState(row);
  const pointed = cell === undefined ? undefined : weights[cell.row]?.[cell.column];
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {note !== undefined && <p class="quiet note">{note}</p>}
      <p aria-live="polite" class="pointed-at">
        {cell !== undefined && pointed !== undefined && (
          <>
            <code>{JSON.stringify(tokens[cell.row])}</code> gives {(100 * pointed).toFixed(1)} % of its
            attention to <code>{JSON.stringify(tokens[cell.column])}</code>
          </>
        )}
      </p>
      <p class="quiet note">Point at a square: its row looks at its column.</p>
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

/** Weights as a picture of one dot for each: cheap enough for all heads of a model. */
function Thumbnail({ values }: { values: readonly (readonly number[])[] }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context === null || context === undefined) return;
    const size = values.length;
    const image = context.createImageData(size, size);
    values.forEach((line, row) =>
      line.forEach((value, column) =>
        image.data.set([194, 65, 12, 255 * Math.sqrt(value)], 4 * (row * size + column)),
      ),
    );
    context.putImageData(image, 0, 0);
  }, [values]);
  return <canvas ref={canvas} class="thumbnail" width={values.length} height={values.length} aria-hidden />;
}
