#pragma once

// Pages of the web on a command line.

#include <algorithm>
#include <string_view>

#include <hocket/url/url.hpp>

inline bool is_page(std::string_view text) {
  const auto page = hocket::url::parse(text);
  return page && page->scheme() == "http";
}

/// Whether a command line names pages, and nothing but pages.
inline bool are_pages(int argc, char** argv) { return argc > 1 && std::all_of(argv + 1, argv + argc, is_page); }
