// hocket serve: the files below a directory, over HTTP or HTTPS.

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <hocket/core/run.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/server.hpp>
#include <hocket/http/static_files.hpp>
#include <hocket/io/resolve.hpp>
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
  serve_tls_arguments tls;
  bool quiet = false;
};

std::chrono::sys_seconds time_of_day() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

void print_problem(const std::string& problem) { fmt::print(stderr, "hocket serve: {}\n", problem); }

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

coro<int> serve(const serve_arguments& arguments) {
  end_in_order_on_sigterm();
  auto files = http::static_files::below(arguments.directory);
  const auto addresses = co_await resolve(arguments.host, arguments.port);
  auto listener = tcp_listener::listen(addresses.front());
  const auto answer = [&files](const http::request& asked, http::responder& respond) -> coro<void> {
    co_await files.answer(asked, respond);
  };
  const socket_address address = listener.local_address();
  const serve_security secured = secure_server(arguments.tls, arguments.host, address);
  http::server server(answer, {.tls = secured.tls, .wall_clock = time_of_day, .on_error = print_problem});
  if (secured.from_files)  // for as long as the loop runs; listens for the signal before anybody is told that it serves
    create_task(reload_on_sighup(*secured.from_files), {.name = "reload", .eager_start = true});
  fmt::print("serving {} at {}://{}/ (Ctrl-C stops)\n", arguments.directory, secured.tls != nullptr ? "https" : "http",
             address.to_string());
  if (!secured.description.empty()) fmt::print("{}\n", secured.description);
  std::fflush(stdout);
  try {
    co_await server.serve(listener);
  } catch (const cancelled&) {
    if (!arguments.quiet) fmt::print("stopped after {} requests\n", server.requests());
  }
  forget_sigterm();
  co_return sigterm_came() ? done : interrupted;
}

}  // namespace

void add_serve(CLI::App& program, action& chosen) {
  auto arguments = std::make_shared<serve_arguments>();
  CLI::App* command = program.add_subcommand("serve", "Serve the files below a directory over HTTP or HTTPS");
  command->add_option("DIR", arguments->directory, "the directory")->required();
  command->add_option("--port", arguments->port, "the port; 0 takes one that is free and prints it")
      ->capture_default_str();
  command->add_option("--host", arguments->host, "the address to listen at")->capture_default_str();
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
      return run(serve(*arguments));
    };
  });
}

}  // namespace hocket::app
