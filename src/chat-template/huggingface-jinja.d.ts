/**
 * The part of @huggingface/jinja 0.5 that is used here. Its own declarations import each other without file
 * extensions, which Node's module resolution does not follow, so that every type in them is an error.
 */
declare module '@huggingface/jinja' {
  interface Token {
    value: string;
    type: string;
  }

  interface Program {
    type: string;
  }

  export function tokenize(
    source: string,
    options: { lstrip_blocks: boolean; trim_blocks: boolean },
  ): Token[];
  export function parse(tokens: Token[]): Program;

  export class Environment {
    /** Plain data, or a function of plain values. */
    set(name: string, value: unknown): void;
  }

  export class Interpreter {
    constructor(environment: Environment);
    run(program: Program): { value: string };
  }
}
