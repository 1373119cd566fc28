import type { RuntimeValue } from '@huggingface/jinja';
import {
  areEqual,
  functionValue,
  integerValue,
  listValue,
  mappingValue,
  truthValue,
  undefinedValue,
} from './python-values.ts';

/** Thrown where a template leaves a pass of a loop, with what the pass had written. */
export class LoopSignal extends Error {
  readonly ending: string;
  readonly text: string;

  constructor(ending: string, text: string) {
    super(`${ending} outside a loop`);
    this.ending = ending;
    this.text = text;
  }
}

/** What a template sees of a loop as `loop`. */
export class LoopState {
  readonly #items: readonly RuntimeValue[];
  #lastSeen: RuntimeValue | undefined;

  constructor(items: readonly RuntimeValue[]) {
    this.#items = items;
  }

  valueAt(index: number): RuntimeValue {
    const { length } = this.#items;
    return mappingValue({
      index: integerValue(index + 1),
      index0: integerValue(index),
      revindex: integerValue(length - index),
      revindex0: integerValue(length - index - 1),
      first: truthValue(index === 0),
      last: truthValue(index === length - 1),
      length: integerValue(length),
      previtem: index === 0 ? undefinedValue() : (this.#items[index - 1] ?? undefinedValue()),
      nextitem: this.#items[index + 1] ?? undefinedValue(),
      cycle: functionValue((values) => values[index % values.length] ?? undefinedValue()),
      changed: functionValue((values) => truthValue(this.#hasChanged(listValue(values)))),
    });
  }

  #hasChanged(values: RuntimeValue): boolean {
    const before = this.#lastSeen;
    this.#lastSeen = values;
    return before === undefined || !areEqual(before, values);
  }
}
