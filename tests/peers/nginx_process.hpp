#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <io/temporary_directory.hpp>
#include <peers/peer_process.hpp>
#include <unistd.h>

namespace hocket::testing {

/// nginx with a folder of its own, which it runs in.
class nginx_process {
 public:
  nginx_process() = default;

  [[nodiscard]] const temporary_directory& folder() const noexcept { return folder_; }
  /// Where it listens: `listen 127.0.0.1:PORT reuseport;`.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_.number(); }

  /// Starts it with what stands in `http { }` and waits until it listens.
  [[nodiscard]] coro<void> start(std::string http) {
    write_file(folder_ / "nginx.conf", configuration(http));
    server_.emplace(std::vector<std::string>{"nginx", "-p", folder_.path(), "-e", folder_ / "error.log", "-c",
                                             folder_ / "nginx.conf"});
    co_await server_->accepts_at(socket_address::parse("127.0.0.1", port()).value());
  }

 private:
  [[nodiscard]] static std::string configuration(std::string_view http) {
    return fmt::format(R"(
daemon off;
{}
pid nginx.pid;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  access_log off;
  {}
}}
)",
                       ::geteuid() == 0 ? "user root;" : "", http);
  }

  temporary_directory folder_;
  reserved_port port_;
  std::optional<peer_process> server_;
};

}  // namespace hocket::testing
