#pragma once

#include <array>
#include <string>
#include <vector>

#include <hocket/io/byte_stream.hpp>
#include <hocket/io/detail/child_record.hpp>
#include <hocket/io/subprocess.hpp>

namespace hocket::detail {

struct started_child {
  owned_child child;
  std::array<byte_stream, 3> pipes;  // this side's ends; open where a pipe was asked for
};

/// In a task. Throws as `create_subprocess_exec`.
[[nodiscard]] started_child start_child(std::vector<std::string> command, create_subprocess_options options);

/// What runs a line of the shell.
[[nodiscard]] std::vector<std::string> shell_line(std::string command);

}  // namespace hocket::detail
