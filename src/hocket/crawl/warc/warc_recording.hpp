#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/crawl/warc/recorded_exchange.hpp>
#include <hocket/crawl/warc/warc_digest.hpp>
#include <hocket/http/client/exchange_recorder.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::crawl {

/// Whom a recording tells. Outlives it.
class warc_recording_owner {
 public:
  virtual ~warc_recording_owner() = default;
  virtual void take(recorded_exchange done) = 0;
  /// A body could not be put away, and its exchange is not recorded.
  virtual void fail(std::exception_ptr why) noexcept = 0;
  /// False: so much waits that who reads waits, too.
  [[nodiscard]] virtual bool has_room() const noexcept = 0;
  /// Throws only `cancelled`.
  [[nodiscard]] virtual coro<void> make_room() = 0;
};

/// Gathers what goes over the wire in the exchanges of one call of a session, one after the other. Holds 256 KiB of a body and one piece at
/// most; the rest is put away in an unnamed file.
class warc_recording final : public http::exchange_recorder {
 public:
  warc_recording(warc_recording_owner& owner, std::string directory, std::chrono::sys_seconds (*wall_clock)())
      : owner_(owner), directory_(std::move(directory)), wall_clock_(wall_clock) {}

  void began(const url& target, const socket_address& peer, std::string_view request_head) override;
  void received(std::string_view bytes) override;
  void answered(int status) override;
  void content(std::string_view piece) override;
  void ended(http::exchange_end how) override;
  [[nodiscard]] bool is_full() const noexcept override;
  [[nodiscard]] coro<void> make_room() override;

 private:
  coro<void> put_away();

  struct digests {
    warc_digest answer;
    warc_digest content;
  };

  warc_recording_owner& owner_;
  std::string directory_;
  std::chrono::sys_seconds (*wall_clock_)();
  recorded_exchange now_;
  std::optional<digests> digests_;  // from the answer's head on
  time_point begun_{};
  bool is_lost_ = false;
};

}  // namespace hocket::crawl
