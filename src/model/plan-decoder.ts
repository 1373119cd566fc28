import type { StoredTensor, ExpectedTensor } from '../weights/match-tensors.ts';
import type { TensorEntry } from '../weights/tensor-source.ts';
import type { ModelPlan } from './architecture.ts';
import type { DecoderConfig } from './decoder-config.ts';
import { createDecoderParameters, plannedDecoderParameters } from './decoder-parameters.ts';
import { Decoder } from './decoder.ts';
import { createRotationTable, rotaryFrequencies } from './rotary.ts';

interface DecoderPlanOptions {
  findTensors: (
    entries: ReadonlyMap<string, TensorEntry>,
    expected: readonly ExpectedTensor[],
  ) => StoredTensor[];
  /** Norms are stored as their distance from 1. */
  normsFromOne?: boolean;
}

/** The plan of a decoder whose tensors are named as `findTensors` knows. */
export function planDecoder(
  config: DecoderConfig,
  { findTensors, normsFromOne = false }: DecoderPlanOptions,
): ModelPlan {
  const parameters = plannedDecoderParameters(config).map((parameter) =>
    normsFromOne && /norm\.weight$/.test(parameter.name) ? { ...parameter, offset: 1 } : parameter,
  );
  const constants = config.rotations.flatMap(({ scaling }) =>
    scaling.type === 'stored' ? [{ name: scaling.name, shape: [config.headDim / 2] }] : [],
  );
  return {
    config,
    parameters,
    constants,
    findTensors: (entries) =>
      findTensors(entries, [...parameters.flatMap(({ parts }) => parts), ...constants]),
    build: (find, { runtime, numPositions, constantsByName }) => {
      const tables = config.rotations.map((rotation, index) => {
        const { scaling } = rotation;
        const stored = scaling.type === 'stored' ? constantsByName.get(scaling.name) : undefined; // [headDim / 2]
        const frequencies = rotaryFrequencies(rotation, config.headDim, stored); // [headDim / 2]
        return createRotationTable(runtime, `rotation ${index}`, frequencies, numPositions);
      });
      return new Decoder(config, createDecoderParameters(config, find), tables);
    },
  };
}
