"""Decode speed of GPT-2 by transformers on PyTorch, eager, with a KV cache: the yardstick of `npm run test:gpu`.

    python bench/peers/pytorch_gpt2.py MODEL_DIRECTORY [--device cuda] [--dtype float32] [--streams 1]

One line of JSON: tokens per second after the first token, and the milliseconds to the first, medians of the repeats.
"""

import argparse
import json
import statistics
import time

import torch
from transformers import GPT2LMHeadModel


def synchronize(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


@torch.inference_mode()
def measure(model: GPT2LMHeadModel, prompt: torch.Tensor, num_tokens: int, device: str) -> tuple[float, float]:
    """Milliseconds to the first token, and tokens per second of all streams after it."""
    synchronize(device)
    started = time.perf_counter()
    output = model(prompt, use_cache=True)  # logits: [streams, prompt, vocab]
    token = output.logits[:, -1].argmax(-1, keepdim=True)  # [streams, 1]
    # A server must read each token back, to stream it and to see whether it ends the text.
    token.tolist()
    first = time.perf_counter()
    cache = output.past_key_values
    for _ in range(num_tokens - 1):
        output = model(token, past_key_values=cache, use_cache=True)  # logits: [streams, 1, vocab]
        cache = output.past_key_values
        token = output.logits[:, -1].argmax(-1, keepdim=True)  # [streams, 1]
        token.tolist()
    ended = time.perf_counter()
    return (first - started) * 1000, prompt.shape[0] * (num_tokens - 1) / (ended - first)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--dtype", default="float32", choices=["float32", "float16", "bfloat16"])
    parser.add_argument("--streams", type=int, default=1)
    parser.add_argument("--prompt-tokens", type=int, default=32)
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()

    model = GPT2LMHeadModel.from_pretrained(args.model, dtype=getattr(torch, args.dtype), attn_implementation="eager")
    model = model.eval().to(args.device)
    generator = torch.Generator().manual_seed(0)
    prompt = torch.randint(model.config.vocab_size, (args.streams, args.prompt_tokens), generator=generator)
    prompt = prompt.to(args.device)  # [streams, prompt]
    measure(model, prompt, args.max_tokens, args.device)  # warm-up
    runs = [measure(model, prompt, args.max_tokens, args.device) for _ in range(args.repeats)]
    report = {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if args.device == "cuda" else "cpu",
        "dtype": args.dtype,
        "streams": args.streams,
        "ttft_ms": round(statistics.median(run[0] for run in runs), 2),
        "tokens_per_second": round(statistics.median(run[1] for run in runs), 1),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
