// SPDX-License-Identifier: Apache-2.0
//
// Which versions are too old to be kept. A pure function; whoever owns the requests in flight
// carries it out.
//
//   for (const RetentionVictim& old : ChooseRetentionVictims(*store.Snapshot(), 3)) Delete(old);
#ifndef MODEL_STORE_STORE_RETENTION_H_
#define MODEL_STORE_STORE_RETENTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "model_store/store/store_snapshot.h"

namespace sta {

struct RetentionVictim {
  std::string name;
  int64_t version = 0;

  friend bool operator==(const RetentionVictim&, const RetentionVictim&) = default;
};

// Uploaded versions of each model beyond its `keep_versions` newest (0: all are kept), oldest
// first. Versions that came by other means count and are never chosen: whoever put them there takes
// them away. Neither is what an alias names or would be rolled back to.
std::vector<RetentionVictim> ChooseRetentionVictims(const StoreSnapshot& snapshot,
                                                    int64_t keep_versions);

}  // namespace sta

#endif  // MODEL_STORE_STORE_RETENTION_H_
