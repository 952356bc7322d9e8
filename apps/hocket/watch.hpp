#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace hocket::app {

/// Writes what `text` gives to standard output, every `interval`: on a terminal below `title`, in place of what stood there, cut to its size;
/// otherwise one after the other, with `between` before each but the first. Until it gives nothing, then 0; or until Ctrl-C, then 130. Throws
/// what `text` throws, and `failure` if nothing can be written. On the main thread.
int watch(std::chrono::duration<double> interval, const std::string& title, const std::string& between,
          const std::function<std::optional<std::string>()>& text);

}  // namespace hocket::app
