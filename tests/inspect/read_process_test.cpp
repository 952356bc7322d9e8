#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <elf.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <hocket/inspect/process_memory.hpp>
#include <hocket/inspect/read_process.hpp>
#include <hocket/inspect/stopped_process.hpp>
#include <hocket/inspect/task_text.hpp>
#include <hocket/inspect/tree_text.hpp>
#include <hocket/inspect/unreadable.hpp>

#include "inspect/backends.hpp"
#include "inspect/other_program.hpp"
#include "inspect/shown_tasks.hpp"

namespace {

using hocket::inspect::read_process;
using hocket::inspect::snapshot;
using hocket::inspect::unreadable;
using hocket::testing::expect_shown_program;
using hocket::testing::may_be_missing;
using hocket::testing::other_program;
using hocket::testing::shown_programs;

unreadable::reason why_not(pid_t process) {
  try {
    static_cast<void>(read_process(process));
  } catch (const unreadable& problem) {
    EXPECT_TRUE(std::string_view(problem.what()).contains(std::to_string(process))) << problem.what();
    return problem.why();
  }
  ADD_FAILURE() << "it was read";
  return {};
}

char state_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::stringstream all;
  all << file.rdbuf();
  return all.str().at(all.str().rfind(')') + 2);
}

std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> found;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    std::ifstream file(thread.path() / "children");
    found.insert(found.end(), std::istream_iterator<pid_t>(file), {});
  }
  return found;
}

// 0: there is none.
pid_t thread_called(pid_t process, const std::string& name) {
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    std::ifstream file(thread.path() / "comm");
    std::string found;
    if (std::getline(file, found) && found == name) return std::stoi(thread.path().filename());
  }
  return 0;
}

// As it is when a thread has begun with what its main task waits for.
snapshot read_when_main_is_served(pid_t process) {
  for (;;) {
    snapshot seen = read_process(process);
    const auto& tasks = seen.loops.at(0).tasks;
    const auto main = std::ranges::find(tasks, "main", &hocket::inspect::task::name);
    if (main == tasks.end() || !main->waits_for || main->waits_for->thread != 0) return seen;
    ::sched_yield();
  }
}

// Its tree, without lines, folders, times and numbers of threads.
std::string shape_of(pid_t process) {
  const std::string tree = hocket::inspect::tree_text(read_when_main_is_served(process));
  return std::regex_replace(
      tree, std::regex(" \\(made at .*?\\)|\\S*/|:\\d+| 0x[0-9a-f]+|\\d+\\.\\d s|( in thread) \\d+"), "$1");
}

bool comes_to_state(pid_t process, char state) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (state_of(process) != state)
    if (::sched_yield() != 0 || std::chrono::steady_clock::now() > deadline) return false;
  return true;
}

}  // namespace

TEST(read_process, shows_each_task_where_it_waits_for_what_and_who_waits_for_it) {
  for (const char* backend : {"epoll", "io_uring", "poll", "select"}) {
    SCOPED_TRACE(backend);
    other_program shown({shown_programs + "/shown"}, backend);
    const bool is_ready = shown.line() == "ready";
    if (!is_ready && may_be_missing(backend)) continue;
    ASSERT_TRUE(is_ready);
    expect_shown_program(read_process(shown.number()));
    EXPECT_EQ(shown.end(), 0);
  }
}

TEST(read_process,
     shows_the_same_of_a_program_that_is_stripped_static_optimised_as_a_whole_or_has_hocket_as_a_library) {
  std::istringstream variants(HOCKET_SHOWN_VARIANTS);
  for (std::string program; variants >> program;) {
    SCOPED_TRACE(program);
    other_program shown({shown_programs + "/" + program});
    ASSERT_EQ(shown.line(), "ready");
    expect_shown_program(read_process(shown.number()));
  }
}

TEST(read_process, shows_the_same_of_a_program_that_is_read_while_it_runs) {
  other_program shown({shown_programs + "/shown"});
  ASSERT_EQ(shown.line(), "ready");
  const snapshot seen = read_process(shown.number(), {.stop = false});
  EXPECT_EQ(seen.stopped.count(), 0);
  expect_shown_program(seen);
}

TEST(read_process, tells_how_long_a_sleep_lasts_which_descriptor_receives_and_how_many_are_gathered) {
  other_program shown({shown_programs + "/shown"});
  ASSERT_EQ(shown.line(), "ready");
  const snapshot seen = read_process(shown.number());
  std::map<std::string, hocket::inspect::task> tasks;
  for (const auto& task : seen.loops.at(0).tasks) tasks[task.name] = task;
  EXPECT_GT(tasks["shared nap"].waits_for.value().left.value(), std::chrono::minutes(59));
  EXPECT_LT(tasks["shared nap"].waits_for.value().left.value(), std::chrono::minutes(60));
  EXPECT_GT(tasks["listening"].waits_for.value().descriptor.value(), 2);
  EXPECT_EQ(tasks["both"].waits_for.value().count.value(), 2U);
  EXPECT_EQ(tasks["team"].waits_for.value().count.value(), 2U);
  const auto& all = seen.loops.front().tasks;
  EXPECT_EQ(all.at(tasks["joined"].waits_for.value().awaited.value()).name, "waiting");
  EXPECT_EQ(all.at(tasks["looking"].waits_for.value().awaited.value()).name, "shared nap");
}

TEST(read_process, tells_who_holds_a_lock_and_that_tasks_wait_for_each_others_locks) {
  other_program deadlocked({shown_programs + "/deadlocked"});
  ASSERT_EQ(deadlocked.line(), "ready");
  const snapshot seen = read_process(deadlocked.number());
  const auto& tasks = seen.loops.at(0).tasks;
  std::map<std::string, std::string> holders;
  for (const auto& task : tasks)
    if (task.waits_for.value().held_by) holders[task.name] = tasks.at(*task.waits_for->held_by).name;
  EXPECT_EQ(holders, (std::map<std::string, std::string>{
                         {"alice", "bob"}, {"bob", "alice"}, {"carol", "carol"}, {"dave", "alice"}}));
  std::vector<std::string> told;
  for (const auto& each : seen.loops.at(0).deadlocks)
    told.push_back(hocket::inspect::deadlock_text(seen.loops[0], each));
  EXPECT_EQ(told, (std::vector<std::string>{"alice > bob > alice", "carol > carol"}));
  std::string tree = hocket::inspect::tree_text(seen);
  tree = std::regex_replace(tree, std::regex(" \\(made at .*?\\)|\\S*/|:\\d+| 0x[0-9a-f]+"), "");
  EXPECT_EQ(tree,
            "* Task 'main'\n"
            "  | hocket::gather() gather.hpp: gather, 2 left\n"
            "  | deadlock() deadlocked_program.cpp\n"
            "  * Task 'alice'\n"
            "    | take_both() deadlocked_program.cpp: lock held by 'bob'\n"
            "    * Task 'bob'\n"
            "      | take_both() deadlocked_program.cpp: lock held by 'alice'\n"
            "      * Task 'alice'\n"
            "        + a circle: it waits for itself\n"
            "  * Task 'bob'\n"
            "    + ...\n"
            "* Task 'dave'\n"
            "  | take() deadlocked_program.cpp: lock held by 'alice'\n"
            "* Task 'carol'\n"
            "  | take_both() deadlocked_program.cpp: lock held by 'carol'\n"
            "  * Task 'carol'\n"
            "    + a circle: it waits for itself\n");
}

TEST(read_process, shows_green_threads_as_tasks) {
  if (!std::filesystem::exists(shown_programs + "/green")) GTEST_SKIP() << "there are no green threads in this build";
  other_program green({shown_programs + "/green"});
  ASSERT_EQ(green.line(), "ready");
  EXPECT_EQ(shape_of(green.number()),
            "* Task 'main'\n"
            "  | meadow::open() green_program.cpp: to_thread in thread\n"
            "* Task 'queueing'\n"
            "  | meadow::queue() green_program.cpp: lock held by 'holding'\n"
            "* Task 'joining'\n"
            "  | meadow::open()::(lambda)() green_program.cpp: task 'holding'\n"
            "  * Task 'holding'\n"
            "    | meadow::nap() green_program.cpp: sleep,  left\n");
}

TEST(read_process, shows_who_waits_for_another_process_and_what_that_does) {
  other_program pooled({shown_programs + "/pooled"});
  ASSERT_EQ(pooled.line(), "ready");
  const std::vector<pid_t> workers = children_of(pooled.number());
  ASSERT_EQ(workers.size(), 1U);
  EXPECT_EQ(shape_of(pooled.number()),
            "* Task 'main'\n"
            "  | pooled::open() pooled_program.cpp: to_thread in thread\n"
            "* Task 'calculating'\n"
            "  | pooled::calculate() pooled_program.cpp: process_call pooled::count in process " +
                std::to_string(workers[0]) +
                "\n"
                "* Task 'calculating next'\n"
                "  | pooled::calculate() pooled_program.cpp: process_call pooled::count, in line for a process\n");
  EXPECT_TRUE(shape_of(workers[0]).contains("  | pooled::count() pooled_program.cpp: sleep,  left\n"))
      << shape_of(workers[0]);
  EXPECT_EQ(pooled.end(), 0);
}

TEST(read_process, shows_which_thread_of_a_pool_makes_the_call_that_a_task_waits_for) {
  other_program threaded({shown_programs + "/threaded"});
  ASSERT_EQ(threaded.line(), "ready");
  std::map<std::string, const hocket::inspect::task*> tasks;
  const snapshot seen = read_when_main_is_served(threaded.number());
  for (const auto& each : seen.loops.front().tasks) tasks[each.name] = &each;
  EXPECT_EQ(tasks.at("reading")->waits_for->thread, thread_called(threaded.number(), "reader_0"));
  EXPECT_EQ(tasks.at("reading next")->waits_for->thread, 0);
  EXPECT_NE(tasks.at("main")->waits_for->thread, 0);
  EXPECT_NE(tasks.at("main")->waits_for->thread, tasks.at("reading")->waits_for->thread);
  EXPECT_EQ(shape_of(threaded.number()),
            "* Task 'main'\n"
            "  | threaded::open() threaded_program.cpp: to_thread in thread\n"
            "* Task 'reading'\n"
            "  | threaded::read() threaded_program.cpp: to_thread in thread\n"
            "* Task 'reading next'\n"
            "  | threaded::read() threaded_program.cpp: to_thread, in line for a thread\n");
  EXPECT_EQ(threaded.end(), 0);
}

TEST(read_process, never_sees_half_a_change_of_a_program_that_changes_all_the_time) {
  other_program churning({shown_programs + "/churning"});
  ASSERT_EQ(churning.line(), "ready");
  std::size_t most = 0;
  for (int n = 0; n < 200; ++n) {
    const snapshot seen = read_process(churning.number());
    EXPECT_FALSE(seen.torn);
    ASSERT_EQ(seen.loops.size(), 1U);
    const auto& tasks = seen.loops.front().tasks;
    EXPECT_EQ(std::ranges::count(tasks, "staying", &hocket::inspect::task::name), 3);
    EXPECT_EQ(std::ranges::count(tasks, "main", &hocket::inspect::task::name), 1);
    most = std::max(most, tasks.size());
  }
  EXPECT_GT(most, 1000U);
}

TEST(read_process, leaves_a_stopped_program_stopped_and_a_running_one_running) {
  other_program shown({shown_programs + "/shown"});
  ASSERT_EQ(shown.line(), "ready");
  ::kill(shown.number(), SIGSTOP);
  EXPECT_TRUE(comes_to_state(shown.number(), 'T'));
  expect_shown_program(read_process(shown.number()));
  EXPECT_TRUE(comes_to_state(shown.number(), 'T'));
  ::kill(shown.number(), SIGCONT);
  expect_shown_program(read_process(shown.number()));
  EXPECT_EQ(shown.end(), 0);
}

TEST(read_process, lets_a_signal_through_that_comes_while_the_program_stands_still) {
  other_program shown({shown_programs + "/shown"});
  ASSERT_EQ(shown.line(), "ready");
  {
    const hocket::inspect::stopped_process still(shown.number());
    EXPECT_EQ(state_of(shown.number()), 't');
    ::kill(shown.number(), SIGTERM);
  }
  EXPECT_EQ(shown.end(), 128 + SIGTERM);
}

TEST(read_process, says_that_there_is_no_such_process) {
  other_program gone({"/bin/true"});
  const pid_t number = gone.number();
  EXPECT_EQ(gone.end(), 0);
  EXPECT_EQ(why_not(number), unreadable::reason::no_such_process);
}

TEST(read_process, says_that_a_process_has_ended_for_which_its_parent_has_not_asked_yet) {
  other_program ended({"/bin/true"});
  ASSERT_EQ(ended.line(), "");
  ASSERT_TRUE(comes_to_state(ended.number(), 'Z'));
  EXPECT_EQ(why_not(ended.number()), unreadable::reason::no_such_process);
}

TEST(read_process, says_that_descriptors_have_run_out_and_not_that_a_process_is_gone) {
  other_program shown({shown_programs + "/shown"});
  ASSERT_EQ(shown.line(), "ready");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const auto without_descriptors = [&before](auto does) {
    const int next = ::dup(STDIN_FILENO);
    ::close(next);
    const rlimit few{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    try {
      does();
      ADD_FAILURE() << "there were enough";
    } catch (const unreadable& problem) {
      EXPECT_EQ(problem.why(), unreadable::reason::system_failed);
      EXPECT_TRUE(std::string_view(problem.what()).ends_with("Too many open files")) << problem.what();
    }
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  };
  without_descriptors([&] { static_cast<void>(read_process(shown.number())); });
  without_descriptors([&] { const hocket::inspect::stopped_process still(shown.number()); });
  without_descriptors([] { static_cast<void>(hocket::inspect::find_processes()); });
}

TEST(read_process, says_that_there_is_no_hocket_in_a_process) {
  other_program cat({"/bin/cat"});
  EXPECT_EQ(why_not(cat.number()), unreadable::reason::no_hocket);
}

TEST(read_process, says_that_a_program_shows_another_version) {
  other_program tomorrow({shown_programs + "/shown_tomorrow"});
  ASSERT_EQ(tomorrow.line(), "ready");
  EXPECT_EQ(why_not(tomorrow.number()), unreadable::reason::other_version);
}

TEST(read_process, says_that_a_program_was_built_without_notes) {
  other_program silent({shown_programs + "/shown_without_notes"});
  ASSERT_EQ(silent.line(), "ready");
  EXPECT_EQ(why_not(silent.number()), unreadable::reason::without_notes);
  EXPECT_EQ(std::ranges::count(hocket::inspect::find_processes(), silent.number()), 1);
}

TEST(read_process, says_that_a_process_does_not_stop_and_reads_it_as_it_runs) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "the thread sanitizer makes a fork(2) of vfork(2)";
#endif
#endif
  other_program vforked({shown_programs + "/vforked"});
  ASSERT_EQ(vforked.line(), "ready");
  ASSERT_TRUE(comes_to_state(vforked.number(), 'D'));
  EXPECT_EQ(why_not(vforked.number()), unreadable::reason::unstoppable);
  const snapshot seen = read_process(vforked.number(), {.stop = false});
  EXPECT_EQ(seen.loops.at(0).tasks.at(0).state, hocket::inspect::task_state::running);
  EXPECT_EQ(vforked.end(), 0);  // it was let go, though it had not stopped
}

TEST(stopped_process, does_not_let_threads_stand_still_for_one_that_does_not_stop) {
#ifdef HOCKET_SANITIZED
  GTEST_SKIP() << "a sanitizer has threads of its own, or makes a fork(2) of vfork(2)";
#endif
  const auto stop = [](const std::vector<std::string>& command, const hocket::inspect::stop_limits& limits) {
    other_program vforked(command);
    ASSERT_EQ(vforked.line(), "ready");
    ASSERT_TRUE(comes_to_state(vforked.number(), 'D'));
    std::async(std::launch::async, [&] {
      EXPECT_THROW(hocket::inspect::stopped_process(vforked.number(), limits), unreadable);
    }).get();
    EXPECT_EQ(vforked.end(), 0);
  };
  stop({shown_programs + "/vforked", "beside"}, {.until_first = std::chrono::hours(1)});
  stop({shown_programs + "/vforked"}, {.until_first = std::chrono::milliseconds(1), .standing = std::chrono::hours(1)});
}

TEST(read_process, says_that_a_process_is_a_program_for_another_kind_of_processor) {
  const std::string path = std::filesystem::temp_directory_path() / ("hocket_foreign_" + std::to_string(::getpid()));
  Elf64_Ehdr header{};
  std::ifstream("/proc/self/exe", std::ios::binary).read(reinterpret_cast<char*>(&header), sizeof header);
  header.e_machine = EM_S390;
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(&header), sizeof header);
  other_program foreign({"/usr/bin/python3", "-c",
                         "import mmap, os, sys\n"
                         "kept = mmap.mmap(os.open(sys.argv[1], os.O_RDONLY), 0, prot=mmap.PROT_READ)\n"
                         "print('ready', flush=True)\n"
                         "sys.stdin.read()\n",
                         path});
  const std::string line = foreign.line();
  std::filesystem::remove(path);
  if (line != "ready") GTEST_SKIP() << "there is no /usr/bin/python3";
  EXPECT_EQ(why_not(foreign.number()), unreadable::reason::other_architecture);
}

TEST(read_process, says_that_a_process_is_traced_already) {
  other_program shown({shown_programs + "/shown"});
  ASSERT_EQ(shown.line(), "ready");
  const hocket::inspect::stopped_process still(shown.number());
  EXPECT_EQ(why_not(shown.number()), unreadable::reason::traced);
}

TEST(find_processes, finds_those_with_hocket_in_them) {
  other_program shown({shown_programs + "/shown"});
  ASSERT_EQ(shown.line(), "ready");
  other_program cat({"/bin/cat"});
  const auto found = hocket::inspect::find_processes();
  EXPECT_EQ(std::ranges::count(found, shown.number()), 1);
  EXPECT_EQ(std::ranges::count(found, cat.number()), 0);
  EXPECT_EQ(std::ranges::count(found, ::getpid()), 0);
}
