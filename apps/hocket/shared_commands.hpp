#pragma once

#include "command.hpp"

namespace hocket::app {

/// Adds what is done to a crawl that workers share, as subcommands of `hocket crawl`: merge, status, pause, resume, drain.
void add_shared_commands(CLI::App& crawl, action& chosen);

}  // namespace hocket::app
