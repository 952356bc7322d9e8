#pragma once

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

/// Reads the command line into what `options` is bound to. Ends the program if that is wrong: one line, exit code 2.
inline void read_command_line(CLI::App& options, int argc, char** argv) {
  try {
    options.parse(argc, argv);
  } catch (const CLI::Success& help) {
    std::exit(options.exit(help));
  } catch (const CLI::ParseError& wrong) {
    fmt::print(stderr, "{}: {} (see {} --help)\n", options.get_name(), wrong.what(), options.get_name());
    std::exit(2);
  }
}

/// A check for options that are numbers: from 0 to `most`.
inline auto between_zero_and(double most) {
  return [most](const std::string& text) {
    double value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    return is_number && value >= 0 && value <= most ? std::string()
                                                    : fmt::format("'{}' is not from 0 to {}", text, most);
  };
}
