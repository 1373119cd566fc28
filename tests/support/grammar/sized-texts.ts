import type { ByteAutomaton, Terminal } from '../../../src/grammar/grammar.ts';
import { acceptsBytes } from './random-walk.ts';

type Sized = Extract<Terminal, { type: 'sized' }>;

/** Whether bytes are the content of a JSON string of the terminal: JSON.parse says how many characters they are. */
export function isSizedText({ automaton, min, max = Infinity }: Sized, bytes: Uint8Array): boolean {
  if (!acceptsBytes(automaton, bytes)) return false;
  const { length } = Array.from(JSON.parse(`"${Buffer.from(bytes).toString()}"`) as string);
  return length >= min && length <= max;
}

/** A character that may follow, by the classes of its bytes, and where it leads. */
interface Step {
  readonly classes: readonly number[];
  readonly target: number;
}

interface Ways {
  readonly steps: readonly (readonly Step[])[];
  /** Whether a text ends from each state in so many characters: [characters][states]. */
  readonly ends: boolean[][];
}

const known = new WeakMap<Sized, Ways>();

/** Random bytes of the terminal: of about the least length, now and then of the greatest. */
export function randomSizedBytes(terminal: Sized, random: () => number): number[] {
  const { automaton, min } = terminal;
  const { steps, ends } = waysOf(terminal);
  const lengths = ends.flatMap((from, count) => (from[0] === true && count >= min ? [count] : []));
  const near = random() < 0.1 ? lengths.slice(-1) : lengths.slice(0, 6);
  const bytes: number[] = [];
  let state = 0;
  for (let left = near[Math.floor(random() * near.length)]!; left > 0; left--) {
    const open = steps[state]!.filter(({ target }) => ends[left - 1]![target]);
    const step = open[Math.floor(random() * open.length)]!;
    for (const byteClass of step.classes) {
      const members = Array.from(automaton.classOf.keys()).filter(
        (it) => automaton.classOf[it] === byteClass,
      );
      bytes.push(members[Math.floor(random() * members.length)]!);
    }
    state = step.target;
  }
  return bytes;
}

function waysOf(terminal: Sized): Ways {
  const made = known.get(terminal);
  if (made !== undefined) return made;
  const { automaton, min, max = Infinity } = terminal;
  const steps = Array.from({ length: automaton.numStates }, (_, state) => charactersAt(automaton, state));
  const targets = steps.map((from) => [...new Set(from.map(({ target }) => target))]);
  const ends = [Array.from(automaton.accepts, (accepts) => accepts === 1)];
  const last = Math.min(max, min + automaton.numStates + 5);
  for (let count = 1; count <= last; count++)
    ends.push(targets.map((from) => from.some((target) => ends[count - 1]![target])));
  const ways = { steps, ends };
  known.set(terminal, ways);
  return ways;
}

/** Each way that classes of bytes lead through a character. */
function charactersAt(automaton: ByteAutomaton, start: number): Step[] {
  const samples = Array.from({ length: automaton.numClasses }, (_, it) => automaton.classOf.indexOf(it));
  const found: Step[] = [];
  const visit = (state: number, classes: readonly number[]): void => {
    for (const byteClass of samples.keys()) {
      const target = automaton.next[state * automaton.numClasses + byteClass]!;
      if (target < 0) continue;
      const more = [...classes, byteClass];
      if (isWhole(more.map((it) => samples[it]!))) found.push({ classes: more, target });
      else visit(target, more);
    }
  };
  visit(start, []);
  return found;
}

/** Classes of bytes do not lead over the bounds between kinds of first bytes, but for those of UTF-8, which lead alike. */
function isWhole(bytes: readonly number[]): boolean {
  const [first = 0, second] = bytes;
  if (first === 0x5c) return bytes.length === (second === 0x75 ? 6 : 2);
  return bytes.length === (first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
}
