#include "get_timing.hpp"

#include <chrono>

#include <fmt/format.h>

#include <hocket/loop/loop.hpp>

namespace hocket::app {

std::shared_ptr<const http::tracing> get_timing::hooks() {
  using http::traced_request;
  const auto begins = [](phase& which) {
    return [&which](const traced_request&, const auto&...) { which = {loop::running().time(), std::nullopt}; };
  };
  const auto ends = [](phase& which) {
    return [&which](const traced_request&, const auto&...) { which.ended = loop::running().time(); };
  };
  auto made = std::make_shared<http::tracing>();
  made->request_start = [this](const traced_request&) {
    version_ = {};
    name_ = connect_ = tls_ = wait_ = body_ = {};
    total_ = {loop::running().time(), std::nullopt};
  };
  made->dns_resolve_start = begins(name_);
  made->dns_resolve_end = [this](const traced_request&, std::string_view) {
    name_.ended = loop::running().time();
    connect_.begun = name_.ended;
  };
  made->connection_create_start = begins(connect_);
  made->socket_connected = ends(connect_);
  made->tls_start = begins(tls_);
  made->tls_end = ends(tls_);
  made->request_headers_sent = begins(wait_);
  made->response_headers_received = [this](const traced_request&, int) {
    wait_.ended = loop::running().time();
    body_ = {wait_.ended, std::nullopt};
  };
  made->request_end = [this](const traced_request&, int) { body_.ended = total_.ended = loop::running().time(); };
  return made;
}

std::string get_timing::line() const {
  std::string line(version_);
  const auto add = [&line](const char* name, const phase& which) {
    if (!which.begun || !which.ended) return;
    const double milliseconds = std::chrono::duration<double, std::milli>(*which.ended - *which.begun).count();
    line += fmt::format("{}{} {:.1f} ms", line.empty() ? "" : ", ", name, milliseconds);
  };
  add("name", name_);
  add("connect", connect_);
  add("tls", tls_);
  add("wait", wait_);
  add("body", body_);
  add("total", total_);
  return line;
}

}  // namespace hocket::app
