"""Writes GPT-2 of a model directory as ONNX files that transformers.js opens: onnx/model.onnx (float32) and
onnx/model_quantized.onnx (q8), for `npm run bench -- --peers`.

    python bench/peers/onnx_gpt2.py MODEL_DIRECTORY TARGET_DIRECTORY

The graph is written operation by operation, since it runs faster than what optimum exports (decision 0023): attention,
layer norm and activation are ONNX Runtime's fused operations, and logits are computed for the last positions alone
that `num_logits_to_keep` asks for. q8 is `quantize_dynamic` with signed 8-bit weights.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

OPSET = 17
CONTRIB = "com.microsoft"
ALL = np.iinfo(np.int64).max


class GraphBuilder:
    """Nodes and weights, in the order in which they are added; each node has one name and is known by its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, values: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind: str, inputs: list[str], outputs: str | list[str], domain: str = "", **attributes) -> str:
        names = [outputs] if isinstance(outputs, str) else outputs
        self.nodes.append(helper.make_node(kind, inputs, names, names[0], domain=domain, **attributes))
        return names[0]


def linear(graph: GraphBuilder, name: str, x: str, weights: dict[str, np.ndarray]) -> str:
    """Conv1D of GPT-2: its matrix is [in, out] already, as MatMul wants it."""
    matrix = graph.weight(f"{name}.weight", weights[f"{name}.weight"])  # [in, out]
    product = graph.add("MatMul", [x, matrix], f"{name}.product")  # [batch, seq, out]
    bias = graph.weight(f"{name}.bias", weights[f"{name}.bias"])  # [out]
    return graph.add("Add", [product, bias], f"{name}.output")  # [batch, seq, out]


def layer_norm(graph: GraphBuilder, name: str, x: str, weights: dict[str, np.ndarray], epsilon: float) -> str:
    gain = graph.weight(f"{name}.weight", weights[f"{name}.weight"])  # [dim]
    bias = graph.weight(f"{name}.bias", weights[f"{name}.bias"])  # [dim]
    return graph.add("LayerNormalization", [x, gain, bias], f"{name}.output", axis=-1, epsilon=epsilon)


def attention(graph: GraphBuilder, layer: int, qkv: str, num_heads: int) -> str:
    """No mask goes in: a batch has prompts of one length."""
    name = f"h.{layer}.attn"
    cache = [f"past_key_values.{layer}.{part}" for part in ("key", "value")]  # [batch, heads, past, headDim]
    present = [f"present.{layer}.{part}" for part in ("key", "value")]  # [batch, heads, past + seq, headDim]
    queries_keys_values = [f"{name}.{part}" for part in ("query", "key", "value")]  # [batch, seq, dim] each
    graph.add("Split", [qkv], queries_keys_values, axis=-1)
    return graph.add(
        "MultiHeadAttention",
        [*queries_keys_values, "", "", "", *cache],
        [f"{name}.output", *present],  # [batch, seq, dim]
        CONTRIB,
        num_heads=num_heads,
        unidirectional=1,
    )


def block(graph: GraphBuilder, layer: int, x: str, weights: dict[str, np.ndarray], config: dict) -> str:
    epsilon = config["layer_norm_epsilon"]
    name = f"h.{layer}"
    normed = layer_norm(graph, f"{name}.ln_1", x, weights, epsilon)
    heads = attention(graph, layer, linear(graph, f"{name}.attn.c_attn", normed, weights), config["n_head"])
    projected = linear(graph, f"{name}.attn.c_proj", heads, weights)
    x = graph.add("Add", [x, projected], f"{name}.attn.residual")  # [batch, seq, dim]
    normed = layer_norm(graph, f"{name}.ln_2", x, weights, epsilon)
    hidden = linear(graph, f"{name}.mlp.c_fc", normed, weights)  # [batch, seq, 4 dim]
    activated = graph.add("FastGelu", [hidden], f"{name}.mlp.act", CONTRIB)  # [batch, seq, 4 dim]
    projected = linear(graph, f"{name}.mlp.c_proj", activated, weights)
    return graph.add("Add", [x, projected], f"{name}.output")  # [batch, seq, dim]


def head(graph: GraphBuilder, x: str, wte: np.ndarray) -> None:
    """Logits of the last `num_logits_to_keep` positions; 0 keeps all of them, since -0 is the first index."""
    unsqueezed = graph.weight("first_axis", np.array([0], dtype=np.int64))
    keep = graph.add("Unsqueeze", ["num_logits_to_keep", unsqueezed], "num_logits_to_keep_1d")
    start = graph.add("Neg", [keep], "first_logit")
    end = graph.weight("no_end", np.array([ALL], dtype=np.int64))
    sequence_axis = graph.weight("sequence_axis", np.array([1], dtype=np.int64))
    kept = graph.add("Slice", [x, start, end, sequence_axis], "kept")  # [batch, kept, dim]
    matrix = graph.weight("lm_head.weight", wte.T)  # [dim, vocab]
    graph.add("MatMul", [kept, matrix], "logits")  # [batch, kept, vocab]


def build(weights: dict[str, np.ndarray], config: dict) -> onnx.ModelProto:
    graph = GraphBuilder()
    wte = graph.weight("wte.weight", weights["wte.weight"])  # [vocab, dim]
    wpe = graph.weight("wpe.weight", weights["wpe.weight"])  # [positions, dim]
    tokens = graph.add("Gather", [wte, "input_ids"], "token_embedding", axis=0)  # [batch, seq, dim]
    positions = graph.add("Gather", [wpe, "position_ids"], "position_embedding", axis=0)  # [batch, seq, dim]
    x = graph.add("Add", [tokens, positions], "embedding")  # [batch, seq, dim]
    for layer in range(config["n_layer"]):
        x = block(graph, layer, x, weights, config)
    x = layer_norm(graph, "ln_f", x, weights, config["layer_norm_epsilon"])
    head(graph, x, weights["wte.weight"])
    inputs, outputs = signature(config)
    model = helper.make_model(
        helper.make_graph(graph.nodes, "gpt2", inputs, outputs, graph.weights),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)],
        ir_version=8,
    )
    return model


def signature(config: dict) -> tuple[list[onnx.ValueInfoProto], list[onnx.ValueInfoProto]]:
    """Inputs and outputs under the names and symbolic shapes that transformers.js knows."""
    heads, head_dim = config["n_head"], config["n_embd"] // config["n_head"]
    ids = ["batch_size", "sequence_length"]
    inputs = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, ids),
        helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch_size", "total_sequence_length"]),
        helper.make_tensor_value_info("position_ids", TensorProto.INT64, ids),
        helper.make_tensor_value_info("num_logits_to_keep", TensorProto.INT64, []),
    ]
    logits = ["batch_size", "num_logits", config["vocab_size"]]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, logits)]
    for layer in range(config["n_layer"]):
        for part in ("key", "value"):
            past = ["batch_size", heads, "past_sequence_length", head_dim]
            present = ["batch_size", heads, "total_sequence_length", head_dim]
            name = f"{layer}.{part}"
            inputs.append(helper.make_tensor_value_info(f"past_key_values.{name}", TensorProto.FLOAT, past))
            outputs.append(helper.make_tensor_value_info(f"present.{name}", TensorProto.FLOAT, present))
    return inputs, outputs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("target", type=Path)
    args = parser.parse_args()
    config = json.loads((args.model / "config.json").read_text())
    weights = {
        name.removeprefix("transformer."): values
        for name, values in load_file(args.model / "model.safetensors").items()
    }
    folder = args.target / "onnx"
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(build(weights, config), folder / "model.onnx")
    quantize_dynamic(
        folder / "model.onnx",
        folder / "model_quantized.onnx",
        weight_type=QuantType.QInt8,
        # Embeddings stay in float32: to look them up in 8 bits is slower.
        op_types_to_quantize=["MatMul"],
        # ONNX infers no types behind ONNX Runtime's own operations.
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    )
    # Without an end-of-text token no greedy text ends early.
    endless = {key: value for key, value in config.items() if key not in ("bos_token_id", "eos_token_id")}
    (args.target / "config.json").write_text(json.dumps(endless, indent=2) + "\n")


if __name__ == "__main__":
    main()
