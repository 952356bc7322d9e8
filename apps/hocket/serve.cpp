// hocket serve: the files below a directory, over HTTP or HTTPS.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <numeric>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <hocket/base/printable.hpp>
#include <hocket/core/exception_group.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/run_loops.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/http/server/static_files.hpp>
#include <hocket/io/passed_socket.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/service_manager.hpp>
#include <hocket/io/shared_address.hpp>
#include <hocket/io/signals.hpp>
#include <hocket/tls/tls_error.hpp>

#include "command.hpp"
#include "serve_tls.hpp"

namespace hocket::app {
namespace {

struct serve_arguments {
  std::string directory;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;
  std::size_t loops = 1;
  double standstill_seconds = 60;
  bool hidden = false;
  bool http2 = false;
  serve_tls_arguments tls;
  bool quiet = false;
};

void print_problem(const std::string& problem) { fmt::print(stderr, "hocket serve: {}\n", printable(problem)); }

coro<void> reload_on_sighup(tls_context context) {
  signal_receiver asked{SIGHUP};
  for (;;) {
    co_await asked.receive();
    try {
      context.reload();
      fmt::print("the certificate was read again\n");
      std::fflush(stdout);
    } catch (const tls_error& problem) {
      print_problem(problem.what());
    }
  }
}

void tell_service_manager(std::string_view state) {
  try {
    notify_service_manager(state);
  } catch (const std::system_error& problem) {
    print_problem(problem.what());
  }
}

/// What all loops share.
struct serving {
  const serve_arguments& arguments;
  serve_security secured;
  shared_address address;
  std::atomic<std::size_t> listening{0};
};

void announce(const serving& shared) {
  fmt::print("serving {} at {}://{}/ (Ctrl-C stops)\n", shared.arguments.directory,
             shared.secured.tls != nullptr ? "https" : "http", shared.address.address().to_string());
  if (!shared.secured.description.empty()) fmt::print("{}\n", shared.secured.description);
  std::fflush(stdout);
  tell_service_manager("READY=1");
}

// The signal is the first loop's, which tells the others.
void cancel_other_loops(const loop_place& place) {
  for (loop* const other : place.loops) {
    if (other == &loop::running()) continue;
    try {
      other->call_soon_threadsafe([] { loop::running().notify(); });
    } catch (const loop_closed&) {  // it has ended already
    } catch (const loop_full& full) {
      print_problem(full.what());
    }
  }
}

/// Gives the number of requests.
coro<std::uint64_t> serve(serving& shared, loop_place place) {
  const bool is_first = place.index == 0;
  std::optional<sigterm_guard> ends_in_order;
  if (is_first) ends_in_order.emplace();
  auto listener = shared.address.listen();
  http::server server(http::static_files::below(shared.arguments.directory,
                                                {.list_directories = true, .hidden = shared.arguments.hidden}),
                      {.tls = shared.secured.tls,
                       .http2 = {.prior_knowledge = shared.arguments.http2},
                       .standstill = std::chrono::duration_cast<duration>(
                           std::chrono::duration<double>(shared.arguments.standstill_seconds)),
                       .wall_clock = system_wall_clock,
                       .on_error = print_problem});
  if (is_first &&
      shared.secured.from_files)  // for as long as the loop runs; listens before anybody is told that it serves
    create_task(reload_on_sighup(*shared.secured.from_files), {.name = "reload", .eager_start = true});
  if (++shared.listening == place.count()) announce(shared);
  try {
    co_await server.serve(listener);
  } catch (const cancelled&) {
    if (is_first && sigterm_came()) cancel_other_loops(place);  // of Ctrl-C all were told
  }
  co_return server.requests();
}

/// Where a service manager listens for this process, or where the options say.
std::vector<passed_socket> sockets_to_serve() {
  std::vector<passed_socket> passed = take_passed_sockets();
  if (passed.size() > 1)
    throw error(fmt::format("{} sockets were passed by LISTEN_FDS, one can be served", passed.size()));
  if (!passed.empty() && passed.front().local_address().is_unix())
    throw error(fmt::format("the socket that was passed is a unix socket, {}, one of TCP can be served",
                            printable(passed.front().local_address().to_string())));
  return passed;
}

int serve_on_all_loops(const serve_arguments& arguments) {
  std::vector<passed_socket> passed = sockets_to_serve();
  const socket_address address =
      passed.empty() ? run(resolve(arguments.host, arguments.port)).front() : passed.front().local_address();
  serving shared{.arguments = arguments,
                 .secured = secure_server(arguments.tls, passed.empty() ? arguments.host : address.host(), address),
                 .address = passed.empty() ? shared_address(address) : shared_address(std::move(passed.front()))};
  std::vector<std::uint64_t> requests;
  try {
    requests =
        run_loops(arguments.loops,
                  [&shared](loop_place place) -> coro<std::uint64_t> { co_return co_await serve(shared, place); },
                  {.thread_name = "serve"});
  } catch (const exception_group& several) {  // that they have the same directory and address is one problem
    std::rethrow_exception(several.errors().front());
  }
  if (!arguments.quiet)
    fmt::print("stopped after {} requests\n", std::accumulate(requests.begin(), requests.end(), std::uint64_t{0}));
  return sigterm_came() ? done : interrupted;
}

}  // namespace

void add_serve(CLI::App& program, action& chosen) {
  auto arguments = std::make_shared<serve_arguments>();
  CLI::App* command = program.add_subcommand("serve", "Serve the files below a directory over HTTP or HTTPS");
  command->add_option("DIR", arguments->directory, "the directory")->required();
  command->add_option("--port", arguments->port, "the port; 0 takes one that is free and prints it")
      ->capture_default_str();
  command->add_option("--host", arguments->host, "the address to listen at")->capture_default_str();
  command->add_option("--loops", arguments->loops, "event loops, each on a thread of its own")
      ->type_name("N")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command
      ->add_option("--standstill", arguments->standstill_seconds,
                   "seconds in which a client may take nothing, until it is cut off")
      ->type_name("SECONDS")
      ->check(CLI::Range(1.0, 86'400.0).description(""))
      ->capture_default_str();
  command->add_flag("--hidden", arguments->hidden, "serve and list files whose names begin with a dot, too");
  command->add_flag("--http2", arguments->http2,
                    "HTTP/2 without TLS, too, for clients that begin with it; over TLS it is always offered");
  CLI::Option* certificate =
      command->add_option("--cert", arguments->tls.certificate_file, "serve HTTPS with this certificate chain, in PEM")
          ->type_name("FILE");
  command->add_option("--key", arguments->tls.key_file, "its private key; by default it is in the same file")
      ->type_name("FILE")
      ->needs(certificate);
  command
      ->add_flag("--self-signed", arguments->tls.self_signed,
                 "serve HTTPS with a certificate made on the spot, and print its fingerprint")
      ->excludes(certificate);
  command->add_flag("-q,--quiet", arguments->quiet, "say nothing at the end");
  command->callback([arguments, &chosen] {
    chosen = [arguments] {
      raise_open_files_limit();
      return serve_on_all_loops(*arguments);
    };
  });
}

}  // namespace hocket::app
