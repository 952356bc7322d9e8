#pragma once

#include <hocket/http/server/detail/interim_sink.hpp>
#include <hocket/http/server/request.hpp>

namespace hocket::http::detail {

/// For those who make requests and route them; handlers see the rest.
class request_access {
 public:
  using named_part = request::named_part;

  struct parts {
    std::string_view request_line;
    std::string_view method{};
    std::string_view target{};
    std::string_view host{};
    std::string_view version{};
    std::optional<std::uint64_t> content_length = 0;
  };

  /// Once a connection.
  static void connect(request& to, const headers& fields, body_source& source, interim_sink& interim,
                      std::size_t max_body) noexcept {
    to.headers_ = &fields;
    to.source_ = &source;
    to.interim_ = &interim;
    to.max_body_ = max_body;
  }
  /// Who makes its requests from now on, or, for what is behind proxies, this one. The views stay alive as long.
  static void come_from(request& to, const socket_address& peer, std::string_view scheme) noexcept {
    to.peer_ = peer;
    to.scheme_ = scheme;
  }
  static void come_for(request& to, std::string_view host) noexcept { to.host_ = host; }
  static void begin(request& next, const parts& known) noexcept {
    next.request_line_ = known.request_line;
    next.method_ = known.method;
    next.target_ = known.target;
    next.host_ = known.host;
    next.version_ = known.version;
    next.content_length_ = known.content_length;
    next.parameters_.clear();
    next.extras_.clear();
  }
  [[nodiscard]] static std::vector<named_part>& parameters(request& of) noexcept { return of.parameters_; }
  [[nodiscard]] static std::vector<std::string>& segments(request& of) noexcept { return of.segments_; }
  /// How many of the segments routers above have taken.
  [[nodiscard]] static std::size_t& routed(request& of) noexcept { return of.routed_; }
};

}  // namespace hocket::http::detail
