// What every operation needs of TensorFlow's C interface.
#ifndef TOKENFLARE_OP_CALL_H_
#define TOKENFLARE_OP_CALL_H_

#include <initializer_list>
#include <vector>

#include "kernels.h"
#include "lasting_memory.h"
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
    for (TF_Tensor *tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }

  bool ok() const { return TF_GetCode(status_) == TF_OK; }

  TF_Tensor *Input(int index) {
    TF_Tensor *tensor = nullptr;
    if (ok()) TF_GetInput(context_, index, &tensor, status_);
    return Keep(tensor);
  }

  // Null after a failure.
  TF_Tensor *Output(int index, TF_DataType type, std::initializer_list<int64_t> shape) {
    if (!ok()) return nullptr;
    const int num_dims = static_cast<int>(shape.size());
    return Keep(TF_AllocateOutput(context_, index, type, shape.begin(), num_dims, NumBytes(type, shape), status_));
  }

  // One of zeros that lives long, in memory of our own.
  TF_Tensor *LastingOutput(TF_DataType type, std::initializer_list<int64_t> shape) {
    if (!ok()) return nullptr;
    const size_t num_bytes = NumBytes(type, shape);
    void *memory = AllocateLasting(num_bytes);
    if (memory == nullptr) {
      TF_SetStatus(status_, TF_RESOURCE_EXHAUSTED, "the system has no memory left for it");
      return nullptr;
    }
    const auto release = [](void *data, size_t, void *) { FreeLasting(data); };
    TF_Tensor *tensor =
        Keep(TF_NewTensor(type, shape.begin(), static_cast<int>(shape.size()), memory, num_bytes, release, nullptr));
    if (Require(tensor != nullptr, "a tensor is as large as its shape")) TF_SetOutput(context_, 0, tensor, status_);
    return tensor;
  }

  bool Require(bool condition, const char *message) {
    if (ok() && !condition) TF_SetStatus(status_, TF_INVALID_ARGUMENT, message);
    return ok();
  }

 private:
  static size_t NumBytes(TF_DataType type, std::initializer_list<int64_t> shape) {
    size_t num_bytes = TF_DataTypeSize(type);
    for (const int64_t dim : shape) num_bytes *= dim;
    return num_bytes;
  }

  TF_Tensor *Keep(TF_Tensor *tensor) {
    if (tensor != nullptr) tensors_.push_back(tensor);
    return tensor;
  }

  TF_OpKernelContext *context_;
  TF_Status *status_;
  std::vector<TF_Tensor *> tensors_;
};

template <typename T>
T *Data(const TF_Tensor *tensor) {
  return static_cast<T *>(TF_TensorData(tensor));
}

}  // namespace
}  // namespace tokenflare

#endif  // TOKENFLARE_OP_CALL_H_
