/** The part of the WebAssembly JavaScript interface in use; Node's types leave it out, and the DOM's bring too much. */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: SharedArrayBuffer;
    grow(pages: number): number;
  }
  const Memory: new (options: { initial: number; maximum: number; shared: boolean }) => Memory;
  interface Global {
    value: unknown;
  }
  interface Module {
    readonly [Symbol.toStringTag]: 'WebAssembly.Module';
  }
  const Module: new (bytes: Uint8Array) => Module;
  function validate(bytes: Uint8Array): boolean;
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>;
  }
  const Instance: new (module: Module, imports: Record<string, Record<string, unknown>>) => Instance;
  /** A trap. */
  const RuntimeError: new (message?: string) => Error;
}
