#include <cstdlib>
#include <optional>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/testing/every_backend.hpp>

namespace {

/// Sets an environment variable, or with a null pointer takes it away, and puts it back as it was.
class environment_variable {
 public:
  environment_variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    if (value != nullptr)
      ::setenv(name, value, 1);
    else
      ::unsetenv(name);
  }
  ~environment_variable() {
    if (before_)
      ::setenv(name_, before_->c_str(), 1);
    else
      ::unsetenv(name_);
  }
  environment_variable(const environment_variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(backend, is_the_one_that_the_environment_names) {
  for (const auto kind : hocket::testing::every_backend()) {
    const std::string name(hocket::testing::name_of(kind));
    const environment_variable wanted("HOCKET_BACKEND", name.c_str());
    EXPECT_EQ(hocket::loop().io().name(), name);
  }
}

TEST(backend, is_the_one_that_the_program_names_whatever_the_environment_says) {
  const environment_variable wanted("HOCKET_BACKEND", "io_uring");
  EXPECT_EQ(hocket::loop({.backend = hocket::backend_kind::epoll}).io().name(), "epoll");
}

TEST(backend, is_refused_if_the_environment_names_an_unknown_one) {
  const environment_variable wanted("HOCKET_BACKEND", "kqueue");
  std::string why;
  try {
    hocket::loop loop;
  } catch (const hocket::error& error) {
    why = error.what();
  }
  EXPECT_EQ(why, "HOCKET_BACKEND is 'kqueue'; it must be 'io_uring', 'epoll', 'poll' or 'select'");
}

TEST(backend, is_epoll_where_a_ring_lacks_what_nothing_else_can_do) {
  if (!hocket::io_uring_works()) GTEST_SKIP() << "SKIPPED: io_uring is forbidden here";
  const environment_variable nothing_forced("HOCKET_REQUIRE_IO_URING", nullptr);
  const environment_variable automatic("HOCKET_BACKEND", nullptr);
  const environment_variable without("HOCKET_IO_URING_WITHOUT", "statx,accept");
  EXPECT_EQ(hocket::loop().io().name(), "epoll");
  std::string why;
  try {
    hocket::loop loop({.backend = hocket::backend_kind::io_uring});
  } catch (const std::system_error& error) {
    why = error.what();
  }
  EXPECT_EQ(why, "io_uring has no 'accept' here: Operation not supported");
}

TEST(backend, is_io_uring_where_a_ring_lacks_what_can_be_done_in_another_way) {
  if (!hocket::io_uring_works()) GTEST_SKIP() << "SKIPPED: io_uring is forbidden here";
  const environment_variable automatic("HOCKET_BACKEND", nullptr);
  for (const char* names : {"all", "splice", "openat2,send_zc", "statx,"}) {
    const environment_variable without("HOCKET_IO_URING_WITHOUT", names);
    EXPECT_EQ(hocket::loop().io().name(), "io_uring") << names;
  }
}

TEST(backend, is_refused_if_the_environment_takes_away_what_no_ring_has) {
  const environment_variable without("HOCKET_IO_URING_WITHOUT", "statx,stat");
  std::string why;
  try {
    hocket::loop loop({.backend = hocket::backend_kind::io_uring});
  } catch (const hocket::error& error) {
    why = error.what();
  } catch (const std::system_error&) {
    GTEST_SKIP() << "SKIPPED: io_uring is forbidden here";
  }
  EXPECT_TRUE(why.starts_with("HOCKET_IO_URING_WITHOUT names 'stat'; it may name all, poll_add, ")) << why;
}

TEST(backend, on_select_refuses_large_numbers_with_the_way_out_and_closes_them) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur <= FD_SETSIZE) GTEST_SKIP() << "SKIPPED: this process may not have so many descriptors";
  hocket::loop loop({.backend = hocket::backend_kind::select});
  const int large = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, FD_SETSIZE);
  std::string why;
  try {
    loop.io().adopt(large, hocket::backend::origin::adopted)->release();
  } catch (const std::system_error& error) {
    why = error.what();
  }
  EXPECT_EQ(why, "descriptor " + std::to_string(large) +
                     " is too large for the backend 'select', which takes those below 1024: use 'poll', 'epoll' or "
                     "'io_uring' (HOCKET_BACKEND): Too many open files");
  EXPECT_EQ(fcntl(large, F_GETFD), -1);
}

TEST(backend, is_io_uring_by_itself_where_that_works) {
  const environment_variable wanted("HOCKET_BACKEND", "");
  EXPECT_EQ(hocket::loop().io().name(), hocket::io_uring_works() ? "io_uring" : "epoll");
}

}  // namespace
