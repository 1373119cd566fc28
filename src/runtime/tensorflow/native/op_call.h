// What every operation needs of TensorFlow's C interface.
#ifndef TOKENFLARE_OP_CALL_H_
#define TOKENFLARE_OP_CALL_H_

#include <initializer_list>

#include "kernels.h"
#include "tensorflow/c/kernels.h"

namespace tokenflare {
namespace {

// Those of this processor.
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

// What an operation was told as it was made; what it does not have stays zero.
struct Attributes {
  int64_t size = 0, num_heads = 0, num_kv_heads = 0, head_dim = 0, window = 0;
  float epsilon = 0, scale = 0;
  bool neighbours = false, silu = false;
};

void *Create(TF_OpKernelConstruction *construction) {
  TF_Status *status = TF_NewStatus();
  auto *attributes = new Attributes();
  const auto read = [&](const char *name, auto get, auto *value) {
    const bool is_there = TF_GetCode(status) == TF_OK && TF_OpKernelConstruction_HasAttr(construction, name, status);
    if (is_there) get(construction, name, value, status);
  };
  read("size", TF_OpKernelConstruction_GetAttrInt64, &attributes->size);
  read("num_heads", TF_OpKernelConstruction_GetAttrInt64, &attributes->num_heads);
  read("num_kv_heads", TF_OpKernelConstruction_GetAttrInt64, &attributes->num_kv_heads);
  read("head_dim", TF_OpKernelConstruction_GetAttrInt64, &attributes->head_dim);
  read("window", TF_OpKernelConstruction_GetAttrInt64, &attributes->window);
  read("epsilon", TF_OpKernelConstruction_GetAttrFloat, &attributes->epsilon);
  read("scale", TF_OpKernelConstruction_GetAttrFloat, &attributes->scale);
  unsigned char neighbours = 0, silu = 0;
  read("neighbours", TF_OpKernelConstruction_GetAttrBool, &neighbours);
  read("silu", TF_OpKernelConstruction_GetAttrBool, &silu);
  attributes->neighbours = neighbours != 0;
  attributes->silu = silu != 0;
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return attributes;
}

const Attributes &AttributesOf(void *attributes) { return *static_cast<Attributes *>(attributes); }

void Delete(void *attributes) { delete static_cast<Attributes *>(attributes); }

}  // namespace
}  // namespace tokenflare

#endif  // TOKENFLARE_OP_CALL_H_
