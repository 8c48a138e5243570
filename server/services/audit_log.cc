// SPDX-License-Identifier: Apache-2.0
#include "server/services/audit_log.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "server/observability/logging.h"
#include "server/services/request_trace.h"
#include "server/services/status_mapping.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using grpc::experimental::InterceptionHookPoints;

constexpr size_t kMostOfAValue = 128;

// Fields that say what is changed and how. Others are left out: they may be large.
constexpr std::array<std::string_view, 14> kTellingFields = {"name",
                                                             "version",
                                                             "alias",
                                                             "expected_version",
                                                             "roll_back",
                                                             "force",
                                                             "upload_id",
                                                             "reason",
                                                             "key",
                                                             "offset",
                                                             "byte_size",
                                                             "model_name",
                                                             "repository_name",
                                                             "device_id"};

// A value as text; empty where the field is of another kind.
std::string ValueOf(const google::protobuf::Message& message,
                    const google::protobuf::FieldDescriptor& field) {
  using Field = google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case Field::CPPTYPE_STRING:
      return reflection.GetString(message, &field).substr(0, kMostOfAValue);
    case Field::CPPTYPE_INT64:
      return std::to_string(reflection.GetInt64(message, &field));
    case Field::CPPTYPE_UINT64:
      return std::to_string(reflection.GetUInt64(message, &field));
    case Field::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "true" : "false";
    default:
      return "";
  }
}

nlohmann::json Describe(const google::protobuf::Message& message) {
  nlohmann::json described = nlohmann::json::object();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    const bool is_telling =
        std::ranges::find(kTellingFields, std::string_view(field->name())) != kTellingFields.end();
    if (is_telling && !field->is_repeated()) described[field->name()] = ValueOf(message, *field);
  }
  return described;
}

bool HasSettings(const google::protobuf::Message& message) {
  const auto* field = message.GetDescriptor()->FindFieldByName("settings");
  return field != nullptr && field->is_repeated() &&
         message.GetReflection()->FieldSize(message, field) > 0;
}

bool IsRefusal(grpc::StatusCode code) {
  return code == grpc::StatusCode::UNAUTHENTICATED || code == grpc::StatusCode::PERMISSION_DENIED;
}

}  // namespace

void LogAuditRecord(const AuditRecord& record) {
  LogAudit({{"rpc", record.rpc},
            {"caller", record.caller},
            {"peer", record.peer},
            {"request", record.request},
            {"code", record.code},
            {"reason", record.reason},
            {"trace_id", record.trace_id},
            {"left_out", record.left_out}});
}

// One call, from its first message to its status.
class AuditLog::Call final : public grpc::experimental::Interceptor {
 public:
  Call(AuditLog& log, const grpc::ServerContextBase& context, const RpcRule& rule)
      : log_(log), context_(context), rule_(rule) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE) &&
        !has_message_) {
      // gRPC gives what it has parsed as a void*; every message of ours is a protobuf one.
      const auto* message =
          static_cast<const google::protobuf::Message*>(methods->GetRecvMessage());
      if (message != nullptr) Read(*message);
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      End(methods->GetSendStatus());
    }
    methods->Proceed();
  }

 private:
  void Read(const google::protobuf::Message& message) {
    has_message_ = true;
    request_ = Describe(message);
    has_settings_ = HasSettings(message);
  }

  void End(const grpc::Status& status) {
    if (rule_.writes == Writes::kWithSettings && !has_settings_) return;
    const std::optional<TraceContext> trace = RequestTrace(context_);
    log_.Write({.rpc = StrCat(rule_.service, "/", rule_.method),
                .caller = log_.access_.NameOf(context_),
                .peer = context_.peer(),
                .request = std::move(request_),
                .code = std::string(GrpcCodeName(status.error_code())),
                .reason = status.error_message(),
                .trace_id = trace.has_value() ? trace->trace_id : ""},
               IsRefusal(status.error_code()));
  }

  AuditLog& log_;
  const grpc::ServerContextBase& context_;
  const RpcRule& rule_;
  bool has_message_ = false;
  bool has_settings_ = false;
  nlohmann::json request_ = nlohmann::json::object();
};

grpc::experimental::Interceptor* AuditLog::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* info) {
  const RpcRule* rule = FindRule(info->method());
  if (rule == nullptr || rule->writes == Writes::kNever) return nullptr;
  return new Call(*this, *info->server_context(), *rule);  // gRPC deletes it
}

void AuditLog::Write(AuditRecord record, bool is_refusal) {
  if (is_refusal) {
    const std::optional<int64_t> left_out = AdmitRefusal(clock_.Now());
    if (!left_out.has_value()) return;
    record.left_out = *left_out;
  }
  sink_(record);
}

std::optional<int64_t> AuditLog::AdmitRefusal(absl::Time now) {
  const absl::MutexLock lock(&mutex_);
  if (now < second_ || now >= second_ + absl::Seconds(1)) {
    second_ = now;
    refusals_ = 0;
  }
  if (refusals_ == kMostRefusals) {
    ++left_out_;
    return std::nullopt;
  }
  ++refusals_;
  return std::exchange(left_out_, 0);
}

}  // namespace sta
