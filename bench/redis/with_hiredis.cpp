// The same by hiredis' asynchronous interface on libuv: TASKS chains of callbacks, each of which asks for the next.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <uv.h>

extern "C" {
#include <hiredis/adapters/libuv.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
}

namespace {

struct chain {
  std::string key;
  int left = 0;
};

const std::string value(32, 'v');
int running = 0;

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void next(redisAsyncContext* context, void* answer, void* data) {
  auto* const mine = static_cast<chain*>(data);
  const auto* const reply = static_cast<redisReply*>(answer);
  if (reply == nullptr || reply->type == REDIS_REPLY_ERROR) std::abort();
  if (reply->type == REDIS_REPLY_STRING && std::string(reply->str, reply->len) != value) std::abort();
  if (mine->left == 0) {
    if (--running == 0) uv_stop(uv_default_loop());
    return;
  }
  const bool sets = mine->left-- % 2 == 0;
  const char* words[] = {sets ? "SET" : "GET", mine->key.data(), value.data()};
  const std::size_t sizes[] = {3, mine->key.size(), value.size()};
  redisAsyncCommandArgv(context, next, mine, sets ? 3 : 2, words, sizes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int tasks = std::atoi(argv[2]);
  redisAsyncContext* const context = redisAsyncConnectUnix(argv[1]);
  if (context == nullptr || context->err != 0) return 1;
  redisLibuvAttach(context, uv_default_loop());
  std::vector<chain> chains(static_cast<std::size_t>(tasks));
  const double before = cpu_seconds();
  const auto begun = std::chrono::steady_clock::now();
  for (chain& each : chains) {
    each.key = "key:" + std::to_string(&each - chains.data());
    each.left = std::atoi(argv[3]) / tasks;
    ++running;
    redisAsyncCommand(context, next, &each, "PING");
  }
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::printf("%.4f %.4f\n", cpu_seconds() - before, took.count());
  std::fflush(stdout);
  std::_Exit(0);
}
