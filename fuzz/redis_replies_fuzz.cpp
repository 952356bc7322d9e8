// Input: what a server of Redis says. However the bytes are cut, the replies must be the same, and so must be what ends them; what is given stays within the
// limits, and to convert it throws nothing but what that may throw.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <base/cut.hpp>

#include <hocket/base/error.hpp>
#include <hocket/redis/detail/reply_parser.hpp>
#include <hocket/redis/redis_error.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>
#include <hocket/redis/stream_entry.hpp>

namespace {

using hocket::redis::reply;

constexpr hocket::redis::reply_limits limits{
    .max_depth = 6, .max_string_bytes = 128, .max_items = 16, .max_reply_bytes = 4096};

void tell(const reply& said, std::size_t depth, std::string& into) {
  if (depth > limits.max_depth || said.attributes().size() > limits.max_items) std::abort();
  into += name_of(said.kind());
  for (const reply& each : said.attributes()) tell(each, depth + 1, into += "|");
  if (said.has_items()) {
    if (said.items().size() > limits.max_items) std::abort();
    for (const reply& each : said.items()) tell(each, depth + 1, into += ";");
    into += ".";
  } else if (said.has_text()) {
    into.append(said.format()).append("'").append(said.text()).append("'");
  } else if (said.kind() == hocket::redis::reply_kind::integer) {
    into += std::to_string(said.integer());
  } else if (said.kind() == hocket::redis::reply_kind::real) {
    into += std::to_string(said.real());
  } else if (said.kind() == hocket::redis::reply_kind::boolean) {
    into += said.boolean() ? "yes" : "no";
  }
}

template <class T>
void convert(const reply& said) {
  try {
    static_cast<void>(said.as<T>());
  } catch (const hocket::redis::redis_error&) {
  }
}

std::string replies_in(const std::vector<std::string_view>& pieces) {
  hocket::redis::detail::reply_parser parser(limits);
  std::string told;
  try {
    for (std::string_view each : pieces) {
      while (const auto found = parser.next(each)) {
        tell(*found, 0, told += "\n");
        convert<int>(*found);
        convert<std::vector<std::string>>(*found);
        convert<std::vector<std::pair<std::string, double>>>(*found);
        convert<std::map<std::string, bool>>(*found);
        convert<std::vector<hocket::redis::stream_entry>>(*found);
      }
      if (!each.empty()) std::abort();
    }
    if (parser.is_amid_reply()) told += "\nmore is to come";
  } catch (const hocket::protocol_error& ended) {
    told += ended.what();
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = replies_in({bytes});
  if (replies_in(hocket::testing::cut(bytes, 1)) != whole) std::abort();
  if (replies_in(hocket::testing::cut_anyhow(bytes)) != whole) std::abort();
  return 0;
}
