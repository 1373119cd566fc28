import type { StoredTensor, ExpectedTensor } from '../weights/match-tensors.ts';
import type { TensorEntry } from '../weights/tensor-source.ts';
import type { ModelPlan, CausalLm } from './architecture.ts';
import type { DecoderConfig } from './decoder-config.ts';
import {
  createDecoderParameters,
  plannedDecoderParameters,
  type DecoderBlockParameters,
  type DecoderParameters,
} from './decoder-parameters.ts';
import { createRotationTable, rotaryFrequencies } from './rotary.ts';
import { assertInvariant } from '../errors.ts';
import type { Activation, Parameter, Rotation, TransformerOps } from '../runtime/ops.ts';
import { gatedMlp } from './gated-mlp.ts';
import { rotaryAttention } from './rotary-attention.ts';

/**
 * Llama (Touvron et al. 2023) and its kin: pre-RMSNorm blocks of rotary attention and a gated MLP, a final norm, the
 * output head. What Qwen and Gemma do otherwise is in the configuration.
 */
export class Decoder implements CausalLm {
  readonly config: DecoderConfig;
  readonly #parameters: DecoderParameters;
  readonly #rotations: readonly Rotation[];

  /** @param tables one for each of the configuration's rotations, as `Rotation.table` */
  constructor(config: DecoderConfig, parameters: DecoderParameters, tables: readonly Parameter[]) {
    this.config = config;
    this.#parameters = parameters;
    this.#rotations = tables.map((table) => ({ pairing: config.rotaryPairing, table }));
  }

  forward(ops: TransformerOps): Activation {
    return ops.linear(this.hiddenState(ops), this.#parameters.head, undefined); // [logitRows, vocab]
  }

  hiddenState(ops: TransformerOps): Activation {
    const { tokenEmbedding, blocks, finalNorm } = this.#parameters;
    let x = ops.embed(tokenEmbedding, undefined, this.config.embeddingScale); // [rows, dim]
    blocks.forEach((block, layerIndex) => {
      x = this.#block(ops, block, x, layerIndex); // [rows, dim]
    });
    return ops.selectRows(ops.rmsNorm(x, finalNorm, this.config.rmsNormEpsilon)); // [logitRows, dim]
  }

  /** Attention and MLP, each behind a shortcut connection: [rows, dim] -> [rows, dim]. */
  #block(
    ops: TransformerOps,
    parameters: DecoderBlockParameters,
    x: Activation,
    layerIndex: number,
  ): Activation {
    const { rmsNormEpsilon: epsilon, gateActivation } = this.config;
    /** The norm behind a part, where there is one. */
    const outputNorm = (gain: Parameter | undefined, y: Activation): Activation =>
      gain === undefined ? y : ops.rmsNorm(y, gain, epsilon); // [rows, dim]
    const attentionIn = ops.rmsNorm(x, parameters.attentionNorm, epsilon); // [rows, dim]
    const layer = this.#attentionLayer(layerIndex);
    const attended = rotaryAttention(ops, parameters.attention, attentionIn, layerIndex, layer); // [rows, dim]
    const afterAttention = ops.add(x, outputNorm(parameters.attentionOutputNorm, attended)); // [rows, dim]
    const mlpIn = ops.rmsNorm(afterAttention, parameters.mlpNorm, epsilon); // [rows, dim]
    const mlpOut = gatedMlp(ops, parameters.mlp, mlpIn, gateActivation); // [rows, dim]
    return ops.add(afterAttention, outputNorm(parameters.mlpOutputNorm, mlpOut)); // [rows, dim]
  }

  #attentionLayer(layerIndex: number): Parameters<typeof rotaryAttention>[4] {
    const { numHeads, numKvHeads, headDim, attentionScale: scale, rmsNormEpsilon, layers } = this.config;
    const layer = layers[layerIndex];
    const rotation = this.#rotations[layer?.rotation ?? 0];
    assertInvariant(layer && rotation, `layer ${layerIndex} turns its heads`);
    const heads = { numHeads, numKvHeads, headDim, scale, window: layer.window };
    return { heads, rotation, rmsNormEpsilon };
  }
}

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
