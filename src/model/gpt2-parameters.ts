import type { Parameter } from '../runtime/ops.ts';
import type { Gpt2Config } from './gpt2-config.ts';
import type { LayerNormParameters } from './layer-norm.ts';
import type { LinearParameters } from './linear.ts';
import type { TransformerBlockParameters } from './transformer-block.ts';

/** Every trained tensor of a GPT-2, where the model looks for it. */
export interface Gpt2Parameters {
  readonly tokenEmbedding: Parameter; // [vocab, dim]
  readonly positionEmbedding: Parameter; // [context, dim]
  readonly blocks: readonly TransformerBlockParameters[];
  readonly finalNorm: LayerNormParameters;
  /** [vocab, dim]; the token embedding itself where the head is tied. */
  readonly head: Parameter;
}

/** Makes, or finds, the parameter of that name; a matrix has the shape [out, in]. */
type ParameterSource = (name: string, shape: readonly number[]) => Parameter;

/**
 * Asks `source` once for each trained tensor, in the order of the forward pass, by the names of Hugging Face's GPT-2
 * without the `transformer.` prefix (https://github.com/openai/gpt-2 has the same). The runtime's loader and the
 * trainer both build their parameters here.
 */
export function createGpt2Parameters(config: Gpt2Config, source: ParameterSource): Gpt2Parameters {
  const tokenEmbedding = source('wte.weight', [config.vocabSize, config.dim]); // [vocab, dim]
  const positionEmbedding = source('wpe.weight', [config.contextLength, config.dim]); // [context, dim]
  const blocks = Array.from({ length: config.numLayers }, (_, layer) =>
    createBlock(config, source, `h.${layer}`),
  );
  const finalNorm = createLayerNorm(config, source, 'ln_f');
  const head = config.tiedHead ? tokenEmbedding : source('lm_head.weight', [config.vocabSize, config.dim]);
  return { tokenEmbedding, positionEmbedding, blocks, finalNorm, head };
}

export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Name and shape of every trained tensor, in the order of the forward pass; a tied head is not listed. */
export function gpt2ParameterShapes(config: Gpt2Config): ParameterShape[] {
  const shapes: ParameterShape[] = [];
  createGpt2Parameters(config, (name, shape) => {
    const parameter = { name, shape };
    shapes.push(parameter);
    return parameter;
  });
  return shapes;
}

function createBlock(
  config: Gpt2Config,
  source: ParameterSource,
  prefix: string,
): TransformerBlockParameters {
  const { dim, mlpDim, bias, qkvBias } = config;
  return {
    attentionNorm: createLayerNorm(config, source, `${prefix}.ln_1`),
    attention: {
      qkv: createLinear(source, `${prefix}.attn.c_attn`, 3 * dim, dim, qkvBias),
      output: createLinear(source, `${prefix}.attn.c_proj`, dim, dim, bias),
    },
    mlpNorm: createLayerNorm(config, source, `${prefix}.ln_2`),
    mlp: {
      expand: createLinear(source, `${prefix}.mlp.c_fc`, mlpDim, dim, bias),
      contract: createLinear(source, `${prefix}.mlp.c_proj`, dim, mlpDim, bias),
    },
  };
}

function createLinear(
  source: ParameterSource,
  prefix: string,
  outDim: number,
  inDim: number,
  hasBias: boolean,
): LinearParameters {
  return {
    weight: source(`${prefix}.weight`, [outDim, inDim]),
    bias: hasBias ? source(`${prefix}.bias`, [outDim]) : undefined,
  };
}

function createLayerNorm(config: Gpt2Config, source: ParameterSource, prefix: string): LayerNormParameters {
  return {
    gain: source(`${prefix}.weight`, [config.dim]),
    shift: config.bias ? source(`${prefix}.bias`, [config.dim]) : undefined,
  };
}
