// A trace in the trace event format, which chrome://tracing and Perfetto show. Each thread that runs a loop is a track, on which steps of
// tasks and waits for the system are slices; each task is a span beside, from where it is made to its end, and in it what it waits for. Requests to the system are spans, too.
//
// One instrument for all loops of the process: they share the file, and a lock. It lives as long as the process, for other
// threads may run loops until the very end.
//
// Source: "Trace Event Format", docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <errno.h>
#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/base/json_string.hpp>
#include <hocket/base/wait_kind.hpp>
#include <hocket/core/detail/trace.hpp>
#include <hocket/core/detail/trace_file.hpp>
#include <hocket/core/operation.hpp>
#include <hocket/core/task_base.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::detail {
namespace {

constexpr std::uint64_t usual_limit = std::uint64_t{1} << 30;

std::string json(std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  return quoted;
}

std::string json(const std::source_location& place) {
  return json(fmt::format("{}:{}", place.file_name(), place.line()));
}

std::string name_of(const task_base& task) {
  std::array<char, 32> room;
  return json(task.name_in(room));
}

class tracer final : public instrument {
 public:
  tracer(const char* path, std::uint64_t most_bytes) : file_(path, most_bytes) {
    write(fmt::format(R"("ph":"M","name":"process_name","args":{{"name":{}}})", json(program_invocation_short_name)));
  }

  [[nodiscard]] bool is_writing() const noexcept { return file_.is_open(); }

  void task_created(task_base& task) override {
    if (is_over_.load(std::memory_order_relaxed)) return;
    const std::scoped_lock lock(mutex_);
    const std::uint64_t number = tasks_[&task].number = ++tasks_made_;
    write(fmt::format(R"("ph":"b","cat":"task","id":{},"name":{},"args":{{"made_at":{}}})", number, name_of(task),
                      json(task.created())));
  }

  // An arrow from whoever wakes it, if that is a task, to its next step.
  void task_scheduled(task_base& task) override {
    if (is_over_.load(std::memory_order_relaxed)) return;
    if (task_base::current() == nullptr) return;
    const std::scoped_lock lock(mutex_);
    std::uint64_t& arrow = tasks_[&task].arrow;
    if (arrow != 0) return;
    arrow = ++arrows_;
    write(fmt::format(R"("ph":"s","cat":"wake","id":{},"name":"wakes")", arrow));
  }

  void before_task_step(task_base& task) override {
    if (is_over_.load(std::memory_order_relaxed)) return;
    const std::scoped_lock lock(mutex_);
    traced_task& traced = tasks_[&task];
    if (traced.waits_for != nullptr) {
      write(fmt::format(R"("ph":"e","cat":"task","id":{},"name":{})", traced.number, json(*traced.waits_for)));
      traced.waits_for = nullptr;
    }
    write(fmt::format(R"("ph":"B","cat":"step","name":{},"args":{{"task":{}}})", name_of(task), traced.number));
    if (const std::uint64_t arrow = std::exchange(traced.arrow, 0); arrow != 0)
      write(fmt::format(R"("ph":"f","bp":"e","cat":"wake","id":{},"name":"wakes")", arrow));
  }

  void after_task_step(task_base& task) override {
    if (is_over_.load(std::memory_order_relaxed)) return;
    const std::scoped_lock lock(mutex_);
    const auto traced = tasks_.find(&task);
    if (traced == tasks_.end()) return;
    if (task.done()) {
      write(R"("ph":"E","args":{"then":"ends"})");
      write(fmt::format(R"("ph":"e","cat":"task","id":{},"name":{},"args":{{"outcome":"{}"}})", traced->second.number,
                        name_of(task),
                        task.failed()          ? "failed"
                        : task.was_cancelled() ? "cancelled"
                                               : "finished"));
      tasks_.erase(traced);
      return;
    }
    if (task.leaf() == nullptr) return write(R"("ph":"E")");
    const std::string& kind = kind_of(*task.leaf());
    const std::string place = json(frame_base::of(task.leaf()->waiter()).place());
    traced->second.waits_for = &kind;
    write(fmt::format(R"("ph":"E","args":{{"then":{},"at":{}}})", json(kind), place));
    write(fmt::format(R"("ph":"b","cat":"task","id":{},"name":{},"args":{{"at":{}}})", traced->second.number,
                      json(kind), place));
  }

  void operation_submitted(const io_event& event) override {
    if (is_over_.load(std::memory_order_relaxed)) return;
    const std::scoped_lock lock(mutex_);
    const auto task = tasks_.find(event.task);
    write(fmt::format(R"("ph":"b","cat":"operation","id":"{}","name":{},"args":{{"descriptor":{},"task":{}}})",
                      event.id, json(event.operation), event.descriptor,
                      task != tasks_.end() ? task->second.number : 0));
  }

  void operation_completed(const io_event& event) override {
    if (is_over_.load(std::memory_order_relaxed)) return;
    const std::scoped_lock lock(mutex_);
    write(fmt::format(R"("ph":"e","cat":"operation","id":"{}","name":{},"args":{{"result":{}}})", event.id,
                      json(event.operation), event.result));
  }

  void before_io_wait(std::optional<std::chrono::nanoseconds>) override {
    if (is_over_.load(std::memory_order_relaxed)) return;
    const std::scoped_lock lock(mutex_);
    write(R"("ph":"B","cat":"loop","name":"waits for the system")");
    file_.flush();
  }

  void after_io_wait(std::optional<std::chrono::nanoseconds>) override {
    if (is_over_.load(std::memory_order_relaxed)) return;
    const std::scoped_lock lock(mutex_);
    write(R"("ph":"E")");
  }

  void finish() noexcept {
    const std::scoped_lock lock(mutex_);
    file_.finish();
  }

  // ---- around fork(2): what is inherited writes nothing

  void before_fork() noexcept { mutex_.lock(); }
  void after_fork(bool is_child) noexcept {
    if (is_child) file_.give_up();
    mutex_.unlock();
  }

 private:
  using clock = std::chrono::steady_clock;

  struct traced_task {
    std::uint64_t number = 0;
    std::uint64_t arrow = 0;  // that ends at its next step
    const std::string* waits_for = nullptr;
  };

  const std::string& kind_of(const operation& leaf) {
    std::string& kind = kinds_[typeid(leaf).name()];
    if (kind.empty()) kind = wait_kind(typeid(leaf).name());
    return kind;
  }

  // What it is, and then where and when.
  void write(std::string_view what) {
    if (!file_.is_open()) return is_over_.store(true, std::memory_order_relaxed);
    thread_local const pid_t thread = introduced_thread();
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - begin_).count();
    file_.add(fmt::format(R"({{{},"pid":{},"tid":{},"ts":{}.{:03}}})", what, process_, thread, now / 1000, now % 1000));
  }

  pid_t introduced_thread() {
    const pid_t number = ::gettid();
    std::array<char, 16> name{};
    static_cast<void>(::pthread_getname_np(::pthread_self(), name.data(), name.size()));
    file_.add(fmt::format(R"({{"ph":"M","name":"thread_name","args":{{"name":{}}},"pid":{},"tid":{}}})",
                          json(name.data()), process_, number));
    return number;
  }

  const pid_t process_ = ::getpid();
  std::atomic<bool> is_over_{false};  // nothing more is written: nothing more is looked at
  std::mutex mutex_;                  // of what follows
  trace_file file_;
  const clock::time_point begin_ = clock::now();  // after the file is there: to empty it takes a while
  std::uint64_t tasks_made_ = 0;
  std::uint64_t arrows_ = 0;
  std::unordered_map<const task_base*, traced_task> tasks_;
  std::unordered_map<const char*, std::string> kinds_;  // by the names of types
};

tracer* tracer_of_process = nullptr;

std::uint64_t limit_asked_for() {
  const char* const wanted = ::secure_getenv("HOCKET_TRACE_LIMIT");
  if (wanted == nullptr || *wanted == '\0') return usual_limit;
  std::uint64_t bytes = 0;
  const char* const end = wanted + std::strlen(wanted);
  const auto [read_to, problem] = std::from_chars(wanted, end, bytes);
  if (problem == std::errc() && read_to == end) return bytes;
  fmt::print(stderr, "hocket: HOCKET_TRACE_LIMIT is '{}'; it must be a number of bytes, and is taken for {}\n", wanted,
             usual_limit);
  return usual_limit;
}

tracer* tracer_asked_for() {
  const char* const path = ::secure_getenv("HOCKET_TRACE");
  if (path == nullptr || *path == '\0') return nullptr;
  tracer_of_process = new tracer(path, limit_asked_for());
  if (!tracer_of_process->is_writing()) return nullptr;
  const auto finish = [] { tracer_of_process->finish(); };
  std::atexit(finish);
  std::at_quick_exit(finish);
  ::pthread_atfork([] { tracer_of_process->before_fork(); }, [] { tracer_of_process->after_fork(false); },
                   [] { tracer_of_process->after_fork(true); });
  return tracer_of_process;
}

}  // namespace

void trace_if_asked(loop& traced) {
  static tracer* const asked_for = tracer_asked_for();
  if (asked_for != nullptr) traced.add_instrument(*asked_for);
}

}  // namespace hocket::detail
