import { assertInvariant } from '../../errors.ts';
import type { Kind, RecordedStep, StepInstruction } from './step-instruction.ts';

/** Each row of the result comes from the same row of the inputs alone, by the same sums whatever the other rows. */
const ROW_BY_ROW: ReadonlySet<Kind> = new Set(['linear', 'layerNorm', 'rmsNorm', 'gelu', 'gate', 'add']);

/** The same numbers by fewer and shorter operations. */
export function optimizeStep(step: RecordedStep): RecordedStep {
  return joinOntoProducts(selectEarly(step));
}

/**
 * Computes only the rows that are wanted, from the last operation on that needs the others: of the last block of a
 * prompt that is its attention, so that its MLP sees one row. What nothing needs is left out; attention never is,
 * since it writes the cache.
 */
export function selectEarly({ instructions, result }: RecordedStep): RecordedStep {
  const needed = neededWhole({ instructions, result });
  const placed: StepInstruction[] = [];
  const places = new Map<number, number>(); // of an instruction with the rows that it was recorded with
  const selectedPlaces = new Map<number, number>(); // of one with the selected rows alone

  const push = (instruction: StepInstruction): number => placed.push(instruction) - 1;
  const once = (made: Map<number, number>, index: number, make: () => number): number => {
    const place = made.get(index) ?? make();
    made.set(index, place);
    return place;
  };
  const at = (index: number): StepInstruction => instructionAt(instructions, index);
  const place = (index: number): number =>
    once(places, index, () => {
      const instruction = at(index);
      const [first = 0] = instruction.inputs;
      if (instruction.kind === 'select') return select(first);
      const inputs = instruction.inputs.map(place);
      return push({ ...instruction, inputs });
    });
  const select = (index: number): number =>
    once(selectedPlaces, index, () => {
      const instruction = at(index);
      if (ROW_BY_ROW.has(instruction.kind) && needed[index] !== true) {
        const inputs = instruction.inputs.map(select);
        return push({ ...instruction, inputs, isSelected: true });
      }
      const { cols } = instruction;
      const inputs = [place(index)];
      return push({ kind: 'select', inputs, tensors: [], numbers: [], scalar: 0, cols, isSelected: true });
    });

  instructions.forEach(({ kind }, index) => {
    if (kind === 'attention') place(index);
  });
  const resultPlace = place(result);
  return { instructions: placed, result: resultPlace };
}

/** Of each instruction, whether something needs all of its rows. */
function neededWhole({ instructions, result }: RecordedStep): boolean[] {
  const needed = instructions.map((_, index) => index === result);
  for (let user = instructions.length - 1; user >= 0; user--) {
    const { kind, inputs } = instructionAt(instructions, user);
    const needsAll = kind !== 'select' && (needed[user] === true || !ROW_BY_ROW.has(kind));
    if (needsAll) for (const input of inputs) needed[input] = true;
  }
  return needed;
}

/** GELU of a product, and its sum with something else, are computed while the product is at hand. */
export function joinOntoProducts({ instructions, result }: RecordedStep): RecordedStep {
  const uses = new Array<number>(instructions.length).fill(0);
  for (const { inputs } of instructions) for (const input of inputs) uses[input] = (uses[input] ?? 0) + 1;
  uses[result] = (uses[result] ?? 0) + 1;
  const joined: (StepInstruction | undefined)[] = [...instructions];
  const takeProduct = (index: number, isFree: (product: StepInstruction) => boolean) => {
    const product = joined[index];
    const isTaken = product?.kind === 'linear' && product.inputs.length === 1 && uses[index] === 1;
    if (!isTaken || !isFree(product)) return undefined;
    joined[index] = undefined;
    return product;
  };
  instructions.forEach(({ kind, inputs }, index) => {
    const [x = 0, y = 0] = inputs;
    if (kind === 'gelu') {
      const product = takeProduct(x, ({ numbers }) => numbers[0] !== 1);
      if (product) joined[index] = { ...product, numbers: [1] };
    }
    if (kind === 'add') {
      const [product, other] = orElse(
        takeProduct(y, () => true),
        x,
      ) ?? [takeProduct(x, () => true), y];
      if (product) joined[index] = { ...product, inputs: [...product.inputs, other] };
    }
  });
  return withoutGaps(joined, result);
}

function orElse<T, U>(value: T | undefined, other: U): [T, U] | undefined {
  return value === undefined ? undefined : [value, other];
}

function withoutGaps(instructions: readonly (StepInstruction | undefined)[], result: number): RecordedStep {
  const kept: StepInstruction[] = [];
  const places = instructions.map((instruction) => (instruction ? kept.push(instruction) - 1 : undefined));
  const placeOf = (index: number): number => {
    const place = places[index];
    assertInvariant(place !== undefined, `instruction ${index} was kept`);
    return place;
  };
  return {
    instructions: kept.map((instruction) => ({ ...instruction, inputs: instruction.inputs.map(placeOf) })),
    result: placeOf(result),
  };
}

function instructionAt(instructions: readonly StepInstruction[], index: number): StepInstruction {
  const instruction = instructions[index];
  assertInvariant(instruction, `instruction ${index} was recorded`);
  return instruction;
}
