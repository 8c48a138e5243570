// SPDX-License-Identifier: Apache-2.0
//
// Models, versions and uploads as messages of sta.v1.ModelStore. Pure functions.
#ifndef SERVER_SERVICES_STORE_MESSAGES_H_
#define SERVER_SERVICES_STORE_MESSAGES_H_

#include "model_store/package/manifest.h"
#include "model_store/store/store_snapshot.h"
#include "model_store/store/upload_status.h"
#include "server/models/model_status.h"
#include "sta/v1/model_store.pb.h"

namespace sta {

v1::ModelVersion MakeModelVersion(const ModelStatus& status);
// A version that nothing is known of but what the store says, such as one that has just come.
v1::ModelVersion MakeModelVersion(const VersionInfo& version);

v1::UploadStatus MakeUploadStatus(const UploadStatus& status);

// Matrices, provenance, accuracy and the place in a series.
void FillDetails(const Manifest& manifest, v1::GetModelResponse& response);

}  // namespace sta

#endif  // SERVER_SERVICES_STORE_MESSAGES_H_
