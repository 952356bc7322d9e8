#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <hocket/http/client/exchange_recorder.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket::crawl {

/// An exchange that has ended, as it went over the wire.
struct recorded_exchange {
  std::string target;  // its URL, without a fragment
  socket_address peer;
  std::string date;  // when the request was sent, as `warc_date`
  std::chrono::milliseconds took{};
  std::string request_head;
  int status = 0;
  std::string head;  // of the answer

  // The rest of the answer, in its transfer coding: what lies in a file, then what does not.
  file put_away;
  std::uint64_t put_away_bytes = 0;
  std::string rest;

  std::uint64_t content_bytes = 0;  // of the body without its transfer coding
  std::string content_digest;
  std::string answer_digest;  // of all bytes
  http::exchange_end how = http::exchange_end::whole;
};

}  // namespace hocket::crawl
