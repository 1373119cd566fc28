import type { JSX } from 'preact';
import { ErrorNote } from '../shell/error-note.tsx';
import { Studio } from './studio.tsx';
import { useModels } from './use-models.ts';
import './playground.css';
import './answer/answer.css';
import './chats/chats.css';
import './options/options.css';

/** Chats with a model, and texts that it goes on with. */
export default function Playground(): JSX.Element {
  const { models, error, refresh } = useModels();
  const [first, ...others] = models ?? [];
  return (
    <>
      {/* With models at hand the conversation says what failed, and where the reader looks. */}
      {error !== undefined && first === undefined && <ErrorNote error={error} />}
      {first === undefined ? (
        <h1>Playground</h1>
      ) : (
        <Studio models={[first, ...others]} onAnswered={refresh} />
      )}
      {models?.length === 0 && <p>This service has no model.</p>}
    </>
  );
}
