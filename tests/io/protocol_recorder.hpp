#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <hocket/io/protocol.hpp>
#include <hocket/io/transport.hpp>

namespace hocket::testing {

/// Writes down what it is told; bytes that come one after the other count as one.
class protocol_recorder : public hocket::protocol {
 public:
  void connection_made(transport& made) override {
    mine = made;
    note("made");
  }
  void data_received(std::string_view bytes) override {
    if (!in_data_) note("");
    in_data_ = true;
    trace += bytes;
    if (bytes.find('!') != bytes.npos) throw std::runtime_error("a mark");
  }
  bool eof_received() override {
    note("eof");
    return keep_open;
  }
  void connection_lost(std::exception_ptr error) override {
    note("lost");
    if (error) {
      try {
        std::rethrow_exception(error);
      } catch (const std::system_error& failed) {
        trace += ": " + failed.code().message();
      } catch (const std::exception& failed) {
        trace += std::string(": ") + failed.what();
      }
    }
    mine = {};
  }
  void pause_writing() override { note("pause"); }
  void resume_writing() override { note("resume"); }

  transport mine;
  std::string trace;
  bool keep_open = false;

 private:
  void note(std::string_view what) {
    trace.append(trace.empty() ? "" : " ").append(what);
    in_data_ = false;
  }
  bool in_data_ = false;
};

}  // namespace hocket::testing
