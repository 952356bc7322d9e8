#include <cstdlib>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <hocket/base/error.hpp>
#include <hocket/loop/loop.hpp>

namespace {

/// Sets an environment variable, and puts it back as it was.
class environment_variable {
 public:
  environment_variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value, 1);
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
  const environment_variable wanted("HOCKET_BACKEND", "epoll");
  EXPECT_EQ(hocket::loop().io().name(), "epoll");
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
  EXPECT_EQ(why, "HOCKET_BACKEND is 'kqueue'; it must be 'io_uring' or 'epoll'");
}

TEST(backend, is_io_uring_by_itself_where_that_works) {
  const environment_variable wanted("HOCKET_BACKEND", "");
  EXPECT_EQ(hocket::loop().io().name(), hocket::io_uring_works() ? "io_uring" : "epoll");
}

}  // namespace
