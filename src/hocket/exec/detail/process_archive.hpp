#pragma once

#include <cstddef>
#include <istream>
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

#include <cereal/archives/binary.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>

#include <hocket/exec/process_error.hpp>

namespace hocket::detail {

/// Writes to the end of a string, `limit` bytes at most.
class bounded_writer final : public std::streambuf {
 public:
  bounded_writer(std::string& to, std::size_t limit) : to_(to), left_(limit) {}
  [[nodiscard]] bool refused() const noexcept { return refused_; }

 private:
  std::streamsize xsputn(const char* bytes, std::streamsize count) override {
    const auto size = static_cast<std::size_t>(count);
    refused_ = refused_ || size > left_;
    if (refused_) return 0;
    to_.append(bytes, size);
    left_ -= size;
    return count;
  }

  std::string& to_;
  std::size_t left_;
  bool refused_ = false;
};

class bytes_reader final : public std::streambuf {
 public:
  explicit bytes_reader(std::string_view from) {
    char* const begin = const_cast<char*>(from.data());  // a streambuf that is only read from does not write
    setg(begin, begin, begin + from.size());
  }
  [[nodiscard]] bool at_end() const noexcept { return gptr() == egptr(); }
};

[[noreturn]] void refuse_too_large(std::string_view what, std::size_t limit);
[[noreturn]] void refuse_malformed(std::string_view what);

/// Appends the values to `to`. Throws `message_too_large` if they take more than `limit` bytes.
template <class... Values>
void encode(std::string& to, std::size_t limit, std::string_view what, const Values&... values) {
  if constexpr (sizeof...(Values) > 0) {
    bounded_writer bytes(to, limit);
    std::ostream stream(&bytes);
    try {
      cereal::BinaryOutputArchive archive(stream);
      archive(values...);
    } catch (const cereal::Exception&) {
      if (bytes.refused()) refuse_too_large(what, limit);
      throw;
    }
  }
}

/// Reads back what `encode` wrote. Throws `protocol_error` if there are more or fewer bytes.
template <class... Values>
void decode(std::string_view from, std::string_view what, Values&... values) {
  bytes_reader bytes(from);
  if constexpr (sizeof...(Values) > 0) {
    std::istream stream(&bytes);
    try {
      cereal::BinaryInputArchive archive(stream);
      archive(values...);
    } catch (const cereal::Exception&) {
      refuse_malformed(what);
    }
  }
  if (!bytes.at_end()) refuse_malformed(what);
}

}  // namespace hocket::detail
