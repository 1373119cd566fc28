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
