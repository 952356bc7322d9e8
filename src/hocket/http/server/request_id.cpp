#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/request_id.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http {
namespace {

constexpr const char* field = "X-Request-Id";

bool is_well_formed(std::string_view id) noexcept {
  return !id.empty() && id.size() <= 128 &&
         std::ranges::all_of(id, [](char c) { return detail::is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

class id_giver {
 public:
  explicit id_giver(request_id_options options) noexcept : options_(options) {}

  coro<reply> operator()(request& asked, next_handler next) {
    const std::string& id = asked.set(request_id{id_for(asked)}).value;
    std::optional<http_error> told;
    try {
      reply given = co_await next(asked);
      given.headers.set(field, id);
      co_return given;
    } catch (const http_error& thrown) {
      headers fields = thrown.headers();
      fields.set(field, id);
      told.emplace(thrown.status(), thrown.what(), std::move(fields));
    }
    throw http_error(std::move(*told));
  }

 private:
  std::string id_for(const request& asked) {
    const auto given = asked.headers().get(field);
    if (options_.take_from_client && given && is_well_formed(*given)) return std::string(*given);
    // Drawn once only: from many numbers of the source one could tell the others.
    if (!drawn_) drawn_ = loop::running().random()();
    return fmt::format("{:016x}-{:x}", *drawn_, ++made_);
  }

  request_id_options options_;
  std::optional<std::uint64_t> drawn_{};
  std::uint64_t made_ = 0;
};

}  // namespace

middleware request_ids(request_id_options options) { return id_giver(options); }

}  // namespace hocket::http
