#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/server/handler.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::http {

/// Tells load balancers whether a server can do its work: 200 if it is ready and all checks pass, else 503; and as JSON which fail,
/// but not why. Outlives its page. Belongs to one loop.
///
///     health state;
///     state.add("database", [&]() -> coro<void> { co_await database.ping(); });
///     routes.get("/health", state.page());
class health {
 public:
  /// A check that takes longer fails.
  explicit health(duration limit = std::chrono::seconds(2)) noexcept : limit_(limit) {}
  health(const health&) = delete;
  health& operator=(const health&) = delete;

  /// Adds a check, which fails by throwing. It runs at each request for the page, after those before it.
  void add(std::string name, function<coro<void>()> check) { checks_.push_back({std::move(name), std::move(check)}); }
  /// False, for instance before the server stops: load balancers shall look elsewhere.
  void set_ready(bool is_ready) noexcept { is_ready_ = is_ready; }

  [[nodiscard]] handler page();

 private:
  struct named_check {
    std::string name;
    function<coro<void>()> run;
  };

  coro<reply> answer();
  coro<bool> passes(named_check& check) const;

  duration limit_;
  std::vector<named_check> checks_;
  bool is_ready_ = true;
};

}  // namespace hocket::http
