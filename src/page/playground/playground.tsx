import type { JSX } from 'preact';
import { listModels } from '../service/models.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { useAnswer } from '../shell/use-answer.ts';

/** A prompt or a conversation, its settings, and what the model makes of it. */
export default function Playground(): JSX.Element {
  const { value: models = [], error } = useAnswer(listModels, []);
  return (
    <>
      <h1>Playground</h1>
      {error !== undefined && <ErrorNote error={error} />}
      <label>
        Model{' '}
        <select>
          {models.map(({ id }) => (
            <option key={id}>{id}</option>
          ))}
        </select>
      </label>
    </>
  );
}
