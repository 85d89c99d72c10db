// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace troupe {

/// What a fake server says to one call.
struct fake_answer {
  std::deque<std::string> messages;
  grpc::Status status;
  bool stays_open = false; ///< after its messages, until the client leaves

  static fake_answer of(const google::protobuf::MessageLite& message) {
    return {{message.SerializeAsString()}, {}, false};
  }
  static fake_answer error(grpc::StatusCode code) { return {{}, {code, "as told"}, false}; }
};

/// A gRPC server on a unix socket that answers by path; what has no answer is UNIMPLEMENTED.
class fake_grpc_server {
public:
  /// Takes the request's bytes; called on the server's threads.
  using handler = std::function<fake_answer(const std::string& request)>;

  explicit fake_grpc_server(const std::string& socket) : service_(*this) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
  }

  ~fake_grpc_server() { server_->Shutdown(std::chrono::system_clock::now()); }

  void on(const std::string& path, handler answer) {
    const std::lock_guard lock{mutex_};
    handlers_[path] = std::move(answer);
  }

  [[nodiscard]] size_t calls(const std::string& path) {
    const std::lock_guard lock{mutex_};
    return calls_[path];
  }

private:
  fake_answer answer(const std::string& path, const std::string& request) {
    handler found;
    {
      const std::lock_guard lock{mutex_};
      ++calls_[path];
      if (auto i = handlers_.find(path); i != handlers_.end())
        found = i->second;
    }
    return found ? found(request) : fake_answer::error(grpc::StatusCode::UNIMPLEMENTED);
  }

  // One call; deletes itself at its end, as gRPC wants it.
  class one_call final : public grpc::ServerGenericBidiReactor {
  public:
    one_call(fake_grpc_server& server, std::string path) : server_(server), path_(std::move(path)) {
      StartRead(&bytes_);
    }

    void OnReadDone(bool ok) override {
      std::string request;
      if (grpc::Slice slice; ok && bytes_.DumpToSingleSlice(&slice).ok())
        request.assign(reinterpret_cast<const char*>(slice.begin()), slice.size());
      answer_ = server_.answer(path_, request);
      next();
    }

    void OnWriteDone(bool ok) override { ok ? next() : finish(grpc::Status::CANCELLED); }
    void OnCancel() override { finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }

  private:
    void next() {
      if (answer_.messages.empty()) {
        if (!answer_.stays_open)
          finish(answer_.status);
        return;
      }
      const grpc::Slice slice{answer_.messages.front()};
      answer_.messages.pop_front();
      bytes_ = grpc::ByteBuffer{&slice, 1};
      StartWrite(&bytes_);
    }

    void finish(const grpc::Status& status) { // Once: a client may leave at any time.
      if (!finished_.exchange(true))
        Finish(status);
    }

    fake_grpc_server& server_;
    const std::string path_;
    grpc::ByteBuffer bytes_;
    fake_answer answer_;
    std::atomic<bool> finished_ = false;
  };

  class service final : public grpc::CallbackGenericService {
  public:
    explicit service(fake_grpc_server& server) : server_(server) {}

    grpc::ServerGenericBidiReactor*
    CreateReactor(grpc::GenericCallbackServerContext* context) override {
      return new one_call{server_, context->method()};
    }

  private:
    fake_grpc_server& server_;
  };

  std::mutex mutex_; ///< guards what follows
  std::map<std::string, handler> handlers_;
  std::map<std::string, size_t> calls_;
  service service_;
  std::unique_ptr<grpc::Server> server_;
};

} // namespace troupe
