#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/http/client/tracing.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::app {

/// How long each phase of a request takes; of several hops, that of the last. One request at a time.
class get_timing {
 public:
  /// To be told of the requests of a session. Must not outlive this.
  [[nodiscard]] std::shared_ptr<const http::tracing> hooks();

  /// Of the answer that is read now: "HTTP/2.0". Stays where it is.
  void speaks(std::string_view version) noexcept { version_ = version; }

  /// "HTTP/2.0, name 1.2 ms, connect 0.3 ms, tls 4.0 ms, wait 5.6 ms, body 0.7 ms, total 11.8 ms"; what did not happen is left out.
  [[nodiscard]] std::string line() const;

 private:
  struct phase {
    std::optional<time_point> begun;
    std::optional<time_point> ended;
  };

  std::string_view version_;
  phase name_;
  phase connect_;
  phase tls_;
  phase wait_;
  phase body_;
  phase total_;
};

}  // namespace hocket::app
