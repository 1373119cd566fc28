import type { GateActivation, Rotation } from '../runtime/ops.ts';
import type { ModelConfig } from './model-config.ts';
import type { RotaryConfig } from './rotary.ts';

/** A decoder with RMSNorm, rotary positions and a gated MLP: Llama and what came of it. */
export interface DecoderConfig extends ModelConfig {
  rmsNormEpsilon: number;
  /** Which dense layers have a bias. */
  qkvBias: boolean;
  outputBias: boolean;
  mlpBias: boolean;
  /** Queries and keys are normed head by head (Henry et al. 2020). */
  headNorms: boolean;
  /** What attention and MLP give is normed, too, before it joins the shortcut. */
  sandwichNorms: boolean;
  gateActivation: GateActivation;
  /** What token embeddings are multiplied by. */
  embeddingScale: number;
  /** What attention scores are multiplied by. */
  attentionScale: number;
  rotaryPairing: Rotation['pairing'];
  /** The ways in which layers turn their heads; most models have one. */
  rotations: readonly RotaryConfig[];
  layers: readonly LayerConfig[];
}

export interface LayerConfig {
  /** Tokens that a query sees, itself included; `undefined`: all. */
  window: number | undefined;
  /** Which of the rotations. */
  rotation: number;
}

/** What configurations of both formats tell of any decoder. */
type KnownDecoder = Omit<ModelConfig, 'architecture'> &
  Pick<DecoderConfig, 'rmsNormEpsilon' | 'rotations' | 'layers'>;

/** Llama as it was published, and what Qwen begins with: no biases, no norms but those before attention and MLP. */
export function plainDecoder(architecture: string, known: KnownDecoder): DecoderConfig {
  return {
    architecture,
    ...known,
    qkvBias: false,
    outputBias: false,
    mlpBias: false,
    headNorms: false,
    sandwichNorms: false,
    gateActivation: 'silu',
    embeddingScale: 1,
    attentionScale: 1 / Math.sqrt(known.headDim),
    rotaryPairing: 'halves',
  };
}

/** Layers that see everything, turned alike. */
export const fullLayers = (numLayers: number): LayerConfig[] =>
  Array.from({ length: numLayers }, () => ({ window: undefined, rotation: 0 }));
