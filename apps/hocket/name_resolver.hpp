#pragma once

#include <memory>
#include <string>
#include <vector>

#include <hocket/io/resolver.hpp>

namespace CLI {
class App;
}

namespace hocket::app {

/// Who finds the addresses of hosts for a command that fetches.
struct resolver_arguments {
  std::string kind = "system";
  std::vector<std::string> servers;
};

/// --resolver and --dns-server.
void add_resolver_options(CLI::App& command, resolver_arguments& arguments);

/// Null: the system. To be called, and given up, while a loop runs. Throws `failure`.
[[nodiscard]] std::shared_ptr<resolver> make_resolver(const resolver_arguments& arguments);

}  // namespace hocket::app
