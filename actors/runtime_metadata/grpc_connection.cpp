// SPDX-License-Identifier: Apache-2.0
#include "actors/runtime_metadata/grpc_connection.hpp"

#include "actors/runtime_metadata/endpoints.hpp"
#include "actors/runtime_metadata/metadata_bounds.hpp"

#include <google/protobuf/message_lite.h>
#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

namespace troupe {
namespace {

using google::protobuf::MessageLite;

std::shared_ptr<grpc::Channel> make_channel(const std::string& socket) {
  // gRPC would log to stderr in its own style; what matters comes back as a status.
  static const bool silenced = [] {
    gpr_set_log_function([](gpr_log_func_args*) {});
    return true;
  }();
  static_cast<void>(silenced);
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(runtime_bounds::list_bytes));
  arguments.SetCompressionAlgorithm(GRPC_COMPRESS_NONE);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // A new channel shall connect anew, not inherit the old one's wait after a failure.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Go's HTTP/2 server refuses an authority made of a path.
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
  return grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
}

// What one call needs. The order of the members matters: the queue goes last.
class call_scope {
public:
  call_scope(const grpc_method& method, const call_limits& limits)
      : wake_(limits.stop, canceller{&context_}) {
    if (!method.name_space.empty())
      context_.AddMetadata("containerd-namespace", method.name_space);
    if (limits.timeout > std::chrono::milliseconds{0})
      context_.set_deadline(std::chrono::system_clock::now() + limits.timeout);
  }

  ~call_scope() {
    queue_.Shutdown();
    next();
  }

  call_scope(const call_scope&) = delete;
  call_scope& operator=(const call_scope&) = delete;

  grpc::ClientContext& context() { return context_; }
  grpc::CompletionQueue& queue() { return queue_; }

  // Waits for the one operation in flight. It always ends: by the deadline, or because a stop
  // cancels the call, or with the connection.
  bool next() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

private:
  struct canceller {
    grpc::ClientContext* context;
    void operator()() const { context->TryCancel(); }
  };

  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::stop_callback<canceller> wake_;
};

grpc::ByteBuffer encode(const MessageLite& message) {
  const grpc::Slice slice{message.SerializeAsString()};
  return grpc::ByteBuffer{&slice, 1};
}

bool decode(const grpc::ByteBuffer& bytes, MessageLite& message) {
  grpc::Slice slice;
  return bytes.DumpToSingleSlice(&slice).ok()
         && message.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
}

} // namespace

grpc_connection::grpc_connection(runtime_endpoint endpoint) : endpoint_(std::move(endpoint)) {}
grpc_connection::~grpc_connection() = default;

std::string grpc_connection::runtime() const {
  return endpoint_.kind == runtime_kind::containerd ? "containerd" : "the CRI runtime";
}

std::string grpc_connection::what_it_should_be() const {
  return endpoint_.kind == runtime_kind::containerd
             ? "is it containerd's socket, version 1.3 or newer?"
             : "is it the socket of a CRI runtime that speaks v1 (Kubernetes 1.23 or newer)?";
}

// The first gRPC channel costs the process 3 MB and six threads: none is made for a socket that
// nobody serves.
call_result<std::shared_ptr<grpc::Channel>> grpc_connection::connected() {
  const std::lock_guard lock{mutex_};
  if (!channel_) {
    if (auto reachable = try_connect(endpoint_); !reachable)
      return reachable.error();
    channel_ = make_channel(endpoint_.socket);
  }
  return channel_;
}

call_error grpc_connection::judge(const grpc::Status& status, const call_limits& limits) {
  const auto text = [&](const std::string& next_step) {
    return endpoint_.socket + ": " + status.error_message() + "; " + next_step;
  };
  if (status.ok())
    return {};
  if (limits.stop.stop_requested())
    return {ec::shutting_down, "troupe is ending"};
  switch (status.error_code()) {
    case grpc::StatusCode::NOT_FOUND:
      return {ec::unknown_container, endpoint_.socket + ": " + status.error_message()};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {ec::runtime_timeout, endpoint_.socket + " did not answer within "
                                       + std::to_string(limits.timeout.count()) + " ms; does "
                                       + runtime() + " hang?"};
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return {ec::runtime_forbidden, text("run as root")};
    case grpc::StatusCode::UNAVAILABLE: {
      {
        const std::lock_guard lock{mutex_};
        channel_.reset(); // It would wait up to two minutes before it connects again.
      }
      if (auto reachable = try_connect(endpoint_); !reachable)
        return reachable.error();
      return {ec::runtime_unreachable, text(runtime() + " may be restarting")};
    }
    default:
      return {ec::runtime_garbage, text(what_it_should_be()),
              status.error_code() == grpc::StatusCode::UNIMPLEMENTED};
  }
}

call_error grpc_connection::call(const grpc_method& method, const MessageLite& request,
                                 MessageLite& reply, const call_limits& limits) {
  auto channel = connected();
  if (!channel)
    return channel.error();
  grpc::GenericStub stub{*channel};
  call_scope scope{method, limits};
  auto call = stub.PrepareUnaryCall(&scope.context(), method.path, encode(request), &scope.queue());
  call->StartCall();
  grpc::ByteBuffer bytes;
  grpc::Status status;
  call->Finish(&bytes, &status, this);
  scope.next();
  if (auto error = judge(status, limits); error.code != ec::none)
    return error;
  if (!decode(bytes, reply))
    return {ec::runtime_garbage,
            endpoint_.socket + " answered what is not " + runtime() + "'s message"};
  return {};
}

call_error grpc_connection::stream(const grpc_method& method, const MessageLite& request,
                                   MessageLite& reply, const std::function<void()>& opened,
                                   const std::function<bool()>& received,
                                   const call_limits& limits) {
  auto channel = connected();
  if (!channel)
    return channel.error();
  grpc::GenericStub stub{*channel};
  call_scope scope{method, limits};
  auto call = stub.PrepareCall(&scope.context(), method.path, &scope.queue());
  call->StartCall(this);
  call_error ours;
  bool left = false; // by our own will
  bool running = scope.next();
  if (running) {
    call->WriteLast(encode(request), grpc::WriteOptions{}, this);
    running = scope.next();
  }
  if (running)
    opened();
  for (grpc::ByteBuffer bytes; running;) {
    call->Read(&bytes, this);
    running = scope.next();
    if (!running)
      break;
    if (!decode(bytes, reply))
      ours = {ec::runtime_garbage,
              endpoint_.socket + " sent what is not " + runtime() + "'s message"};
    left = ours.code != ec::none || !received();
    running = !left;
  }
  if (left)
    scope.context().TryCancel();
  grpc::Status status;
  call->Finish(&status, this);
  scope.next();
  return left ? ours : judge(status, limits);
}

} // namespace troupe
