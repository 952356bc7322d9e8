#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iterator>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <hocket/base/printable.hpp>

#include "command.hpp"

namespace {

using namespace hocket::app;

/// "hocket crawl", as far as the command line came.
std::string name_of(const CLI::App& program) {
  const auto chosen = program.get_subcommands();
  return chosen.empty() ? "hocket" : "hocket " + chosen.front()->get_name();
}

int complain(const std::string& who, const std::string& line, int code) {
  fmt::print(stderr, "{}: {}\n", who, hocket::printable(line));
  return code;
}

// The one that is asked for, as the others' options take a while to make; all of them for who asks what there is.
void add_commands(CLI::App& program, action& chosen, std::string_view asked) {
  struct command {
    std::string_view name;
    void (*add)(CLI::App&, action&);
  };
  static constexpr command commands[] = {{"crawl", add_crawl},   {"get", add_get},     {"graph", add_graph},
                                         {"patch", add_patch},   {"ps", add_ps},       {"pstree", add_pstree},
                                         {"report", add_report}, {"serve", add_serve}, {"top", add_top}};
  const bool is_known = std::ranges::find(commands, asked, &command::name) != std::end(commands);
  for (const auto& [name, add] : commands)
    if (!is_known || name == asked) add(program, chosen);
}

}  // namespace

int main(int count, char** arguments) {
  keep_standard_streams();
  CLI::App program("asyncio for C++, and a crawler that proves it", "hocket");
  program.set_version_flag("--version", "hocket " HOCKET_VERSION);
  program.require_subcommand(1);
  action chosen;
  add_commands(program, chosen, count > 1 ? arguments[1] : "");
  try {
    program.parse(keep_command_to_patch({arguments, static_cast<std::size_t>(count)}), arguments);
  } catch (const CLI::Success& asked) {  // --help, --version
    return program.exit(asked);
  } catch (const CLI::ParseError& wrong) {
    const std::string who = name_of(program);
    if (program.get_subcommands().empty() && count > 1)
      return complain(who, fmt::format("there is no '{}' (see hocket --help)", arguments[1]), wrong_usage);
    return complain(who, fmt::format("{} (see {} --help)", wrong.what(), who), wrong_usage);
  }
  try {
    const int code = chosen();
    if (std::fflush(stdout) == 0) return code;
    return complain(name_of(program), fmt::format("cannot write to standard output: {}", std::strerror(errno)),
                    work_failed);
  } catch (const failure& known) {
    return complain(name_of(program), known.what(), known.code());
  } catch (const std::exception& problem) {
    return complain(name_of(program), problem.what(), work_failed);
  }
}
