#pragma once

#include <optional>
#include <string>
#include <vector>

#include "name_resolver.hpp"

namespace hocket::app {

/// The command line of `hocket get`.
struct get_arguments {
  std::vector<std::string> urls;
  std::string method;
  std::vector<std::string> fields;
  std::vector<std::string> data;
  std::optional<std::string> json;  // which may be empty
  std::vector<std::string> form;
  std::string user;
  bool digest = false;
  bool include_head = false;
  bool follow = false;
  bool compressed = false;
  std::string out;
  bool remote_name = false;
  bool resume = false;
  std::optional<std::string> proxy;  // empty: none, whatever the environment says
  bool proxy_digest = false;
  resolver_arguments resolver;
  std::string authorities_file;
  bool insecure = false;
  std::optional<double> timeout_seconds;
  bool http1 = false;  // and no other
  bool http2 = false;  // also without TLS
  bool timing = false;
  std::string progress = "auto";
  bool quiet = false;
};

}  // namespace hocket::app
