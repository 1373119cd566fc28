// Registers the kernels as TensorFlow operations through its C interface, as this library is loaded. Without AVX2 none
// is registered, and the runtime keeps to stock operations.
#include <initializer_list>

#include "kernels.h"
#include "matrix_ops.h"
#include "op_call.h"
#include "row_ops.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"

namespace tokenflare {
namespace {

// Counts up with every change of the operations, here and in kernel-ops.ts, which refuses an addon of another.
constexpr int32_t kRevision = 2;

const Kernels *BestKernels() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return &Avx512Kernels();
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &Avx2Kernels();
  return nullptr;
}

// The revision of these operations, one number.
void ComputeRevision(void *, TF_OpKernelContext *context) {
  Call call(context);
  TF_Tensor *output = call.Output(TF_INT32, {});
  if (call.ok()) *Data<int32_t>(output) = kRevision;
}

void UnknownShape(TF_ShapeInferenceContext *context, TF_Status *status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

struct Operation {
  const char *name;
  std::initializer_list<const char *> inputs;
  const char *output;
  std::initializer_list<const char *> attributes;
  void (*compute)(void *, TF_OpKernelContext *);
};

void Register(const Operation &operation) {
  TF_Status *status = TF_NewStatus();
  TF_OpDefinitionBuilder *definition = TF_NewOpDefinitionBuilder(operation.name);
  for (const char *attribute : operation.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  for (const char *input : operation.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  TF_OpDefinitionBuilderAddOutput(definition, operation.output);
  // Stateful: never folded or shared, since attention writes its inputs.
  TF_OpDefinitionBuilderSetIsStateful(definition, true);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, UnknownShape);
  TF_RegisterOpDefinition(definition, status);
  TF_KernelBuilder *kernel = TF_NewKernelBuilder(operation.name, "CPU", Create, operation.compute, Delete);
  if (TF_GetCode(status) == TF_OK) TF_RegisterKernelBuilder(operation.name, kernel, status);
  TF_DeleteStatus(status);
}

__attribute__((constructor)) void RegisterAll() {
  __builtin_cpu_init();
  kernels = BestKernels();
  if (kernels == nullptr) return;
  const char *type = "T: {float, bfloat16}", *epsilon = "epsilon: float", *scale = "scale: float";
  const char *num_heads = "num_heads: int", *num_kv_heads = "num_kv_heads: int", *head_dim = "head_dim: int";
  Register({"TokenflareRevision", {}, "revision: int32", {}, ComputeRevision});
  Register({"TokenflarePack", {"matrix: float"}, "packed: T", {type}, ComputePack});
  Register({"TokenflareLinear", {"x: float", "packed: T", "bias: float"}, "y: float", {type, "size: int"},
            ComputeLinear});
  Register({"TokenflareEmbed", {"tokens: T", "positions: U", "ids: int32", "places: int32"}, "y: float",
            {type, "U: {float, bfloat16}", scale}, ComputeEmbed});
  Register({"TokenflareLayerNorm", {"x: float", "gain: float", "shift: float"}, "y: float", {epsilon},
            ComputeLayerNorm});
  Register({"TokenflareRmsNorm", {"x: float", "gain: float"}, "y: float", {epsilon}, ComputeRmsNorm});
  Register({"TokenflareNormHeads", {"qkv: float", "query_gain: float", "key_gain: float"}, "y: float",
            {num_heads, num_kv_heads, head_dim, epsilon}, ComputeNormHeads});
  Register({"TokenflareRotate", {"qkv: float", "table: float", "positions: int32"}, "y: float",
            {num_heads, num_kv_heads, head_dim, "neighbours: bool"}, ComputeRotate});
  Register({"TokenflareGelu", {"x: float"}, "y: float", {}, ComputeGelu});
  Register({"TokenflareGate", {"x: float"}, "y: float", {"silu: bool"}, ComputeGate});
  Register({"TokenflareAdd", {"x: float", "y: float"}, "sum: float", {}, ComputeAdd});
  Register({"TokenflareAttention",
            {"qkv: float", "keys: float", "values: float", "lanes: int32", "positions: int32"},
            "y: float", {num_heads, num_kv_heads, head_dim, scale, "window: int"}, ComputeAttention});
}

}  // namespace
}  // namespace tokenflare
