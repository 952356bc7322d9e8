#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <hocket/http/server/access_log.hpp>
#include <hocket/http/server/authenticated_user.hpp>
#include <hocket/http/server/log_file.hpp>
#include <hocket/http/server/request_id.hpp>

namespace hocket::http {
namespace {

constexpr int client_has_gone = 499;  // nginx's number

std::string escaped(std::string_view text, bool is_quoted = true) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\' || (c == ' ' && !is_quoted))
      safe += fmt::format("\\x{:02X}", byte);
    else
      safe += c;
  }
  return safe.empty() ? "-" : safe;
}

std::string common_time(std::chrono::sys_seconds time) {
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000", static_cast<unsigned>(date.day()),
                     months.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3), static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string iso_time(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::string_view user_of(const request& asked) {
  const auto* user = asked.get<authenticated_user>();
  return user != nullptr ? std::string_view(user->name) : std::string_view();
}

std::string text_line(const request& asked, const answered& how, const access_log_options& options) {
  const int status = how.status != 0 ? how.status : client_has_gone;
  std::string line =
      fmt::format("{} - {} [{}] \"{}\" {} {}", escaped(asked.peer().host(), false), escaped(user_of(asked), false),
                  options.wall_clock != nullptr ? common_time(options.wall_clock()) : "-",
                  escaped(asked.request_line()), status, how.body_bytes == 0 ? "-" : std::to_string(how.body_bytes));
  if (options.format == access_log_format::combined)
    line += fmt::format(" \"{}\" \"{}\"", escaped(asked.headers().get("Referer").value_or("")),
                        escaped(asked.headers().get("User-Agent").value_or("")));
  return line;
}

std::string json_line(const request& asked, const answered& how, const access_log_options& options) {
  nlohmann::ordered_json line;
  if (options.wall_clock != nullptr) line["time"] = iso_time(options.wall_clock());
  line["peer"] = asked.peer().host();
  if (!user_of(asked).empty()) line["user"] = user_of(asked);
  if (how.refused_for.empty()) {
    line["method"] = asked.method();
    line["scheme"] = asked.scheme();
    line["host"] = asked.host();
    line["target"] = asked.target();
    line["version"] = asked.version();
  } else {
    line["request_line"] = asked.request_line();
    line["refused_for"] = how.refused_for;
  }
  line["status"] = how.status != 0 ? how.status : client_has_gone;
  line["bytes"] = how.body_bytes;
  line["seconds"] = std::chrono::duration<double>(how.took).count();
  line["complete"] = how.complete;
  for (const auto& [name, field] : {std::pair("referer", "Referer"), {"user_agent", "User-Agent"}})
    if (const auto value = asked.headers().get(field)) line[name] = *value;
  if (const auto* id = asked.get<request_id>()) line["request_id"] = id->value;
  return line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

/// Made on the loop of its first line. Each copy is another one: servers on other loops have copies.
class standard_output_lines {
 public:
  standard_output_lines() = default;
  standard_output_lines(const standard_output_lines&) {}

  void operator()(std::string_view line) {
    if (is_closed_) return;
    try {
      if (log_ == nullptr) log_ = log_file::standard_output();
    } catch (const std::system_error&) {
      is_closed_ = true;
      return;
    }
    log_->write(line);
  }

 private:
  std::unique_ptr<log_file> log_;
  bool is_closed_ = false;
};

}  // namespace

std::string access_log_line(const request& asked, const answered& how, const access_log_options& options) {
  return options.format == access_log_format::json ? json_line(asked, how, options) : text_line(asked, how, options);
}

std::function<void(const request&, const answered&)> access_log(std::function<void(std::string_view)> write,
                                                                access_log_options options) {
  return [write = std::move(write), options](const request& asked, const answered& how) {
    write(access_log_line(asked, how, options).append("\n"));
  };
}

std::function<void(const request&, const answered&)> access_log_to_stdout(access_log_options options) {
  return access_log(standard_output_lines(), options);
}

}  // namespace hocket::http
