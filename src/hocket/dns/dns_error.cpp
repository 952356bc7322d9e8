#include <hocket/dns/dns_error.hpp>

namespace hocket {
namespace {

class category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "dns"; }
  [[nodiscard]] std::string message(int code) const override {
    switch (static_cast<dns_errc>(code)) {
      case dns_errc::no_such_name:
        return "there is no such name";
      case dns_errc::no_data:
        return "the name has no such records";
      case dns_errc::server_failure:
        return "the server failed";
      case dns_errc::refused:
        return "the server refuses";
      case dns_errc::not_implemented:
        return "the server does not know how";
      case dns_errc::format_error:
        return "the server does not understand the question";
      case dns_errc::bad_response:
        return "the answer is malformed";
      case dns_errc::timed_out:
        return "there was no answer in time";
      case dns_errc::connection_refused:
        return "there is no server";
      case dns_errc::bad_name:
        return "that is no name";
      case dns_errc::closed:
        return "the resolver was closed";
    }
    return "unknown error";
  }

  // For who knows of no name servers: what another attempt may mend.
  [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
    switch (static_cast<dns_errc>(code)) {
      case dns_errc::timed_out:
        return std::errc::timed_out;
      case dns_errc::server_failure:
        return std::errc::resource_unavailable_try_again;
      case dns_errc::connection_refused:
        return std::errc::connection_refused;
      default:
        return {code, *this};
    }
  }
};

}  // namespace

const std::error_category& dns_category() noexcept {
  static const category instance;
  return instance;
}

std::error_code make_error_code(dns_errc code) noexcept { return {static_cast<int>(code), dns_category()}; }

}  // namespace hocket
