import type { StepRunner } from './step-runner.ts';

/** A token that was computed, and by how much its logit led the next best. */
interface Choice {
  tokenId: number;
  margin: number;
}

/** The token with the largest logit. */
export function largest(logits: Float32Array): Choice {
  let tokenId = 0;
  let best = -Infinity;
  let second = -Infinity;
  for (const [id, logit] of logits.entries()) {
    if (logit > best) {
      second = best;
      best = logit;
      tokenId = id;
    } else if (logit > second) second = logit;
  }
  return { tokenId, margin: best - second };
}

/**
 * What each sequence would go on with at each of its tokens, all of them decoded side by side, each in the seat of its
 * index. A sequence is led back to the given tokens after each step, so that every one of them is compared; up to the
 * first difference this is its own greedy continuation. [sequences][tokens]
 */
export async function chooseAlong(
  runner: StepRunner,
  sequences: readonly { promptTokenIds: readonly number[]; tokenIds: readonly number[] }[],
): Promise<Choice[][]> {
  const choices: Choice[][] = sequences.map(() => []);
  let inputs = sequences.map(({ promptTokenIds }, seat) => ({
    seat,
    positionStart: 0,
    tokenIds: promptTokenIds,
    logits: 'last' as const,
  }));
  while (inputs.length > 0) {
    const rows = await runner.step(inputs); // [inputs][vocab]
    const next: typeof inputs = [];
    for (const [index, { seat, positionStart, tokenIds }] of inputs.entries()) {
      const chosen = choices[seat] ?? [];
      const tokenId = sequences[seat]?.tokenIds[chosen.length];
      chosen.push(largest(rows[index] ?? new Float32Array()));
      if (tokenId === undefined || chosen.length === sequences[seat]?.tokenIds.length) continue;
      next.push({
        seat,
        positionStart: positionStart + tokenIds.length,
        tokenIds: [tokenId],
        logits: 'last',
      });
    }
    inputs = next;
  }
  return choices;
}
