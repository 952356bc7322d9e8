#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include <hocket/base/arena.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/io/create_connection.hpp>
#include <hocket/io/detail/child_record.hpp>
#include <hocket/io/detail/start_child.hpp>
#include <hocket/io/subprocess_protocol.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::detail {

/// A child whose pipes and end are told to a protocol.
class subprocess_connection final : public arena_allocated {
 public:
  explicit subprocess_connection(std::shared_ptr<subprocess_protocol> told) noexcept : protocol_(std::move(told)) {}

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  /// Tells the protocol from beginning to end. Its first step is `connection_made`.
  static coro<void> run(record_ref<subprocess_connection> self, started_child started);

  [[nodiscard]] child_record& child() noexcept { return *record_; }
  /// 0 to 2; none where there is no pipe.
  [[nodiscard]] const transport& pipe(int number) const;
  /// Null once the connection is lost.
  [[nodiscard]] const std::shared_ptr<subprocess_protocol>& get_protocol() const noexcept { return protocol_; }
  [[nodiscard]] bool is_closing() const noexcept { return closing_; }
  /// Kills the child if it has not ended.
  void close() noexcept;

 private:
  class pipe_protocol;
  ~subprocess_connection() = default;

  void begin(started_child started);
  coro<void> until_gone();

  std::shared_ptr<subprocess_protocol> protocol_;
  owned_child owner_;
  record_ref<child_record> record_;
  std::array<transport, 3> pipes_;
  int open_pipes_ = 0;
  event pipe_lost_;
  std::uint32_t references_ = 0;
  bool closing_ = false;
  bool exit_told_ = false;
};

}  // namespace hocket::detail
