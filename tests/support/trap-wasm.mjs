/**
 * Makes the kernels of WebAssembly trap. Loaded before them, it notes the memory that their threads use.
 * `--import trap-wasm.mjs?writeBeside` and the like do in a process, at SIGUSR2, what `TRAPS` does by that name.
 */
import { syncBuiltinESMExports } from 'node:module';
import workerThreads from 'node:worker_threads';

/** Of the kernels that started last: the instance of the calling thread, and what the other threads were given. */
let caller;
let memory;
let threads = [];

const { WebAssembly: wasm } = globalThis;
const { Instance } = wasm;
wasm.Instance = function (...operands) {
  const instance = new Instance(...operands);
  if ('stopThreads' in instance.exports)
    [caller, memory, threads] = [instance.exports, operands[1].env.memory, []];
  return instance;
};

const { Worker } = workerThreads;
workerThreads.Worker = class extends Worker {
  constructor(source, options) {
    super(source, options);
    if (options.name === 'wasm-kernels') threads.push(options.workerData);
  }
};
syncBuiltinESMExports();

/** Addresses and sizes of each thread's scratch, which are all that is local to it. */
function fillScratch(byte) {
  for (const { memory, tls } of threads)
    new Uint8Array(memory.buffer, tls, caller.__tls_size.value).fill(byte);
}

/** The exports of the kernels that started last, as the module has them, and its memory. */
export const rawExports = () => caller;
export const rawMemory = () => memory;

export const TRAPS = {
  /** The threads have much scratch, beside the memory. */
  writeBeside: () => fillScratch(0x7f),
  /** The threads have less scratch than none, and give it back: malloc is locked meanwhile. */
  freeBeside: () => fillScratch(0xff),
  /** The calling thread has no stack left. */
  overflowStack: () => {
    caller.__stack_pointer.value = 0;
  },
};

const trap = TRAPS[new URL(import.meta.url).search.slice(1)];
if (trap !== undefined) process.on('SIGUSR2', trap);
