#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <hocket/http/form/multipart_parser.hpp>

namespace hocket::testing {

/// What a parser tells of a content in pieces of that size, as text: `[name: value|name: value]data.` for each part,
/// `$` for the end, and `!` with the words of the error that ends it.
inline std::string multipart_events(std::string_view boundary, std::string_view content, std::size_t piece,
                                    http::multipart_limits limits = {}) {
  using enum http::multipart_event::kind;
  std::string told;
  try {
    http::multipart_parser parser(boundary, limits);
    for (std::size_t at = 0; at < content.size(); at += piece) {
      auto input = content.substr(at, piece);
      for (auto event = parser.next(input); event.what != need_input; event = parser.next(input)) {
        if (event.what == part_head) {
          told += '[';
          for (const auto [name, value] : parser.fields()) told.append(name).append(": ").append(value).append("|");
          told += ']';
        } else if (event.what == part_data) {
          if (event.data.empty()) throw error("data that is empty");
          told += event.data;
        } else {
          told += event.what == part_end ? '.' : '$';
        }
      }
      if (!input.empty()) throw error("input was left over");
    }
    parser.finish();
  } catch (const http::multipart_error& error) {
    told.append("!").append(error.what());
  }
  return told;
}

}  // namespace hocket::testing
