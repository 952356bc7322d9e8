#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/exec/process_pool_executor.hpp>
#include <hocket/loop/blocking_pool.hpp>
#include <hocket/sync/memory_channel.hpp>
#include <hocket/sync/queue.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::process_pool_executor;
using hocket::process_pool_options;
using hocket::run_in_executor;
using hocket::testing::ends_cancelled;

namespace {

// ---- what a test needs around a pool

/// A folder of the test's own, gone at its end.
class folder {
 public:
  folder() : path_(std::filesystem::temp_directory_path() / "hocket_processes_XXXXXX") {
    std::string name = path_.string();
    path_ = mkdtemp(name.data());
  }
  ~folder() { std::filesystem::remove_all(path_); }
  folder(const folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

template <class Condition>
bool becomes_true(Condition condition) {
  for (int looks = 0; looks < 20000; ++looks) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

/// Waits for a file that a worker writes, and gives the number in it.
pid_t number_in(const std::string& path) {
  pid_t number = 0;
  EXPECT_TRUE(becomes_true([&] { return (std::ifstream(path) >> number) && number != 0; })) << path;
  return number;
}

bool is_alive(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  if (!std::getline(status, text)) return false;
  const char state = text[text.rfind(')') + 2];
  return state != 'Z' && state != 'X';
}

/// It has ended, and nobody need wait for it any more.
bool is_reaped(pid_t child) { return waitpid(child, nullptr, WNOHANG) == -1 && errno == ECHILD; }

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

template <class Error, class Future>
std::string text_of(Future&& future) {
  try {
    static_cast<void>(std::forward<Future>(future).result());
  } catch (const Error& error) {
    EXPECT_EQ(typeid(error).name(), typeid(Error).name());
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// This program once more, doing what `role` says, in the environment as it is. Gives how it ended, as waitpid tells.
pid_t start_as(const char* role, bool as_worker = false) {
  std::string variable = std::string("HOCKET_TEST_ROLE=") + role;
  std::string mark = "HOCKET_PROCESS_WORKER=1";
  std::vector<char*> environment{variable.data()};
  if (as_worker) environment.push_back(mark.data());
  for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
  environment.push_back(nullptr);
  std::string name = "other";
  char* arguments[] = {name.data(), nullptr};
  pid_t started = -1;
  EXPECT_EQ(posix_spawn(&started, "/proc/self/exe", nullptr, nullptr, arguments, environment.data()), 0);
  return started;
}

int exit_code_of(pid_t process) {
  int status = 0;
  EXPECT_EQ(waitpid(process, &status, 0), process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

template <class Code>
int exit_code_of_copy(Code code) {
  const pid_t copy = fork();
  if (copy == 0) _exit(code());
  return exit_code_of(copy);
}

// ---- what runs in workers

int twice(int n) { return 2 * n; }
pid_t own_pid() { return getpid(); }
void nothing() {}

std::map<std::string, std::vector<double>> repeated(const std::string& key, const std::vector<double>& values,
                                                    int times) {
  std::map<std::string, std::vector<double>> result;
  for (int n = 0; n < times; ++n) result[key + std::to_string(n)] = values;
  return result;
}

struct point {
  int x = 0;
  int y = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(x, y);
  }
};
point mirrored(point from) { return {from.y, from.x}; }
bool is_even(int n) noexcept { return n % 2 == 0; }

class unknown_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct silent_error : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};

int throws(const std::string& what) {
  if (what == "runtime_error") throw std::runtime_error("no luck");
  if (what == "invalid_argument") throw std::invalid_argument("no luck");
  if (what == "out_of_range") throw std::out_of_range("no luck");
  if (what == "bad_alloc") throw std::bad_alloc();
  if (what == "system_error") throw std::system_error(ENOENT, std::system_category(), "open");
  if (what == "timeout_error") throw hocket::timeout_error("no luck");
  if (what == "cancelled") throw hocket::cancelled{};
  if (what == "unknown_error") throw unknown_error("no luck");
  if (what == "executor_full") throw hocket::executor_full("no luck");
  if (what == "broken_thread_pool") throw hocket::broken_thread_pool("no luck");
  if (what == "queue_shut_down") throw hocket::queue_shut_down();
  if (what == "end_of_channel") throw hocket::end_of_channel();
  if (what == "silent_error") throw silent_error();
  if (what == "int") throw 7;
  return 0;
}

void crash() { std::abort(); }
void leave(int code) { _exit(code); }
void die_of(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}
void raise_only(int signal) { std::raise(signal); }
pid_t forks_and_returns_twice() {
  const pid_t copy = fork();
  if (copy > 0) waitpid(copy, nullptr, 0);
  return getpid();
}
std::string text_of_size(std::size_t size) { return std::string(size, 'x'); }
std::size_t size_of(const std::string& text) { return text.size(); }
void write_to_pool(const std::string& bytes) { EXPECT_GT(write(3, bytes.data(), bytes.size()), 0); }
void close_connection_and_stay() {
  close(3);
  for (;;) pause();
}

/// Says that it has begun and never ends.
void never_ends(const std::string& path) {
  std::ofstream(path) << getpid() << std::flush;
  for (;;) pause();
}
/// Ends when there is such a file.
int ends_with_file(const std::string& began, const std::string& path) {
  std::ofstream(began) << getpid() << std::flush;
  while (!std::filesystem::exists(path)) std::this_thread::sleep_for(1ms);
  return 7;
}
void append_line(const std::string& path, const std::string& line) {
  std::ofstream(path, std::ios::app) << line << '\n';
}

std::string level = "unset";
void set_level(const std::string& to) { level = to; }
std::string get_level() { return level; }
void fail_to_set_up() { throw std::runtime_error("no database"); }

std::string own_command_line() {
  std::ifstream file("/proc/self/cmdline");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  return text.substr(0, text.find('\0'));
}
std::string own_thread_name() {
  std::string name;
  std::getline(std::ifstream("/proc/self/comm"), name);
  return name;
}
std::size_t own_descriptors() { return open_descriptors() - 1; }  // but for the one that looks
bool has_mark() { return std::getenv("HOCKET_PROCESS_WORKER") != nullptr; }
bool has_variable(const std::string& name) { return std::getenv(name.c_str()) != nullptr; }
bool reads_nothing_from_standard_input() {
  char byte = 0;
  return read(STDIN_FILENO, &byte, 1) == 0;
}
bool signals_are_as_new() {
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  struct sigaction action{};
  sigaction(SIGUSR2, nullptr, &action);
  return sigismember(&blocked, SIGUSR1) == 0 && sigismember(&blocked, SIGINT) == 0 && action.sa_handler == SIG_DFL;
}

bool a_program_that_it_starts_can_be_interrupted() {
  FILE* const status = popen("exec grep SigIgn /proc/self/status", "r");
  unsigned long ignored = ~0UL;
  EXPECT_EQ(std::fscanf(status, "SigIgn: %lx", &ignored), 1);
  pclose(status);
  return (ignored & (1UL << (SIGINT - 1))) == 0;
}

hocket::coro<int> twice_later(int n) {
  co_await hocket::sleep(1ms);
  co_return 2 * n;
}
hocket::coro<void> fails_later(const std::string& text) {
  co_await hocket::sleep(1ms);
  throw std::invalid_argument(text);
}
hocket::coro<std::uint64_t> own_loop() { co_return reinterpret_cast<std::uintptr_t>(&hocket::loop::running()); }

int coroutines_there = 0;
int most_coroutines_there = 0;
/// Returns how many of these there were at a time, which it waits for to be two.
hocket::coro<int> meets_another() {
  most_coroutines_there = std::max(most_coroutines_there, ++coroutines_there);
  while (most_coroutines_there < 2) co_await hocket::sleep(1ms);
  --coroutines_there;
  co_return most_coroutines_there;
}

// ---- calls

TEST(process_pool_executor, gives_what_the_function_returns) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_EQ(pool.submit<twice>(21).result(), 42);
}

TEST(process_pool_executor, runs_the_function_in_another_process) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_NE(pool.submit<own_pid>().result(), getpid());
}

TEST(process_pool_executor, sends_and_brings_containers) {
  process_pool_executor pool({.max_workers = 1});
  const std::map<std::string, std::vector<double>> expected{{"a0", {1.5, 2}}, {"a1", {1.5, 2}}};
  EXPECT_EQ(pool.submit<repeated>("a", std::vector{1.5, 2.0}, 2).result(), expected);
}

TEST(process_pool_executor, sends_and_brings_what_has_a_serialize) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_EQ(pool.submit<mirrored>(point{1, 2}).result().x, 2);
}

TEST(process_pool_executor, runs_a_lambda_without_captures) {
  process_pool_executor pool({.max_workers = 1});
  const auto first = pool.submit<[](int n) { return n + 1; }>(1);
  const auto second = pool.submit<[](int n) { return n + 2; }>(1);
  EXPECT_EQ(first.result() * 10 + second.result(), 23);
}

template <class... Args>
concept can_be_sent_to_twice = hocket::process_callable<twice, Args...>;
static_assert(can_be_sent_to_twice<int> && can_be_sent_to_twice<short>);
static_assert(!can_be_sent_to_twice<> && !can_be_sent_to_twice<std::string> && !can_be_sent_to_twice<int, int>);

TEST(process_pool_executor, waits_for_a_function_without_a_value) {
  process_pool_executor pool({.max_workers = 1});
  pool.submit<nothing>().result();
}

TEST(process_pool_executor, runs_ten_thousand_small_calls) {
  process_pool_executor pool({.max_workers = 2});
  std::vector<hocket::concurrent_future<int>> calls;
  for (int n = 0; n < 10'000; ++n) calls.push_back(pool.submit<twice>(n));
  long sum = 0;
  for (const auto& each : calls) sum += each.result();
  EXPECT_EQ(sum, 99'990'000);
}

TEST(process_pool_executor, takes_calls_from_several_threads) {
  process_pool_executor pool({.max_workers = 2});
  std::atomic<long> sum = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
      threads.emplace_back([&] {
        for (int n = 0; n < 250; ++n) sum += pool.submit<twice>(n).result();
      });
  }
  EXPECT_EQ(sum, 4 * 249 * 250);
}

TEST(process_pool_executor, runs_calls_on_its_workers_at_the_same_time) {
  const folder files;
  process_pool_executor pool({.max_workers = 2});
  const auto first = pool.submit<ends_with_file>(files.file("first"), files.file("second"));
  const auto second = pool.submit<ends_with_file>(files.file("second"), files.file("first"));
  EXPECT_EQ(first.result() + second.result(), 14);
}

TEST(process_pool_executor, begins_calls_in_the_order_in_which_they_came) {
  const folder files;
  process_pool_executor pool({.max_workers = 1});
  for (const char* line : {"a", "b", "c", "d"}) static_cast<void>(pool.submit<append_line>(files.file("lines"), line));
  pool.shutdown();
  std::ifstream lines(files.file("lines"));
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(lines)), {}), "a\nb\nc\nd\n");
}

TEST(process_pool_executor, starts_no_more_workers_than_there_is_work_for) {
  process_pool_executor pool({.max_workers = 4});
  for (int n = 0; n < 20; ++n) pool.submit<nothing>().result();
  EXPECT_EQ(pool.worker_ids().size(), 1U);
}

// ---- map

/// All that it gives.
template <class T>
hocket::coro<std::vector<T>> all_of(hocket::async_generator<T> source) {
  std::vector<T> values;
  while (auto value = co_await source.next()) values.push_back(std::move(*value));
  co_return values;
}

HOCKET_TEST(process_pool_map, gives_the_results_in_order) {
  process_pool_executor pool({.max_workers = 2});
  EXPECT_EQ(co_await all_of(pool.map<twice>(std::vector{3, 1, 2})), (std::vector{6, 2, 4}));
}

HOCKET_TEST(process_pool_map, sends_chunks) {
  process_pool_executor pool({.max_workers = 2});
  const auto results = co_await all_of(pool.map<is_even>(std::views::iota(0, 1000), {.chunk_size = 300}));
  EXPECT_EQ(std::count(results.begin(), results.end(), true), 500);
}

HOCKET_TEST(process_pool_map, takes_from_an_endless_range_no_more_than_is_wanted) {
  process_pool_executor pool({.max_workers = 2});
  auto numbers = pool.map<twice>(std::views::iota(0), {.chunk_size = 2, .buffer = 3});
  for (int n = 0; n < 10; ++n) EXPECT_EQ(co_await numbers.next(), 2 * n);
  co_await numbers.close();
}

HOCKET_TEST(process_pool_map, ends_with_the_first_error_in_the_order_of_the_elements) {
  process_pool_executor pool({.max_workers = 2});
  auto results = pool.map<throws>(std::vector<std::string>{"fine", "out_of_range", "runtime_error"});
  EXPECT_EQ(co_await results.next(), 0);
  const auto second = co_await hocket::as_result(results.next());
  EXPECT_THROW(std::rethrow_exception(second.error()), std::out_of_range);
}

HOCKET_TEST(process_pool_map, names_the_function_in_its_errors) {
  process_pool_executor pool({.max_workers = 1});
  auto results = pool.map<throws>(std::vector<std::string>{"runtime_error"});
  const auto first = co_await hocket::as_result(results.next());
  pool.shutdown();  // its thread lets go of the exception too: the thread sanitizer does not see libstdc++ count who holds it
  try {
    std::rethrow_exception(first.error());
  } catch (const std::runtime_error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("no luck (in throws, worker process")) << error.what();
  }
}

HOCKET_TEST(process_pool_map, runs_coroutines) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_EQ(co_await all_of(pool.map<twice_later>(std::vector{1, 2, 3}, {.chunk_size = 2})), (std::vector{2, 4, 6}));
}

HOCKET_TEST(process_pool_map, lines_up_where_submit_is_refused) {
  const folder files;
  process_pool_executor pool({.max_workers = 1, .max_pending = 1});
  const auto running = pool.submit<ends_with_file>(files.file("began"), files.file("go"));
  static_cast<void>(number_in(files.file("began")));
  const auto waiting = pool.submit<twice>(1);
  auto task = hocket::create_task(all_of(pool.map<twice>(std::vector{1, 2, 3})));
  co_await hocket::sleep(0s);
  append_line(files.file("go"), "now");
  EXPECT_EQ(co_await task, (std::vector{2, 4, 6}));
}

// ---- exceptions

TEST(process_pool_exceptions, come_back_as_what_they_are) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_THROW(pool.submit<throws>("runtime_error").result(), std::runtime_error);
  EXPECT_THROW(pool.submit<throws>("invalid_argument").result(), std::invalid_argument);
  EXPECT_THROW(pool.submit<throws>("out_of_range").result(), std::out_of_range);
  EXPECT_THROW(pool.submit<throws>("bad_alloc").result(), std::bad_alloc);
  EXPECT_THROW(pool.submit<throws>("timeout_error").result(), hocket::timeout_error);
  EXPECT_THROW(pool.submit<throws>("cancelled").result(), hocket::cancelled);
  EXPECT_THROW(pool.submit<throws>("executor_full").result(), hocket::executor_full);
  EXPECT_THROW(pool.submit<throws>("broken_thread_pool").result(), hocket::broken_thread_pool);
  EXPECT_THROW(pool.submit<throws>("queue_shut_down").result(), hocket::queue_shut_down);
  EXPECT_THROW(pool.submit<throws>("end_of_channel").result(), hocket::end_of_channel);
}

TEST(process_pool_exceptions, tell_the_function_and_the_worker) {
  process_pool_executor pool({.max_workers = 1});
  const pid_t worker = pool.submit<own_pid>().result();
  EXPECT_EQ(text_of<std::invalid_argument>(pool.submit<throws>("invalid_argument")),
            "no luck (in throws, worker process " + std::to_string(worker) + ")");
}

TEST(process_pool_exceptions, keep_the_code_of_a_system_error) {
  process_pool_executor pool({.max_workers = 1});
  try {
    pool.submit<throws>("system_error").result();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::error_code(ENOENT, std::system_category()));
    EXPECT_TRUE(std::string(error.what()).starts_with("open (in throws, worker process ")) << error.what();
  }
}

TEST(process_pool_exceptions, of_other_types_are_remote_errors_with_their_name) {
  process_pool_executor pool({.max_workers = 1});
  try {
    pool.submit<throws>("unknown_error").result();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const hocket::remote_error& error) {
    EXPECT_EQ(error.type_name(), "(anonymous namespace)::unknown_error");
    EXPECT_EQ(error.message(), "no luck");
  }
}

TEST(process_pool_exceptions, that_are_none_are_remote_errors_too) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_TRUE(text_of<hocket::remote_error>(pool.submit<throws>("int")).starts_with("int (in throws, "));
}

TEST(process_pool_exceptions, may_have_no_text) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_NE(text_of<hocket::remote_error>(pool.submit<throws>("silent_error")).find("silent_error"), std::string::npos);
}

TEST(process_pool_exceptions, leave_the_worker_as_it_was) {
  process_pool_executor pool({.max_workers = 1});
  const pid_t worker = pool.submit<own_pid>().result();
  EXPECT_THROW(pool.submit<throws>("runtime_error").result(), std::runtime_error);
  EXPECT_EQ(pool.submit<own_pid>().result(), worker);
}

// ---- workers that die

TEST(process_pool_worker, killed_in_the_middle_of_a_call_fails_it_and_tells_how) {
  const folder files;
  process_pool_executor pool({.max_workers = 1});
  const auto call = pool.submit<never_ends>(files.file("began"));
  const pid_t worker = number_in(files.file("began"));
  kill(worker, SIGKILL);
  EXPECT_EQ(text_of<hocket::broken_process_pool>(call),
            "worker process " + std::to_string(worker) + " was killed by SIGKILL while it ran never_ends");
}

TEST(process_pool_worker, that_crashed_is_replaced_and_the_calls_behind_it_go_on) {
  process_pool_executor pool({.max_workers = 1});
  const auto crashed = pool.submit<crash>();
  const auto behind = pool.submit<twice>(21);
  EXPECT_NE(text_of<hocket::broken_process_pool>(crashed).find("was killed by SIGABRT"), std::string::npos);
  EXPECT_EQ(behind.result(), 42);
}

TEST(process_pool_worker, that_ends_itself_is_told_with_its_exit_code) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_NE(text_of<hocket::broken_process_pool>(pool.submit<leave>(3)).find("ended with exit code 3"),
            std::string::npos);
}

TEST(process_pool_worker, may_crash_again_and_again) {
  process_pool_executor pool({.max_workers = 2});
  std::vector<hocket::concurrent_future<void>> crashes;
  for (int n = 0; n < 8; ++n) crashes.push_back(pool.submit<die_of>(SIGKILL));
  for (const auto& each : crashes) EXPECT_THROW(each.result(), hocket::broken_process_pool);
  EXPECT_EQ(pool.submit<twice>(21).result(), 42);
}

TEST(process_pool_worker, killed_while_idle_is_replaced) {
  process_pool_executor pool({.max_workers = 1});
  const pid_t worker = pool.submit<own_pid>().result();
  kill(worker, SIGKILL);
  EXPECT_TRUE(becomes_true([&] { return pool.worker_ids().empty(); }));
  EXPECT_NE(pool.submit<own_pid>().result(), worker);
}

TEST(process_pool_worker, that_writes_garbage_is_killed_and_replaced) {
  process_pool_executor pool({.max_workers = 1});
  const auto call = pool.submit<write_to_pool>("It was a dark and stormy night; the rain fell in torrents");
  EXPECT_NE(text_of<hocket::broken_process_pool>(call).find("sent what is no message"), std::string::npos);
  EXPECT_EQ(pool.submit<twice>(21).result(), 42);
}

TEST(process_pool_worker, that_answers_what_it_was_not_asked_is_killed_and_replaced) {
  process_pool_executor pool({.max_workers = 1});
  std::string message = hocket::detail::begin_message();
  hocket::detail::seal(message, hocket::detail::message_kind::value, 999);
  EXPECT_NE(text_of<hocket::broken_process_pool>(pool.submit<write_to_pool>(message)).find("was not given"),
            std::string::npos);
  EXPECT_EQ(pool.submit<twice>(21).result(), 42);
}

TEST(process_pool_worker, that_dies_in_the_middle_of_a_message_fails_its_call) {
  process_pool_executor pool({.max_workers = 1});
  const auto half_of_an_answer = [] {
    hocket::detail::message_header header;
    header.kind = hocket::detail::message_kind::value;
    header.size = 1000;
    return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + "half";
  };
  const auto call = pool.submit<[](const std::string& bytes) {
    write_to_pool(bytes);
    _exit(4);
  }>(half_of_an_answer());
  EXPECT_NE(text_of<hocket::broken_process_pool>(call).find("ended with exit code 4"), std::string::npos);
}

TEST(process_pool_worker, that_closes_its_connection_is_killed) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_THROW(pool.submit<close_connection_and_stay>().result(), hocket::broken_process_pool);
}

TEST(process_pool_worker, that_ends_at_its_start_over_and_over_breaks_the_pool) {
  process_pool_executor pool({.max_workers = 2, .executable = "/bin/false"});
  const auto call = pool.submit<twice>(21);
  EXPECT_NE(text_of<hocket::broken_process_pool>(call).find("ended with exit code 1"), std::string::npos);
  EXPECT_THROW(static_cast<void>(pool.submit<twice>(21)), hocket::broken_process_pool);
}

TEST(process_pool_worker, that_cannot_be_started_breaks_the_pool) {
  process_pool_executor pool({.max_workers = 2, .executable = "/no/such/program"});
  EXPECT_NE(text_of<hocket::broken_process_pool>(pool.submit<twice>(21)).find("/no/such/program: No such file"),
            std::string::npos);
}

TEST(process_pool_worker, that_finds_no_descriptor_is_started_later) {
  process_pool_executor pool({.max_workers = 1});
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none_left{.rlim_cur = 3, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none_left);
  const auto call = pool.submit<twice>(21);
  std::this_thread::sleep_for(50ms);
  EXPECT_FALSE(call.done());
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(call.result(), 42);
}

TEST(process_pool_worker, is_told_how_it_ended_as_far_as_a_program_that_ignores_its_children_can_know) {
  struct ignored {
    ignored() { std::signal(SIGCHLD, SIG_IGN); }
    ~ignored() { std::signal(SIGCHLD, SIG_DFL); }
  } children;
  process_pool_executor pool({.max_workers = 1});
  EXPECT_EQ(pool.submit<twice>(21).result(), 42);
  EXPECT_NE(text_of<hocket::broken_process_pool>(pool.submit<crash>()).find("how is unknown"), std::string::npos);
  EXPECT_EQ(pool.submit<twice>(21).result(), 42);
}

// ---- what workers are

TEST(process_pool_worker, can_be_told_in_ps) {
  process_pool_executor pool({.max_workers = 3});
  EXPECT_TRUE(pool.submit<own_command_line>().result().ends_with(": hocket worker 1 of 3 (pid " +
                                                                 std::to_string(getpid()) + ")"));
  EXPECT_EQ(pool.submit<own_thread_name>().result(), "hocket wkr 1");
}

TEST(process_pool_worker, inherits_no_descriptors) {
  std::vector<int> opened;
  for (int n = 0; n < 300; ++n) opened.push_back(open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  process_pool_executor pool({.max_workers = 1});
  EXPECT_EQ(pool.submit<own_descriptors>().result(), 4U);
  for (const int each : opened) close(each);
}

TEST(process_pool_worker, passes_its_mark_on_to_nobody) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_FALSE(pool.submit<has_mark>().result());
}

TEST(process_pool_worker, has_the_environment_as_it_was_when_its_pool_was_made) {
  setenv("HOCKET_TEST_BEFORE", "1", 1);
  process_pool_executor pool({.max_workers = 1});
  setenv("HOCKET_TEST_AFTER", "1", 1);
  unsetenv("HOCKET_TEST_BEFORE");
  EXPECT_TRUE(pool.submit<has_variable>("HOCKET_TEST_BEFORE").result());
  EXPECT_FALSE(pool.submit<has_variable>("HOCKET_TEST_AFTER").result());
  unsetenv("HOCKET_TEST_AFTER");
}

TEST(process_pool_worker, reads_nothing_from_standard_input) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_TRUE(pool.submit<reads_nothing_from_standard_input>().result());
}

TEST(process_pool_worker, begins_with_fresh_signals) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  std::signal(SIGUSR2, SIG_IGN);
  {
    process_pool_executor pool({.max_workers = 1});
    EXPECT_TRUE(pool.submit<signals_are_as_new>().result());
  }
  std::signal(SIGUSR2, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
}

TEST(process_pool_worker, ignores_sigint) {
  process_pool_executor pool({.max_workers = 1});
  pool.submit<raise_only>(SIGINT).result();
}

TEST(process_pool_worker, leaves_sigint_to_the_programs_that_it_starts) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_TRUE(pool.submit<a_program_that_it_starts_can_be_interrupted>().result());
}

TEST(process_pool_worker, runs_the_initializer_first) {
  process_pool_executor pool({.max_workers = 1, .initializer = hocket::process_call::of<set_level>("debug")});
  EXPECT_EQ(pool.submit<get_level>().result(), "debug");
}

TEST(process_pool_worker, that_does_not_read_what_sets_it_up_does_not_hold_up_the_pool) {
  setenv("HOCKET_TEST_STUCK_WORKERS", "1", 1);
  process_pool_executor pool(
      {.max_workers = 1, .initializer = hocket::process_call::of<set_level>(text_of_size(1'000'000))});
  const auto call = pool.submit<get_level>();
  EXPECT_TRUE(becomes_true([&] { return pool.worker_ids().size() == 1; }));
  pool.kill_workers();
  EXPECT_TRUE(becomes_true([&] { return pool.worker_ids().empty(); }));
  EXPECT_TRUE(call.was_cancelled());
  unsetenv("HOCKET_TEST_STUCK_WORKERS");
}

TEST(process_pool_worker, may_be_set_up_with_large_arguments) {
  process_pool_executor pool(
      {.max_workers = 1, .initializer = hocket::process_call::of<set_level>(text_of_size(3'000'000))});
  EXPECT_EQ(pool.submit<get_level>().result().size(), 3'000'000U);
}

TEST(process_pool_worker, whose_initializer_fails_breaks_the_pool) {
  process_pool_executor pool({.max_workers = 1, .initializer = hocket::process_call::of<fail_to_set_up>()});
  EXPECT_NE(text_of<hocket::broken_process_pool>(pool.submit<get_level>()).find("initializer failed: no database"),
            std::string::npos);
}

TEST(process_pool_worker, is_replaced_after_so_many_calls) {
  process_pool_executor pool({.max_workers = 1, .max_tasks_per_child = 2});
  std::vector<pid_t> workers;
  for (int n = 0; n < 6; ++n) workers.push_back(pool.submit<own_pid>().result());
  std::sort(workers.begin(), workers.end());
  EXPECT_EQ(std::unique(workers.begin(), workers.end()) - workers.begin(), 3);
}

TEST(process_pool_worker, is_replaced_only_once_it_has_ended_its_last_call) {
  const folder files;
  process_pool_executor pool({.max_workers = 1, .max_tasks_per_child = 1});
  const auto last = pool.submit<ends_with_file>(files.file("began"), files.file("go"));
  static_cast<void>(number_in(files.file("began")));
  const auto next = pool.submit<twice>(21);
  std::this_thread::sleep_for(10ms);
  EXPECT_EQ(pool.worker_ids().size(), 1U);
  append_line(files.file("go"), "now");
  EXPECT_EQ(next.result(), 42);
}

TEST(process_pool_executor, may_be_destroyed_by_the_callback_of_a_call) {
  const folder files;
  auto pool = std::make_unique<process_pool_executor>(process_pool_options{.max_workers = 1});
  std::latch destroyed(1);
  pool->submit<ends_with_file>(files.file("began"), files.file("go")).add_done_callback([&] {
    pool.reset();
    destroyed.count_down();
  });
  const pid_t worker = number_in(files.file("began"));
  append_line(files.file("go"), "now");
  destroyed.wait();
  EXPECT_TRUE(becomes_true([worker] { return is_reaped(worker); }));
}

TEST(process_pool_executor, does_not_let_a_callback_wait_for_another_call) {
  const folder files;
  process_pool_executor pool({.max_workers = 2});
  std::latch called(1);
  bool refused = false;
  pool.submit<ends_with_file>(files.file("began"), files.file("go")).add_done_callback([&] {
    try {
      pool.submit<twice>(1).result(10s);
    } catch (const hocket::invalid_state_error&) {
      refused = true;
    } catch (const hocket::timeout_error&) {
    }
    called.count_down();
  });
  append_line(files.file("go"), "now");
  called.wait();
  EXPECT_TRUE(refused);
}

// ---- limits

TEST(process_pool_messages, of_several_megabytes_go_there_and_back) {
  process_pool_executor pool({.max_workers = 1});
  constexpr std::size_t size = 5'000'000;
  EXPECT_EQ(pool.submit<size_of>(text_of_size(size)).result(), size);
  EXPECT_EQ(pool.submit<text_of_size>(size).result().size(), size);
}

TEST(process_pool_messages, may_be_large_in_both_directions_at_once) {
  process_pool_executor pool({.max_workers = 1});
  std::vector<hocket::concurrent_future<std::string>> calls;
  for (int n = 0; n < 4; ++n)
    calls.push_back(pool.submit<[](const std::string& text) { return text; }>(text_of_size(1'000'000)));
  for (const auto& each : calls) EXPECT_EQ(each.result().size(), 1'000'000U);
}

TEST(process_pool_messages, with_a_result_too_large_are_refused_and_the_worker_goes_on) {
  process_pool_executor pool({.max_workers = 1, .max_message_bytes = 1000});
  const pid_t worker = pool.submit<own_pid>().result();
  EXPECT_TRUE(text_of<hocket::message_too_large>(pool.submit<text_of_size>(std::size_t{2000}))
                  .starts_with("result too large: more than 1000 bytes"));
  EXPECT_EQ(pool.submit<own_pid>().result(), worker);
}

TEST(process_pool_messages, with_arguments_too_large_are_refused_at_once) {
  process_pool_executor pool({.max_workers = 1, .max_message_bytes = 1000});
  EXPECT_THROW(static_cast<void>(pool.submit<size_of>(text_of_size(2000))), hocket::message_too_large);
  EXPECT_EQ(pool.submit<size_of>(text_of_size(500)).result(), 500U);
}

TEST(process_pool_executor, refuses_a_call_if_as_many_wait_as_may) {
  const folder files;
  process_pool_executor pool({.max_workers = 1, .max_pending = 1});
  const auto running = pool.submit<ends_with_file>(files.file("began"), files.file("go"));
  static_cast<void>(number_in(files.file("began")));
  const auto waiting = pool.submit<twice>(1);
  EXPECT_THROW(static_cast<void>(pool.submit<twice>(2)), hocket::executor_full);
  append_line(files.file("go"), "now");
  EXPECT_EQ(waiting.result(), 2);
}

TEST(process_pool_executor, takes_as_many_calls_as_it_can_run_and_as_may_wait) {
  const folder files;
  process_pool_executor pool({.max_workers = 2, .max_pending = 1, .child_concurrency = 2});
  std::vector<hocket::concurrent_future<int>> calls;
  for (int n = 0; n < 5; ++n)
    calls.push_back(pool.submit<ends_with_file>(files.file(std::to_string(n)), files.file("go")));
  EXPECT_THROW(static_cast<void>(pool.submit<twice>(2)), hocket::executor_full);
  append_line(files.file("go"), "now");
  for (const auto& each : calls) EXPECT_EQ(each.result(), 7);
}

TEST(process_pool_executor, gives_the_place_of_a_cancelled_call_to_another) {
  const folder files;
  process_pool_executor pool({.max_workers = 1, .max_pending = 1});
  const auto running = pool.submit<ends_with_file>(files.file("began"), files.file("go"));
  static_cast<void>(number_in(files.file("began")));
  for (int n = 0; n < 10; ++n) EXPECT_TRUE(pool.submit<twice>(1).cancel());
  const auto waiting = pool.submit<twice>(2);
  append_line(files.file("go"), "now");
  EXPECT_EQ(waiting.result(), 4);
}

HOCKET_TEST(run_in_process_pool, lines_up_where_submit_is_refused) {
  const folder files;
  process_pool_executor pool({.max_workers = 1, .max_pending = 1});
  const auto running = pool.submit<ends_with_file>(files.file("began"), files.file("go"));
  static_cast<void>(number_in(files.file("began")));
  const auto waiting = pool.submit<twice>(1);
  auto task = hocket::create_task(run_in_executor<twice>(pool, 21));
  co_await hocket::sleep(0s);
  append_line(files.file("go"), "now");
  EXPECT_EQ(co_await task, 42);
}

HOCKET_TEST(run_in_process_pool, holds_up_virtual_time) {
  const folder files;
  process_pool_executor pool({.max_workers = 1});
  const auto begin = hocket::loop::running().time();
  auto later = hocket::create_task(hocket::sleep(1ms));
  co_await run_in_executor<[] { std::this_thread::sleep_for(20ms); }>(pool);
  EXPECT_EQ(hocket::loop::running().time(), begin);
  co_await later;
}

TEST(process_pool_executor, refuses_options_that_make_no_sense) {
  EXPECT_THROW(process_pool_executor({.max_workers = 0}), std::invalid_argument);
  EXPECT_THROW(process_pool_executor({.max_pending = 0}), std::invalid_argument);
  EXPECT_THROW(process_pool_executor({.max_tasks_per_child = 0}), std::invalid_argument);
  EXPECT_THROW(process_pool_executor({.child_concurrency = 0}), std::invalid_argument);
  EXPECT_THROW(process_pool_executor({.child_concurrency = 2, .kill_on_cancel = true}), std::invalid_argument);
}

// ---- shutdown

/// A pool whose one worker is busy until `let_go`, with two calls behind.
struct busy_pool {
  folder files;
  std::optional<process_pool_executor> pool{std::in_place, process_pool_options{.max_workers = 1}};
  hocket::concurrent_future<int> running = pool->submit<ends_with_file>(files.file("began"), files.file("go"));
  hocket::concurrent_future<int> second = pool->submit<twice>(1);
  hocket::concurrent_future<int> third = pool->submit<twice>(2);

  busy_pool() { static_cast<void>(number_in(files.file("began"))); }
  void let_go() { append_line(files.file("go"), "now"); }
};

TEST(process_pool_shutdown, runs_what_is_left_and_waits) {
  busy_pool busy;
  busy.let_go();
  busy.pool->shutdown();
  EXPECT_TRUE(busy.running.done() && busy.second.done() && busy.third.done());
  EXPECT_EQ(busy.third.result(), 4);
}

TEST(process_pool_shutdown, need_not_wait) {
  busy_pool busy;
  busy.pool->shutdown({.wait = false});
  EXPECT_FALSE(busy.running.done());
  busy.let_go();
  EXPECT_EQ(busy.third.result(), 4);
}

TEST(process_pool_shutdown, may_drop_what_has_not_begun) {
  busy_pool busy;
  busy.pool->shutdown({.wait = false, .cancel_futures = true});
  EXPECT_TRUE(busy.second.was_cancelled() && busy.third.was_cancelled());
  busy.let_go();
  EXPECT_EQ(busy.running.result(), 7);
}

TEST(process_pool_shutdown, takes_no_calls_any_more) {
  process_pool_executor pool({.max_workers = 1});
  pool.shutdown();
  EXPECT_THROW(static_cast<void>(pool.submit<twice>(1)), hocket::invalid_state_error);
}

TEST(process_pool_shutdown, ends_while_threads_never_stop_to_submit) {
  process_pool_executor pool({.max_workers = 1, .max_pending = 100});
  EXPECT_EQ(pool.submit<twice>(21).result(), 42);
  std::atomic<int> refused = 0;
  std::vector<std::jthread> threads;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        try {
          static_cast<void>(pool.submit<twice>(21));
        } catch (const hocket::executor_full&) {
          std::this_thread::yield();
        } catch (const hocket::invalid_state_error&) {
          ++refused;
        }
      }
    });
  pool.shutdown();
  while (refused == 0) std::this_thread::yield();
}

TEST(process_pool_shutdown, is_what_the_destructor_does) {
  busy_pool busy;
  busy.let_go();
  busy.pool.reset();
  EXPECT_EQ(busy.third.result(), 4);
}

TEST(process_pool_shutdown, leaves_no_child_and_no_descriptor) {
  const std::size_t before = open_descriptors();
  std::vector<pid_t> workers;
  {
    process_pool_executor pool({.max_workers = 2});
    const auto crashed = pool.submit<crash>();
    for (int n = 0; n < 20; ++n) EXPECT_EQ(pool.submit<twice>(n).result(), 2 * n);
    EXPECT_THROW(crashed.result(), hocket::broken_process_pool);
    workers = pool.worker_ids();
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_FALSE(workers.empty());
  EXPECT_TRUE(std::all_of(workers.begin(), workers.end(), is_reaped));
}

TEST(process_pool_shutdown, of_a_pool_without_work_starts_nothing) {
  process_pool_executor pool;
  EXPECT_TRUE(pool.worker_ids().empty());
}

TEST(process_pool_shutdown, by_kill_workers_ends_what_runs_and_drops_the_rest) {
  busy_pool busy;
  busy.pool->kill_workers();
  EXPECT_NE(text_of<hocket::broken_process_pool>(busy.running).find("SIGKILL"), std::string::npos);
  EXPECT_TRUE(busy.third.was_cancelled());
  EXPECT_THROW(static_cast<void>(busy.pool->submit<twice>(1)), hocket::invalid_state_error);
}

TEST(process_pool_shutdown, by_terminate_workers_ends_them_by_sigterm) {
  busy_pool busy;
  busy.pool->terminate_workers();
  EXPECT_NE(text_of<hocket::broken_process_pool>(busy.running).find("SIGTERM"), std::string::npos);
}

TEST(process_pool_shutdown, by_kill_workers_leaves_no_call_to_another_worker) {
  const folder files;
  process_pool_executor pool({.max_workers = 1, .child_concurrency = 3});
  const auto running = pool.submit<ends_with_file>(files.file("began"), files.file("go"));
  static_cast<void>(number_in(files.file("began")));
  const auto half_sent = pool.submit<size_of>(text_of_size(5'000'000));
  const auto unsent = pool.submit<append_line>(files.file("lines"), "never");
  pool.kill_workers();
  EXPECT_THROW(running.result(), hocket::broken_process_pool);
  EXPECT_THROW(half_sent.result(), hocket::broken_process_pool);
  EXPECT_THROW(unsent.result(), hocket::broken_process_pool);
  EXPECT_FALSE(std::filesystem::exists(files.file("lines")));
}

TEST(process_pool_executor, takes_a_call_back_that_no_worker_has) {
  busy_pool busy;
  EXPECT_TRUE(busy.second.cancel());
  EXPECT_FALSE(busy.running.cancel());
  busy.let_go();
  EXPECT_EQ(busy.third.result(), 4);
}

// ---- other processes

TEST(process_pool_worker, dies_with_the_process_of_its_pool_even_if_that_is_killed) {
  const folder files;
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // so that the orphans are ours
  setenv("HOCKET_TEST_FOLDER", files.file("").c_str(), 1);
  const pid_t parent = start_as("parent");
  const std::array workers{number_in(files.file("0")), number_in(files.file("1"))};
  kill(parent, SIGKILL);
  EXPECT_EQ(exit_code_of(parent), -SIGKILL);
  for (const pid_t each : workers) {
    EXPECT_TRUE(becomes_true([&] { return !is_alive(each); }));
    kill(each, SIGTERM);
    EXPECT_EQ(exit_code_of(each), -SIGKILL);
  }
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(process_pool_executor, works_without_standard_streams) { EXPECT_EQ(exit_code_of(start_as("closed streams")), 42); }

TEST(process_pool_executor, is_refused_where_main_does_not_begin_with_the_line) {
  EXPECT_EQ(exit_code_of(start_as("forgets the line")), 42);
}

TEST(process_pool_worker, that_came_to_make_a_pool_ends_at_once_and_breaks_the_one_that_started_it) {
  EXPECT_EQ(exit_code_of(start_as("forgets the line as a worker")), 42);
}

TEST(process_pool_worker, by_name_only_ends_with_one_line) { EXPECT_EQ(exit_code_of(start_as("", true)), 70); }

TEST(process_pool_executor, takes_no_calls_in_a_copy_of_its_process) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_EQ(pool.submit<twice>(1).result(), 2);
  EXPECT_EQ(exit_code_of_copy([&] {
              try {
                static_cast<void>(pool.submit<twice>(5));
              } catch (const hocket::invalid_state_error&) {
                return 42;
              }
              return 1;
            }),
            42);
  EXPECT_EQ(pool.submit<twice>(21).result(), 42);
}

TEST(process_pool_executor, is_left_alone_by_what_a_copy_of_its_process_does_to_it) {
  auto pool = std::make_unique<process_pool_executor>(process_pool_options{.max_workers = 1});
  const pid_t worker = pool->submit<own_pid>().result();
  EXPECT_EQ(exit_code_of_copy([&] {
              alarm(20);
              pool->kill_workers();
              pool.reset();
              return 42;
            }),
            42);
  EXPECT_EQ(pool->submit<own_pid>().result(), worker);
}

TEST(process_pool_worker, whose_function_forks_and_returns_twice_answers_once) {
  process_pool_executor pool({.max_workers = 1});
  const pid_t worker = pool.submit<own_pid>().result();
  EXPECT_EQ(pool.submit<forks_and_returns_twice>().result(), worker);
  EXPECT_EQ(pool.submit<own_pid>().result(), worker);
}

TEST(process_pool_worker, by_name_only_and_with_a_socket_in_the_right_place_ends_with_one_line) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  EXPECT_EQ(exit_code_of_copy([&] {
              dup2(ends[0], 3);
              setenv("HOCKET_PROCESS_WORKER", "1", 1);
              execl("/proc/self/exe", "other", nullptr);
              return 1;
            }),
            70);
  for (const int each : ends) close(each);
}

// ---- in tasks

HOCKET_TEST(run_in_process_pool, gives_what_the_function_returns) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_EQ(co_await run_in_executor<twice>(pool, 21), 42);
}

HOCKET_TEST(run_in_process_pool, throws_what_the_function_throws) {
  process_pool_executor pool({.max_workers = 1});
  const auto outcome = co_await hocket::as_result(run_in_executor<throws>(pool, "out_of_range"));
  EXPECT_THROW(std::rethrow_exception(outcome.error()), std::out_of_range);
}

HOCKET_TEST(run_in_process_pool, runs_many_at_a_time) {
  process_pool_executor pool({.max_workers = 2});
  const auto [a, b, c] = co_await hocket::gather(run_in_executor<twice>(pool, 1), run_in_executor<twice>(pool, 2),
                                                 run_in_executor<twice>(pool, 3));
  EXPECT_EQ(a + b + c, 12);
}

HOCKET_TEST(run_in_process_pool, takes_a_call_back_that_no_worker_has) {
  busy_pool busy;
  auto waiting = hocket::create_task(run_in_executor<append_line>(*busy.pool, busy.files.file("never"), "line"));
  co_await hocket::sleep(0s);
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  busy.let_go();
  busy.pool->shutdown();
  EXPECT_FALSE(std::filesystem::exists(busy.files.file("never")));
}

HOCKET_TEST(run_in_process_pool, waits_for_a_call_that_has_begun_even_when_cancelled) {
  const folder files;
  process_pool_executor pool({.max_workers = 1});
  int result = 0;
  auto body = [&]() -> hocket::coro<void> {
    result = co_await run_in_executor<ends_with_file>(pool, files.file("began"), files.file("go"));
  };
  auto working = hocket::create_task(body());
  co_await hocket::sleep(0s);
  static_cast<void>(number_in(files.file("began")));
  working.cancel();
  append_line(files.file("go"), "now");
  EXPECT_TRUE(co_await ends_cancelled(working));
  EXPECT_EQ(result, 7);
}

HOCKET_TEST(run_in_process_pool, kills_the_worker_of_a_cancelled_call_if_asked_to) {
  const folder files;
  process_pool_executor pool({.max_workers = 1, .kill_on_cancel = true});
  auto working = hocket::create_task(run_in_executor<never_ends>(pool, files.file("began")));
  co_await hocket::sleep(0s);
  const pid_t worker = number_in(files.file("began"));
  working.cancel();
  EXPECT_TRUE(co_await ends_cancelled(working));
  EXPECT_FALSE(is_alive(worker));
  EXPECT_EQ(co_await run_in_executor<twice>(pool, 21), 42);
}

HOCKET_TEST(run_in_process_pool, of_a_submitted_call_may_be_abandoned) {
  busy_pool busy;
  auto body = [&]() -> hocket::coro<void> { static_cast<void>(co_await busy.running); };
  auto waiting = hocket::create_task(body());
  co_await hocket::sleep(0s);
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  busy.let_go();
  busy.pool->shutdown();
  EXPECT_EQ(busy.running.result(), 7);
}

HOCKET_TEST(run_in_process_pool, survives_the_end_of_its_pool) {
  auto busy = std::make_unique<busy_pool>();
  auto call = hocket::create_task(run_in_executor<twice>(*busy->pool, 21));
  co_await hocket::sleep(0s);
  busy->let_go();
  busy.reset();
  call.cancel();  // when the result is on its way and the pool is gone
  EXPECT_TRUE(co_await ends_cancelled(call));
}

// ---- coroutines in workers

HOCKET_TEST(process_pool_coroutine, gives_its_value) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_EQ(co_await run_in_executor<twice_later>(pool, 21), 42);
}

TEST(process_pool_coroutine, throws_its_exception) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_THROW(pool.submit<fails_later>("no luck").result(), std::invalid_argument);
}

TEST(process_pool_coroutine, runs_on_a_loop_that_the_worker_keeps) {
  process_pool_executor pool({.max_workers = 1});
  EXPECT_EQ(pool.submit<own_loop>().result(), pool.submit<own_loop>().result());
}

TEST(process_pool_coroutine, meets_others_if_a_worker_may_run_several) {
  process_pool_executor pool({.max_workers = 1, .child_concurrency = 2});
  const auto first = pool.submit<meets_another>();
  const auto second = pool.submit<meets_another>();
  EXPECT_EQ(first.result() + second.result(), 4);
}

TEST(process_pool_coroutine, goes_to_a_worker_of_its_own_as_long_as_there_may_be_more) {
  const folder files;
  process_pool_executor pool({.max_workers = 2, .child_concurrency = 2});
  const auto first = pool.submit<ends_with_file>(files.file("first"), files.file("go"));
  const auto second = pool.submit<ends_with_file>(files.file("second"), files.file("go"));
  EXPECT_NE(number_in(files.file("first")), number_in(files.file("second")));
  append_line(files.file("go"), "now");
}

TEST(process_pool_coroutine, may_be_one_of_many) {
  process_pool_executor pool({.max_workers = 2, .child_concurrency = 16});
  std::vector<hocket::concurrent_future<int>> calls;
  for (int n = 0; n < 500; ++n) calls.push_back(n % 2 == 0 ? pool.submit<twice_later>(n) : pool.submit<twice>(n));
  for (int n = 0; n < 500; ++n) EXPECT_EQ(calls[static_cast<std::size_t>(n)].result(), 2 * n);
}

// ---- what this program does in the other roles

int parent_of_two() {
  const std::string files = std::getenv("HOCKET_TEST_FOLDER");
  process_pool_executor pool({.max_workers = 2});
  const auto first = pool.submit<never_ends>(files + "0");
  const auto second = pool.submit<never_ends>(files + "1");
  first.result();
  return 1;
}

int without_streams() {
  for (const int each : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) close(each);
  process_pool_executor pool({.max_workers = 1});
  return pool
      .submit<[](int n) {
        std::printf("unheard\n");
        std::fflush(stdout);
        return n;
      }>(42)
      .result();
}

int without_the_line() {
  try {
    process_pool_executor pool;
  } catch (const hocket::invalid_state_error&) {
    return 42;
  }
  return 1;
}

int with_workers_that_forget() {
  process_pool_executor pool({.max_workers = 1});
  const std::string text = text_of<hocket::broken_process_pool>(pool.submit<twice>(1));
  return text.find("exit code 70") != std::string::npos ? 42 : 1;
}

int play(const std::string& role) {
  if (role == "parent") return parent_of_two();
  if (role == "closed streams") return without_streams();
  if (role == "forgets the line") return without_the_line();
  if (role == "forgets the line as a worker") return with_workers_that_forget();
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  const char* const role = std::getenv("HOCKET_TEST_ROLE");
  const std::string played = role != nullptr ? role : "";
  const bool is_worker = std::getenv("HOCKET_PROCESS_WORKER") != nullptr;
  if (is_worker && std::getenv("HOCKET_TEST_STUCK_WORKERS") != nullptr)
    for (;;) pause();
  if (played != "forgets the line" && !(played == "forgets the line as a worker" && is_worker))
    hocket::serve_if_worker();
  if (!played.empty()) return play(played);
  testing::InitGoogleTest(&count, arguments);
  return RUN_ALL_TESTS();
}
