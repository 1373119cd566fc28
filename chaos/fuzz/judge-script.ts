import type { Answer } from '../support/client.ts';
import type { FuzzScript, FuzzStep } from './fuzz-script.ts';
import { faultOfAnswer } from './judge-answer.ts';
import { faultOfVectors } from './vector-model.ts';

/** A text that says whose it is. */
export const privateTo = (owner: string): string => `private-to-${owner}.`;
const PRIVATE = /private-to-(\w+)\./g;
const OWNER = /^Bearer invented-(\w+)$/;

/** What is wrong with the latest answer to a script: by itself, after what came before, or to this client. */
export function faultOfScript(script: FuzzScript, answers: readonly Answer[]): string | undefined {
  const index = answers.length - 1;
  const [step, answer] = [script[index], answers[index]];
  if (step === undefined || answer === undefined) return undefined;
  return (
    faultOfOwner(step, answer) ?? faultOfAnswer(script, index, answer) ?? faultOfVectors(script, answers)
  );
}

/** Whoever presents the key. */
const ownerOf = ({ headers }: FuzzStep): string =>
  OWNER.exec(headers['authorization'] ?? '')?.[1] ?? 'nobody';

function faultOfOwner(step: FuzzStep, { text }: Answer): string | undefined {
  const owner = ownerOf(step);
  const others = [...text.matchAll(PRIVATE)].flatMap(([, other]) => (other === owner ? [] : [other]));
  return others.length === 0 ? undefined : `an answer to ${owner} has a text of ${String(others[0])}`;
}
