// The same clients with the servers that they are made for. PostgreSQL itself tells that all ten wait at once: none is let go before.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <libmemcached/memcached.h>
#include <libpq-fe.h>
#include <peers/peer_test.hpp>
#include <unistd.h>

#include <hocket/core/run.hpp>
#include <hocket/green.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::testing::find_program;
using hocket::testing::peer_process;
namespace green = hocket::green;

namespace {

/// A directory that is gone at the end, and that nobody owns if root runs the test: PostgreSQL does not run as root.
class folder {
 public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "hocket-green-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = name;
    if (::getuid() == 0 && ::chown(name.c_str(), nobody, nobody) != 0) throw std::runtime_error("chown " + name);
  }
  ~folder() {
    std::error_code left;
    std::filesystem::remove_all(path_, left);
  }
  folder(const folder&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  static constexpr unsigned nobody = 65534;
  std::filesystem::path path_;
};

const std::string postgres_programs = "/usr/lib/postgresql/15/bin/";

/// Runs until its standard input ends, and then shuts down in order.
const char* const postgres_script = R"(
set -e
"$1initdb" -D "$2/data" -A trust -N -U nobody --no-locale >"$2/log"
"$1pg_ctl" -D "$2/data" -l "$2/log" -s -w -o "-h '' -k $2 -F" start
echo ready
cat
"$1pg_ctl" -D "$2/data" -s -m immediate stop
)";

std::vector<std::string> as_nobody(std::vector<std::string> command) {
  if (::getuid() == 0)
    command.insert(command.begin(), {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"});
  return command;
}

using connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

connection connect_to_postgres(const std::string& home) {
  const std::string where = "user=nobody dbname=postgres host=" + home;
  return {PQconnectdb(where.c_str()), &PQfinish};
}

/// The first value of the first row, or what is wrong.
std::string ask(const connection& whom, const char* query) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(whom.get(), query), &PQclear);
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return PQerrorMessage(whom.get());
  return PQgetvalue(result.get(), 0, 0);
}

coro<void> wait_ten_times_in_postgresql() {
  HOCKET_NEEDS(postgres_programs + "initdb");
  green::patch_all();
  const folder home;
  peer_process server(as_nobody({"sh", "-c", postgres_script, "sh", postgres_programs, home.path()}));
  co_await server.line_of_out("ready");
  auto all = green::spawn([at = home.path()] {
    const connection holder = connect_to_postgres(at);
    EXPECT_EQ(ask(holder, "select pg_advisory_lock(1)"), "");
    green::group members;
    for (int n = 0; n < 10; ++n) {
      members.spawn([&at] { EXPECT_EQ(ask(connect_to_postgres(at), "select pg_advisory_lock_shared(1)"), ""); });
    }
    const char* const how_many_wait = "select count(*) from pg_locks where locktype = 'advisory' and not granted";
    while (ask(holder, how_many_wait) != "10") ::usleep(10'000);
    EXPECT_EQ(ask(holder, "select pg_advisory_unlock(1)"), "t");
    members.join();
  });
  co_await all;
  server.in().write_eof();
  EXPECT_EQ(co_await server.ended(), 0);
}

// Once, and not on each backend: to make a cluster takes seconds.
TEST(unmodified_libpq, ten_queries_wait_in_postgresql_at_once) {
  hocket::run(hocket::wait_for(wait_ten_times_in_postgresql(), 2 * hocket::testing::patience));
}

coro<bool> accepts(std::string path) {
  try {
    static_cast<void>(co_await hocket::open_unix_connection(path));
    co_return true;
  } catch (const std::system_error&) {
    co_return false;
  }
}

HOCKET_PEER_TEST(unmodified_libmemcached, ten_clients_keep_what_they_set_in_memcached) {
  HOCKET_NEEDS("memcached");
  green::patch_all();
  const folder home;
  const std::string there = home.path() + "/socket";
  peer_process server({"memcached", "-s", there, "-u", "nobody"});
  while (!co_await accepts(there)) co_await hocket::sleep(10ms);
  auto all = green::spawn([&there] {
    green::group members;
    return members.map(
        [&there](int which) {
          const std::unique_ptr<memcached_st, decltype(&memcached_free)> cache(memcached_create(nullptr),
                                                                               &memcached_free);
          memcached_server_add_unix_socket(cache.get(), there.c_str());
          const std::string name = "key" + std::to_string(which);
          for (int round = 0; round < 20; ++round) {
            const std::string value(10'000, static_cast<char>('a' + which));
            if (memcached_set(cache.get(), name.data(), name.size(), value.data(), value.size(), 0, 0) !=
                MEMCACHED_SUCCESS)
              return false;
            std::size_t size = 0;
            std::uint32_t flags = 0;
            memcached_return_t how = MEMCACHED_SUCCESS;
            const std::unique_ptr<char, decltype(&std::free)> got(
                memcached_get(cache.get(), name.data(), name.size(), &size, &flags, &how), &std::free);
            if (got == nullptr || std::string_view(got.get(), size) != value) return false;
          }
          return true;
        },
        std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  });
  EXPECT_EQ(co_await all, std::vector<bool>(10, true));
}

}  // namespace
