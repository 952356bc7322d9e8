#pragma once

#include <array>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/green/patch.hpp>

/// Two blocking descriptors that are connected; closed at the end.
struct pair_of_ends {
  int here = -1;
  int there = -1;
  explicit pair_of_ends(bool is_pipe = false) {
    hocket::green::patch_all();
    std::array<int, 2> both{};
    EXPECT_EQ(is_pipe ? ::pipe(both.data()) : ::socketpair(AF_UNIX, SOCK_STREAM, 0, both.data()), 0);
    here = both[0];
    there = both[1];
  }
  pair_of_ends(const pair_of_ends&) = delete;
  ~pair_of_ends() {
    ::close(here);
    ::close(there);
  }
};
