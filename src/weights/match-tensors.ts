import { EngineError } from '../errors.ts';
import type { TensorEntry } from './tensor-source.ts';

/** Where the values of one parameter are found. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** The tensor's name in the file. */
  readonly storedName: string;
  /** The file holds the matrix as [in, out]. */
  readonly transposed: boolean;
}

/** Name and [out, in] shape of a parameter that the model needs. */
export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a file holds, under our names of it. */
export interface StoredTensors {
  /** For messages: what the expected shapes come from, such as `config.json`. */
  readonly shapesFrom: string;
  readonly byName: ReadonlyMap<string, TensorEntry>;
  /** The file holds this matrix as [in, out]. */
  readonly isTransposed: (name: string) => boolean;
  /** What was wrong already when they were named. */
  readonly problems: readonly string[];
}

/**
 * Finds every expected parameter among the tensors of a file.
 * @throws EngineError `weights_invalid` naming every missing, misshapen or unexpected tensor
 */
export function matchTensors(stored: StoredTensors, expected: readonly ExpectedTensor[]): StoredTensor[] {
  const problems = [...stored.problems];
  const left = new Map(stored.byName);
  const found: StoredTensor[] = [];
  for (const { name, shape } of expected) {
    const entry = left.get(name);
    left.delete(name);
    const transposed = stored.isTransposed(name);
    const storedShape = transposed ? shape.toReversed() : shape;
    if (entry === undefined) {
      problems.push(`"${name}" of shape ${formatShape(storedShape)} is missing`);
    } else if (!sameShape(entry.shape, storedShape)) {
      problems.push(
        `"${entry.name}" has shape ${formatShape(entry.shape)}, but ${stored.shapesFrom} makes it ${formatShape(storedShape)}`,
      );
    } else {
      found.push({ name, shape, storedName: entry.name, transposed });
    }
  }
  for (const extra of left.values())
    problems.push(`"${extra.name}" ${formatShape(extra.shape)} is unexpected`);
  if (problems.length > 0) throw mismatch(stored.shapesFrom, problems);
  return found;
}

const MAX_PROBLEMS_SHOWN = 10;

function mismatch(shapesFrom: string, problems: readonly string[]): EngineError {
  const shown = problems.slice(0, MAX_PROBLEMS_SHOWN);
  const rest = problems.length - shown.length;
  const message = `tensors do not fit ${shapesFrom}: ${shown.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
  return new EngineError('weights_invalid', message);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
