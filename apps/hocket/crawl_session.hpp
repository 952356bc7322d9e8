#pragma once

#include <optional>
#include <string>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/crawl/options.hpp>

namespace CLI {
class App;
}

namespace hocket::app {

/// What the command line says of who asks, and by which way.
struct crawl_session_arguments {
  std::vector<std::string> fields;
  std::string user;
  std::string cookies_file;
  std::optional<std::string> proxy;  // empty: none, whatever the environment says
};

void add_session_options(CLI::App& command, crawl_session_arguments& arguments);

/// Reads the file of cookies. Throws `failure`.
[[nodiscard]] coro<void> apply(const crawl_session_arguments& arguments, crawl::crawl_options& options);

}  // namespace hocket::app
