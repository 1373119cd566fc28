// Registers the kernels as TensorFlow operations through its C interface, as this library is loaded. Without AVX2 none
// is registered, and the runtime keeps to stock operations.
#include <initializer_list>

#include "kernels.h"
#include "matrix_ops.h"
#include "op_call.h"
#include "step_op.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"

namespace tokenflare {
namespace {

// Counts up with every change of the operations, here and in native-kernels.ts, which refuses an addon of another.
constexpr int32_t kRevision = 3;

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
  TF_Tensor *output = call.Output(0, TF_INT32, {});
  if (call.ok()) *Data<int32_t>(output) = kRevision;
}

void UnknownShape(TF_ShapeInferenceContext *context, TF_Status *status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

struct Operation {
  const char *name;
  std::initializer_list<const char *> inputs;
  std::initializer_list<const char *> outputs;
  std::initializer_list<const char *> attributes;
  void (*compute)(void *, TF_OpKernelContext *);
};

void Register(const Operation &operation) {
  TF_Status *status = TF_NewStatus();
  TF_OpDefinitionBuilder *definition = TF_NewOpDefinitionBuilder(operation.name);
  for (const char *attribute : operation.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  for (const char *input : operation.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char *output : operation.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  // Stateful: never folded or shared, since a step writes the cache that is among its inputs.
  TF_OpDefinitionBuilderSetIsStateful(definition, true);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, UnknownShape);
  TF_RegisterOpDefinition(definition, status);
  TF_KernelBuilder *kernel = TF_NewKernelBuilder(operation.name, "CPU", nullptr, operation.compute, nullptr);
  if (TF_GetCode(status) == TF_OK) TF_RegisterKernelBuilder(operation.name, kernel, status);
  TF_DeleteStatus(status);
}

__attribute__((constructor)) void RegisterAll() {
  __builtin_cpu_init();
  kernels = BestKernels();
  if (kernels == nullptr) return;
  Register({"TokenflareRevision", {}, {"revision: int32"}, {}, ComputeRevision});
  Register({"TokenflarePack", {"matrix: float"}, {"packed: T"}, {"T: {float, bfloat16}"}, ComputePack});
  Register({"TokenflareZeros", {"shape: int32"}, {"zeros: float"}, {}, ComputeZeros});
  Register({"TokenflareStep",
            {"program: int32", "rows: int32", "floats: num_floats * float", "halves: num_halves * bfloat16"},
            {"whole: float", "tops: float"},
            {"num_floats: int >= 0", "num_halves: int >= 0"},
            ComputeStep});
}

}  // namespace
}  // namespace tokenflare
