#include <array>
#include <cstdlib>
#include <string>
#include <system_error>

#include <hocket/io/service_manager.hpp>
#include <hocket/io/temporary.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/testing/test.hpp>

using hocket::notify_service_manager;

namespace {

/// The manager's end, at `path` ("@" for an abstract name).
struct manager {
  explicit manager(const std::string& path) { ::setenv("NOTIFY_SOCKET", path.c_str(), 1); }
  ~manager() { ::unsetenv("NOTIFY_SOCKET"); }
};

hocket::coro<std::string> heard_at(const hocket::socket_address& address, const std::string& path) {
  auto socket = hocket::unix_datagram_socket::bind(address);
  const manager listens(path);
  EXPECT_TRUE(notify_service_manager("READY=1\nSTATUS=serving"));
  std::array<char, 100> room{};
  const auto received = co_await socket.receive(room);
  co_return std::string(room.data(), received.size);
}

HOCKET_TEST(service_manager, is_told) {
  const auto folder = co_await hocket::temporary_directory::make();
  const std::string path = folder.path() + "/notify";
  EXPECT_EQ(co_await heard_at(hocket::socket_address::unix_path(path), path), "READY=1\nSTATUS=serving");
}

HOCKET_TEST(service_manager, is_told_by_an_abstract_name) {
  EXPECT_EQ(co_await heard_at(hocket::socket_address::unix_abstract("hocket-manager"), "@hocket-manager"),
            "READY=1\nSTATUS=serving");
}

HOCKET_TEST(service_manager, need_not_be_there) {
  EXPECT_FALSE(notify_service_manager("READY=1"));
  const manager empty("");
  EXPECT_FALSE(notify_service_manager("READY=1"));
  co_return;
}

HOCKET_TEST(service_manager, that_is_gone_is_an_error_that_names_it) {
  const manager gone("/nowhere/notify");
  try {
    notify_service_manager("READY=1");
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& told) {
    EXPECT_STREQ(told.what(), "the service manager at /nowhere/notify was not told: No such file or directory");
  }
  co_return;
}

}  // namespace
