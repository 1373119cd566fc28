import type { Parameter } from '../runtime/ops.ts';
import type { ExpectedTensor } from '../weights/match-tensors.ts';
import type { PlannedParameter } from './architecture.ts';
import type { DecoderConfig } from './decoder-config.ts';
import type { GatedMlpParameters } from './gated-mlp.ts';
import type { RotaryAttentionParameters } from './rotary-attention.ts';

export interface DecoderBlockParameters {
  readonly attentionNorm: Parameter; // [dim]
  readonly attention: RotaryAttentionParameters;
  readonly attentionOutputNorm: Parameter | undefined; // [dim]
  readonly mlpNorm: Parameter; // [dim]
  readonly mlp: GatedMlpParameters;
  readonly mlpOutputNorm: Parameter | undefined; // [dim]
}

/** Every trained tensor of a decoder, where the model looks for it. */
export interface DecoderParameters {
  readonly tokenEmbedding: Parameter; // [vocab, dim]
  readonly blocks: readonly DecoderBlockParameters[];
  readonly finalNorm: Parameter; // [dim]
  /** [vocab, dim]; the token embedding itself where the head is tied. */
  readonly head: Parameter;
}

/** Makes, or finds, the parameter whose rows are those of the parts. */
type ParameterSource = (name: string, parts: readonly ExpectedTensor[]) => Parameter;

/**
 * Asks `source` once for each trained tensor, in the order of the forward pass. Parts have the names of Hugging Face's
 * models without their prefix; what is multiplied by the same rows is one parameter.
 */
export function createDecoderParameters(config: DecoderConfig, source: ParameterSource): DecoderParameters {
  const { vocabSize, dim, numLayers, tiedHead } = config;
  const single = (name: string, shape: readonly number[]) => source(name, [{ name, shape }]);
  const tokenEmbedding = single('embed_tokens.weight', [vocabSize, dim]); // [vocab, dim]
  const blocks = Array.from({ length: numLayers }, (_, layer) =>
    createBlock(config, source, `layers.${layer}`),
  );
  const finalNorm = single('norm.weight', [dim]); // [dim]
  const head = tiedHead ? tokenEmbedding : single('lm_head.weight', [vocabSize, dim]); // [vocab, dim]
  return { tokenEmbedding, blocks, finalNorm, head };
}

/** Every trained parameter and the stored tensors that it is made of. */
export function plannedDecoderParameters(config: DecoderConfig): PlannedParameter[] {
  const planned: PlannedParameter[] = [];
  createDecoderParameters(config, (name, parts) => {
    const numRows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    const shape = [numRows, ...(parts[0]?.shape.slice(1) ?? [])];
    planned.push({ name, shape, parts });
    return { name, shape };
  });
  return planned;
}

function createBlock(config: DecoderConfig, source: ParameterSource, prefix: string): DecoderBlockParameters {
  const { dim, mlpDim, numHeads, numKvHeads, headDim, headNorms, sandwichNorms } = config;
  const norm = (name: string, width = dim) => {
    const full = `${prefix}.${name}.weight`;
    return source(full, [{ name: full, shape: [width] }]); // [width]
  };
  /** Dense layers that take the same rows, as one. */
  const dense = (
    name: string,
    inDim: number,
    hasBias: boolean,
    outDims: Readonly<Record<string, number>>,
  ) => {
    const parts = (kind: string, shapeOf: (outDim: number) => number[]): ExpectedTensor[] =>
      Object.entries(outDims).map(([part, outDim]) => ({
        name: `${prefix}.${part}.${kind}`,
        shape: shapeOf(outDim),
      }));
    return {
      weight: source(
        `${prefix}.${name}.weight`,
        parts('weight', (outDim) => [outDim, inDim]),
      ),
      bias: hasBias
        ? source(
            `${prefix}.${name}.bias`,
            parts('bias', (outDim) => [outDim]),
          )
        : undefined,
    };
  };
  const [queryDim, kvDim] = [numHeads * headDim, numKvHeads * headDim];
  const mlpNormName = sandwichNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';
  return {
    attentionNorm: norm('input_layernorm'),
    attention: {
      qkv: dense('self_attn.qkv_proj', dim, config.qkvBias, {
        'self_attn.q_proj': queryDim,
        'self_attn.k_proj': kvDim,
        'self_attn.v_proj': kvDim,
      }),
      headNorms: headNorms
        ? { query: norm('self_attn.q_norm', headDim), key: norm('self_attn.k_norm', headDim) }
        : undefined,
      output: dense('self_attn.o_proj', queryDim, config.outputBias, { 'self_attn.o_proj': dim }),
    },
    attentionOutputNorm: sandwichNorms ? norm('post_attention_layernorm') : undefined,
    mlpNorm: norm(mlpNormName),
    mlp: {
      gateUp: dense('mlp.gate_up_proj', dim, config.mlpBias, {
        'mlp.gate_proj': mlpDim,
        'mlp.up_proj': mlpDim,
      }),
      down: dense('mlp.down_proj', mlpDim, config.mlpBias, { 'mlp.down_proj': dim }),
    },
    mlpOutputNorm: sandwichNorms ? norm('post_feedforward_layernorm') : undefined,
  };
}
