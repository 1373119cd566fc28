import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DrawnToken } from './stream-answer.ts';

/** The tokens of an answer as text; one that is pointed at, or reached by the keyboard, shows what it was drawn from. */
export function Answer({
  tokens,
  isRunning,
}: {
  tokens: readonly DrawnToken[];
  isRunning: boolean;
}): JSX.Element {
  const [shownIndex, setShownIndex] = useState<number>();
  const shown = shownIndex === undefined ? undefined : tokens[shownIndex];
  return (
    <>
      <div class="answer" aria-live="polite" aria-busy={isRunning}>
        {tokens.map((token, index) => (
          <span
            key={index}
            class="token"
            role="button"
            aria-pressed={index === shownIndex}
            aria-label={`${token.text}, ${percent(token.probability)}`}
            tabIndex={index === (shownIndex ?? 0) ? 0 : -1}
            style={{ '--doubt': doubtOf(token) }}
            onMouseEnter={() => setShownIndex(index)}
            onFocus={() => setShownIndex(index)}
            onClick={() => setShownIndex(index)}
            onKeyDown={(event) => moveFocus(event)}
          >
            {token.text}
          </span>
        ))}
      </div>
      {shown !== undefined && <Alternatives token={shown} />}
    </>
  );
}

/** The arrow keys go from token to token: one stop of the Tab key for the whole text. */
function moveFocus(event: KeyboardEvent): void {
  const token = event.currentTarget as HTMLElement;
  const next = { ArrowRight: token.nextElementSibling, ArrowLeft: token.previousElementSibling }[event.key];
  if (next instanceof HTMLElement) {
    event.preventDefault();
    next.focus();
  }
}

/** From 0, for a token that was certain, to 1. */
const doubtOf = ({ probability = 1 }: DrawnToken): string => (1 - probability).toFixed(2);

function Alternatives({ token }: { token: DrawnToken }): JSX.Element {
  return (
    <table class="alternatives">
      <caption>
        <code>{JSON.stringify(token.text)}</code> was drawn with a probability of {percent(token.probability)}
      </caption>
      <thead>
        <tr>
          <th scope="col">Token</th>
          <th scope="col">Probability</th>
        </tr>
      </thead>
      <tbody>
        {token.alternatives.map(({ text, probability }) => (
          <tr key={text} class={text === token.text ? 'drawn' : undefined}>
            <td>
              <code>{JSON.stringify(text)}</code>
            </td>
            <td>
              <meter
                min={0}
                max={1}
                value={probability}
                aria-label={`probability of ${JSON.stringify(text)}`}
              />{' '}
              {percent(probability)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function percent(probability: number | undefined): string {
  if (probability === undefined) return 'unknown';
  return `${(100 * probability).toFixed(probability < 0.1 ? 1 : 0)} %`;
}
