// Registers the kernels as TensorFlow operations through its C interface, as this library is loaded. Without AVX2 none
// is registered, and the runtime keeps to stock operations.
#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "kernels.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "thread_pool.h"

namespace tokenflare {
namespace {

const Kernels *BestKernels() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return &Avx512Kernels();
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &Avx2Kernels();
  return nullptr;
}

const Kernels *kernels = nullptr;

// What an operation sees of TensorFlow while it computes. After a failure every call does nothing.
class Call {
 public:
  explicit Call(TF_OpKernelContext *context) : context_(context), status_(TF_NewStatus()) {}

  ~Call() {
    if (!ok()) TF_OpKernelContext_Failure(context_, status_);
    for (int i = 0; i < num_tensors_; i++) TF_DeleteTensor(tensors_[i]);
    TF_DeleteStatus(status_);
  }

  bool ok() const { return TF_GetCode(status_) == TF_OK; }

  TF_Tensor *Input(int index) {
    TF_Tensor *tensor = nullptr;
    if (ok()) TF_GetInput(context_, index, &tensor, status_);
    return Keep(tensor);
  }

  TF_Tensor *Output(TF_DataType type, std::initializer_list<int64_t> shape) {
    if (!ok()) return nullptr;
    size_t num_bytes = TF_DataTypeSize(type);
    for (const int64_t dim : shape) num_bytes *= dim;
    return Keep(TF_AllocateOutput(context_, 0, type, shape.begin(), static_cast<int>(shape.size()), num_bytes, status_));
  }

  bool Require(bool condition, const char *message) {
    if (ok() && !condition) TF_SetStatus(status_, TF_INVALID_ARGUMENT, message);
    return ok();
  }

 private:
  TF_Tensor *Keep(TF_Tensor *tensor) {
    if (tensor != nullptr) tensors_[num_tensors_++] = tensor;
    return tensor;
  }

  TF_OpKernelContext *context_;
  TF_Status *status_;
  TF_Tensor *tensors_[8];
  int num_tensors_ = 0;
};

template <typename T>
T *Data(const TF_Tensor *tensor) {
  return static_cast<T *>(TF_TensorData(tensor));
}

// Null for a tensor without elements: what is left out.
const float *Optional(const TF_Tensor *tensor) {
  return TF_TensorElementCount(tensor) == 0 ? nullptr : Data<float>(tensor);
}

struct Attributes {
  int64_t size = 0;
  float epsilon = 0;
};

void *CreateWithSize(TF_OpKernelConstruction *construction) {
  TF_Status *status = TF_NewStatus();
  auto *attributes = new Attributes();
  TF_OpKernelConstruction_GetAttrInt64(construction, "size", &attributes->size, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return attributes;
}

void *CreateWithEpsilon(TF_OpKernelConstruction *construction) {
  TF_Status *status = TF_NewStatus();
  auto *attributes = new Attributes();
  TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &attributes->epsilon, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return attributes;
}

void *CreateBare(TF_OpKernelConstruction *) { return new Attributes(); }

void Delete(void *attributes) { delete static_cast<Attributes *>(attributes); }

uint16_t RoundToBfloat16(float value) {
  uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  if ((word & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>((word >> 16) | 0x40);  // NaN stays NaN
  return static_cast<uint16_t>((word + 0x7fff + ((word >> 16) & 1)) >> 16);
}

template <typename Weight, typename Convert>
void PackInto(Weight *packed, const float *matrix, int64_t num_out, int64_t depth, Convert convert) {
  const int64_t width = kernels->panel_width;
  const int64_t num_panels = (num_out + width - 1) / width;
  ParallelFor(num_panels, [&](int64_t panel) {
    Weight *to = packed + panel * depth * width;
    for (int64_t i = 0; i < width; i++) {
      const int64_t out = panel * width + i;
      for (int64_t k = 0; k < depth; k++) to[k * width + i] = out < num_out ? convert(matrix[out * depth + k]) : Weight{};
    }
  });
}

// [out, in] -> [panels, in, panel width]
void ComputePack(void *, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *matrix = call.Input(0);
  if (!call.Require(call.ok() && TF_NumDims(matrix) == 2, "a matrix has two dimensions")) return;
  const int64_t num_out = TF_Dim(matrix, 0), depth = TF_Dim(matrix, 1), width = kernels->panel_width;
  const TF_DataType type = TF_ExpectedOutputDataType(context, 0);
  TF_Tensor *packed = call.Output(type, {(num_out + width - 1) / width, depth, width});
  if (!call.ok()) return;
  if (type == TF_FLOAT) {
    PackInto(Data<float>(packed), Data<float>(matrix), num_out, depth, [](float value) { return value; });
  } else {
    PackInto(Data<uint16_t>(packed), Data<float>(matrix), num_out, depth, RoundToBfloat16);
  }
}

// [rows, in], [panels, in, panel width], [out] or [0] -> [rows, out]
void ComputeLinear(void *attributes, TF_OpKernelContext *context) {
  const int64_t num_out = static_cast<Attributes *>(attributes)->size;
  Call call(context);
  const TF_Tensor *x = call.Input(0), *packed = call.Input(1), *bias = call.Input(2);
  if (!call.ok()) return;
  const int64_t num_rows = TF_Dim(x, 0), depth = TF_Dim(x, 1), width = kernels->panel_width;
  const bool fits = TF_Dim(packed, 1) == depth && TF_Dim(packed, 0) == (num_out + width - 1) / width;
  if (!call.Require(fits, "rows and matrix have the same depth")) return;
  TF_Tensor *output = call.Output(TF_FLOAT, {num_rows, num_out});
  if (!call.ok()) return;
  const bool is_float = TF_TensorType(packed) == TF_FLOAT;
  const PackedMatrix matrix = {is_float ? Data<float>(packed) : nullptr, is_float ? nullptr : Data<uint16_t>(packed),
                               num_out, depth};
  kernels->linear(Data<float>(x), num_rows, matrix, Optional(bias), Data<float>(output));
}

float Widen(float value) { return value; }

float Widen(uint16_t half) {
  const uint32_t word = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &word, sizeof value);
  return value;
}

// A row's numbers lie a panel width apart: asked for ahead, since no two share a cache line.
template <typename Weight>
void AddRow(const Weight *from, int64_t depth, int64_t width, float *output) {
  constexpr int64_t kAhead = 24;
  for (int64_t k = 0; k < depth; k++) {
    __builtin_prefetch(from + std::min(k + kAhead, depth - 1) * width);
    output[k] += Widen(from[k * width]);
  }
}

void AddRow(const TF_Tensor *packed, int64_t row, float *output) {
  const int64_t depth = TF_Dim(packed, 1), width = kernels->panel_width;
  const int64_t start = row / width * depth * width + row % width;
  if (TF_TensorType(packed) == TF_FLOAT) {
    AddRow(Data<float>(packed) + start, depth, width, output);
  } else {
    AddRow(Data<uint16_t>(packed) + start, depth, width, output);
  }
}

// Rows of two packed matrices, added: ids [rows], positions [rows] -> [rows, dim]
void ComputeEmbed(void *, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *tokens = call.Input(0), *positions = call.Input(1), *ids = call.Input(2), *places = call.Input(3);
  if (!call.ok()) return;
  const int64_t num_rows = TF_Dim(ids, 0), dim = TF_Dim(tokens, 1);
  TF_Tensor *output = call.Output(TF_FLOAT, {num_rows, dim});
  if (!call.ok()) return;
  ParallelFor(num_rows, [&](int64_t row) {
    float *to = Data<float>(output) + row * dim;
    std::memset(to, 0, dim * sizeof(float));
    AddRow(tokens, Data<int32_t>(ids)[row], to);
    AddRow(positions, Data<int32_t>(places)[row], to);
  });
}

// [rows, dim], [dim], [dim] or [0] -> [rows, dim]
void ComputeLayerNorm(void *attributes, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *x = call.Input(0), *gain = call.Input(1), *shift = call.Input(2);
  if (!call.ok()) return;
  TF_Tensor *output = call.Output(TF_FLOAT, {TF_Dim(x, 0), TF_Dim(x, 1)});
  if (!call.ok()) return;
  kernels->layer_norm(Data<float>(x), TF_Dim(x, 0), TF_Dim(x, 1), Data<float>(gain), Optional(shift),
                      static_cast<Attributes *>(attributes)->epsilon, Data<float>(output));
}

void ComputeGelu(void *, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *x = call.Input(0);
  if (!call.ok()) return;
  TF_Tensor *output = call.Output(TF_FLOAT, {TF_Dim(x, 0), TF_Dim(x, 1)});
  if (call.ok()) kernels->gelu(Data<float>(x), TF_TensorElementCount(x), Data<float>(output));
}

void ComputeAdd(void *, TF_OpKernelContext *context) {
  Call call(context);
  const TF_Tensor *x = call.Input(0), *y = call.Input(1);
  if (!call.ok()) return;
  const bool fits = TF_Dim(x, 0) == TF_Dim(y, 0) && TF_Dim(x, 1) == TF_Dim(y, 1);
  if (!call.Require(fits, "both have the same shape")) return;
  TF_Tensor *output = call.Output(TF_FLOAT, {TF_Dim(x, 0), TF_Dim(x, 1)});
  if (call.ok()) kernels->add(Data<float>(x), Data<float>(y), TF_TensorElementCount(x), Data<float>(output));
}

// [rows, 3 * dim], the cache of one layer [lanes, heads, laneLength, paddedDim] twice, written in place, the lane and
// position of each row -> [rows, dim]
void ComputeAttention(void *attributes, TF_OpKernelContext *context) {
  const int64_t head_dim = static_cast<Attributes *>(attributes)->size;
  Call call(context);
  const TF_Tensor *qkv = call.Input(0), *keys = call.Input(1), *values = call.Input(2), *lanes = call.Input(3),
                  *positions = call.Input(4);
  if (!call.ok()) return;
  const int64_t num_rows = TF_Dim(qkv, 0), num_heads = TF_Dim(keys, 1);
  const bool fits = TF_Dim(qkv, 1) == 3 * num_heads * head_dim && TF_Dim(lanes, 0) == num_rows;
  if (!call.Require(fits, "queries fit the cache")) return;
  for (int64_t row = 0; row < num_rows; row++) {
    const int32_t lane = Data<int32_t>(lanes)[row], position = Data<int32_t>(positions)[row];
    const bool inside = lane >= 0 && lane < TF_Dim(keys, 0) && position >= 0 && position < TF_Dim(keys, 2);
    if (!call.Require(inside, "a row's lane and position lie in the cache")) return;
  }
  TF_Tensor *output = call.Output(TF_FLOAT, {num_rows, num_heads * head_dim});
  if (!call.ok()) return;
  kernels->attention({Data<float>(qkv), Data<float>(keys), Data<float>(values), Data<int32_t>(lanes),
                      Data<int32_t>(positions), Data<float>(output), num_rows, num_heads, head_dim, TF_Dim(keys, 3),
                      TF_Dim(keys, 2)});
}

void UnknownShape(TF_ShapeInferenceContext *context, TF_Status *status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

struct Operation {
  const char *name;
  std::initializer_list<const char *> inputs;
  const char *output;
  std::initializer_list<const char *> attributes;
  void *(*create)(TF_OpKernelConstruction *);
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
  TF_KernelBuilder *kernel = TF_NewKernelBuilder(operation.name, "CPU", operation.create, operation.compute, Delete);
  if (TF_GetCode(status) == TF_OK) TF_RegisterKernelBuilder(operation.name, kernel, status);
  TF_DeleteStatus(status);
}

__attribute__((constructor)) void RegisterAll() {
  __builtin_cpu_init();
  kernels = BestKernels();
  if (kernels == nullptr) return;
  const char *type = "T: {float, bfloat16}";
  Register({"TokenflarePack", {"matrix: float"}, "packed: T", {type}, CreateBare, ComputePack});
  Register({"TokenflareLinear", {"x: float", "packed: T", "bias: float"}, "y: float", {type, "size: int"},
            CreateWithSize, ComputeLinear});
  Register({"TokenflareEmbed", {"tokens: T", "positions: U", "ids: int32", "places: int32"}, "y: float",
            {type, "U: {float, bfloat16}"},
            CreateBare, ComputeEmbed});
  Register({"TokenflareLayerNorm", {"x: float", "gain: float", "shift: float"}, "y: float", {"epsilon: float"},
            CreateWithEpsilon, ComputeLayerNorm});
  Register({"TokenflareGelu", {"x: float"}, "y: float", {}, CreateBare, ComputeGelu});
  Register({"TokenflareAdd", {"x: float", "y: float"}, "sum: float", {}, CreateBare, ComputeAdd});
  Register({"TokenflareAttention",
            {"qkv: float", "keys: float", "values: float", "lanes: int32", "positions: int32"},
            "y: float", {"size: int"}, CreateWithSize, ComputeAttention});
}

}  // namespace
}  // namespace tokenflare
