// The door of Node-API. Every function checks what it gets; what is wrong becomes a JavaScript error.
#include <node_api.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels.h"
#include "lasting_memory.h"
#include "pool.h"
#include "processor.h"
#include "run_step.h"
#include "store.h"
#include "training.h"

namespace tokenflare {
namespace {

// Of one environment: a worker or a process.
struct Addon {
  Store store;
  std::vector<const Kernels *> kernels;  // the fastest first
  const BFloatKernels *bfloat_kernels = nullptr;
};

constexpr size_t kMaxArguments = 10;

// A call of one of the functions. After the first fault its getters give nothing.
class Call {
 public:
  Call(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = kMaxArguments;
    ok_ = napi_get_cb_info(env, info, &count, arguments_, nullptr, nullptr) == napi_ok;
    void *data = nullptr;
    ok_ = ok_ && napi_get_instance_data(env, &data) == napi_ok && data != nullptr;
    addon_ = static_cast<Addon *>(data);
    num_arguments_ = count;
  }

  Addon &addon() { return *addon_; }
  bool ok() const { return ok_; }

  int64_t Integer(size_t index) {
    int64_t value = 0;
    Require(index < num_arguments_ && napi_get_value_int64(env_, arguments_[index], &value) == napi_ok);
    return value;
  }

  int32_t Handle(size_t index) {
    const int64_t value = Integer(index);
    Require(value >= 0 && value <= INT32_MAX);
    return ok_ ? static_cast<int32_t>(value) : -1;
  }

  template <typename Number>
  struct Numbers {
    Number *data;
    int64_t size;
  };

  template <typename Number>
  Numbers<Number> Array(size_t index, napi_typedarray_type wanted) {
    napi_typedarray_type type;
    size_t length = 0;
    void *data = nullptr;
    const bool is_array = index < num_arguments_ &&
                          napi_get_typedarray_info(env_, arguments_[index], &type, &length, &data, nullptr, nullptr) == napi_ok &&
                          type == wanted;
    Require(is_array);
    return ok_ ? Numbers<Number>{static_cast<Number *>(data), static_cast<int64_t>(length)} : Numbers<Number>{nullptr, 0};
  }
  Numbers<float> Floats(size_t index) { return Array<float>(index, napi_float32_array); }
  Numbers<int32_t> Integers(size_t index) { return Array<int32_t>(index, napi_int32_array); }
  Numbers<uint8_t> Bytes(size_t index) { return Array<uint8_t>(index, napi_uint8_array); }

  // The arrays from an argument on; their number.
  int64_t Operands(size_t first, Operand (&operands)[kMaxTrainingOperands]) {
    int64_t count = 0;
    for (size_t i = first; i < num_arguments_ && count < kMaxTrainingOperands; i++) {
      napi_typedarray_type type;
      size_t length = 0;
      void *data = nullptr;
      Require(napi_get_typedarray_info(env_, arguments_[i], &type, &length, &data, nullptr, nullptr) == napi_ok &&
              (type == napi_float32_array || type == napi_int32_array));
      if (!ok_) return 0;
      operands[count++] = {data, static_cast<int64_t>(length), type == napi_int32_array};
    }
    return count;
  }

  napi_value Return(double value) {
    if (!ok_) return Fail("the arguments are of the kinds that the function takes");
    napi_value result = nullptr;
    napi_create_double(env_, value, &result);
    return result;
  }

  // Nothing, or an error with what is wrong.
  napi_value Done(const char *fault) {
    if (!ok_) return Fail("the arguments are of the kinds that the function takes");
    return fault == nullptr ? nullptr : Fail(fault);
  }

 private:
  void Require(bool condition) { ok_ = ok_ && condition; }

  napi_value Fail(const char *message) {
    napi_throw_error(env_, nullptr, message);
    return nullptr;
  }

  napi_env env_;
  Addon *addon_ = nullptr;
  napi_value arguments_[kMaxArguments] = {};
  size_t num_arguments_ = 0;
  bool ok_ = false;
};

constexpr int64_t kMostFloats = int64_t{1} << 40;
constexpr const char *kNoMemory = "the system has no memory left for it";

napi_value Start(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int64_t num_threads = call.Integer(0);
  if (!call.ok() || num_threads < 1 || num_threads > 1024) return call.Done("threads are from 1 to 1024");
  UseThreads(static_cast<int>(num_threads));
  std::vector<const Kernels *> &kernels = call.addon().kernels;
  if (kernels.empty()) kernels = KernelsOfProcessor();
  napi_value names = nullptr;
  napi_create_array(env, &names);
  for (size_t i = 0; i < kernels.size(); i++) {
    napi_value name = nullptr;
    napi_create_string_utf8(env, kernels[i]->name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, static_cast<uint32_t>(i), name);
  }
  return names;
}

napi_value HandleOrFail(Call &call, int32_t handle) {
  return call.ok() && handle < 0 ? call.Done(kNoMemory) : call.Return(handle);
}

napi_value AddVector(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int64_t size = call.Integer(0);
  return HandleOrFail(call, call.ok() ? call.addon().store.AddVector(size) : -1);
}

napi_value AddMatrix(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int64_t depth = call.Integer(0);
  const auto segments = call.Integers(1);
  if (!call.ok() || segments.size % 2 != 0) return call.Done("a segment has outputs and a format");
  return HandleOrFail(call, call.addon().store.AddMatrix(depth, segments.data, segments.size / 2));
}

napi_value AddCache(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int64_t layers = call.Integer(0), pages = call.Integer(1), heads = call.Integer(2),
                head_dim = call.Integer(3), format = call.Integer(4);
  if (!call.ok() || format < 0 || format > 2) return call.Done("a cache has a format");
  return HandleOrFail(call, call.addon().store.AddCache(layers, pages, heads, head_dim, static_cast<CacheFormat>(format)));
}

napi_value AddProgram(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const auto words = call.Integers(0), handles = call.Integers(1);
  if (!call.ok()) return call.Done(nullptr);
  const int32_t handle = call.addon().store.AddProgram(words.data, words.size, handles.data, handles.size);
  return handle < 0 ? call.Done("the words are a program") : call.Return(handle);
}

napi_value FreeTensor(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t handle = call.Handle(0);
  if (call.ok()) call.addon().store.FreeTensor(handle);
  return call.Done(nullptr);
}

napi_value FreeProgram(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t handle = call.Handle(0);
  if (call.ok()) call.addon().store.FreeProgram(handle);
  return call.Done(nullptr);
}

napi_value WriteVector(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t handle = call.Handle(0);
  const auto numbers = call.Floats(1);
  return call.Done(call.ok() ? call.addon().store.WriteVector(handle, numbers.data, numbers.size) : nullptr);
}

napi_value ReadTensor(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t handle = call.Handle(0);
  int64_t num_bytes = 0;
  const void *memory = call.ok() ? call.addon().store.MemoryOf(handle, &num_bytes) : nullptr;
  if (memory == nullptr) return call.Done("there is no such tensor");
  void *copy = nullptr;
  napi_value buffer = nullptr;
  if (napi_create_arraybuffer(env, num_bytes, &copy, &buffer) != napi_ok) return call.Done(kNoMemory);
  std::memcpy(copy, memory, num_bytes);
  return buffer;
}

napi_value PackFloats(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t handle = call.Handle(0);
  const int64_t row = call.Integer(1);
  const auto numbers = call.Floats(2);
  return call.Done(call.ok() ? call.addon().store.PackFloats(handle, row, numbers.data, numbers.size) : nullptr);
}

napi_value PackRows(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t handle = call.Handle(0);
  const int64_t row = call.Integer(1), format = call.Integer(2);
  const auto bytes = call.Bytes(3);
  if (!call.ok()) return call.Done(nullptr);
  return call.Done(call.addon().store.PackRows(handle, row, static_cast<StoredFormat>(format), bytes.data, bytes.size));
}

napi_value CopyPage(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t handle = call.Handle(0);
  const int64_t from = call.Integer(1), to = call.Integer(2);
  return call.Done(call.ok() ? call.addon().store.CopyPage(handle, from, to) : nullptr);
}

napi_value ReadPage(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t handle = call.Handle(0);
  const int64_t page = call.Integer(1);
  const auto bytes = call.Bytes(2);
  return call.Done(call.ok() ? call.addon().store.ReadPage(handle, page, bytes.data, bytes.size) : nullptr);
}

napi_value WritePage(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t handle = call.Handle(0);
  const int64_t page = call.Integer(1);
  const auto bytes = call.Bytes(2);
  return call.Done(call.ok() ? call.addon().store.WritePage(handle, page, bytes.data, bytes.size) : nullptr);
}

napi_value ReleasePages(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t handle = call.Handle(0);
  const int64_t first = call.Integer(1), count = call.Integer(2);
  return call.Done(call.ok() ? call.addon().store.ReleasePages(handle, first, count) : nullptr);
}

napi_value Run(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t program = call.Handle(0);
  const auto rows = call.Integers(1);
  const auto whole = call.Floats(2), tops = call.Floats(3);
  const auto places = call.Integers(4);
  const int32_t set = call.Handle(5);
  if (!call.ok()) return call.Done(nullptr);
  const std::vector<const Kernels *> &kernels = call.addon().kernels;
  if (set >= static_cast<int64_t>(kernels.size())) return call.Done("this processor has the instruction set");
  return call.Done(RunStep(*kernels[set], call.addon().store, program, rows.data, rows.size,
                           {whole.data, whole.size, tops.data, tops.size, places.data, places.size}));
}

// The name of the kernels, or nothing.
napi_value StartBFloats(napi_env env, napi_callback_info info) {
  Call call(env, info);
  if (!call.ok()) return call.Done(nullptr);
  call.addon().bfloat_kernels = BFloatKernelsOfProcessor();
  const BFloatKernels *kernels = call.addon().bfloat_kernels;
  napi_value name = nullptr;
  napi_create_string_utf8(env, kernels == nullptr ? "" : kernels->name, NAPI_AUTO_LENGTH, &name);
  return name;
}

// Zeros that last as long as the array.
napi_value AddFloats(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int64_t size = call.Integer(0);
  if (!call.ok() || size < 1 || size > kMostFloats) return call.Done("an array has a size");
  void *memory = AllocateLasting(size * sizeof(float));
  if (memory == nullptr) return call.Done(kNoMemory);
  const auto finalize = [](napi_env, void *data, void *) { FreeLasting(data); };
  napi_value buffer = nullptr, array = nullptr;
  if (napi_create_external_arraybuffer(env, memory, size * sizeof(float), finalize, nullptr, &buffer) != napi_ok) {
    FreeLasting(memory);
    return call.Done(kNoMemory);
  }
  napi_create_typedarray(env, napi_float32_array, size, buffer, 0, &array);
  return array;
}

napi_value TrainArrays(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int64_t operation = call.Integer(0);
  const auto numbers = call.Array<double>(1, napi_float64_array);
  Operand operands[kMaxTrainingOperands];
  const int64_t num_operands = call.Operands(2, operands);
  if (!call.ok()) return call.Done(nullptr);
  const Addon &addon = call.addon();
  if (addon.kernels.empty()) return call.Done("the kernels were started");
  return call.Done(Train(*addon.kernels[0], addon.bfloat_kernels, operation, operands, num_operands, numbers.data, numbers.size));
}

napi_value NumBytesOf(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t handle = call.Handle(0);
  int64_t num_bytes = 0;
  if (call.ok()) call.addon().store.MemoryOf(handle, &num_bytes);
  return call.Return(static_cast<double>(num_bytes));
}

napi_value NumBytes(napi_env env, napi_callback_info info) {
  Call call(env, info);
  return call.Return(call.ok() ? static_cast<double>(call.addon().store.num_bytes()) : 0);
}

napi_value Register(napi_env env, napi_value exports) {
  const auto finalize = [](napi_env, void *data, void *) { delete static_cast<Addon *>(data); };
  napi_set_instance_data(env, new Addon(), finalize, nullptr);
  const struct {
    const char *name;
    napi_callback function;
  } functions[] = {
      {"start", Start},           {"addVector", AddVector},     {"addMatrix", AddMatrix},     {"addCache", AddCache},
      {"addProgram", AddProgram}, {"freeTensor", FreeTensor},   {"freeProgram", FreeProgram}, {"writeVector", WriteVector},
      {"readTensor", ReadTensor}, {"packFloats", PackFloats}, {"packRows", PackRows},       {"copyPage", CopyPage},
      {"readPage", ReadPage},     {"writePage", WritePage},     {"releasePages", ReleasePages},
      {"run", Run},               {"addFloats", AddFloats},     {"startBFloats", StartBFloats}, {"train", TrainArrays},
      {"numBytesOf", NumBytesOf}, {"numBytes", NumBytes},
  };
  for (const auto &[name, function] : functions) {
    napi_value value = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
    napi_set_named_property(env, exports, name, value);
  }
  return exports;
}

}  // namespace
}  // namespace tokenflare

NAPI_MODULE_INIT() { return tokenflare::Register(env, exports); }
