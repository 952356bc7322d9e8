#include "crawl_session.hpp"

#include <memory>
#include <string_view>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <hocket/http/cookies/cookies_txt.hpp>
#include <hocket/loop/system_wall_clock.hpp>

#include "command.hpp"

namespace hocket::app {
namespace {

void add_field(http::headers& to, const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0)
    throw failure(fmt::format("--header '{}' has no name and ':'", text), wrong_usage);
  const std::string_view name = std::string_view(text).substr(0, colon);
  try {
    to.add(name, std::string_view(text).substr(colon + 1));
  } catch (const error& problem) {
    throw failure(problem.what(), wrong_usage);
  }
}

coro<std::shared_ptr<http::cookie_jar>> read_cookies(std::string path) {
  auto jar = std::make_shared<http::cookie_jar>();
  std::size_t broken = 0;
  try {
    broken = co_await http::load_cookies(path, *jar, system_wall_clock());
  } catch (const std::system_error& problem) {
    throw failure(fmt::format("cannot read '{}': {}", path, problem.code().message()), wrong_usage);
  } catch (const error& problem) {
    throw failure(fmt::format("cannot read '{}': {}", path, problem.what()), wrong_usage);
  }
  if (broken > 0)
    throw failure(fmt::format("'{}' has {} lines that are no cookies in the format of Netscape", path, broken),
                  wrong_usage);
  co_return jar;
}

http::proxy_settings proxies_of(const crawl_session_arguments& arguments) {
  try {
    if (!arguments.proxy) return http::proxy_settings::from_environment();
    if (arguments.proxy->empty()) return {};
    return http::proxy::parse(*arguments.proxy);
  } catch (const error& problem) {
    throw failure(problem.what(), wrong_usage);
  }
}

}  // namespace

void add_session_options(CLI::App& command, crawl_session_arguments& arguments) {
  command.add_option("-H,--header", arguments.fields, "a field of each request")
      ->type_name("NAME:VALUE")
      ->allow_extra_args(false);
  command.add_option("-u,--user", arguments.user, "who one is at the hosts of the seeds")->type_name("USER:PASSWORD");
  command.add_option("--cookies", arguments.cookies_file, "cookies to begin with, in the format of Netscape and curl")
      ->type_name("FILE");
  command
      .add_option_function<std::string>(
          "--proxy", [&arguments](const std::string& text) { arguments.proxy = text; },
          "the proxy, instead of the environment's")
      ->type_name("URL");
}

coro<void> apply(const crawl_session_arguments& arguments, crawl::crawl_options& options) {
  for (const std::string& each : arguments.fields) add_field(options.fields, each);
  for (const char* name : {"Content-Length", "Host", "Transfer-Encoding"})
    if (options.fields.contains(name))
      throw failure(fmt::format("--header '{}': that follows from what is asked", name), wrong_usage);
  if (options.fields.contains("User-Agent"))
    throw failure("--header 'User-Agent': that is --user-agent, which robots.txt is read for", wrong_usage);
  if (!arguments.user.empty()) {
    const std::size_t colon = arguments.user.find(':');
    const std::string password = colon == std::string::npos ? "" : arguments.user.substr(colon + 1);
    try {
      options.auth = http::credentials::basic(arguments.user.substr(0, colon), password);
    } catch (const error& problem) {
      throw failure(problem.what(), wrong_usage);
    }
  }
  options.wall_clock = system_wall_clock;
  if (!arguments.cookies_file.empty()) options.cookies = co_await read_cookies(arguments.cookies_file);
  options.proxies = proxies_of(arguments);
}

}  // namespace hocket::app
