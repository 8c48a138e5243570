// SPDX-License-Identifier: Apache-2.0
#include "bench/kernels/onednn_linear.h"

#include <cstdint>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "accel/emulator/aligned_buffer.h"
#include "bench/kernels/random_values.h"
#include "strings/str_cat.h"

// Debian's oneDNN runs on GCC's OpenMP, whose omp.h other compilers do not find.
extern "C" void omp_set_num_threads(int threads);

namespace sta::bench {
namespace {

using dnnl::memory;

class OneDnnLinear {
 public:
  explicit OneDnnLinear(LinearShape shape) {
    omp_set_num_threads(1);
    const memory::desc rows({kTokens, shape.inputs}, memory::data_type::u8, memory::format_tag::ab);
    const memory::desc weights({shape.inputs, shape.outputs}, memory::data_type::s8,
                               memory::format_tag::any);
    const memory::desc sums({kTokens, shape.outputs}, memory::data_type::s32,
                            memory::format_tag::ab);
    const dnnl::matmul::primitive_desc chosen({rows, weights, sums}, engine_);
    matmul_ = dnnl::matmul(chosen);
    arguments_ = {{DNNL_ARG_SRC, Random(rows_, chosen.src_desc())},
                  {DNNL_ARG_WEIGHTS, LayOut(shape, chosen.weights_desc())},
                  {DNNL_ARG_DST, Random(sums_, chosen.dst_desc())}};
  }

  void Run() {
    matmul_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  using Buffer = emulator::AlignedBuffer<uint8_t>;

  memory Random(Buffer& buffer, const memory::desc& desc) {
    FillRandom(buffer, static_cast<int64_t>(desc.get_size()), 1, 127);
    return memory(desc, engine_, buffer.data());
  }

  memory LayOut(LinearShape shape, const memory::desc& desc) {
    Buffer plain_bytes;
    memory plain =
        Random(plain_bytes,
               {{shape.inputs, shape.outputs}, memory::data_type::s8, memory::format_tag::ab});
    weights_.Reserve(static_cast<int64_t>(desc.get_size()));
    memory weights(desc, engine_, weights_.data());
    dnnl::reorder(plain, weights).execute(stream_, plain, weights);
    stream_.wait();
    return weights;
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::matmul matmul_;
  Buffer rows_;
  Buffer weights_;
  Buffer sums_;
  std::unordered_map<int, memory> arguments_;
};

}  // namespace

std::string OneDnnVersion() {
  const dnnl_version_t& version = *dnnl::version();
  return StrCat(version.major, ".", version.minor, ".", version.patch);
}

std::function<void()> MakeOneDnnLinear(LinearShape shape) {
  return [linear = std::make_shared<OneDnnLinear>(shape)] { linear->Run(); };
}

}  // namespace sta::bench
