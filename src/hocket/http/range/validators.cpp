#include <chrono>

#include <fmt/format.h>

#include <hocket/http/date.hpp>
#include <hocket/http/range/entity_tag.hpp>
#include <hocket/http/range/validators.hpp>

namespace hocket::http {

validators validators::of(const headers& response) {
  validators found;
  if (const auto tag = response.get("ETag"); tag && parse_entity_tag(*tag)) found.etag = *tag;
  const auto modified = response.get("Last-Modified");
  if (!modified) return found;
  // A date is compared only where there is no tag.
  const auto made = found.etag.empty() ? parse_date(response.get("Date").value_or(""), {}) : std::nullopt;
  // Of two-digit years the century is settled by the response's own time, as no clock is here.
  const auto when = parse_date(*modified, made.value_or(std::chrono::sys_seconds()));
  if (when) {
    found.last_modified = *modified;
    found.is_date_strong = made && *made >= *when + std::chrono::seconds(1);
  }
  return found;
}

const std::string& validators::strongest() const noexcept {
  static const std::string none;
  if (!etag.empty() && !etag.starts_with("W/")) return etag;
  return etag.empty() && is_date_strong ? last_modified : none;
}

void ask_if_changed(headers& request, const validators& known) {
  if (!known.etag.empty()) request.set("If-None-Match", known.etag);
  if (!known.last_modified.empty()) request.set("If-Modified-Since", known.last_modified);
}

void ask_for_rest(headers& request, std::uint64_t first, const validators& known) {
  request.set("Range", fmt::format("bytes={}-", first));
  if (!known.strongest().empty()) request.set("If-Range", known.strongest());
}

}  // namespace hocket::http
