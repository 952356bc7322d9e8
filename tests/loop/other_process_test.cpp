// What a loop does in a process that io_uring is forbidden, and in a child of the process that made it.

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/testing/every_backend.hpp>

namespace {

using hocket::backend_kind;

// The exit status of a child that does this; 99 if it throws.
int status_of_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      ::_exit(work());
    } catch (...) {
      ::_exit(99);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// From here on the system answers io_uring_setup(2) so, as containers and old kernels do. seccomp(2)
void forbid_io_uring(int error) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{.len = std::size(program), .filter = program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    throw std::system_error(errno, std::system_category(), "seccomp");
}

bool runs_a_turn(hocket::loop& loop) {
  bool ran = false;
  loop.call_soon([&] {
    ran = true;
    loop.stop();
  });
  loop.run_forever();
  return ran;
}

class forbidden_io_uring : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(, forbidden_io_uring, testing::Values(EPERM, ENOSYS, ENOMEM),
                         [](const auto& info) { return std::string(::strerrorname_np(info.param)); });

TEST_P(forbidden_io_uring, makes_epoll_the_backend) {
  EXPECT_EQ(status_of_child([] {
              forbid_io_uring(GetParam());
              ::unsetenv("HOCKET_BACKEND");
              ::unsetenv("HOCKET_REQUIRE_IO_URING");
              hocket::loop loop;
              return loop.io().name() == "epoll" && runs_a_turn(loop) ? 0 : 1;
            }),
            0);
}

TEST_P(forbidden_io_uring, is_an_error_with_its_reason_if_there_must_be_no_other) {
  EXPECT_EQ(status_of_child([] {
              forbid_io_uring(GetParam());
              try {
                hocket::loop loop({.backend = backend_kind::io_uring});
              } catch (const std::system_error& refused) {
                const bool tells = std::string_view(refused.what()).starts_with("io_uring is not available here: ");
                return tells && refused.code().value() == GetParam() ? 0 : 1;
              }
              return 2;
            }),
            0);
}

class inherited_loop : public testing::TestWithParam<backend_kind> {
 protected:
  void SetUp() override {
    if (GetParam() == backend_kind::io_uring && !hocket::io_uring_works())
      GTEST_SKIP() << "SKIPPED: io_uring is forbidden here";
  }
};

INSTANTIATE_TEST_SUITE_P(, inherited_loop,
                         testing::Values(backend_kind::epoll, backend_kind::io_uring, backend_kind::poll,
                                         backend_kind::select),
                         [](const auto& info) { return "on_" + std::string(hocket::testing::name_of(info.param)); });

TEST_P(inherited_loop, is_refused_by_a_child_and_goes_on_in_the_parent) {
  hocket::loop loop({.backend = GetParam()});
  EXPECT_TRUE(runs_a_turn(loop));
  EXPECT_EQ(status_of_child([&] {
              try {
                runs_a_turn(loop);
              } catch (const hocket::invalid_state_error& refused) {
                const std::string_view expected =
                    "a child of fork(2) cannot run its parent's event loop; make a new one";
                if (refused.what() != expected) return 1;
                hocket::loop own({.backend = GetParam()});
                return runs_a_turn(own) ? 0 : 2;
              }
              return 3;
            }),
            0);
  EXPECT_TRUE(runs_a_turn(loop));
}

}  // namespace
