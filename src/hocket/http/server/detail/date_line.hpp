#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <hocket/http/date.hpp>

namespace hocket::http::detail {

/// The field Date, made once a second.
class date_line {
 public:
  /// With its end; valid until the next call.
  [[nodiscard]] std::string_view at(std::chrono::sys_seconds now) {
    if (line_.empty() || now != made_at_) {
      line_.assign("Date: ").append(format_date(now)).append("\r\n");
      made_at_ = now;
    }
    return line_;
  }
  /// Its value alone.
  [[nodiscard]] std::string_view value_at(std::chrono::sys_seconds now) {
    constexpr std::size_t name_size = std::string_view("Date: ").size();
    const std::string_view line = at(now);
    return line.substr(name_size, line.size() - name_size - 2);
  }

 private:
  std::chrono::sys_seconds made_at_{};
  std::string line_;
};

}  // namespace hocket::http::detail
