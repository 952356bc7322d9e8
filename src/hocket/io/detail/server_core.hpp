#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <hocket/core/task.hpp>
#include <hocket/io/detail/connection.hpp>
#include <hocket/io/start_server_options.hpp>
#include <hocket/io/stream_listener.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/semaphore.hpp>

namespace hocket::detail {

class server_core;

/// A client of a server, from when it was accepted until its task has ended, even if that never begins.
class server_client : public list_link<server_client> {
 public:
  server_client(server_core& owner, semaphore::permit place);
  server_client(const server_client&) = delete;
  server_client& operator=(const server_client&) = delete;
  ~server_client();

  void set_task(task_base& task) noexcept { task_ = &task; }
  /// From here on to close it is to close this.
  void set_connection(connection& made) noexcept { connection_ = &made; }

  void close() noexcept {
    if (connection_ != nullptr)
      connection_->close();
    else
      task_->cancel();
  }
  void abort() noexcept {
    if (connection_ != nullptr)
      connection_->lose(nullptr);
    else
      task_->cancel();
  }

 private:
  record_ref<server_core> owner_;
  semaphore::permit place_;  // given back before its server may go
  task_base* task_ = nullptr;
  connection* connection_ = nullptr;
};

/// What a server does, whatever serves its clients. Counted by the server object and by its tasks.
class server_core : public arena_allocated {
 public:
  server_core(const server_core&) = delete;
  server_core& operator=(const server_core&) = delete;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  /// Listens at all addresses of `host`; at all interfaces if that is empty.
  static coro<void> listen(record_ref<server_core> self, std::string host, std::uint16_t port);
  void listen_on(stream_listener listener) { listeners_.push_back(std::move(listener)); }

  void start_serving();
  void close() noexcept;
  void close_clients() noexcept;
  void abort_clients() noexcept;
  static coro<void> serve_forever(record_ref<server_core> self);
  static coro<void> wait_closed(record_ref<server_core> self);

  [[nodiscard]] const start_server_options& options() const noexcept { return options_; }
  [[nodiscard]] bool is_serving() const noexcept { return serving_; }
  [[nodiscard]] const std::vector<stream_listener>& listeners() const noexcept { return listeners_; }
  [[nodiscard]] std::size_t clients() const noexcept { return clients_now_; }

 protected:
  explicit server_core(start_server_options options);
  virtual ~server_core() = default;

 private:
  friend class server_client;

  /// Serves one client to its end, which is when its connection is lost. Tells `client` of the connection.
  virtual coro<void> serve(server_client& client, byte_stream stream) = 0;

  void listen_at(const socket_address& address);
  class acceptor;
  template <class Listener>
  static coro<void> accept_all(acceptor self, Listener& listener);
  template <class Listener>
  void start_accepting(Listener& listener);
  static coro<void> run(record_ref<server_core> self, std::unique_ptr<server_client> client, byte_stream stream);
  void begin(byte_stream stream, semaphore::permit place);
  void look_whether_over() noexcept;

  start_server_options options_;
  std::vector<stream_listener> listeners_;
  std::vector<task<void>> accepting_;
  intrusive_list<server_client, server_client> clients_;
  std::size_t clients_now_ = 0;
  std::size_t acceptors_now_ = 0;
  std::exception_ptr failed_;  // what it was closed by, if nobody has closed it
  std::uint32_t references_ = 0;
  bool serving_ = false;
  bool closed_ = false;
  bool served_forever_ = false;
  semaphore places_;  // for clients that are served
  event closing_;     // `close` was called
  event over_;        // and nobody is left
};

using server_ref = record_ref<server_core>;

}  // namespace hocket::detail
