import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../../errors.ts';
import type { WasmHeap } from '../wasm-heap.ts';
import type { Job } from '../job.ts';

/** What the jobs of a kernel depend on beside their buffers. */
export interface JobContext {
  readonly numThreads: number;
  /** Address of at least `numBytes` that hold nothing beyond the jobs that asked for them. */
  readonly scratch: (numBytes: number) => number;
}

/** What a kernel may use of the runtime that calls it. */
export interface KernelContext extends JobContext {
  /** Tells the runtimes of one thread apart: tfjs carries it as an attribute. */
  readonly id: number;
  readonly heap: WasmHeap;
  /** Runs one job on all threads (kernel-pool.ts); a job may rely on the ones before it. */
  readonly run: (kernelId: number, numChunks: number, args: readonly number[]) => void;
}

/** Runs jobs one after the other. */
export function runJobs({ run }: KernelContext, jobs: readonly Job[]): void {
  for (const job of jobs) run(...job);
}

type Compute<Inputs, Attrs> = (context: KernelContext, inputs: Inputs, attrs: Attrs) => tf.TensorInfo;

const contexts = new Map<number, KernelContext>();

export function openContext(context: KernelContext): void {
  contexts.set(context.id, context);
}

export function closeContext(context: KernelContext): void {
  contexts.delete(context.id);
}

/**
 * Registers a kernel with tfjs for the wasm backend and returns the function that runs it through tfjs' engine. The
 * result is a tensor like any other: it belongs to the enclosing `tf.tidy`.
 */
export function defineKernel<Inputs extends tf.NamedTensorInfoMap, Attrs extends Record<string, number>>(
  kernelName: string,
  compute: Compute<Inputs, Attrs>,
): (context: KernelContext, inputs: { [Name in keyof Inputs]: tf.Tensor }, attrs: Attrs) => tf.Tensor {
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => {
      const context = contexts.get(Number(attrs?.['contextId']));
      assertInvariant(context, `${kernelName} runs inside a wasm runtime`);
      return compute(context, inputs as Inputs, attrs as Attrs);
    },
  });
  return (context, inputs, attrs) =>
    tf.engine().runKernel(kernelName, inputs, { ...attrs, contextId: context.id });
}
