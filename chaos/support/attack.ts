import type { Scene } from '../scene.ts';
import { codeOf, type Answer } from './client.ts';

/** So many calls at once. */
export const times = <T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)));

/** `[[[…]]]`, as text: JSON.stringify itself would not come back from it. */
export const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

/** `{"a":{"a":…}}`, the same with objects. */
export const nestedObject = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

/** Each answer has one of these statuses; the first that has not is told. */
export function expectStatus(
  scene: Scene,
  answers: readonly Answer[],
  expected: readonly number[],
  what: string,
): void {
  const wrong = answers.filter(({ status }) => !expected.includes(status));
  const [first] = wrong;
  if (first === undefined) return;
  const said = first.status === 0 ? (first.error ?? '') : codeOf(first.text);
  scene.expect(false, `${what}: ${wrong.length} of ${answers.length} answered ${first.status} (${said})`);
}
