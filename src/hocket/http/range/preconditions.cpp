#include <algorithm>
#include <limits>
#include <string>

#include <hocket/http/date.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/range/preconditions.hpp>

namespace hocket::http {
namespace {

using std::chrono::sys_seconds;

/// All fields of that name as one list.
std::optional<std::string> joined(const headers& fields, std::string_view name) {
  std::optional<std::string> list;
  for (const auto value : fields.get_all(name)) {
    if (list)
      list->append(",").append(value);
    else
      list = value;
  }
  return list;
}

std::optional<sys_seconds> date_of(const headers& fields, std::string_view name, sys_seconds now) {
  const auto value = fields.get(name);
  return value ? parse_date(*value, now) : std::nullopt;
}

/// Nothing if the field is malformed.
std::optional<bool> is_listed(std::string_view field, const resource_state& state,
                              bool (*match)(const entity_tag&, const entity_tag&) noexcept) {
  const auto list = parse_entity_tags(field);
  if (!list) return std::nullopt;
  if (list->any) return state.exists;
  return state.exists && state.etag && std::any_of(list->tags.begin(), list->tags.end(), [&](const entity_tag& tag) {
           return match(tag, *state.etag);
         });
}

}  // namespace

precondition evaluate_preconditions(std::string_view method, const headers& request, const resource_state& state,
                                    sys_seconds now) {
  const bool only_reads = method == "GET" || method == "HEAD";
  const auto modified = state.exists ? state.last_modified : std::nullopt;

  if (const auto field = joined(request, "If-Match")) {
    if (!is_listed(*field, state, strong_match).value_or(false)) return precondition::failed;
  } else if (const auto since = date_of(request, "If-Unmodified-Since", now); since && modified && *modified > *since) {
    return precondition::failed;
  }

  if (const auto field = joined(request, "If-None-Match")) {
    if (is_listed(*field, state, weak_match).value_or(!only_reads))
      return only_reads ? precondition::not_modified : precondition::failed;
  } else if (only_reads) {
    const auto since = date_of(request, "If-Modified-Since", now);
    if (since && modified && *modified <= *since) return precondition::not_modified;
  }
  return precondition::met;
}

bool range_counts(std::string_view method, const headers& request, const resource_state& state, sys_seconds now) {
  const auto conditions = request.get_all("If-Range");
  if (method != "GET" || request.get_all("Range").size() != 1 || conditions.size() > 1) return false;
  if (conditions.empty()) return true;
  if (const auto tag = parse_entity_tag(conditions.front())) return state.etag && strong_match(*tag, *state.etag);
  const auto date = parse_date(conditions.front(), now);
  return date && state.is_date_strong && state.last_modified == date;
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view field, sys_seconds now) {
  using std::chrono::seconds;
  field = detail::trim(field);
  if (field.empty()) return std::nullopt;
  if (std::all_of(field.begin(), field.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    std::int64_t value = 0;
    for (const char c : field) value = value > (most - (c - '0')) / 10 ? most : value * 10 + (c - '0');
    return seconds(value);
  }
  const auto date = parse_date(field, now);
  if (!date) return std::nullopt;
  return std::max(*date - now, seconds(0));
}

}  // namespace hocket::http
