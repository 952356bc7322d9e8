#pragma once

#include <chrono>
#include <string>

namespace hocket::app {

// Figures for columns of six.

/// "0", "1.5", "12345", "123k", "1.2M".
[[nodiscard]] std::string short_count(double count);

/// Of bytes: "512", "1.5k", "123k", "1.2M"; 1,000 of them are 1k.
[[nodiscard]] std::string short_size(double bytes);

/// "850ns", "12us", "4.1ms", "2.3s", "5m12s", "3h04m", "12d".
[[nodiscard]] std::string short_time(std::chrono::nanoseconds time);

}  // namespace hocket::app
