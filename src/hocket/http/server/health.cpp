#include <exception>

#include <nlohmann/json.hpp>

#include <hocket/core/timeout.hpp>
#include <hocket/http/server/health.hpp>

namespace hocket::http {

handler health::page() {
  return [this](request&) -> coro<reply> { co_return co_await answer(); };
}

coro<bool> health::passes(named_check& check) const {
  try {
    co_await with_timeout(limit_, check.run());
    co_return true;
  } catch (const std::exception&) {
    co_return false;
  }
}

coro<reply> health::answer() {
  bool is_well = is_ready_;
  auto each = nlohmann::ordered_json::object();
  for (named_check& check : checks_) {
    const bool passed = co_await passes(check);
    each[check.name] = passed ? "pass" : "fail";
    is_well = is_well && passed;
  }
  nlohmann::ordered_json all{{"status", is_well ? "pass" : "fail"}};
  if (!is_ready_) all["ready"] = false;
  if (!each.empty()) all["checks"] = std::move(each);
  reply given =
      reply::json(all.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), is_well ? 200 : 503);
  given.headers.add("Cache-Control", "no-store");
  co_return given;
}

}  // namespace hocket::http
