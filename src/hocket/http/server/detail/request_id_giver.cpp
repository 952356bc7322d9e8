#include <algorithm>

#include <fmt/format.h>

#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/detail/request_id_giver.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

static bool is_well_formed(std::string_view id) noexcept {
  return !id.empty() && id.size() <= 128 &&
         std::ranges::all_of(id, [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

std::string request_id_giver::id_for(const headers& fields, const request_id_options& options) {
  const auto given = fields.get(request_id_field);
  if (options.take_from_client && given && is_well_formed(*given)) return std::string(*given);
  // Drawn once only: from many numbers of the source one could tell the others.
  if (!drawn_) drawn_ = loop::running().random()();
  return fmt::format("{:016x}-{:x}", *drawn_, ++made_);
}

}  // namespace hocket::http::detail
