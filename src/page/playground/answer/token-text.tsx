import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { attentionAddress } from '../../attention/address.ts';
import { percent, surpriseOf, type DrawnToken } from './drawn-token.ts';

interface TokenTextProps {
  tokens: readonly DrawnToken[];
  model: string;
  /** The text that the answer followed. */
  before: string;
}

interface Shown {
  index: number;
  /** Where the alternatives are drawn, in pixels from the corner of the text. */
  left: number;
  top: number;
  /** They end there, where there is no room below. */
  isAbove: boolean;
}

/** An answer token by token, each the stronger coloured the more it surprised. A click shows what else was likely. */
export function TokenText({ tokens, model, before }: TokenTextProps): JSX.Element {
  const [shown, setShown] = useState<Shown>();
  const token = shown === undefined ? undefined : tokens[shown.index];
  const container = useRef<HTMLDivElement>(null);
  const close = (): void => {
    // The keyboard goes on from where it was.
    container.current?.querySelector<HTMLElement>('[aria-expanded=true]')?.focus();
    setShown(undefined);
  };
  return (
    <div class="tokens" ref={container} onKeyDown={({ key }) => key === 'Escape' && close()}>
      <TokenButtons
        tokens={tokens}
        shownIndex={shown?.index}
        onShow={(index, element) =>
          setShown(index === shown?.index ? undefined : { index, ...positionBeside(element) })
        }
      />
      {shown !== undefined && token !== undefined && (
        <Alternatives
          {...shown}
          token={token}
          address={attentionAddress({
            model,
            before,
            tokens: tokens.map(({ text }) => text),
            index: shown.index,
          })}
          onClose={close}
        />
      )}
    </div>
  );
}

interface TokenButtonsProps {
  tokens: readonly DrawnToken[];
  shownIndex: number | undefined;
  onShow: (index: number, element: HTMLElement) => void;
}

/** One stop of the Tab key for the whole text: the arrow keys go from token to token. */
function TokenButtons({ tokens, shownIndex, onShow }: TokenButtonsProps): JSX.Element {
  const [reachedIndex, setReachedIndex] = useState(0);
  return (
    <div class="text" role="group" aria-label="Tokens" onKeyDown={moveFocus}>
      {tokens.map((token, index) => (
        <TokenButton
          key={index}
          token={token}
          isShown={index === shownIndex}
          isReached={index === reachedIndex}
          onFocus={() => setReachedIndex(index)}
          onShow={(element) => onShow(index, element)}
        />
      ))}
    </div>
  );
}

interface TokenButtonProps {
  token: DrawnToken;
  isShown: boolean;
  isReached: boolean;
  onFocus: () => void;
  onShow: (element: HTMLElement) => void;
}

/** Drawn again only if it changes: a text has many. */
function TokenButton({ token, isShown, isReached, onFocus, onShow }: TokenButtonProps): JSX.Element {
  return useMemo(
    () => (
      <span
        class="token"
        role="button"
        aria-expanded={isShown}
        aria-label={`${token.text === '' ? 'part of a character' : token.text}, ${percent(token.probability)}`}
        tabIndex={isReached ? 0 : -1}
        style={{ '--surprise': surpriseOf(token).toFixed(2) }}
        onFocus={onFocus}
        onClick={({ currentTarget }) => onShow(currentTarget)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          onShow(event.currentTarget);
        }}
      >
        {token.text}
      </span>
    ),
    [token, isShown, isReached, isShown || isReached ? onShow : undefined],
  );
}

function moveFocus(event: KeyboardEvent): void {
  const { target } = event;
  if (!(target instanceof HTMLElement)) return;
  const next = { ArrowRight: target.nextElementSibling, ArrowLeft: target.previousElementSibling }[event.key];
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}

/** As answer.css has it. */
const PANEL_WIDTH = 272;
const PANEL_HEIGHT = 230;

/** Below the last line of a token, or above it, and not beyond the edge of the text. */
function positionBeside(token: HTMLElement): Omit<Shown, 'index'> {
  const line = Array.from(token.getClientRects()).at(-1) ?? token.getBoundingClientRect();
  const text = token.closest('.tokens')?.getBoundingClientRect() ?? line;
  const left = Math.max(0, Math.min(line.left - text.left, text.width - PANEL_WIDTH));
  const isAbove = line.bottom + PANEL_HEIGHT > innerHeight && line.top > PANEL_HEIGHT;
  return { left, top: (isAbove ? line.top - 4 : line.bottom + 4) - text.top, isAbove };
}

interface AlternativesProps extends Shown {
  token: DrawnToken;
  /** Of the attention view, for this token. */
  address: string;
  onClose: () => void;
}

function Alternatives({ token, left, top, isAbove, address, onClose }: AlternativesProps): JSX.Element {
  const isListed = token.alternatives.some(({ text }) => text === token.text);
  return (
    <section
      class={isAbove ? 'alternatives above' : 'alternatives'}
      aria-label="Alternatives"
      aria-live="polite"
      style={{ left: `${left}px`, top: `${top}px` }}
    >
      <button type="button" class="small close" aria-label="Close" onClick={onClose}>
        ×
      </button>
      <table>
        <caption>
          {isListed ? (
            'The likeliest here; the one in bold was drawn'
          ) : (
            <>
              <code>{JSON.stringify(token.text)}</code> had a probability of {percent(token.probability)}
            </>
          )}
        </caption>
        <tbody>
          {token.alternatives.map(({ text, probability }, index) => (
            <tr key={index} class={text === token.text ? 'drawn' : undefined}>
              <th scope="row">
                <code>{JSON.stringify(text)}</code>
              </th>
              <td>
                <meter
                  min={0}
                  max={1}
                  value={probability}
                  aria-label={`probability of ${JSON.stringify(text)}`}
                />
              </td>
              <td>{percent(probability)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <a href={address}>What the heads look at here</a>
    </section>
  );
}
