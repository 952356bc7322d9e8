#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <hocket/http/detail/message_parser.hpp>

namespace {
long allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using hocket::http::detail::parse_event;
using hocket::http::detail::request_parser;
using hocket::http::detail::response_parser;

template <class Parser>
void read_one(Parser& parser, std::string_view input) {
  std::string_view body;
  while (parser.next(input, body) != parse_event::end) {
  }
}

TEST(response_parser, allocates_nothing_from_the_second_response_on) {
  const std::string bytes =
      "HTTP/1.1 200 A reason longer than a small string holds\r\nTransfer-Encoding: chunked\r\nX: " +
      std::string(500, 'x') + "\r\n\r\n5\r\nhello\r\n0\r\nTrailer: " + std::string(500, 'x') + "\r\n\r\n";
  response_parser parser;
  parser.begin("GET");
  read_one(parser, bytes);
  const long before = allocations;
  for (int n = 0; n < 100; ++n) {
    parser.begin("GET");
    read_one(parser, bytes);
  }
  EXPECT_EQ(allocations, before);
}

TEST(request_parser, allocates_nothing_from_the_second_request_on) {
  const std::string bytes = "POST /" + std::string(500, 'x') +
                            " HTTP/1.1\r\nHost: example.org\r\nX: " + std::string(500, 'x') +
                            "\r\nContent-Length: 5\r\n\r\nhello";
  request_parser parser;
  read_one(parser, bytes);
  const long before = allocations;
  for (int n = 0; n < 100; ++n) {
    parser.begin();
    read_one(parser, bytes);
  }
  EXPECT_EQ(allocations, before);
}

}  // namespace
