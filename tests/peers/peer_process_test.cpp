#include <csignal>
#include <string>

#include <peers/peer_test.hpp>
#include <tls/secure_streams.hpp>

using hocket::testing::failure_of;
using hocket::testing::peer_process;
using hocket::testing::run_peer;

HOCKET_PEER_TEST(peer_process, gives_what_the_program_says_and_its_exit_code) {
  const auto result = co_await run_peer({"sh", "-c", "cat; echo complaint >&2; exit 3"}, "input");

  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.out, "input");
  EXPECT_EQ(result.err, "complaint\n");
}

HOCKET_PEER_TEST(peer_process, takes_its_children_along) {
  pid_t child = 0;
  {
    peer_process program({"sh", "-c", "sleep 1000 & echo child $!; wait"});
    child = std::stoi((co_await program.line_of_out("child")).substr(6));
  }
  // A dead one that nobody has reaped yet is a zombie.
  peer_process look({"sh", "-c",
                     "while read -r _ _ state _ </proc/" + std::to_string(child) +
                         "/stat && [ \"$state\" != Z ]; do sleep 0.01; done 2>/dev/null"});

  EXPECT_EQ(co_await look.ended(), 0);
}

HOCKET_PEER_TEST(peer_process, tells_the_signal_that_ended_it) {
  peer_process program({"sleep", "1000"});
  program.kill();

  EXPECT_EQ(co_await program.ended(), 128 + SIGKILL);
}

HOCKET_PEER_TEST(peer_process, does_not_wait_for_a_line_of_a_program_that_has_ended) {
  peer_process program({"sh", "-c", "echo something else"});

  EXPECT_EQ((co_await failure_of(program.line_of_out("ready"))).text, "sh never said 'ready', but:\nsomething else\n");
}
