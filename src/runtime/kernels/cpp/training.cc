// Operations of training over arrays, each checked before it computes: what JavaScript gives is not trusted to fit.
#include "training.h"

#include "growing_memory.h"
#include "multiply_strided.h"

namespace tokenflare {
namespace {

constexpr const char *kNoFit = "the operands of a training operation fit each other";
constexpr const char *kNoMemory = "the system has memory for a training operation";

// One call, with arrays and numbers as many as the operation has.
struct Job {
  const Kernels &kernels;
  const BFloatKernels *bfloats;
  const Operand *operands;
  double *numbers;

  float *Floats(int i) const { return static_cast<float *>(operands[i].numbers); }
  const int32_t *Integers(int i) const { return static_cast<const int32_t *>(operands[i].numbers); }
  int64_t Size(int i) const { return operands[i].size; }
  int64_t Whole(int i) const { return static_cast<int64_t>(numbers[i]); }
  float Float(int i) const { return static_cast<float>(numbers[i]); }
  const TrainingKernels &Training() const { return *kernels.training; }
  Dropout DropoutAt(int i) const {
    return {static_cast<int32_t>(numbers[i]), static_cast<int32_t>(numbers[i + 1]), Float(i + 2)};
  }
  // Whether operand i is as many rows as there are, of `size` numbers.
  bool HasRows(int i, int64_t num_rows, int64_t size) const {
    return size > 0 && num_rows > 0 && Size(i) / size == num_rows && Size(i) % size == 0;
  }
  // Whether integers name rows of a table that has so many.
  bool NameRows(int i, int64_t num_rows) const {
    for (int64_t at = 0; at < Size(i); at++) {
      if (Integers(i)[at] < 0 || Integers(i)[at] >= num_rows) return false;
    }
    return true;
  }
};

// Whether a matrix [lanes, depth] lies in an array.
bool Holds(int64_t size, const Strided &matrix, int64_t lanes, int64_t depth) {
  constexpr int64_t kMost = int64_t{1} << 31;
  const bool are_small = lanes > 0 && depth > 0 && lanes < kMost && depth < kMost && matrix.lane_stride > 0 &&
                         matrix.depth_stride > 0 && matrix.lane_stride < kMost && matrix.depth_stride < kMost;
  return are_small && (lanes - 1) * matrix.lane_stride < size &&
         (depth - 1) * matrix.depth_stride < size - (lanes - 1) * matrix.lane_stride;
}

const char *Multiply(const Job &job) {
  const Strided left = {job.Floats(0), job.Whole(0), job.Whole(1)}, right = {job.Floats(1), job.Whole(2), job.Whole(3)};
  const int64_t rows = job.Whole(4), cols = job.Whole(5), depth = job.Whole(6);
  const bool is_plain = left.depth_stride != 1 || left.lane_stride == depth;
  const bool fits = Holds(job.Size(0), left, rows, depth) && Holds(job.Size(1), right, cols, depth) && is_plain &&
                    (job.Size(2) == 0 || job.Size(2) == cols) && job.HasRows(3, rows, cols);
  if (!fits) return kNoFit;
  const float *bias = job.Size(2) == 0 ? nullptr : job.Floats(2);
  if (job.numbers[7] == 0) return MultiplyStrided(job.kernels, left, right, bias, rows, cols, depth, job.Floats(3));
  const bool is_dense = (left.depth_stride == 1 || left.lane_stride == 1) && (right.depth_stride == 1 || right.lane_stride == 1);
  if (!is_dense) return "lanes or depth of an operand lie side by side";
  if (job.bfloats == nullptr) return "products in bfloat16 were started";
  return MultiplyBFloat(*job.bfloats, left, right, bias, rows, cols, depth, job.Floats(3));
}

const char *Attend(const Job &job) {
  const int64_t num_sequences = job.Whole(0), seq = job.Whole(1), heads = job.Whole(2), dim = job.Whole(3);
  constexpr int64_t kMost = int64_t{1} << 20;
  const auto is_size = [](int64_t size) { return size > 0 && size < kMost; };
  if (!is_size(num_sequences) || !is_size(seq) || !is_size(heads) || !is_size(dim) || seq % 8 != 0) return kNoFit;
  if (num_sequences * seq >= int64_t{1} << 31 || heads * dim >= kMost) return kNoFit;
  const int64_t rows = num_sequences * seq, width = heads * dim;
  const bool is_backward = job.Size(4) > 0;
  const bool fits = job.HasRows(0, rows, 3 * width) && job.HasRows(1, rows, width) &&
                    job.Size(2) == num_sequences * heads * 2 * seq &&
                    (!is_backward || (job.HasRows(3, rows, width) && job.HasRows(4, rows, 3 * width)));
  if (!fits) return kNoFit;
  const float scale = 1.0f / __builtin_sqrtf(static_cast<float>(dim));
  job.Training().attend({job.Floats(0), job.Floats(1), job.Floats(2), job.Floats(3),
                         is_backward ? job.Floats(4) : nullptr, num_sequences, seq, heads, dim, scale,
                         job.DropoutAt(4), 0});
  return nullptr;
}

const char *LayerNorm(const Job &job) {
  const int64_t dim = job.Size(1), rows = dim == 0 ? 0 : job.Size(0) / dim;
  if (!job.HasRows(0, rows, dim) || (job.Size(2) != 0 && job.Size(2) != dim) || job.Size(3) != job.Size(0)) return kNoFit;
  job.kernels.layer_norm(job.Floats(0), rows, dim, job.Floats(1), job.Size(2) == 0 ? nullptr : job.Floats(2),
                         job.Float(0), job.Floats(3));
  return nullptr;
}

const char *LayerNormGradient(const Job &job) {
  static GrowingMemory memory;
  const int64_t dim = job.Size(1), rows = dim == 0 ? 0 : job.Size(0) / dim;
  const bool fits = job.HasRows(0, rows, dim) && job.Size(2) == job.Size(0) && job.Size(3) == job.Size(0) && job.Size(4) == dim;
  if (!fits) return kNoFit;
  float *stats = static_cast<float *>(memory.Reserve(2 * rows * static_cast<int64_t>(sizeof(float))));
  if (stats == nullptr) return kNoMemory;
  job.Training().layer_norm_gradient(job.Floats(0), job.Floats(1), job.Floats(2), rows, dim, job.Float(0), stats,
                                     job.Floats(3), job.Floats(4));
  return nullptr;
}

const char *ColumnSum(const Job &job) {
  const int64_t dim = job.Size(1), rows = dim == 0 ? 0 : job.Size(0) / dim;
  if (!job.HasRows(0, rows, dim)) return kNoFit;
  job.Training().column_sum(job.Floats(0), rows, dim, job.Floats(1));
  return nullptr;
}

const char *Gelu(const Job &job) {
  if (job.Size(0) != job.Size(1)) return kNoFit;
  job.kernels.gelu(job.Floats(0), job.Size(0), job.Floats(1));
  return nullptr;
}

const char *GeluGradient(const Job &job) {
  if (job.Size(0) != job.Size(1) || job.Size(0) != job.Size(2)) return kNoFit;
  job.Training().gelu_gradient(job.Floats(0), job.Floats(1), job.Size(0), job.Floats(2));
  return nullptr;
}

const char *Add(const Job &job) {
  if (job.Size(0) != job.Size(1) || job.Size(0) != job.Size(2)) return kNoFit;
  job.kernels.add(job.Floats(0), job.Floats(1), job.Size(0), job.Floats(2));
  return nullptr;
}

const char *Drop(const Job &job) {
  if (job.Size(0) != job.Size(1)) return kNoFit;
  job.Training().drop(job.Floats(0), job.Size(0), job.DropoutAt(0), job.Floats(1));
  return nullptr;
}

const char *Embed(const Job &job) {
  const int64_t rows = job.Size(2), dim = rows == 0 ? 0 : job.Size(4) / rows;
  if (!job.HasRows(4, rows, dim) || job.Size(3) != rows || job.Size(0) % dim != 0 || job.Size(1) % dim != 0) return kNoFit;
  const bool are_there = job.NameRows(2, job.Size(0) / dim) && job.NameRows(3, job.Size(1) / dim);
  if (!are_there) return "tokens and positions are in their tables";
  job.Training().embed(job.Floats(0), job.Floats(1), job.Integers(2), job.Integers(3), rows, dim, job.Floats(4));
  return nullptr;
}

const char *ScatterRows(const Job &job) {
  const int64_t rows = job.Size(1), dim = rows == 0 ? 0 : job.Size(0) / rows;
  if (!job.HasRows(0, rows, dim) || job.Size(2) % dim != 0) return kNoFit;
  const int64_t num_out = job.Size(2) / dim;
  if (!job.NameRows(1, num_out)) return "indices are of rows of the result";
  job.Training().scatter_rows(job.Floats(0), job.Integers(1), rows, dim, num_out, job.Floats(2));
  return nullptr;
}

const char *CrossEntropy(const Job &job) {
  const int64_t rows = job.Size(1), size = rows == 0 ? 0 : job.Size(0) / rows;
  if (!job.HasRows(0, rows, size) || !job.HasRows(2, rows, 3)) return kNoFit;
  if (!job.NameRows(1, size)) return "targets are in the vocabulary";
  job.Training().cross_entropy(job.Floats(0), job.Integers(1), rows, size, job.Floats(2));
  return nullptr;
}

const char *CrossEntropyGradient(const Job &job) {
  const int64_t rows = job.Size(1), size = rows == 0 ? 0 : job.Size(0) / rows;
  if (!job.HasRows(0, rows, size) || !job.HasRows(2, rows, 3) || job.Size(3) != job.Size(0)) return kNoFit;
  if (!job.NameRows(1, size)) return "targets are in the vocabulary";
  job.Training().cross_entropy_gradient(job.Floats(0), job.Integers(1), job.Floats(2), rows, size, job.Float(0), job.Floats(3));
  return nullptr;
}

const char *SumOfSquares(const Job &job) {
  static GrowingMemory memory;
  const int64_t num_bytes = NumPartials(job.Size(0)) * static_cast<int64_t>(sizeof(double));
  double *partials = static_cast<double *>(memory.Reserve(num_bytes));
  if (partials == nullptr) return kNoMemory;
  job.numbers[0] = job.Training().sum_of_squares(job.Floats(0), job.Size(0), partials);
  return nullptr;
}

const char *AdamW(const Job &job) {
  const int64_t size = job.Size(0);
  if (job.Size(1) != size || job.Size(2) != size || job.Size(3) != size) return kNoFit;
  job.Training().adam_w({job.Floats(0), job.Floats(2), job.Floats(3), job.Floats(1), size},
                        {job.Float(0), job.Float(1), job.Float(2), job.Float(3), job.Float(4), job.Float(5), job.Float(6),
                         job.Float(7)});
  return nullptr;
}

// As training-operations.ts lists them. Bit i of `integers`: operand i has integers.
constexpr struct Operation {
  const char *(*run)(const Job &);
  int num_operands, num_numbers;
  unsigned integers;
} kOperations[] = {
    {Multiply, 4, 8, 0},      {Attend, 5, 7, 0},       {LayerNorm, 4, 1, 0},    {LayerNormGradient, 5, 1, 0},
    {ColumnSum, 2, 0, 0},     {Gelu, 2, 0, 0},         {GeluGradient, 3, 0, 0}, {Add, 3, 0, 0},
    {Drop, 2, 3, 0},          {Embed, 5, 0, 0b1100},   {ScatterRows, 3, 0, 0b10}, {CrossEntropy, 3, 0, 0b10},
    {CrossEntropyGradient, 4, 1, 0b10}, {SumOfSquares, 1, 1, 0}, {AdamW, 4, 8, 0},
};
constexpr int64_t kNumOperations = sizeof kOperations / sizeof kOperations[0];

}  // namespace

const char *Train(const Kernels &kernels, const BFloatKernels *bfloats, int64_t operation, const Operand *operands,
                  int64_t num_operands, double *numbers, int64_t num_numbers) {
  if (operation < 0 || operation >= kNumOperations) return "there is such a training operation";
  const Operation &of = kOperations[operation];
  if (num_operands != of.num_operands || num_numbers != of.num_numbers) {
    return "a training operation has all its operands and numbers";
  }
  for (int i = 0; i < of.num_operands; i++) {
    if (operands[i].has_integers != ((of.integers >> i & 1) != 0)) return "operands are of the kinds that the operation takes";
  }
  return of.run({kernels, bfloats, operands, numbers});
}

}  // namespace tokenflare
