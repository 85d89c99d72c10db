// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/runtime_metadata/runtime_client.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace grpc {
class Channel;
class Status;
} // namespace grpc

namespace google::protobuf {
class MessageLite;
} // namespace google::protobuf

namespace troupe {

/// What is called.
struct grpc_method {
  const char* path;       ///< "/containerd.services.tasks.v1.Tasks/Get"
  std::string name_space; ///< containerd's, sent along; empty for calls that belong to none
};

/// gRPC over a unix socket, without generated stubs: bytes go in and out of one generic stub, which
/// costs far less code than a stub for each service. Connects at the first call.
class grpc_connection {
public:
  explicit grpc_connection(runtime_endpoint endpoint);
  ~grpc_connection();

  /// One request, one reply.
  call_error call(const grpc_method& method, const google::protobuf::MessageLite& request,
                  google::protobuf::MessageLite& reply, const call_limits& limits);

  /// One request, many replies, each decoded into `reply` before `received` is called; false ends
  /// the stream (and the result is ec::none). `opened` is called when the request is on its way.
  /// limits.timeout bounds the whole stream; zero means no bound.
  call_error stream(const grpc_method& method, const google::protobuf::MessageLite& request,
                    google::protobuf::MessageLite& reply, const std::function<void()>& opened,
                    const std::function<bool()>& received, const call_limits& limits);

private:
  call_result<std::shared_ptr<grpc::Channel>> connected();
  [[nodiscard]] std::string runtime() const;
  [[nodiscard]] std::string what_it_should_be() const;
  call_error judge(const grpc::Status& status, const call_limits& limits);

  const runtime_endpoint endpoint_;
  std::mutex mutex_; ///< guards channel_
  std::shared_ptr<grpc::Channel> channel_;
};

} // namespace troupe
