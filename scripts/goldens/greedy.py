"""Greedy texts by transformers."""

import torch


@torch.no_grad()
def greedy(model, prompt_ids: list[int], num_tokens: int) -> tuple[list[int], list[float]]:
    """The new ids, by transformers' own generate, and the lead of each over the next best, in logits."""
    prompt = torch.tensor([prompt_ids])
    out = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        do_sample=False,
        max_new_tokens=num_tokens,
        output_logits=True,
        return_dict_in_generate=True,
    )
    best = torch.stack(out.logits)[:, 0].topk(2).values
    return out.sequences[0, len(prompt_ids) :].tolist(), (best[:, 0] - best[:, 1]).tolist()
