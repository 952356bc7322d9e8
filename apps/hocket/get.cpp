// hocket get: asks for URLs and writes what they give.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <hocket/base/printable.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/range/validators.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/file_system.hpp>
#include <hocket/url/percent_encoding.hpp>
#include <hocket/url/without_user.hpp>

#include "client_security.hpp"
#include "command.hpp"
#include "get_arguments.hpp"
#include "get_progress.hpp"
#include "get_request.hpp"
#include "get_timing.hpp"
#include "seeds.hpp"

namespace hocket::app {
namespace {

http::proxy_settings proxies_of(const get_arguments& arguments) {
  try {
    if (!arguments.proxy) return http::proxy_settings::from_environment();
    if (arguments.proxy->empty()) return {};
    const http::proxy via = http::proxy::parse(*arguments.proxy);
    return arguments.proxy_digest ? via.with_digest() : via;
  } catch (const http::client_error& problem) {
    throw failure(problem.what(), wrong_usage);
  }
}

/// Nobody knows how large a file is, nor how slow the line: what stands still is found out by the time between two arrivals.
duration total_of(const get_arguments& arguments) {
  if (!arguments.timeout_seconds) return duration::max();
  return std::chrono::duration_cast<duration>(std::chrono::duration<double>(*arguments.timeout_seconds));
}

http::session_options session_options_of(const get_arguments& arguments, get_timing& timing) {
  http::session_options options;
  options.user_agent = "hocket/" HOCKET_VERSION;
  options.timeouts.total = total_of(arguments);
  options.tls = client_security(arguments.authorities_file, arguments.insecure);
  options.http2 = {.over_tls = !arguments.http1, .prior_knowledge = arguments.http2};
  options.decode = arguments.compressed;
  options.resolver = make_resolver(arguments.resolver);
  options.cookies = std::make_shared<http::cookie_jar>();
  options.wall_clock = system_wall_clock;
  if (arguments.timing) options.tracing = timing.hooks();
  options.proxies = proxies_of(arguments);
  return options;
}

/// Where the body goes; empty: standard output.
std::string file_for(const get_arguments& arguments, const url& target) {
  if (!arguments.remote_name) return arguments.out;
  const std::string_view path = target.path();
  std::string name = percent_decode(path.substr(path.rfind('/') + 1));
  const bool is_name = !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
                       name.find('\0') == std::string::npos;
  if (!is_name)
    throw failure(fmt::format("'{}' names no file; say where to by --output", without_user(target)), wrong_usage);
  return name;
}

coro<std::uint64_t> size_of(std::string path) {
  if (!co_await exists(path)) co_return 0;
  co_return static_cast<std::uint64_t>((co_await stat(path)).size_bytes);
}

/// Standard output, which takes what it likes, when it likes: all waits for it, and for no longer than a URL may take.
class printer {
 public:
  explicit printer(duration limit) : until_(loop::running().time_after(limit)) {}

  coro<void> print(std::string_view text) {
    try {
      co_await with_timeout_at(until_, to_.send_all(text));
    } catch (const timeout_error&) {
      throw timeout_error("standard output takes no more, and time is up");
    } catch (const std::system_error& problem) {
      throw failure(fmt::format("cannot write to standard output: {}", problem.code().message()), work_failed);
    }
  }

 private:
  time_point until_;
  byte_stream to_{io_handle(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0))};
};

coro<void> print_head(const http::response& answer, printer& out) {
  const bool is_on_terminal = ::isatty(STDOUT_FILENO) == 1;
  const auto shown = [is_on_terminal](std::string_view text) {
    return is_on_terminal ? printable(text) : std::string(text);
  };
  std::string head = fmt::format("{} {} {}\r\n", answer.version(), answer.status(), shown(answer.reason()));
  for (const auto& [name, value] : answer.headers()) head += fmt::format("{}: {}\r\n", name, shown(value));
  co_await out.print(head + "\r\n");
}

bool shows_progress(const get_arguments& arguments) {
  if (arguments.quiet || arguments.progress == "never") return false;
  return arguments.progress == "always" || ::isatty(STDERR_FILENO) == 1;
}

coro<void> save(const get_arguments& arguments, http::response& answer, std::string path, std::uint64_t first) {
  const std::uint64_t before = answer.status() == 206 ? first : 0;
  const auto length = answer.content_length();
  get_progress progress(shows_progress(arguments), before, length ? std::optional(before + *length) : std::nullopt);
  co_await answer.save_to(std::move(path), {.resume = arguments.resume,
                                            .on_progress = [&progress](std::uint64_t bytes) { progress.show(bytes); }});
}

coro<void> get_one(const get_arguments& arguments, http::session& web, const url& target, get_timing& timing) {
  const std::string path = file_for(arguments, target);
  printer out(total_of(arguments));
  get_request asked = co_await make_get_request(arguments);
  const std::uint64_t first = arguments.resume ? co_await size_of(path) : 0;
  if (first > 0) http::ask_for_rest(asked.options.fields, first);
  const bool wants_part = asked.options.fields.contains("Range");
  http::response answer = co_await web.request(asked.method, target, std::move(asked.options));
  timing.speaks(answer.version());
  if (arguments.include_head) co_await print_head(answer, out);
  if (first > 0 && answer.is_at_end(first)) co_return;
  if (first > 0 && answer.status() == 416)
    throw std::runtime_error(fmt::format("'{}' has {} bytes, and there are fewer", path, first));
  if (path.empty()) {
    for (auto piece = co_await answer.next(); !piece.empty(); piece = co_await answer.next()) co_await out.print(piece);
  } else if (answer.status() == 206 && !wants_part) {
    throw http::client_error("the server sends a part, and nobody has asked for one");
  } else if (answer.ok()) {
    co_await save(arguments, answer, path, first);
  }
  answer.raise_for_status();
}

bool reads_standard_input(const get_arguments& arguments) {
  return arguments.json == "@-" || std::ranges::count(arguments.data, "@-") > 0;
}

coro<int> get_all(const get_arguments& arguments) {
  const sigterm_guard ends_in_order;
  std::vector<url> targets;
  for (const std::string& text : arguments.urls) targets.push_back(parse_seed(text, ""));
  if (targets.size() > 1 && !arguments.out.empty())
    throw failure("several URLs do not fit into one --output; use --remote-name", wrong_usage);
  if (arguments.resume && arguments.out.empty() && !arguments.remote_name)
    throw failure("--continue needs --output or --remote-name", wrong_usage);
  if (targets.size() > 1 && reads_standard_input(arguments))
    throw failure("standard input can be sent to one URL only", wrong_usage);
  get_timing timing;
  http::session web(session_options_of(arguments, timing));
  if (arguments.insecure && !arguments.quiet)
    fmt::print(stderr,
               "hocket get: certificates are not checked (--insecure): any server may pass itself off as another\n");
  int code = done;
  for (const url& target : targets) {
    try {
      co_await get_one(arguments, web, target, timing);
    } catch (const failure&) {
      throw;
    } catch (const cancelled&) {
      co_return interrupted;
    } catch (const std::exception& problem) {
      fmt::print(stderr, "hocket get: {}: {}\n", without_user(target), printable(problem.what()));
      code = work_failed;
    }
    if (arguments.timing) fmt::print(stderr, "{}\n", timing.line());
  }
  co_return code;
}

/// What is wrong with a method; empty: nothing. Source: RFC 9110, 9.1.
std::string problem_of_method(const std::string& text) {
  constexpr std::string_view token_characters =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  if (text.empty() || text.find_first_not_of(token_characters) != std::string::npos)
    return fmt::format("'{}' is no method", text);
  return text == "CONNECT" ? "CONNECT is for proxies (see --proxy)" : "";
}

/// To CLI11 an empty text is no text.
auto into(std::optional<std::string>& text) {
  return [&text](const std::string& given) { text = given; };
}

void add_request_options(CLI::App& command, get_arguments& arguments) {
  command.add_option("-X,--request", arguments.method, "the method, instead of GET, or POST where something is sent")
      ->type_name("METHOD")
      ->check(problem_of_method);
  command.add_option("-H,--header", arguments.fields, "a field of the request")
      ->type_name("NAME:VALUE")
      ->allow_extra_args(false);
  CLI::Option* data =
      command
          .add_option("-d,--data", arguments.data,
                      "send this, or what is in @FILE (@-: standard input), as a form; several are joined by &")
          ->type_name("TEXT")
          ->allow_extra_args(false);
  CLI::Option* json =
      command
          .add_option_function<std::string>("--json", into(arguments.json),
                                            "send this, or what is in @FILE (@-: standard input), as JSON")
          ->type_name("TEXT")
          ->excludes(data);
  command.add_option("-F,--form", arguments.form, "send NAME=VALUE, or a file by NAME=@FILE, as multipart/form-data")
      ->type_name("FIELD")
      ->allow_extra_args(false)
      ->excludes(data)
      ->excludes(json);
  CLI::Option* user =
      command.add_option("-u,--user", arguments.user, "who one is to the server")->type_name("USER:PASSWORD");
  command.add_flag("--digest", arguments.digest, "show it by Digest, not by Basic")->needs(user);
  command.add_flag("-L,--location", arguments.follow, "follow redirects, ten at most");
  command.add_flag("--compressed", arguments.compressed, "ask for compressed contents, and unpack them");
}

void add_options(CLI::App& command, get_arguments& arguments) {
  command.add_option("URL", arguments.urls, "what to get")->required();
  add_request_options(command, arguments);
  command.add_flag("-i,--include", arguments.include_head, "print status and fields before the body");
  CLI::Option* out =
      command.add_option("-o,--output", arguments.out, "the file to write to, instead of standard output")
          ->type_name("FILE")
          ->check([](const std::string& name) { return name.empty() ? "a file without a name" : ""; });
  command.add_flag("-O,--remote-name", arguments.remote_name, "write to the file that the URL names")->excludes(out);
  command.add_flag("-C,--continue", arguments.resume, "go on where the file ends");
  CLI::Option* proxy =
      command
          .add_option_function<std::string>("--proxy", into(arguments.proxy), "the proxy, instead of the environment's")
          ->type_name("URL");
  command.add_flag("--proxy-digest", arguments.proxy_digest, "show it who one is by Digest, and never by Basic")
      ->needs(proxy);
  add_resolver_options(command, arguments.resolver);
  CLI::Option* authorities =
      command
          .add_option("--cafile", arguments.authorities_file, "authorities to trust instead of the system's, in PEM")
          ->type_name("FILE");
  command.add_flag("--insecure", arguments.insecure, "take any certificate for good")->excludes(authorities);
  CLI::Option* old = command.add_flag("--http1", arguments.http1, "speak HTTP/1.1 only");
  command.add_flag("--http2", arguments.http2, "speak HTTP/2 without TLS, too, with servers that are known to")
      ->excludes(old);
  command.add_option("--timeout", arguments.timeout_seconds, "seconds for one URL, redirects included")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 86'400.0).description(""));
  command.add_flag("--timing", arguments.timing, "print how long each phase took");
  command.add_option("--progress", arguments.progress, "show how far it is")
      ->check(CLI::IsMember(std::vector<std::string>{"auto", "always", "never"}).description(""))
      ->type_name("auto|always|never")
      ->capture_default_str();
  command.add_flag("-q,--quiet", arguments.quiet, "print nothing but errors");
}

}  // namespace

void add_get(CLI::App& program, action& chosen) {
  auto arguments = std::make_shared<get_arguments>();
  CLI::App* command = program.add_subcommand("get", "Ask for URLs and write what they give");
  add_options(*command, *arguments);
  command->callback([arguments, &chosen] { chosen = [arguments] { return run(get_all(*arguments)); }; });
}

}  // namespace hocket::app
