#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <io/temporary_directory.hpp>

#include <hocket/http/coding/content_decoder.hpp>

namespace hocket::testing {

/// The content of a gzip file of any number of members, all of them whole; throws `content_decoding_error` otherwise.
inline std::string unpacked(const std::string& path) {
  const std::string packed = content_of(path);
  std::string_view input = packed;
  http::content_decoder decoder(http::content_coding::gzip, {.ratio = 10'000});
  std::string content;
  std::string room(1 << 16, '\0');
  while (true) {
    const auto [consumed, produced] = decoder.decode(input, std::span(room));
    input.remove_prefix(consumed);
    if (produced == 0) break;
    content.append(room, 0, produced);
  }
  decoder.finish();
  return content;
}

/// The values of that field, in order.
inline std::vector<std::string> values_of(std::string_view records, std::string_view name) {
  std::vector<std::string> values;
  const std::string begin = "\r\n" + std::string(name) + ": ";
  for (auto at = records.find(begin); at != std::string_view::npos; at = records.find(begin, at + 1)) {
    const auto value = at + begin.size();
    values.emplace_back(records.substr(value, records.find('\r', value) - value));
  }
  return values;
}

}  // namespace hocket::testing
