// SPDX-License-Identifier: Apache-2.0
//
// ServedModel: one version of a model, ready on the devices of the process that take it; or a
// diagnostic model, which needs none. Immutable and shared: a request holds a shared_ptr to it (its
// lease) until its reply is written. It must be gone before the devices are.
#ifndef SERVER_MODELS_SERVED_MODEL_H_
#define SERVER_MODELS_SERVED_MODEL_H_

#include <cstdint>
#include <memory>
#include <string>

#include "accel/device_pool/device_pool.h"
#include "model_store/model/diagnostic_model.h"
#include "model_store/model/loaded_model.h"

namespace sta {

struct ServedModel {
  std::string name;
  int64_t version = 0;
  // Of an encoder.
  std::shared_ptr<const LoadedModel> model;
  std::unique_ptr<PooledProgram> program;
  // Of a diagnostic model, which has no other of these; null for an encoder.
  std::shared_ptr<const DiagnosticModel> diagnostic;
  int64_t memory_bytes = 0;  // of all that, files that are mapped apart
};

}  // namespace sta

#endif  // SERVER_MODELS_SERVED_MODEL_H_
